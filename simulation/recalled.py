"""The books of what goes back, by a payee's return or the bank's reversal, once; and of the recalls that ask for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from simulation.engine import Changed, Image
from simulation.images import Posted, text, whole

ASKED, AGREED, REFUSED, WITHDRAWN, RETURNED = "asked", "agreed", "refused", "withdrawn", "returned"
STATES = {"": (ASKED,), ASKED: (AGREED, REFUSED, WITHDRAWN, RETURNED), AGREED: (AGREED, RETURNED)}
# Which marks a posted entry may get, one of them, once.
MARKS = ("reversed_by", "returned_by")


class Recalled:
    """Recalls by id, and by which entry each transfer's money went back; `entries` are those that were posted."""

    def __init__(self, broken: Callable[[str], None], entries: Mapping[str, Posted]) -> None:
        self._broken, self._entries = broken, entries
        self.recalls: dict[str, Image] = {}
        # (recall, state) that one of the two has asked for; known from what people do.
        self.wanted: set[tuple[str, str]] = set()
        self.returns: dict[str, str] = {}
        self.gone_back: dict[str, str] = {}
        self._told: Counter[str] = Counter()
        self._marked: dict[str, str] = {}
        self._giving_back: dict[str, str] = {}

    def begin_write(self) -> None:
        """Forget the write before."""
        self._marked.clear()
        self._giving_back.clear()

    def marked(self, entry_id: str, old: Image, new: Image) -> None:
        """A posted entry never changes, but for the name of the one that gives its money back."""
        rest = {name: value for name, value in new.items() if name not in MARKS}
        marks = [text(new, name) for name in MARKS if name in new]
        if rest != old or len(marks) != 1:
            self._broken(f"entry {entry_id} was written again after it was posted")
        self._marked[entry_id] = marks[-1] if marks else ""

    def gives_back(self, original_id: str, entry_id: str) -> None:
        """An entry gives another's money back."""
        if original_id in self.gone_back:
            self._broken(f"{original_id} goes back by {entry_id}, and went back by {self.gone_back[original_id]}")
        self.gone_back[original_id] = entry_id
        self._giving_back[original_id] = entry_id

    def returned(self, image: Image) -> None:
        """A payee's return was posted: the same amount, the way that it came, and agreed to."""
        entry_id, original_id, recall_id = (text(image, name) for name in ("entry_id", "returns_entry", "returns"))
        original = self._entries.get(original_id)
        to, taker, fen = text(image, "payee_account"), text(image, "payer_account"), whole(image, "amount_fen")
        if original is None or not {(to, -fen, "principal"), (taker, fen, "principal")} <= {*original.legs}:
            self._broken(f"{entry_id} does not give back what {original_id} paid")
        if (recall_id, AGREED) not in self.wanted or text(self.recalls[recall_id], "transfer_id") != original_id:
            self._broken(f"{entry_id} returns {original_id}, to which nobody agreed")
        self.returns[recall_id] = entry_id
        self.gives_back(original_id, entry_id)

    def row(self, change: Changed) -> None:
        """A recall as it is from this write on: each step asked for by whom it is up to."""
        old, new = change.old or {}, change.new or {}
        recall_id, before, after = text(new, "recall_id"), text(old, "state"), text(new, "state")
        self.recalls[recall_id] = new
        if after not in STATES.get(before, ()):
            self._broken(f"recall {recall_id} went from {before} to {after}")
        if after == RETURNED:
            if recall_id not in self.returns:
                self._broken(f"recall {recall_id} is returned, but no money came back by it")
        elif (recall_id if before else text(new, "transfer_id"), after) not in self.wanted:
            self._broken(f"recall {recall_id} is {after}, but nobody asked for that")
        if before != after:
            self._told[self._other_side(new)] += 1

    @staticmethod
    def _other_side(recall: Image) -> str:
        """Who hears of its state: the one who did not act."""
        return text(recall, "payee_customer" if text(recall, "state") in (ASKED, WITHDRAWN) else "payer_customer")

    def end_write(self) -> None:
        """Money goes back in one write with the mark of what it was."""
        if self._marked != self._giving_back:
            self._broken(f"marked in this write: {self._marked}; given back: {self._giving_back}")

    def left_over(self, told: Mapping[str, int]) -> Iterator[str]:
        """What must not be at rest; `told` counts, by customer, what was told of recalls."""
        for recall_id, entry_id in self.returns.items():
            if text(self.recalls[recall_id], "state") not in (RETURNED, REFUSED, WITHDRAWN):
                yield f"recall {recall_id} was returned by {entry_id}, and does not say so"
        # A state that is over when it is told is not told any more; the last one always is.
        at_least = Counter(self._other_side(recall) for recall in self.recalls.values())
        for customer_id in sorted(self._told.keys() | told.keys()):
            if not at_least[customer_id] <= told.get(customer_id, 0) <= self._told[customer_id]:
                yield f"customer {customer_id} was told {told.get(customer_id, 0)} of {self._told[customer_id]} recalls"
