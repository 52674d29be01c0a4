"""An entry between the bank's own accounts, posted whole in its own write.

Legs of house accounts come from the stream elsewhere, because everybody's payments meet there. These entries are few
(a till's difference, cash for a vault), and no leg on a customer's account would show that they are due: so both sides
are posted at once, with the rows that the stream would have written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.ledger import deferred, deferred_store, store
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.move_cash import Beside
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate


@dataclass(frozen=True, slots=True)
class HouseEntry:
    """What to post: `request_digest` tells the request from another with the same entry id."""

    entry: ledger.Entry
    kind: str
    amount_fen: int
    purpose: str
    teller_id: str
    request_digest: bytes


def draft_house_entry(
    wanted: HouseEntry, at: dt.datetime, companion: Callable[[ledger.PostingFacts], Beside]
) -> ledger.Draft:
    """The entry with both accounts' balances and lines, dated `at`; an account is made on its first use."""
    facts = ledger.PostingFacts(clock.business_date(at), clock.to_text(at), wanted.entry.entry_id)
    beside = companion(facts)
    item = {
        "entry_id": wanted.entry.entry_id,
        "kind": wanted.kind,
        "state": ledger.POSTED,
        "request_digest": wanted.request_digest,
        "amount_fen": wanted.amount_fen,
        "currency": "CNY",
        "purpose": wanted.purpose,
        "teller_id": wanted.teller_id,
        "created_at": facts.posted_at,
        "posted_at": facts.posted_at,
        "business_date": facts.business_date,
        "correlation_id": wanted.entry.entry_id,
        "postings": ledger.postings_of(wanted.entry),
        **beside.facts,
    }
    accounts: dict[str, ItemUpdate] = {}
    rows: list[ItemPut] = []
    for credit in deferred.credits_of(item):
        seq = _seq_of(credit.account_id, facts.business_date)
        rows.append(deferred_store.row(credit, seq + len(credit.legs), facts.business_date, facts.posted_at))
        accounts[credit.account_id] = store.account_update(credit.account_id, payee=True)
        deferred.apply(accounts[credit.account_id], [credit], seq, facts.business_date, facts.posted_at)
    return ledger.Draft(
        wanted.entry.entry_id,
        facts,
        wanted.request_digest,
        ledger.journal_put(item),
        accounts,
        beside.others,
        rows=(*rows, *beside.rows),
    )


def _seq_of(account_id: str, business_date: str) -> int:
    found = ledger.read_accounts([account_id]).get(account_id)
    if found is None:
        updates.put(store.account_put(deferred.new_house_account(account_id, business_date)))
    return found.seq if found else 0
