"""The books of what arrives later: money set aside by a confirmation, then paid or given back, once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulation.engine import Changed, Image
from simulation.images import text, whole
from simulation.standing import Standing


@dataclass(frozen=True, slots=True)
class Waiting:
    """A confirmed transfer whose money is set aside; amounts in fen, times as text. `payee`: empty at another bank."""

    entry_id: str
    customer_id: str
    payer: str
    payee: str
    amount_fen: int
    debit_fen: int
    held_on: str
    arrives_at: str


class Pending:
    """Transfers by id, from their confirmation to their end; `ended` counts how each ended."""

    def __init__(self, broken: Callable[[str], None], standing: Standing) -> None:
        self._broken, self._standing = broken, standing
        self.open: dict[str, Waiting] = {}
        self.ended: Counter[str] = Counter()
        self.returned: Counter[str] = Counter()
        self.dues: dict[str, str] = {}
        # Whose payer has asked for it back; known from what people do.
        self.asked_back: set[str] = set()
        self._set_aside: list[Waiting] = []

    def begin_write(self) -> None:
        """Forget what the write before set aside."""
        self._set_aside.clear()

    def set_aside(self, image: Image) -> Waiting:
        """An instruction was confirmed that arrives later."""
        waiting = Waiting(
            text(image, "entry_id"),
            text(image, "customer_id"),
            text(image, "payer_account"),
            "" if "payee_bank" in image else text(image, "payee_account"),
            whole(image, "amount_fen"),
            whole(image, "amount_fen") + whole(image, "fee_fen"),
            text(image, "held_on"),
            text(image, "arrives_at"),
        )
        self.open[waiting.entry_id] = waiting
        self._set_aside.append(waiting)
        if waiting.arrives_at <= text(image, "confirmed_at"):
            self._broken(f"{waiting.entry_id} was to arrive at {waiting.arrives_at}, before it was confirmed")
        return waiting

    def end(self, image: Image) -> Waiting | None:
        """It was paid, revoked or returned: once, in time, and for a reason. None where nothing was set aside."""
        entry_id, state = text(image, "entry_id"), text(image, "state")
        waiting = self.open.pop(entry_id, None)
        if waiting is None:
            self._broken(f"{entry_id} became {state}, but nothing is set aside for it")
            return None
        self.ended[state] += 1
        stops = set(self._standing.stops(waiting.customer_id, waiting.payer, waiting.payee))
        if state == "posted" and text(image, "posted_at") < waiting.arrives_at:
            self._broken(f"{entry_id} was executed before {waiting.arrives_at}")
        if state == "posted" and waiting.customer_id in self._standing.switched_off:
            self._broken(f"{entry_id} was executed though its payer had switched transfers off")
        if state == "cancelled" and entry_id not in self.asked_back:
            self._broken(f"{entry_id} was revoked, but nobody asked for that")
        if state == "returned":
            self.returned[waiting.customer_id] += 1
            if text(image, "ended_at") < waiting.arrives_at or text(image, "reason") not in stops:
                self._broken(f"{entry_id} was returned for {text(image, 'reason')}; what stopped it: {sorted(stops)}")
        return waiting

    def due_row(self, change: Changed) -> None:
        """A row by which the schedule finds a transfer."""
        if change.old is not None:
            self.dues.pop(text(change.old, "due"), None)
        if change.new is not None:
            self.dues[text(change.new, "due")] = text(change.new, "hold_id")

    def end_write(self) -> None:
        """What was set aside is found when its time comes."""
        for waiting in self._set_aside:
            if self.dues.get(f"{waiting.arrives_at}#{waiting.entry_id}") != waiting.entry_id:
                self._broken(f"nothing says that {waiting.entry_id} is due at {waiting.arrives_at}")

    def next_due(self) -> str | None:
        """When the schedule next finds something, as text; None where there is nothing to find."""
        return min((due.partition("#")[0] for due in self.dues), default=None)


def left_over(pending: Pending, told: Mapping[str, int]) -> list[str]:
    """What must not be at rest; `told` counts, by customer, how often a return was told."""
    found = [f"{entry_id} is set aside for ever" for entry_id in pending.open]
    found += [f"{entry_id} has ended, and is still found when due" for entry_id in pending.dues.values()]
    found += [
        f"customer {customer_id} was told {told.get(customer_id, 0)} of {pending.returned[customer_id]} returns"
        for customer_id in sorted(pending.returned.keys() | told.keys())
        if told.get(customer_id, 0) != pending.returned[customer_id]
    ]
    return found
