"""Entries, legs and what an account must satisfy. Pure; no I/O, no clock.

Accounts are liabilities of the bank towards its customers, so a credit (positive leg) raises a balance.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.ledger.errors import (
    AccountNotActive,
    AccountQueryOnly,
    HoldNotOpen,
    InsufficientFunds,
    PayeeUnavailable,
)
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, n, s
from chalicelib.platform.errors import NotFound
from chalicelib.platform.money import MAX_FEN

MAX_LEGS = 20
OPEN = "open"
STATES = (OPEN, "dormant", "frozen", "lost", "closed")
# Frozen and lost accounts pay nothing but may still receive (只收不付); dormant and closed ones do neither.
RECEIVING = (OPEN, "frozen", "lost")
# What the bank itself takes back for a wrong entry: a loss that was reported guards against whoever has the card,
# not against that; a freeze keeps the money where it is, for everybody.
GIVING_BACK = (OPEN, "lost")
RIGHT_FULL = "full"
RIGHT_QUERY = "query"
# Held by somebody who has not signed up: the express edition looks at it.
RIGHT_HELD = "held"
# An account remembers its last entries, so that lines lost on the way can be rebuilt in order.
REMEMBERED_ENTRIES = 8
NO_ENTRY = "-"


class EntryUnbalanced(ValueError):
    """Legs that do not add up to zero, or are no legs: a programming error, never a customer's."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One posting: `amount_fen` > 0 credits the account, < 0 debits it. `kind` says what it is for.

    A deferred leg is not in the customer's write: the journal's stream brings it to its account. Legs of
    house accounts always are; those of an account with deferred credit when the entry was written so.
    """

    account_id: str
    amount_fen: int
    kind: str = "principal"
    is_deferred: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A journal entry: at least two legs that add up to zero (NB-5.1.6).

    Raises EntryUnbalanced when built wrongly; stored entries are built again when read, so a tampered one
    does not pass either.
    """

    entry_id: str
    legs: tuple[Leg, ...]

    def __post_init__(self) -> None:
        if not 2 <= len(self.legs) <= MAX_LEGS:
            raise EntryUnbalanced(f"{len(self.legs)} legs")
        if any(type(leg.amount_fen) is not int or not 0 < abs(leg.amount_fen) <= MAX_FEN for leg in self.legs):
            raise EntryUnbalanced("a leg is zero, too large or not whole fen")
        if sum(leg.amount_fen for leg in self.legs) != 0:
            raise EntryUnbalanced("legs do not add up to zero")

    def legs_of(self, account_id: str) -> tuple[Leg, ...]:
        """The legs on one account that this write posts itself, in order."""
        return tuple(leg for leg in self.legs if leg.account_id == account_id and not is_deferred(leg))

    def lines_on(self, account_id: str) -> tuple[Leg, ...]:
        """All legs on one account, in order, whoever posts them: each is a statement line sooner or later."""
        return tuple(leg for leg in self.legs if leg.account_id == account_id)

    def customer_accounts(self) -> list[str]:
        """Accounts this write posts itself, in order of first use; deferred legs are posted from the stream."""
        return list(dict.fromkeys(leg.account_id for leg in self.legs if not is_deferred(leg)))


_HOUSE_PREFIX = "H-"
# How an account is credited: in the payer's write, or (merchant, payroll) from the stream, in batches.
CREDIT_IMMEDIATE = "immediate"
CREDIT_DEFERRED = "deferred"
# How long after an account's deferred credit has ended an instruction that was made before may still post: the
# longest time for a code (ten minutes, a parameter's bound), the gateway's 29 s on both sides, and clocks that differ.
DEFERRED_TAIL = dt.timedelta(minutes=15)
NEVER = "00000000"  # before every business date


def is_deferred(leg: Leg) -> bool:
    """Whether a leg is posted from the stream instead of in the customer's write."""
    return leg.is_deferred or is_house(leg.account_id)


def is_house(account_id: str) -> bool:
    """Whether the account is the bank's own (fee income, cash, clearing)."""
    return account_id.startswith(_HOUSE_PREFIX)


def cash_account(branch_id: str) -> str:
    """The house account for cash of a branch."""
    return f"{_HOUSE_PREFIX}CASH-{branch_id}"


