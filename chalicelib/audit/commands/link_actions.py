"""Append what staff did to the chain of its date: from the table's stream, and what a stream lost (NB-4-audit)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.audit import store
from chalicelib.audit.links import FIRST_HASH, HEADS_D, Link, digest_of, of_head, of_row
from chalicelib.platform import clock, log, metrics, transactions
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import TryAgain

# Two functions that append to one chain take turns; more than a stream's shards and the sweep there never are.
MOST_TURNS = 20
# What is younger is still on its way through the stream, a first retry included.
SETTLE = dt.timedelta(minutes=5)
# Longer than a stream keeps what happened.
SINCE = dt.timedelta(hours=26)
# One run appends so many rows that a stream lost; the next one goes on.
MOST_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows had no link, and how many heads of earlier dates were taken in."""

    rows: int
    heads: int


def link_row(row: Image, now: dt.datetime) -> bool:
    """Give a row its link, once, whoever else does the same; False when it has one. Raises TryAgain."""
    return _append(row[store.STAFF_KEY], of_row(row[store.STAFF_RANGE]), digest_of(row), row.get("expires_at"), now)


def note_rewrite(old: Image, new: Image | None, now: dt.datetime) -> None:
    """Ring when a row was changed, or removed before its term: no function of the bank does either."""
    if new is None and old.get("expires_at", now.timestamp() + 1) <= now.timestamp():
        return
    metrics.count(metrics.STAFF_ACTIONS_REWRITTEN)
    log.logger.error("a row of the staff's log was rewritten", extra={"row": old[store.STAFF_RANGE]})


def _append(business_date: str, of: str, digest: bytes, expires_at: int | None, now: dt.datetime) -> bool:
    for _ in range(MOST_TURNS):
        head = store.newest_link(business_date)
        seq, chain = (head.seq, head.chain) if head else (0, FIRST_HASH)
        link = Link(business_date, seq + 1, of, digest, clock.to_text(now), expires_at).chained_to(chain)
        if transactions.commit(store.link_puts(link)):
            return True
        if store.is_linked(business_date, of):
            return False
    raise TryAgain()


def sweep_actions(now: dt.datetime) -> Swept:
    """Link rows between SINCE and SETTLE before `now` that have none, and take in the heads of earlier dates.

    Raises TryAgain. Repeating it, or two at once, link nothing twice.
    """
    since, until = now - SINCE, now - SETTLE
    rows = 0
    for business_date in _dates(since, until):
        rows += _link_between(business_date, clock.to_text(since), clock.to_text(until), MOST_ROWS - rows, now)
    heads = _take_in_heads(now)
    if rows:
        metrics.count(metrics.STAFF_ACTIONS_UNLINKED)
        log.logger.error("rows of the staff's log had no link", extra={"rows": rows})
    return Swept(rows, heads)


def _dates(since: dt.datetime, until: dt.datetime) -> list[str]:
    days = range((until - since).days + 1)
    dates = [clock.business_date(since + dt.timedelta(days=day)) for day in days]
    return list(dict.fromkeys([*dates, clock.business_date(until)]))


def link_lost(business_date: str, now: dt.datetime) -> int:
    """Link every settled row of a date that has no link, however many; verifying tells which were linked late."""
    start = clock.start_of_day(business_date)
    until = min(start + dt.timedelta(days=1), now - SETTLE)
    return _link_between(business_date, clock.to_text(start), clock.to_text(until), None, now)


def _link_between(business_date: str, first: str, last: str, most: int | None, now: dt.datetime) -> int:
    # Both come in the order of the rows' keys, so one walk over each finds what only one of them has.
    marks = (of for of, _ in store.marks(business_date, of_row(first), of_row(last)))
    mark = next(marks, None)
    found = 0
    for row in store.staff_rows(business_date, (first, last)):
        of = of_row(row[store.STAFF_RANGE])
        while mark is not None and mark < of:
            mark = next(marks, None)
        if mark != of and (most is None or found < most):
            found += link_row(row, now)
    return found


def _take_in_heads(now: dt.datetime) -> int:
    today = clock.business_date(now)
    taken = 0
    for days in range(HEADS_D, 0, -1):
        head = store.newest_link(clock.business_date(now - dt.timedelta(days=days)))
        if head is not None:
            taken += _append(today, of_head(head.business_date, head.seq), head.chain, None, now)
    newest = store.newest_link(today)
    if newest is not None:
        # Logs are kept apart from tables: who rewrites a chain to its end would have to rewrite them as well.
        extra = {"business_date": today, "seq": newest.seq, "chain": newest.chain.hex()}
        log.logger.info("head of the staff's log", extra=extra)
    return taken
