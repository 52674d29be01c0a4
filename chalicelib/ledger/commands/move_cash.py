"""Cash over the counter, in and out: money enters and leaves through the ledger like any other (NB-5.1.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chalicelib.ledger import service as ledger
from chalicelib.ledger.domain import funds_rule, paying_rule
from chalicelib.platform import clock, ids
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import AmountOutOfRange

DEPOSIT, WITHDRAWAL = "cash_deposit", "cash_withdrawal"
_PURPOSES = {DEPOSIT: "现金存入", WITHDRAWAL: "现金支取"}


@dataclass(frozen=True, slots=True)
class Cash:
    """Cash that goes into or out of an account at a branch. `reference` makes a repeat harmless."""

    kind: str
    account_id: str
    branch_id: str
    amount_fen: int
    reference: str
    teller_id: str

    @property
    def entry_id(self) -> str:
        """The entry's id: what may happen once a branch and reference."""
        return ids.derived_id(self.kind.replace("_", "-"), self.branch_id, self.reference)

    @property
    def request_digest(self) -> bytes:
        """Tells it from another under the same reference."""
        return f"{self.account_id}|{self.amount_fen}".encode()


@dataclass(frozen=True, slots=True)
class Beside:
    """What the counter adds to the one write: its own items, and facts for the journal item."""

    others: tuple[ItemUpdate, ...] = ()
    rows: tuple[ItemPut, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


Companion = Callable[[ledger.PostingFacts], Beside]


def alone(_: ledger.PostingFacts) -> Beside:
    """Nobody's item takes part."""
    return Beside()


def move_cash(cash: Cash, companion: Companion) -> ledger.Posted:
    """Post it now; a repeat answers the stored item in `replayed`. Raises what `draft_cash` says, TryAgain,
    OutcomeUnknown, IdempotencyKeyReused for another account or amount under the same reference.
    """
    return ledger.post(lambda now: draft_cash(cash, now, companion))


def draft_cash(cash: Cash, at: dt.datetime, companion: Companion = alone) -> ledger.Draft:
    """The entry between the branch's cash and the account, and what stands beside it.

    Raises AmountOutOfRange unless the amount is above zero. Its write refuses PayeeUnavailable for an account that
    cannot receive; AccountNotActive, InsufficientFunds and NotFound for one that cannot pay out.
    """
    if cash.amount_fen <= 0:
        raise AmountOutOfRange()
    is_deposit = cash.kind == DEPOSIT
    amount_fen = cash.amount_fen if is_deposit else -cash.amount_fen
    house = ledger.Leg(ledger.cash_account(cash.branch_id), -amount_fen, "cash")
    entry = ledger.Entry(cash.entry_id, (house, ledger.Leg(cash.account_id, amount_fen, "cash")))
    facts = ledger.PostingFacts(clock.business_date(at), clock.to_text(at), cash.entry_id)
    accounts = ledger.account_updates(entry, facts, None if is_deposit else cash.account_id)
    if not is_deposit:
        accounts[cash.account_id].require(paying_rule(), funds_rule(cash.amount_fen))
    beside = companion(facts)
    item = {
        "entry_id": cash.entry_id,
        "kind": cash.kind,
        "state": ledger.POSTED,
        "request_digest": cash.request_digest,
        "amount_fen": cash.amount_fen,
        "currency": "CNY",
        "purpose": _PURPOSES[cash.kind],
        "teller_id": cash.teller_id,
        "created_at": facts.posted_at,
        "posted_at": facts.posted_at,
        "business_date": facts.business_date,
        "correlation_id": cash.entry_id,
        "postings": ledger.postings_of(entry),
        **beside.facts,
    }
    return ledger.Draft(
        cash.entry_id,
        facts,
        cash.request_digest,
        ledger.journal_put(item),
        accounts,
        beside.others,
        rows=beside.rows,
    )
