"""Rebuild statement lines that were lost on the way, from the journal (NB-5.1.3)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from chalicelib.accounts import store
from chalicelib.accounts.commands import lost_lines
from chalicelib.accounts.commands.lost_lines import (
    MAX_JOURNAL_PAGES,
    MAX_RECENT_LINES,
    REMEMBERED_LINES,
    Irreparable,
    Lost,
    Written,
    without_lines,
)
from chalicelib.accounts.domain import Movement
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image
from chalicelib.platform.reading import TooManyPages

# A line that is only on its way is left to the worker.
SETTLE = dt.timedelta(seconds=60)
# More than an account remembers is looked for when its last line is so old: by then a late stream was alarmed.
SEARCH_AFTER = dt.timedelta(minutes=15)
# A later line may be of an entry that was dated so much earlier: clocks differ, and a write waits for its turn.
SKEW = dt.timedelta(seconds=60)
MAX_LINES_A_RUN = 500


def rebuild_lines(
    account: ledger.Account, last: Movement | None, now: dt.datetime, *, most_pages: int = MAX_JOURNAL_PAGES
) -> int:
    """Write the lines that are missing after an account's last one, and have them told; how many were written.

    The account names its last entries, so up to eight are put back exactly as they were. Beyond that the
    journal is searched, what it finds is ordered by time, and those lines are marked `rebuilt`. Nothing is
    written unless number and sum of the lines lead exactly to the account's sequence and balance; else
    raises Irreparable. Lines that are still on their way, and those over MAX_LINES_A_RUN, wait for the next run.
    """
    try:
        lost = _lost(account, last, now, most_pages)
    except Irreparable:
        found = store.last(account.account_id)
        if (found.seq if found else 0) != (last.seq if last else 0):
            return 0  # the worker wrote lines between our reads: the next run sees what is left
        raise
    if not lost or clock.from_text(lost[0].posted_at) > now - SETTLE:
        return 0
    due = lost[:MAX_LINES_A_RUN]
    return lost_lines.write(due, lost_lines.chained(account.account_id, last, due))


def _lost(account: ledger.Account, last: Movement | None, now: dt.datetime, most_pages: int) -> list[Lost]:
    """The legs that have no line, in order; none while it is too early to search the journal for them."""
    missing = account.seq - (last.seq if last else 0)
    if missing <= 0:
        return []
    remembered = lost_lines.remembered(account)
    written = _written(account.account_id, None)
    lost = without_lines(account.account_id, remembered, written, by_time=False)
    if len(lost) < missing and len(remembered) == ledger.REMEMBERED_ENTRIES:
        if last is not None and clock.from_text(last.posted_at) > now - SEARCH_AFTER:
            return []
        lost = _searched(account, last, remembered, most_pages) + lost
    if len(lost) != missing:
        raise Irreparable(f"{missing} lines are missing and the journal has {len(lost)}")
    if (last.balance_fen if last else 0) + sum(leg.amount_fen for leg in lost) != account.posted_fen:
        raise Irreparable("the missing lines do not lead to the account's balance")
    return lost


def _written(account_id: str, since: str | None) -> Written:
    """The legs of the newest lines: of as many as could be remembered, and of all from `since` on."""
    written: Written = Counter()
    for number, line in enumerate(store.newest(account_id, MAX_RECENT_LINES)):
        if number >= REMEMBERED_LINES and (since is None or line.posted_at < since):
            return written
        written[line.entry_id, line.amount_fen, line.kind] += 1
    if since is not None and written.total() == MAX_RECENT_LINES:
        raise Irreparable("too many lines around the time of the loss")
    return written


def _searched(
    account: ledger.Account, last: Movement | None, remembered: Sequence[Image], most_pages: int
) -> list[Lost]:
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
    except TooManyPages as error:
        raise Irreparable("the journal is too large for a sweep: use the operator's command") from error
    found.sort(key=lambda entry: (entry["posted_at"], entry["entry_id"]))
    return without_lines(account.account_id, found, _written(account.account_id, since), by_time=True)