def cash_branch(account_id: str) -> str | None:
    """The branch whose cash a house account is; None for any other account."""
    prefix = cash_account("")
    return account_id.removeprefix(prefix) if account_id.startswith(prefix) else None


FEE_INCOME_ACCOUNT = f"{_HOUSE_PREFIX}FEE-INCOME"
# What is owed to other banks for payments that go there (待清算款项).
CLEARING_ACCOUNT = f"{_HOUSE_PREFIX}CLEARING"
# Where the bank's cash comes from and goes to.
CENTRAL_BANK_ACCOUNT = f"{_HOUSE_PREFIX}CENTRAL-BANK"


def over_short_account(branch_id: str) -> str:
    """The house account for what a branch's tills held beyond their books (长款), or less (短款)."""
    return f"{_HOUSE_PREFIX}OVER-SHORT-{branch_id}"


def court_account(branch_id: str) -> str:
    """The house account for what was taken for courts and is on its way to them (待划转司法款)."""
    return f"{_HOUSE_PREFIX}COURT-{branch_id}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it stands. Amounts in fen; `seq` counts its statement lines."""

    account_id: str
    customer_id: str
    branch_id: str
    holder: str
    kind: str
    currency: str
    state: str
    right: str
    opened_on: str
    available_fen: int
    held_fen: int
    seq: int
    business_date: str
    image: Image

    @property
    def is_credit_deferred(self) -> bool:
        """Whether payments reach this account from the stream (an account without a word on it: no)."""
        return bool(self.image.get("credit") == CREDIT_DEFERRED)

    def may_get_deferred_legs_of(self, business_date: str) -> bool:
        """Whether an entry of that date may bring this account a leg from the stream, now or after its credit ended."""
        return self.is_credit_deferred or bool(self.image.get("deferred_until", NEVER) >= business_date)

    @property
    def court_count(self) -> int:
        """How many orders of courts there ever were on this account."""
        return int(self.image.get("court_count", 0))

    @property
    def posted_fen(self) -> int:
        """The balance in the books: what is available and what is held."""
        return self.available_fen + self.held_fen

    @classmethod
    def from_image(cls, image: Image) -> Account:
        """An account from its stored item."""
        return cls(
            **{name: image[name] for name in cls.__dataclass_fields__ if name != "image"},
            image=image,
        )


def leg_to_map(leg: Leg) -> dict[str, object]:
    """A leg as the journal keeps it."""
    facts = {"a": leg.account_id, "f": leg.amount_fen, "k": leg.kind}
    return {**facts, "d": 1} if leg.is_deferred else facts


def postings_of(entry: Entry) -> list[dict[str, object]]:
    """An entry's legs as the journal keeps them."""
    return [leg_to_map(leg) for leg in entry.legs]


def entry_from_image(image: Image) -> Entry:
    """The entry a posted journal item holds; raises EntryUnbalanced if it does not balance."""
    legs = (Leg(leg["a"], leg["f"], leg["k"], is_deferred="d" in leg) for leg in image["postings"])
    return Entry(image["entry_id"], tuple(legs))


def debit_rules(customer_id: str, debit_fen: int) -> list[Rule]:
    """What the payer's account must satisfy for `debit_fen` (principal and fees) to leave it."""
    return [
        Rule(
            "#customer_id = :customer",
            {":customer": s(customer_id)},
            lambda image: bool(image["customer_id"] == customer_id),
            lambda _: NotFound(),
        ),
        Rule(
            "#right = :full",
            {":full": s(RIGHT_FULL)},
            lambda image: bool(image["right"] == RIGHT_FULL),
            lambda _: AccountQueryOnly(),
        ),
        paying_rule(),
        funds_rule(debit_fen),
    ]


def funds_rule(debit_fen: int) -> Rule:
    """What leaves an account is there, and not set aside."""
    return Rule(
        "#available_fen >= :debit",
        {":debit": n(debit_fen)},
        lambda image: bool(image["available_fen"] >= debit_fen),
        lambda _: InsufficientFunds(),
    )


def paying_rule() -> Rule:
    """Only from an open account does money go to others, whether paid now or set aside before (XJ-5.3-loss)."""
    return Rule(
        "#state = :open",
        {":open": s(OPEN)},
        lambda image: bool(image["state"] == OPEN),
        lambda image: AccountNotActive(state=image["state"]),
    )


