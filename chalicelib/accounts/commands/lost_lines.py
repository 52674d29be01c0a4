"""What the commands that bring lost statement lines back share: which legs have no line, and their lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chalicelib.accounts.commands.write_lines import append, tell
from chalicelib.accounts.domain import FIRST_HASH, Movement
from chalicelib.ledger import service as ledger
from chalicelib.platform.dynamo import Image

# Pages of the journal (1 MB each) that a sweep looks through for one account; an operator's command may take more.
MAX_JOURNAL_PAGES = 200
# Lines that the remembered entries can have at most.
REMEMBERED_LINES = ledger.REMEMBERED_ENTRIES * ledger.MAX_LEGS
MAX_RECENT_LINES = 10_000

# How often a leg has a line: by entry, amount and kind.
Written = Counter[tuple[str, int, str]]


class Irreparable(Exception):
    """The journal does not explain the account: nothing was written, and a person has to look."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A leg without a line; `by_time` when the account no longer remembers where it stood.

    A deferred leg has the date and time at which it reached the account, not its entry's.
    """

    entry: Image
    amount_fen: int
    kind: str
    by_time: bool
    posted_on: str
    posted_at: str


def remembered(account: ledger.Account) -> list[Image]:
    """The account's last entries, oldest first."""
    ids = [account.image[f"e{i}"] for i in range(ledger.REMEMBERED_ENTRIES)]
    known = [id_ for id_ in reversed(ids) if id_ != ledger.NO_ENTRY]
    found = ledger.read_entries(known)
    if any(id_ not in found for id_ in known):
        raise Irreparable("an entry that the account remembers is not in the journal")
    return [found[id_] for id_ in known]


def written_by(lines: Iterable[Movement]) -> Written:
    """The legs that these lines stand for."""
    return Counter((line.entry_id, line.amount_fen, line.kind) for line in lines)


def without_lines(account_id: str, entries: Sequence[Image], written: Written, *, by_time: bool) -> list[Lost]:
    """The legs of the entries on the account that have no line, in the order of the entries."""
    arrived = _arrived(account_id, entries)
    left, lost = written.copy(), []
    for entry in entries:
        posted_on, posted_at = arrived.get(entry["entry_id"], (entry["business_date"], entry["posted_at"]))
        for leg in ledger.entry_from_image(entry).lines_on(account_id):
            known = entry["entry_id"], leg.amount_fen, leg.kind
            if left[known]:
                left[known] -= 1
            else:
                lost.append(Lost(entry, leg.amount_fen, leg.kind, by_time, posted_on, posted_at))
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


def write(lost: Sequence[Lost], lines: Sequence[Movement]) -> int:
    """Tell, then write; how many were written. A line that stands is never replaced.

    A crash in between leaves the gap, so that the next run does both again. A message that comes before its
    line is tried again, and one that comes twice is told once.
    """
    tell([(leg.entry, line) for leg, line in zip(lost, lines, strict=True)])
    for number, (leg, line) in enumerate(zip(lost, lines, strict=True)):
        if not append(leg.entry, line, rebuilt=leg.by_time):
            return number  # the worker is at it, too: the next run sees what is left
    return len(lines)


def chained(account_id: str, last: Movement | None, lost: Sequence[Lost]) -> list[Movement]:
    """The lines of lost legs, in this order, chained to the line before them."""
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
