"""The books of payments to other banks: sent once, and ended as the network said, or still open and named."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from simulation.engine import Changed, Image
from simulation.images import text, whole

SETTLED, RETURNED = "settled", "returned"
# Which states of a payment's row follow which.
STATES = {"": ("due",), "due": ("sent",), "sent": (SETTLED, RETURNED), SETTLED: (SETTLED,), RETURNED: (RETURNED,)}
# Who orders the return of what a payee's bank did not take.
CLEARING = "clearing"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What was posted for another bank: to whom, and how much in fen."""

    bank: str
    account: str
    name: str
    amount_fen: int


class Elsewhere:
    """Payments by id: what was posted, what the network got and said, and what the bank made of it."""

    def __init__(self, broken: Callable[[str], None]) -> None:
        self._broken = broken
        self.posted: dict[str, Outgoing] = {}
        self.states: dict[str, str] = {}
        self.open_rows: dict[str, str] = {}
        self.said: dict[str, set[str]] = defaultdict(set)
        # What the bank was told otherwise in the end, and where it has noted that.
        self.told_otherwise: set[str] = set()
        self.contradicted: set[str] = set()
        self._got: Counter[str] = Counter()
        self._will_answer: set[str] = set()
        self._returned: set[str] = set()
        self._reversed: set[str] = set()

    def begin_write(self) -> None:
        """Forget what the write before returned."""
        self._returned.clear()
        self._reversed.clear()

    def entry(self, image: Image) -> None:
        """A payment was posted."""
        self.posted[text(image, "entry_id")] = Outgoing(
            text(image, "payee_bank"),
            text(image, "payee_account"),
            text(image, "payee_name"),
            whole(image, "amount_fen"),
        )

    def reversal(self, original_id: str, ordered_by: str) -> None:
        """An entry is taken back: one for another bank by that bank's word alone."""
        if original_id not in self.posted:
            return
        self._reversed.add(original_id)
        if ordered_by != CLEARING or RETURNED not in {what.partition(" ")[0] for what in self.said[original_id]}:
            self._broken(
                f"payment {original_id} was given back by {ordered_by}; the network said {self.said[original_id]}"
            )

    def network_got(self, entry_id: str, outgoing: Outgoing, *, will_answer: bool) -> None:
        """The network was told to pay."""
        self._got[entry_id] += 1
        if will_answer:
            self._will_answer.add(entry_id)
        if self._got[entry_id] > 1 or self.posted.get(entry_id) != outgoing:
            self._broken(f"the network got {entry_id} {self._got[entry_id]} times, as {outgoing}")

    def has_got(self, entry_id: str) -> bool:
        """Whether the network knows of it."""
        return entry_id in self._got

    def row(self, change: Changed) -> None:
        """A payment's row: its states in order, its end as the network said."""
        old, new = change.old or {}, change.new or {}
        entry_id, before, after = text(new, "entry_id"), text(old, "state"), text(new, "state")
        self.states[entry_id] = after
        if entry_id not in self.posted or whole(new, "amount_fen") != self.posted[entry_id].amount_fen:
            self._broken(f"payment {entry_id} is none that was posted")
        if after not in STATES.get(before, ()):
            self._broken(f"payment {entry_id} went from {before} to {after}")
        if RETURNED == after != before:
            self._returned.add(entry_id)
        if after in (SETTLED, RETURNED) and f"{after} {text(new, 'reason')}".strip() not in self.said[entry_id]:
            self._broken(f"payment {entry_id} is {after}; the network said {self.said[entry_id]}")
        if "contradicted" in new:
            self.contradicted.add(entry_id)
            if len(self.said[entry_id]) < 2:
                self._broken(f"the network did not contradict itself on {entry_id}")

    def open_row(self, change: Changed) -> None:
        """A row by which a payment without an end is found."""
        if change.old is not None:
            self.open_rows.pop(text(change.old, "due"), None)
        if change.new is not None:
            self.open_rows[text(change.new, "due")] = text(change.new, "entry_id")

    def end_write(self) -> None:
        """A return and its money are one write."""
        if self._returned != self._reversed:
            self._broken(f"returned in this write: {self._returned}; their money came back: {self._reversed}")

    def next_due(self) -> str | None:
        """When the next payment is asked for that will have its end by that, as text; None where none will."""
        coming = {
            entry_id
            for entry_id in self.posted
            if self.states.get(entry_id, "due") == "due"
            or (self.states[entry_id] == "sent" and entry_id in self._will_answer)
        }
        return min(
            (due.partition("#")[0] for due, entry_id in self.open_rows.items() if entry_id in coming), default=None
        )

    def open_payments(self) -> set[str]:
        """Posted, and neither settled nor returned."""
        return {entry_id for entry_id in self.posted if self.states.get(entry_id) not in (SETTLED, RETURNED)}

    def left_over(self, differences: set[str]) -> Iterator[str]:
        """What must not be at rest; `differences` are the payments that the bank's own reconciliation names."""
        named = set(self.open_rows.values())
        for entry_id in sorted(self.open_payments()):
            if self.said[entry_id] or self.states.get(entry_id) != "sent" or entry_id not in named:
                yield f"payment {entry_id} is {self.states.get(entry_id)}; the network said {self.said[entry_id]}"
        must = self.open_payments() | self.told_otherwise
        may = must | {entry_id for entry_id, said in self.said.items() if len(said) > 1}
        if not must <= differences <= may:
            yield f"reconciliation finds {sorted(differences)}; the books {sorted(must)}, at most {sorted(may)}"
