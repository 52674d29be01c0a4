"""Seal a closed business date: grow its Merkle tree a page of entries at a time, sign its head, store it once.

How far a tree has grown is one row (store.Run), put in place of itself under its step: of two who do the same page one
goes on, who dies is followed from the last page, and whatever is told twice is told in vain.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.closing.commands import closed_days
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, jws, log, metrics, queues
from chalicelib.platform.dynamo import Image
from chalicelib.platform.queues import Message
from chalicelib.receipts import service as receipts
from chalicelib.seals import keys, store
from chalicelib.seals.domain import day_after, first_head, next_head, record_of
from chalicelib.seals.store import Run, Seal
from chalicelib.seals.tiles import Growth, Record, Tile
from chalicelib.transfers import service as transfers

# Entries a message: some five seconds of reading, well inside a worker's three minutes. Sixteen tiles.
PAGE = 4096
# As many as one batch of the engine reads.
_BATCH = 100


class Outcome(StrEnum):
    """What came of a page."""

    SEALED = "sealed"
    PAGED = "paged"
    STALE = "stale"  # done before, or by another
    WAITS = "waits"  # for receipts
    STARTED_ANEW = "started_anew"  # the entries found are not those of the closed day


def start_next(now: dt.datetime) -> str | None:
    """Ask for the seal of the oldest closed date that has none; which, or None.

    Dates are sealed in order, as each head names the one before: from the bank's first closed date on, or that of
    `seal.first_date`. Rings where a date was closed long ago. Asking twice does no harm.
    """
    day = _next_day(now)
    if day is None:
        return None
    date = day.business_date
    queues.send("seals", [_page_message(store.begin_run(date))])
    if now - clock.from_text(day.closed_at) > dt.timedelta(hours=parameters.value(parameters.SEAL_LATE_H, now)):
        metrics.count(metrics.DAYS_NOT_SEALED)
        log.logger.error("a closed date is not sealed", extra={"date": date, "closed_at": day.closed_at})
    return date


def _next_day(now: dt.datetime) -> closed_days.BusinessDayItem | None:
    newest = store.newest()
    if newest is not None:
        return closed_days.closed_day(day_after(newest.business_date))
    return closed_days.first_closed_from(f"{parameters.value(parameters.SEAL_FIRST_DATE, now):08d}")


def _page_message(run: Run) -> Message:
    date, step = run.business_date, str(run.step)
    return Message(f"{date}#seal#{step}", "seals.page", date, f"seal-{date}", {"step": step})


def seal_page(business_date: str, step: int, now: dt.datetime) -> Outcome:
    """Put the next page of a closed date's entries into its tree, and ask for the page after; at the end, seal it.

    A receipt that is missing is told again, and the page waits: nothing is sealed without it. Where the entries found
    do not come to what the date closed with, the tree is begun anew. Raises EntryUnbalanced for an entry that was
    tampered with, and what reading and signing raise: then the page is tried again.
    """
    run = store.run_of(business_date)
    if run is None or run.step != step or store.seal_of(business_date) is not None:
        return Outcome.STALE
    entry_ids = store.listed(business_date, run.after, PAGE)
    growth = Growth.from_rows(run.levels, run.leaves)
    books = _Books(run.lines, run.turnover_fen)
    for start in range(0, len(entry_ids), _BATCH):
        found = _read(business_date, entry_ids[start : start + _BATCH])
        if found.lacking:
            return _wait(business_date, found.lacking)
        for image, record in found.records:
            books.add(ledger.entry_from_image(image))
            growth.add(record, lambda tile: store.put_tile(business_date, tile))
    if len(entry_ids) < PAGE:
        return _end(run, growth, books, now)
    after = Run(business_date, step + 1, entry_ids[-1], growth.leaves, *books.figures(), tuple(growth.to_rows()))
    if not store.advance(run, after):
        return Outcome.STALE
    queues.send("seals", [_page_message(after)])
    return Outcome.PAGED


@dataclass(slots=True)
class _Books:
    """What entries come to, as the trial balance counts it (closing.domain.TrialBalance): lines, and credits in fen."""

    lines: int
    turnover_fen: int

    def add(self, entry: ledger.Entry) -> None:
        self.lines += len(entry.legs)
        # A customer's account has a line a leg; an entry's legs on a house account are one row.
        at_once: dict[str, int] = {}
        for leg in entry.legs:
            if ledger.is_house(leg.account_id):
                at_once[leg.account_id] = at_once.get(leg.account_id, 0) + leg.amount_fen
            else:
                self.turnover_fen += max(0, leg.amount_fen)
        self.turnover_fen += sum(max(0, amount_fen) for amount_fen in at_once.values())

    def figures(self) -> tuple[int, int]:
        return self.lines, self.turnover_fen


@dataclass(frozen=True, slots=True)
class _Found:
    """Entries with their records, and those that lack their receipts."""

    records: list[tuple[Image, Record]]
    lacking: list[Image]


def _read(business_date: str, entry_ids: Sequence[str]) -> _Found:
    images = ledger.read_entries(entry_ids)
    # One that is gone, or has another date by now, is left out: the rest will not come to what the date closed with.
    present = [images[id_] for id_ in entry_ids if images.get(id_, {}).get("business_date") == business_date]
    receipted = [image for image in present if transfers.receipt_message(image) is not None]
    signed = receipts.signed_of([image["entry_id"] for image in receipted]) if receipted else {}
    lacking = [image for image in receipted if image["entry_id"] not in signed]
    return _Found([(image, record_of(image, signed.get(image["entry_id"]))) for image in present], lacking)


def _wait(business_date: str, lacking: Sequence[Image]) -> Outcome:
    told = [message for image in lacking if (message := transfers.receipt_message(image)) is not None]
    queues.send("receipts", told)
    log.logger.warning("a seal waits for receipts", extra={"date": business_date, "receipts": len(told)})
    return Outcome.WAITS


def _end(run: Run, growth: Growth, books: _Books, now: dt.datetime) -> Outcome:
    date = run.business_date
    day = closed_days.closed_day(date)
    if day is None:
        raise RuntimeError("a date that is not closed is being sealed")
    closed_with = (int(day.lines), int(day.turnover_fen))
    if books.figures() != closed_with:
        # An entry came into the list while it was read, or its record never came (`bank day lists`).
        facts = {"date": date, "entries": growth.leaves, "lines": books.lines, "lines_closed": closed_with[0]}
        log.logger.error("the entries listed are not those of the closed date", extra=facts)
        store.advance(run, Run(date, run.step + 1))
        return Outcome.STARTED_ANEW

    def emit(tile: Tile) -> None:
        store.put_tile(date, tile)

    level, root = growth.finish(emit)
    seal = _signed(date, growth.leaves, level, root, now)
    if not store.put_seal(seal):
        return Outcome.STALE
    # A log is a witness outside the tables.
    log.logger.info("day sealed", extra={"date": date, "entries": seal.entries, "root": seal.root.hex()})
    return Outcome.SEALED


def _signed(business_date: str, entries: int, level: int, root: bytes, now: dt.datetime) -> Seal:
    """The head in its place in the chain, signed. Raises RuntimeError where the newest seal is not the day before's."""
    now_s, at = int(now.timestamp()), clock.to_text(now)
    head = first_head(jws.issuer(), business_date, entries, root, at)
    newest = store.newest()
    if newest is not None:
        # What it follows is what was signed, not what a row says.
        before = keys.verified(newest.signed, now_s)
        if day_after(before.business_date) != business_date:
            raise RuntimeError("dates are sealed in order")
        head = next_head(head, before, newest.signed)
    return Seal(business_date, int(head.sequence), entries, root, level, at, keys.sign(head, now_s))
