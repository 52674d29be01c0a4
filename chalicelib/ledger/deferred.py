"""Deferred legs on their way from the journal to an account. Pure; no I/O, no clock.

A credit is all that one entry brings to one account: it is posted as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.ledger.domain import (
    NO_ENTRY,
    REMEMBERED_ENTRIES,
    Leg,
    date_rule,
    entry_from_image,
    is_deferred,
    is_house,
    remember_entries,
)
from chalicelib.platform.dynamo import Image, ItemUpdate, Rule, n, s

# A transaction takes 100 items: the account and these.
MAX_CREDITS = 99
# The legs of a customer's account travel in its item, from which its statement lines are made: about 1 KB.
MAX_CUSTOMER_LEGS = 20
# A state of their own, so that no customer's payment can name one as its payee.
HOUSE = "house"


@dataclass(frozen=True, slots=True)
class Credit:
    """The deferred legs of one entry on one account (fen, signed). `business_date` is the entry's own."""

    account_id: str
    entry_id: str
    business_date: str
    legs: tuple[Leg, ...]

    @property
    def total_fen(self) -> int:
        """What it changes the balance by."""
        return sum(leg.amount_fen for leg in self.legs)

    @property
    def line(self) -> str:
        """The sort key of its row: it can be written once only."""
        return line_key(self.business_date, self.entry_id)


def line_key(business_date: str, entry_id: str) -> str:
    """`20261121#mzxw6ytboi2dkmrrgu4tembxge`."""
    return f"{business_date}#{entry_id}"


def credits_of(image: Image) -> list[Credit]:
    """What a posted journal item brings to each account from the stream; raises EntryUnbalanced."""
    entry = entry_from_image(image)
    deferred = [leg for leg in entry.legs if is_deferred(leg)]
    return [
        Credit(
            account_id,
            entry.entry_id,
            image["business_date"],
            tuple(leg for leg in deferred if leg.account_id == account_id),
        )
        for account_id in dict.fromkeys(leg.account_id for leg in deferred)
    ]


def by_account(credits_: Iterable[Credit]) -> dict[str, list[Credit]]:
    """Credits by account, oldest date first."""
    found: dict[str, list[Credit]] = {}
    for credit in sorted(credits_, key=lambda one: one.line):
        found.setdefault(credit.account_id, []).append(credit)
    return found


def chunks(credits_: Sequence[Credit]) -> list[list[Credit]]:
    """One account's credits in parts that fit one transaction; a house account's item carries no legs."""
    parts: list[list[Credit]] = []
    legs = 0
    for credit in credits_:
        legs += len(credit.legs)
        over = len(parts[-1]) == MAX_CREDITS if parts else True
        if over or (legs > MAX_CUSTOMER_LEGS and not is_house(credit.account_id)):
            parts.append([])
            legs = len(credit.legs)
        parts[-1].append(credit)
    return parts


def new_house_account(account_id: str, business_date: str) -> Image:
    """A house account as its first posting makes it, with no money in it."""
    return {
        "account_id": account_id,
        "customer_id": HOUSE,
        "branch_id": HOUSE,
        "holder": HOUSE,
        "kind": HOUSE,
        "currency": "CNY",
        "state": HOUSE,
        "right": HOUSE,
        "opened_on": business_date,
        "available_fen": 0,
        "held_fen": 0,
        "seq": 0,
        "business_date": business_date,
        **{f"e{i}": NO_ENTRY for i in range(REMEMBERED_ENTRIES)},
    }


def seq_rule(seq: int) -> Rule:
    """Nothing was posted to the account since it was read; else it is read again."""
    return Rule("#seq = :seq", {":seq": n(seq)}, lambda image: bool(image["seq"] == seq), None)


def apply(update: ItemUpdate, credits_: Sequence[Credit], seq: int, posted_on: str, posted_at: str) -> None:
    """Make an account's update carry `credits_`, if the account still has sequence `seq`.

    The state is not asked: the journal has decided, and refusing here would tear an entry apart. An account is not
    closed while legs are on their way to it (decision 0011).
    """
    total_fen = sum(credit.total_fen for credit in credits_)
    legs = [_leg_map(credit, leg, posted_on) for credit in credits_ for leg in credit.legs]
    remembered = [credit.entry_id for credit in reversed(credits_)][:REMEMBERED_ENTRIES]
    update.require(seq_rule(seq), date_rule(posted_on))
    operator = "+" if total_fen >= 0 else "-"
    update.set(
        f"#available_fen = #available_fen {operator} :total, #seq = #seq + :lines, #business_date = :business_date, "
        f"#changed_at = :changed_at, #correlation_id = :correlation, {remember_entries(len(remembered))}",
        total=n(abs(total_fen)),
        lines=n(len(legs)),
        changed_at=s(posted_at),
        correlation=s(remembered[0]),
        **{f"entry{i}": s(entry_id) for i, entry_id in enumerate(remembered)},
    )
    if not is_house(credits_[0].account_id):
        update.set("#legs = :legs", legs={"L": legs})


def _leg_map(credit: Credit, leg: Leg, posted_on: str) -> dict[str, dict[str, dict[str, str]]]:
    """A leg as the account's change carries it: it names its entry, and its date where the line's is another."""
    facts = {"f": n(leg.amount_fen), "k": s(leg.kind), "e": s(credit.entry_id)}
    return {"M": facts if credit.business_date == posted_on else {**facts, "d": s(credit.business_date)}}
