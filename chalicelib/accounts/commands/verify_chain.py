"""Recompute an account's hash chain against its lines, the journal and the account (NB-5.1.3)."""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from chalicelib.accounts import store
from chalicelib.accounts.domain import FIRST_HASH, Movement
from chalicelib.accounts.store import MovementItem
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import NotFound

How = Literal["altered", "missing", "inserted", "reordered", "wrong balance", "wrong chain"]

# How much earlier than the line before it a line may be: payments carry the time of their attempt, and two at once
# land in either order, however long each was on its way.
MOST_OUT_OF_ORDER = dt.timedelta(seconds=30)

# Lines in memory at a time; the engine reads so many entries at once.
PAGE = 100


@dataclass(frozen=True, slots=True)
class Break:
    """The first line that does not hold: its sequence number, how it is broken, and what shows it."""

    seq: int
    how: How
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many lines hold, and the first that does not, if any."""

    lines: int
    broken: Break | None


def verify_chain(account_id: str) -> Verdict:
    """Read all lines of an account in order and say whether they hold; memory stays flat.

    Each line must stand under its own key, follow the one before without a gap and in time, be a posting of a
    posted entry with its date and time, carry the balance on, and have the chain value that its facts and the line
    before give. The last ones must agree with the account: balance, and the entries that it remembers. Lines may be
    written meanwhile. Raises NotFound.

    Two neighbours older than what the account remembers (eight entries), less than MOST_OUT_OF_ORDER apart, whose
    places were exchanged and whose chain was made anew, are not noticed: nothing else has their order.
    """
    before = _account(account_id)
    walk = _Walk(before)
    lines = store.all_lines(account_id)
    while page := list(islice(lines, PAGE)):
        entries = ledger.read_entries(list(dict.fromkeys(item.entry_id for item in page)))
        for item in page:
            broken = walk.step(item, entries.get(item.entry_id))
            if broken is not None:
                return Verdict(walk.held, broken)
    return Verdict(walk.held, walk.end(before, _account(account_id)))


def _account(account_id: str) -> ledger.Account:
    account = ledger.read_accounts([account_id]).get(account_id)
    if account is None:
        raise NotFound()
    return account


class _Walk:
    """Where the walk over the lines stands: what held so far is all it keeps."""

    def __init__(self, account: ledger.Account) -> None:
        self.account_id = account.account_id
        self._seq = account.seq
        self.held = 0
        self.last: Movement | None = None
        self._lines_of_entry = 0
        # The newest entries, oldest first: (first line, entry).
        self._entries: deque[tuple[int, str]] = deque(maxlen=ledger.REMEMBERED_ENTRIES)

    @property
    def _balance_fen(self) -> int:
        return self.last.balance_fen if self.last else 0

    def step(self, item: MovementItem, entry: Image | None) -> Break | None:
        """Judge the next line; it is the one to go on from when it holds."""
        line = item.to_movement()
        again = self.last is not None and self.last.entry_id == line.entry_id
        number = self._lines_of_entry if again else 0
        broken = (
            self._place(item.line, line)
            or self._posting(line, entry, number)
            or self._order(line)
            or self._figures(line)
        )
        if broken is None:
            self.held, self.last, self._lines_of_entry = self.held + 1, line, number + 1
            if not again:
                self._entries.append((line.seq, line.entry_id))
        return broken

    def _place(self, key: str, line: Movement) -> Break | None:
        expected = self.held + 1
        if key != line.line:
            key_seq = key.rpartition("#")[2]
            moved = not key_seq.isdigit() or int(key_seq) != line.seq
            return Break(expected, "reordered" if moved else "altered", "it stands under another line's key")
        if line.seq < expected:
            return Break(line.seq, "inserted", "there is a line with this number before it")
        if line.seq > self._seq:
            # Past the account as it was: written meanwhile, or by somebody else.
            self._seq = _account(self.account_id).seq
            if line.seq > self._seq:
                return Break(line.seq, "inserted", f"the account has {self._seq} lines")
        if line.seq > expected:
            later = any(other.seq == expected for other in store.all_lines(self.account_id))
            return Break(expected, "reordered" if later else "missing", f"line {line.seq} follows line {self.held}")
        return None

    def _posting(self, line: Movement, entry: Image | None, number: int) -> Break | None:
        if entry is None or entry["state"] != ledger.POSTED:
            return Break(line.seq, "inserted", "the journal has no such posted entry")
        try:
            legs = ledger.entry_from_image(entry).lines_on(self.account_id)
        except ledger.EntryUnbalanced as error:
            return Break(line.seq, "altered", f"its journal entry: {error}")
        if number >= len(legs):
            return Break(line.seq, "inserted", f"its entry has {len(legs)} postings on this account")
        if (line.amount_fen, line.kind) != (legs[number].amount_fen, legs[number].kind):
            return Break(line.seq, "altered", "amount or kind is not what the entry posted")
        # A deferred leg has the date and time of the write that brought it; the entry's date is its value date.
        is_own = ledger.is_deferred(legs[number]) or (line.posted_at, line.business_date) == (
            entry["posted_at"],
            entry["business_date"],
        )
        if not is_own or line.valued_on != entry["business_date"]:
            return Break(line.seq, "altered", "date or time is not the entry's")
        return None

    def _order(self, line: Movement) -> Break | None:
        if self.last is None:
            return None
        too_early = clock.from_text(line.posted_at) < clock.from_text(self.last.posted_at) - MOST_OUT_OF_ORDER
        if too_early or line.business_date < self.last.business_date:
            return Break(line.seq, "reordered", "it was posted before the line that it follows")
        return None

    def _figures(self, line: Movement) -> Break | None:
        if line.balance_fen != self._balance_fen + line.amount_fen:
            return Break(line.seq, "wrong balance", "it is not the balance before and the amount")
        if line.chained_to(self.last.chain if self.last else FIRST_HASH).chain != line.chain:
            return Break(line.seq, "wrong chain", "its facts and the line before give another chain value")
        return None

    def end(self, before: ledger.Account, after: ledger.Account) -> Break | None:
        """Judge the end by the account as it was before and after the walk."""
        if self.held < before.seq:
            return Break(self.held + 1, "missing", f"the account has {before.seq} lines")
        for account in (before, after):
            if self.held != account.seq:
                continue
            if self._balance_fen != account.posted_fen:
                return Break(self.held, "wrong balance", "the account's balance is another")
            newest_first = zip(reversed(self._entries), ledger.remembered_entries(account), strict=False)
            strangers = [seq for (seq, entry_id), remembered in newest_first if entry_id != remembered]
            if strangers:
                return Break(min(strangers), "reordered", "the account remembers another order of its entries")
        return None
