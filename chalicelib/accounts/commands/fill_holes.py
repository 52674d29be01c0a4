"""Fill holes in the middle of an account's lines from the journal, proved by the chain (NB-5.1.3).

The worker never writes past a gap, so a hole means that lines were taken away after they were written. The
chain value of the line after it was made of theirs: what is put back is what was there, or nothing is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, permutations

from chalicelib.accounts import store
from chalicelib.accounts.commands import lost_lines
from chalicelib.accounts.commands.lost_lines import (
    MAX_JOURNAL_PAGES,
    MAX_RECENT_LINES,
    REMEMBERED_LINES,
    Irreparable,
    Lost,
    without_lines,
    written_by,
)
from chalicelib.accounts.commands.rebuild_lines import SKEW
from chalicelib.accounts.commands.verify_chain import verify_chain
from chalicelib.accounts.domain import FIRST_HASH, Movement
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image
from chalicelib.platform.reading import TooManyPages

# Lines that a sweep looks at: a query that reads the newest alone costs as much.
GLANCE = 8
# An operator's run that finds more holes is started again.
MAX_HOLES = 100
# Legs whose order time does not tell are tried in every order; of more, only in runs of the order of time.
MAX_SHUFFLED = 7
# The message of a deferred leg may come so late that its entry is dated so long before its line.
LATEST_LEGS = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Hole:
    """Missing lines between two that stand; `before` is None where the account's first lines are missing."""

    before: Movement | None
    after: Movement

    @property
    def first(self) -> int:
        """Number of the first missing line."""
        return self.before.seq + 1 if self.before else 1

    @property
    def size(self) -> int:
        """How many lines are missing."""
        return self.after.seq - self.first

    @property
    def total_fen(self) -> int:
        """What the missing lines add up to."""
        return self.after.balance_fen - self.after.amount_fen - (self.before.balance_fen if self.before else 0)

    def ends_well(self, lines: Sequence[Movement]) -> bool:
        """Whether the line after the hole follows these: its own chain value was made of theirs."""
        chain = lines[-1].chain if lines else FIRST_HASH
        return self.after.chained_to(chain).chain == self.after.chain


def fill_newest(account: ledger.Account, newest: Sequence[Movement]) -> int:
    """Fill the holes among an account's newest lines (GLANCE of them, newest first); how many were written.

    Lines that stand in no order are left to `verify`. Raises Irreparable.
    """
    lines = newest[::-1]
    if any(later.seq <= earlier.seq for earlier, later in pairwise(lines)):
        return 0
    # Before the eighth-newest line there may be others.
    return sum(_fill(account, hole, MAX_JOURNAL_PAGES) for hole in _holes(lines, from_first=len(lines) < GLANCE))


def fill_holes(account: ledger.Account, *, most_pages: int) -> int:
    """Fill every hole that `verify` names, from the first on; how many lines were written.

    Stops at whatever else `verify` names: a line that was tampered with stays as it is, and stays named.
    Raises Irreparable when the journal does not have the very lines that were there.
    """
    filled = 0
    for _ in range(MAX_HOLES):
        hole = _first_hole(account.account_id)
        if hole is None:
            break
        filled += _fill(account, hole, most_pages)
    return filled


def _first_hole(account_id: str) -> Hole | None:
    broken = verify_chain(account_id).broken
    if broken is None or broken.how != "missing":
        return None
    lines = (item.to_movement() for item in store.all_lines(account_id))
    return next((hole for hole in _holes(lines, from_first=True) if hole.first == broken.seq), None)


def _holes(lines: Iterable[Movement], *, from_first: bool) -> Iterator[Hole]:
    """The holes between lines given oldest first, and before them where they are the account's first."""
    before: Movement | None = None
    for number, line in enumerate(lines):
        hole = Hole(before, line)
        if hole.size > 0 and (number or from_first):
            yield hole
        before = line


def _fill(account: ledger.Account, hole: Hole, most_pages: int) -> int:
    for candidates in _candidates(account, hole, most_pages):
        for lost in _orders(candidates, hole.size):
            if sum(leg.amount_fen for leg in lost) != hole.total_fen:
                continue
            lines = lost_lines.chained(account.account_id, hole.before, lost)
            if hole.ends_well(lines):
                return lost_lines.write(lost, lines)
    raise Irreparable(f"the journal has no lines that belong before line {hole.after.seq}")


def _orders(candidates: Sequence[Lost], size: int) -> Iterator[Sequence[Lost]]:
    """Ways in which some of the candidates, given in the order of time, may have stood."""
    for start in range(len(candidates) - size + 1):
        yield candidates[start : start + size]
    if len(candidates) <= MAX_SHUFFLED:
        yield from permutations(candidates, size)


def _candidates(account: ledger.Account, hole: Hole, most_pages: int) -> Iterator[Sequence[Lost]]:
    """Legs without a line, in order of time: of the entries that the account remembers, then of the journal's."""
    recent = written_by(store.newest(account.account_id, REMEMBERED_LINES))
    yield without_lines(account.account_id, lost_lines.remembered(account), recent, by_time=False)
    yield _searched(account, hole, most_pages)


def _searched(account: ledger.Account, hole: Hole, most_pages: int) -> list[Lost]:
    """Legs without a line of entries posted, or of deferred legs arrived, between the hole's neighbours."""
    account_id = account.account_id
    oldest = clock.from_text(hole.before.posted_at) if hole.before else clock.start_of_day(account.opened_on)
    first, last = oldest - SKEW, clock.from_text(hole.after.posted_at) + SKEW
    deferred = _deferred(account, hole, first)
    try:
        found = [
            entry
            for entry in ledger.entries_posted(account_id, clock.to_text(first), clock.to_text(last), most_pages)
            if ledger.entry_from_image(entry).legs_of(account_id)
        ]
    except TooManyPages as error:
        raise Irreparable("the journal is too large for a sweep: use the operator's command") from error
    found.sort(key=lambda entry: (entry["posted_at"], entry["entry_id"]))
    around = store.between(account_id, clock.business_date(first), clock.business_date(last))
    lines = list(islice(around, MAX_RECENT_LINES + 1))
    if len(lines) > MAX_RECENT_LINES:
        raise Irreparable("too many lines around the time of the loss")
    lost = without_lines(account_id, [*deferred, *found], written_by(lines), by_time=False)
    # Stable: what arrived together stays in the order of its sequence.
    return sorted(lost, key=lambda leg: leg.posted_at)


def _deferred(account: ledger.Account, hole: Hole, since: dt.datetime) -> list[Image]:
    """The entries whose deferred legs arrived in the hole, as their rows say, in the order of their sequence."""
    if not account.is_credit_deferred:
        return []
    rows = [
        row
        for row in ledger.deferred_lines_from(account.account_id, clock.business_date(since - LATEST_LEGS))
        if hole.first <= row.seq and row.seq - row.lines < hole.after.seq - 1
    ]
    rows.sort(key=lambda row: row.seq)
    found: dict[str, Image] = {}
    for start in range(0, len(rows), ledger.MAX_DEFERRED_READ):
        found |= ledger.read_entries([row.entry_id for row in rows[start : start + ledger.MAX_DEFERRED_READ]])
    return [found[row.entry_id] for row in rows if row.entry_id in found]
