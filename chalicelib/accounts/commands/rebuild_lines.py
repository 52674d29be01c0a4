"""Rebuild statement lines that were lost on the way, from the journal (NB-5.1.3)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.accounts import store
from chalicelib.accounts.commands.write_lines import append, tell
from chalicelib.accounts.domain import FIRST_HASH, Movement
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image

# A line that is only on its way is left to the worker.
SETTLE = dt.timedelta(seconds=60)
# More than an account remembers is looked for when its last line is so old: by then a late stream was alarmed.
SEARCH_AFTER = dt.timedelta(minutes=15)
# A later line may be of an entry that was dated so much earlier: clocks differ, and a write waits for its turn.
SKEW = dt.timedelta(seconds=60)
# Pages of the journal (1 MB each) that a sweep looks through for one account; an operator's command may take more.
MAX_JOURNAL_PAGES = 200
MAX_LINES_A_RUN = 500
# Lines that the remembered entries can have at most.
REMEMBERED_LINES = ledger.REMEMBERED_ENTRIES * ledger.MAX_LEGS
MAX_RECENT_LINES = 10_000


class Irreparable(Exception):
    """The journal does not explain the account: nothing was written, and a person has to look."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """A leg without a line; `by_time` when the account no longer remembers where it stood.

    A deferred leg has the date and time at which it reached the account, not its entry's.
    """

    entry: Image
    amount_fen: int
    kind: str
    by_time: bool
    posted_on: str
    posted_at: str


def rebuild_lines(account: ledger.Account, now: dt.datetime, *, most_pages: int = MAX_JOURNAL_PAGES) -> int:
    """Write the lines that are missing at the end of an account, and have them told; how many were written.

    The account names its last entries, so up to eight are put back exactly as they were. Beyond that the
    journal is searched, what it finds is ordered by time, and those lines are marked `rebuilt`. Nothing is
    written unless number and sum of the lines lead exactly to the account's sequence and balance; else
    raises Irreparable. Lines that are still on their way, and those over MAX_LINES_A_RUN, wait for the next run.
    """
    last = store.last(account.account_id)
    try:
        lost = _lost(account, last, now, most_pages)
    except Irreparable:
        found = store.last(account.account_id)
        if (found.seq if found else 0) != (last.seq if last else 0):
            return 0  # the worker wrote lines between our reads: the next run sees what is left
        raise
    if not lost or clock.from_text(lost[0].posted_at) > now - SETTLE:
        return 0
    return _write(account.account_id, last, lost[:MAX_LINES_A_RUN])


def _lost(account: ledger.Account, last: Movement | None, now: dt.datetime, most_pages: int) -> list[_Lost]:
    """The legs that have no line, in order; none while it is too early to search the journal for them."""
    missing = account.seq - (last.seq if last else 0)
    if missing <= 0:
        return []
    remembered = _remembered(account)
    written = _written(account.account_id, None)
    lost = _without_lines(account.account_id, remembered, written, by_time=False)
    if len(lost) < missing and len(remembered) == ledger.REMEMBERED_ENTRIES:
        if last is not None and clock.from_text(last.posted_at) > now - SEARCH_AFTER:
            return []
        lost = _searched(account, last, remembered, most_pages) + lost
    if len(lost) != missing:
        raise Irreparable(f"{missing} lines are missing and the journal has {len(lost)}")
    if (last.balance_fen if last else 0) + sum(leg.amount_fen for leg in lost) != account.posted_fen:
        raise Irreparable("the missing lines do not lead to the account's balance")
    return lost


def _remembered(account: ledger.Account) -> list[Image]:
    """The account's last entries, oldest first."""
    ids = [account.image[f"e{i}"] for i in range(ledger.REMEMBERED_ENTRIES)]
    known = [id_ for id_ in reversed(ids) if id_ != ledger.NO_ENTRY]
    found = ledger.read_entries(known)
    if any(id_ not in found for id_ in known):
        raise Irreparable("an entry that the account remembers is not in the journal")
    return [found[id_] for id_ in known]


def _written(account_id: str, since: str | None) -> Counter[str]:
    """How many lines each entry has among the newest: as many as could be remembered, and all from `since` on."""
    written: Counter[str] = Counter()
    for number, line in enumerate(store.newest(account_id, MAX_RECENT_LINES)):
        if number >= REMEMBERED_LINES and (since is None or line.posted_at < since):
            return written
        written[line.entry_id] += 1
    if since is not None and written.total() == MAX_RECENT_LINES:
        raise Irreparable("too many lines around the time of the loss")
    return written


