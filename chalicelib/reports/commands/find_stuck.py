"""What should have followed on a transaction and has not: confirmation's end, lines, legs, receipt, notification.

Every row stays open until all of that was seen. A schedule looks at those that are due and closes them; what it cannot
close is stuck. So each transaction is looked at once, and the list of stuck ones is as long as there are such.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chalicelib.accounts import service as accounts
from chalicelib.ledger import service as ledger
from chalicelib.maintenance import service as maintenance
from chalicelib.notifications.commands.find_alerts import are_told
from chalicelib.platform import clock, log, metrics
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.dynamo import Image, decode_cursor
from chalicelib.platform.errors import OutcomeUnknown, TryAgain
from chalicelib.receipts import service as receipts
from chalicelib.reports import domain, service, store
from chalicelib.reports.domain import AWAITING, HELD, PENDING, POSTED, Row
from chalicelib.transfers import service as transfers

CONFIRMATION, HOLD, ARRIVAL, LINES, LEGS = "confirmation", "hold", "arrival", "lines", "deferred_legs"
RECEIPT, NOTIFICATION, LIST, ALTERED = "receipt", "notification", "list", "altered"
STAGES = (CONFIRMATION, HOLD, ARRIVAL, LINES, LEGS, RECEIPT, NOTIFICATION, LIST, ALTERED)

PAGE = 100
# A run looks at so many rows at most, oldest first; what is left is the next run's.
MAX_PAGES = 40
_LIST_NAME = "stuck"


@dataclass(frozen=True, slots=True)
class Stuck:
    """A transaction that does not go on: at which stages, and for how many seconds it has been in its state."""

    row: Row
    stages: list[str]
    age_s: int


def missing_stages(image: Image, now: dt.datetime) -> list[str]:
    """The stages at which a journal item waits at `now` for what should follow, in their order; empty: nothing."""
    if image["state"] == AWAITING:
        return [CONFIRMATION] if image["valid_until"] <= clock.to_text(now) else []
    if image["state"] == HELD:
        return [HOLD] if image["expires_at"] <= clock.to_text(now) else []
    if image["state"] == PENDING:
        return [ARRIVAL] if image["arrives_at"] <= clock.to_text(now) else []
    if image["state"] != POSTED:
        return []
    try:
        entry = ledger.entry_from_image(image)
    except ledger.EntryUnbalanced:
        return [ALTERED]
    return list(_unfollowed(image, entry))


def _unfollowed(image: Image, entry: ledger.Entry) -> Iterator[str]:
    deferred = {leg.account_id for leg in entry.legs if ledger.is_deferred(leg)}
    arrived = ledger.deferred_lines_at([(id_, image["business_date"], entry.entry_id) for id_ in sorted(deferred)])
    # When the entry reached each account that it has reached.
    reached = {account_id: line.posted_at for (account_id, _), line in arrived.items()}
    reached |= dict.fromkeys(entry.customer_accounts(), str(image["posted_at"]))
    holders = ledger.read_accounts(service.customer_accounts_in(image))
    if not all(_has_lines(account, entry, reached[id_]) for id_, account in holders.items() if id_ in reached):
        yield LINES
    if not deferred <= reached.keys():
        yield LEGS
    if transfers.receipt_message(image) is not None and receipts.issued(entry.entry_id) is None:
        yield RECEIPT
    told = [
        (holders[leg.account_id].customer_id, reached[leg.account_id], posting)
        for posting, leg in enumerate(entry.legs)
        if leg.account_id in holders.keys() & reached.keys()
    ]
    if not are_told(entry.entry_id, told):
        yield NOTIFICATION


def _has_lines(account: ledger.Account, entry: ledger.Entry, reached_at: str) -> bool:
    """Whether an account has the lines of an entry that reached it then: lines have an order, so the last one tells."""
    last = accounts.last_line(account.account_id)
    if last is None:
        return False
    leg = entry.lines_on(account.account_id)[-1]
    is_its_own = (last.entry_id, last.kind, last.amount_fen) == (entry.entry_id, leg.kind, leg.amount_fen)
    return is_its_own or last.seq >= account.seq or last.posted_at > reached_at


def _are_held_back(now: dt.datetime) -> bool:
    """Whether due transfers wait, or did until a moment ago, for the end of a suspension."""
    return any(maintenance.is_waiting(maintenance.TRANSFERS, at) for at in (now, now - domain.UNFOLLOWED_FOR))


def settle_open(now: dt.datetime) -> tuple[int, int]:
    """Close the open rows that are due and lack nothing; how many were closed, and how many are stuck.

    An instruction that nobody confirmed is noted as expired; one whose row is behind the journal is noted anew, which
    makes good a record that was lost. Two runs at once close a row once. What waits for the end of a suspension is
    stuck and rings nobody.
    """
    closed = stuck = 0
    held_back = _are_held_back(now)
    after: str | None = None
    for _ in range(MAX_PAGES):
        rows, after = store.overdue(clock.to_text(now), PAGE, after)
        images = ledger.read_entries([row.entry_id for row in rows])
        for row in rows:
            try:
                stages = _settle(row, images[row.entry_id], now)
            except (TryAgain, OutcomeUnknown) as refusal:
                log.logger.info("a row is left", extra={"entry_id": row.entry_id, "code": refusal.code})
                continue
            closed, stuck = closed + (not stages), stuck + bool(stages)
            if stages and not (held_back and stages == [ARRIVAL]):
                metrics.count(metrics.TRANSACTIONS_STUCK)
                log.logger.error("a transaction is stuck", extra={"entry_id": row.entry_id, "stages": stages})
        if after is None:
            break
    return closed, stuck


def _settle(row: Row, image: Image, now: dt.datetime) -> list[str]:
    """Close a row, or bring it up to the journal; the stages at which it is stuck."""
    if domain.RANKS[domain.state_of(image)] > row.rank:
        service.note(image)
        return []
    if row.state == AWAITING:
        store.note(domain.ended(row))
        return []
    stages = missing_stages(image, now)
    if not stages:
        store.close(row)
    return stages


def stuck_page(
    actor: StaffCaller, *, stage: str | None, limit: int, cursor: str | None, now: dt.datetime
) -> tuple[list[Stuck], str | None]:
    """What is overdue in the actor's scope and still lacks something, oldest first; and the next cursor.

    Judged by the journal as it is now. A page may be short, or empty, and still have a next one. Raises
    CursorMalformed.
    """
    place = decode_cursor(cursor, "list", _LIST_NAME, "due")
    rows, last = store.overdue(clock.to_text(now), limit, place["due"]["S"] if place else None)
    visible = [row for row in rows if service.is_in_scope(actor, row.branch_id)]
    return _judged(visible, stage, now), service.cursor_of("list", _LIST_NAME, "due", last)


def _judged(rows: Sequence[Row], stage: str | None, now: dt.datetime) -> list[Stuck]:
    images = ledger.read_entries([row.entry_id for row in rows])
    found = []
    for row in rows:
        image = images[row.entry_id]
        stages = missing_stages(image, now)
        if domain.RANKS[domain.state_of(image)] > row.rank:
            # The lists have not learnt of it.
            stages.append(LIST)
        if stages and stage in (None, *stages):
            found.append(Stuck(row, stages, int((now - clock.from_text(row.at)).total_seconds())))
    return found
