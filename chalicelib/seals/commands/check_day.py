"""Make a sealed day's tree again from the journal and the receipts as they are stored now, and compare (XJ-3.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from chalicelib.ledger import service as ledger
from chalicelib.platform.jws import BadSignature
from chalicelib.receipts import service as receipts
from chalicelib.seals import keys, merkle, store
from chalicelib.seals.domain import Head, SealMalformed, day_after, record_of, why_not_next
from chalicelib.seals.errors import DayNotSealed
from chalicelib.seals.store import Seal
from chalicelib.seals.tiles import Record, TileAltered
from chalicelib.transfers import service as transfers

# Findings are counted without end and named up to here.
MAX_NAMED = 100
_BATCH = 100


@dataclass(slots=True)
class DayCheck:
    """What of a sealed day is not as it was sealed: how many things, and the first of them, (what, where).

    `root` is that of the tables now; `sealed_root` what was signed.
    """

    business_date: str
    entries: int = 0
    sealed_root: bytes = merkle.EMPTY
    root: bytes = merkle.EMPTY
    wrong: int = 0
    findings: list[tuple[str, str]] = field(default_factory=list)

    def add(self, what: str, where: str) -> None:
        """Note something that is wrong."""
        self.wrong += 1
        if len(self.findings) < MAX_NAMED:
            self.findings.append((what, where))


def check_day(business_date: str, now: dt.datetime, *, most_pages: int) -> DayCheck:
    """Read every entry of the date in the whole journal, and its receipt, and hold them against the sealed tree.

    For an operator: memory grows with the date's entries. Raises DayNotSealed, TooManyPages.
    """
    seal = store.seal_of(business_date)
    if seal is None:
        raise DayNotSealed(date=business_date)
    check = DayCheck(business_date, entries=seal.entries, sealed_root=seal.root)
    _check_head(check, seal, now)
    sealed = {record.first: record for record in _records(check, seal)}
    stored = sorted(_stored(business_date, most_pages), key=lambda record: record.first)
    check.root = merkle.root_of([record.hash for record in stored])
    for record in stored:
        _compare(check, sealed.pop(record.first, None), record)
    for entry_id in sealed:
        check.add("removed", entry_id)
    if check.root != seal.root and not check.wrong:
        check.add("root", "of the tables is not what was signed")
    return check


def _compare(check: DayCheck, sealed: Record | None, stored: Record) -> None:
    if sealed is None:
        check.add("added", stored.first)
        return
    if sealed.entry_hash != stored.entry_hash:
        check.add("altered entry", stored.first)
    if sealed.receipt_hash != stored.receipt_hash:
        check.add("altered receipt" if stored.receipt_hash else "removed receipt", stored.first)


def _stored(business_date: str, most_pages: int) -> Iterator[Record]:
    images = ledger.entries_dated(business_date, most_pages)
    while batch := list(islice(images, _BATCH)):
        wanted = [image["entry_id"] for image in batch if transfers.receipt_message(image) is not None]
        signed = receipts.signed_of(wanted) if wanted else {}
        yield from (record_of(image, signed.get(image["entry_id"])) for image in batch)


def _records(check: DayCheck, seal: Seal) -> Iterator[Record]:
    """The sealed records, walked down from the root that was signed; a tile that was altered is named."""
    pending = [(seal.level, seal.root)] if seal.entries else []
    while pending:
        level, root = pending.pop()
        try:
            tile = store.tile_at(seal.business_date, level, root)
        except TileAltered as problem:
            check.add("altered tile", str(problem))
            continue
        for row in tile.rows:
            if isinstance(row, Record):
                yield row
            else:
                pending.append((level - 1, row.hash))


def _check_head(check: DayCheck, seal: Seal, now: dt.datetime) -> None:
    """The row says what was signed, and it follows the day before and is followed by the day after."""
    head = _head(check, seal, now)
    if head is None:
        return
    said = (seal.business_date, str(seal.sequence), str(seal.entries), seal.root.hex())
    if said != (head.business_date, head.sequence, head.entries, head.root):
        check.add("altered seal", seal.business_date)
    before = store.seal_of(head.previous_date) if head.previous_date else None
    after = store.seal_of(day_after(seal.business_date))
    for earlier, later in ((before, seal), (seal, after)):
        if earlier is not None and later is not None:
            _check_link(check, earlier, later, now)
    if head.previous_date and before is None:
        check.add("removed seal", head.previous_date)


def _check_link(check: DayCheck, earlier: Seal, later: Seal, now: dt.datetime) -> None:
    heads = [_head(check, one, now) for one in (earlier, later)]
    if heads[0] is not None and heads[1] is not None:
        why = why_not_next(heads[1], heads[0], earlier.signed)
        if why is not None:
            check.add("broken chain", why)


def _head(check: DayCheck, seal: Seal, now: dt.datetime) -> Head | None:
    try:
        return keys.verified(seal.signed, int(now.timestamp()))
    except (BadSignature, SealMalformed):
        check.add("forged seal", seal.business_date)
        return None