def _without_lines(account_id: str, entries: Sequence[Image], written: Counter[str], *, by_time: bool) -> list[_Lost]:
    """The legs on the account that have no line; of an entry whose first lines are there, the others."""
    arrived = _arrived(account_id, entries)
    lost = []
    for entry in entries:
        posted_on, posted_at = arrived.get(entry["entry_id"], (entry["business_date"], entry["posted_at"]))
        legs = ledger.entry_from_image(entry).lines_on(account_id)[written[entry["entry_id"]] :]
        lost += [_Lost(entry, leg.amount_fen, leg.kind, by_time, posted_on, posted_at) for leg in legs]
    return lost


def _arrived(account_id: str, entries: Sequence[Image]) -> dict[str, tuple[str, str]]:
    """When deferred legs reached the account: entry id -> business date and time, as the worker's line has them."""
    deferred = [
        (account_id, entry["business_date"], entry["entry_id"])
        for entry in entries
        if any(leg.account_id == account_id and ledger.is_deferred(leg) for leg in ledger.entry_from_image(entry).legs)
    ]
    found: dict[str, tuple[str, str]] = {}
    for start in range(0, len(deferred), ledger.MAX_DEFERRED_READ):
        rows = ledger.deferred_lines_at(deferred[start : start + ledger.MAX_DEFERRED_READ])
        found |= {entry_id: (row.posted_on, row.posted_at) for (_, entry_id), row in rows.items()}
    return found


def _searched(
    account: ledger.Account, last: Movement | None, remembered: Sequence[Image], most_pages: int
) -> list[_Lost]:
    """What the journal has between the last line and the first remembered entry, ordered by time."""
    oldest = clock.from_text(last.posted_at) if last else clock.start_of_day(account.opened_on)
    since = clock.to_text(oldest - SKEW)
    until = clock.to_text(clock.from_text(remembered[0]["posted_at"]) + SKEW)
    known = {entry["entry_id"] for entry in remembered}
    try:
        found = [
            entry
            for entry in ledger.entries_posted(account.account_id, since, until, most_pages)
            if entry["entry_id"] not in known
        ]
    except ledger.SearchTooLong as error:
        raise Irreparable("the journal is too large for a sweep: use the operator's command") from error
    found.sort(key=lambda entry: (entry["posted_at"], entry["entry_id"]))
    return _without_lines(account.account_id, found, _written(account.account_id, since), by_time=True)


def _write(account_id: str, last: Movement | None, lost: Sequence[_Lost]) -> int:
    """Tell, then write: a crash in between leaves the gap, so that the next run does both again.

    A message that comes before its line is tried again, and one that comes twice is told once.
    """
    lines = _chained(account_id, last, lost)
    tell([(leg.entry, line) for leg, line in zip(lost, lines, strict=True)])
    for number, (leg, line) in enumerate(zip(lost, lines, strict=True)):
        if not append(leg.entry, line, rebuilt=leg.by_time):
            return number  # the worker is at it, too: the next run sees what is left
    return len(lines)


def _chained(account_id: str, last: Movement | None, lost: Sequence[_Lost]) -> list[Movement]:
    seq, balance_fen = (last.seq, last.balance_fen) if last else (0, 0)
    date, chain = (last.business_date, last.chain) if last else ("", FIRST_HASH)
    lines = []
    for leg in lost:
        seq, balance_fen = seq + 1, balance_fen + leg.amount_fen
        # Order by date and by sequence are the same, whatever order time suggests.
        date = max(date, leg.posted_on)
        line = Movement(
            account_id=account_id,
            seq=seq,
            business_date=date,
            posted_at=leg.posted_at,
            entry_id=leg.entry["entry_id"],
            kind=leg.kind,
            amount_fen=leg.amount_fen,
            balance_fen=balance_fen,
            correlation_id=leg.entry["correlation_id"],
            # As on any line: said only where it is not the line's own date, and what a trial balance sorts by.
            value_date=None if date == leg.entry["business_date"] else leg.entry["business_date"],
        ).chained_to(chain)
        chain = line.chain
        lines.append(line)
    return lines
