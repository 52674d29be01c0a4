"""The books of deferred legs: what the journal owes to accounts, and which write brought it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from simulation.engine import Changed
from simulation.images import Posted, text, whole


class Deferred:
    """Legs that an entry left to the stream, by account and entry, until a row says that they were posted."""

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._broken = broken
        self.due: dict[tuple[str, str], int] = {}
        self.posted: set[tuple[str, str]] = set()
        self.pending_fen = 0
        self.closed: set[str] = set()
        self._brought: dict[str, list[tuple[int, str]]] = {}

    def begin_write(self) -> None:
        """Forget the rows of the write before."""
        self._brought.clear()

    def add(self, entry: Posted) -> None:
        """An entry was posted: its deferred legs are due from now on."""
        for account_id in entry.deferred:
            fen = sum(fen for _, fen, _ in entry.legs_of(account_id))
            self.due[account_id, entry.entry_id] = fen
            self.pending_fen += fen

    def row(self, change: Changed) -> None:
        """One row of DeferredLegsTable: what one entry brought to one account."""
        new = change.new
        if change.old is not None or new is None:
            self._broken("the row of a deferred leg was changed or removed")
            return
        key = text(new, "account_id"), text(new, "entry_id")
        if key not in self.due:
            self._broken(f"{key} was posted from the stream, but is not due")
            return
        if key in self.posted or whole(new, "amount_fen") != self.due[key]:
            self._broken(f"{key} was posted with {whole(new, 'amount_fen')} fen, {self.due[key]} were due once")
            return
        self.posted.add(key)
        self.pending_fen -= self.due[key]
        self._brought.setdefault(key[0], []).append((whole(new, "seq"), key[1]))

    def closed_day(self, change: Changed) -> None:
        """A day is closed once, when what was due is there: its books add up to zero."""
        new = change.new
        if change.old is not None or new is None:
            self._broken("a closed day was changed or removed")
            return
        day = text(new, "business_date")
        self.closed.add(day)
        if whole(new, "customers_fen") + whole(new, "house_fen"):
            self._broken(f"day {day} was closed though its books do not balance")

    def brought_to(self, account_id: str) -> list[str]:
        """The entries that this write brought to the account, in order of its sequence."""
        return [entry_id for _, entry_id in sorted(self._brought.pop(account_id, []))]

    def unclaimed(self) -> Iterator[str]:
        """Accounts that got rows in this write, and no money."""
        yield from self._brought

    def missing(self) -> list[tuple[str, str]]:
        """What is due and not posted."""
        return sorted(self.due.keys() - self.posted)