def giving_back_rule() -> Rule:
    """What the account that a reversal takes from must satisfy."""
    return Rule(
        "#state IN (:open, :lost)",
        {f":{state}": s(state) for state in GIVING_BACK},
        lambda image: bool(image["state"] in GIVING_BACK),
        lambda image: AccountNotActive(state=image["state"]),
    )


def credit_rule() -> Rule:
    """What the payee's account must satisfy to receive."""
    return Rule(
        "#state IN (:open, :frozen, :lost)",
        {f":{state}": s(state) for state in RECEIVING},
        lambda image: bool(image["state"] in RECEIVING),
        lambda _: PayeeUnavailable(),
    )


def date_rule(business_date: str) -> Rule:
    """Business dates of an account never run backwards.

    A write dated before the last one does not pass and is tried again with a new `now`; so order by date
    and order by sequence are the same, and a statement's period is a range of keys.
    """
    return Rule(
        "#business_date <= :business_date",
        {":business_date": s(business_date)},
        lambda image: bool(image["business_date"] <= business_date),
        None,
    )


def hold_funds(update: ItemUpdate, amount_fen: int, facts: PostingFacts) -> None:
    """Make an account's update set `amount_fen` aside: less available, more held, booked balance unchanged."""
    update.require(date_rule(facts.business_date))
    update.set(
        "#available_fen = #available_fen - :held, #held_fen = #held_fen + :held, #business_date = :business_date",
        held=n(amount_fen),
    )


def release_funds(update: ItemUpdate, amount_fen: int) -> None:
    """Make an account's update free what was set aside."""
    update.require(held_rule(amount_fen))
    update.set("#available_fen = #available_fen + :held, #held_fen = #held_fen - :held", held=n(amount_fen))


def held_rule(amount_fen: int) -> Rule:
    """What is freed is there: an invariant, so a breach is a programming error and never passes."""
    return Rule(
        "#held_fen >= :held",
        {":held": n(amount_fen)},
        lambda image: bool(image["held_fen"] >= amount_fen),
        lambda _: HoldNotOpen(state="missing"),
    )


def post_legs(
    update: ItemUpdate, entry: Entry, account_id: str, posting: PostingFacts, *, from_hold_fen: int = 0
) -> None:
    """Make an account's update carry its legs of `entry`.

    The change holds all a statement line needs (legs, entry, time, new balance and sequence), so lines,
    running balance and gap detection come from the account's stream and cost the payment nothing.
    `from_hold_fen` was set aside for these legs before: it is freed, and what they do not use is available
    again.
    """
    legs = entry.legs_of(account_id)
    total_fen = sum(leg.amount_fen for leg in legs) + from_hold_fen
    operator = "+" if total_fen >= 0 else "-"
    update.require(date_rule(posting.business_date))
    if from_hold_fen:
        update.require(held_rule(from_hold_fen))
        update.set("#held_fen = #held_fen - :held", held=n(from_hold_fen))
    update.set(
        f"#available_fen = #available_fen {operator} :total, #seq = #seq + :lines, #legs = :legs, "
        "#business_date = :business_date, #changed_at = :changed_at, #correlation_id = :correlation, "
        + remember_entries(1),
        total=n(abs(total_fen)),
        lines=n(len(legs)),
        legs={"L": [{"M": {"f": n(leg.amount_fen), "k": s(leg.kind)}} for leg in legs]},
        changed_at=s(posting.posted_at),
        correlation=s(posting.correlation_id),
        entry0=s(entry.entry_id),
    )


def remember_entries(count: int) -> str:
    """Shift the account's memory of its last entries by `count`; `:entry0` is the newest, `:entry1` the one before."""
    kept = min(count, REMEMBERED_ENTRIES)
    shifts = [f"#e{i} = #e{i - kept}" for i in range(REMEMBERED_ENTRIES - 1, kept - 1, -1)]
    return ", ".join([*shifts, *(f"#e{i} = :entry{i}" for i in reversed(range(kept)))])


@dataclass(frozen=True, slots=True)
class PostingFacts:
    """When and on whose behalf an entry is posted: times as text, the business date as `20261121`."""

    business_date: str
    posted_at: str
    correlation_id: str
