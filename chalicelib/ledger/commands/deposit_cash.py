"""Cash over the counter: money enters through the ledger like any other (NB-5.1.6)."""

from __future__ import annotations

import datetime as dt

from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, ids
from chalicelib.platform.errors import AmountOutOfRange


def deposit_cash(
    *, account_id: str, branch_id: str, amount_fen: int, reference: str, teller_id: str, at: dt.datetime
) -> str:
    """Cash over the counter into an account: debit the branch's cash, credit the customer; the entry's id.

    `reference` (the voucher's number) makes a repeat harmless. Raises PayeeUnavailable when the account
    cannot receive, AmountOutOfRange unless it is above zero.
    """
    if amount_fen <= 0:
        raise AmountOutOfRange()
    entry_id = ids.derived_id("cash-deposit", branch_id, reference)
    entry = ledger.Entry(
        entry_id,
        (ledger.Leg(ledger.cash_account(branch_id), -amount_fen, "cash"), ledger.Leg(account_id, amount_fen, "cash")),
    )
    facts = ledger.PostingFacts(clock.business_date(at), clock.to_text(at), entry_id)
    digest = f"{account_id}|{amount_fen}".encode()

    def plan(_: dt.datetime) -> ledger.Draft:
        item = {
            "entry_id": entry_id,
            "kind": "cash_deposit",
            "state": ledger.POSTED,
            "request_digest": digest,
            "amount_fen": amount_fen,
            "currency": "CNY",
            "purpose": "现金存入",
            "teller_id": teller_id,
            "created_at": facts.posted_at,
            "posted_at": facts.posted_at,
            "business_date": facts.business_date,
            "correlation_id": entry_id,
            "postings": ledger.postings_of(entry),
        }
        return ledger.Draft(
            entry_id, facts, digest, ledger.journal_put(item), ledger.account_updates(entry, facts, None)
        )

    ledger.post(plan)
    return entry_id
