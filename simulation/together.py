"""The books of batches: each payment as it was confirmed, made or refused once, in the write that ends its line."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from simulation.engine import Changed, Image
from simulation.images import text, whole
from simulation.ordered import PASSING
from simulation.standing import Standing

HEAD, EVIDENCE = "head", "evidence"
OPEN, PAID, REFUSED = "open", "paid", "refused"
# A moment may pass between a decision and its write.
MOMENT = dt.timedelta(minutes=1)
# What has not ended is asked for again from then on.
ASKED_AGAIN = dt.timedelta(minutes=5)
OF_LINE = ("payee_account", "payee_name", "amount_fen", "fee_fen")

Key = tuple[str, int]


class Together:
    """Heads by id and lines by id and number as they are; `told` counts, by customer, what payers must hear of."""

    def __init__(self, broken: Callable[[str], None], now: Callable[[], dt.datetime], standing: Standing) -> None:
        self._broken, self._now, self._standing = broken, now, standing
        self.heads: dict[str, Image] = {}
        self.lines: dict[Key, Image] = {}
        self.ends: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        # (purpose, amount, payee) that somebody confirmed by the right code: known from what people do.
        self.confirmed: set[tuple[str, int, str]] = set()
        self._entries: dict[Key, Image] = {}
        self._ended: dict[Key, Image] = {}

    def begin_write(self) -> None:
        """Forget the write before."""
        self._entries.clear()
        self._ended.clear()

    def entry(self, image: Image) -> None:
        """A payment of a batch was posted."""
        self._entries[text(image, "batch_id"), whole(image, "batch_line")] = image

    def row(self, change: Changed) -> None:
        """A head, a line, or what confirmed them, as it is from this write on."""
        old, new = change.old, change.new or {}
        batch_id, place = text(new, "batch_id"), text(new, "place")
        if place == EVIDENCE:
            if old is not None:
                self._broken(f"what confirmed batch {batch_id} was changed")
        elif place == HEAD:
            self.heads[batch_id] = new
            if old is not None:
                self._has_ended(batch_id, old, new)
        else:
            self._line((batch_id, int(place)), old, new)

    def _line(self, key: Key, old: Image | None, new: Image) -> None:
        self.lines[key] = new
        before, after = text(old, "state") if old else "", text(new, "state")
        if (before, after) not in {("", OPEN), (OPEN, PAID), (OPEN, REFUSED)}:
            self._broken(f"line {key} went from {before} to {after}")
        what = text(new, "purpose"), whole(new, "amount_fen"), text(new, "payee_account")
        if old is None and what not in self.confirmed:
            self._broken(f"line {key} pays {what}, which nobody confirmed")
        if old is not None:
            self._ended[key] = new
            self.ends[after] += 1

    def _has_ended(self, batch_id: str, old: Image, new: Image) -> None:
        states = Counter(text(line, "state") for (id_, _), line in self.lines.items() if id_ == batch_id)
        said = whole(new, "paid"), whole(new, "refused")
        if "ended_at" in old or states[OPEN] or said != (states[PAID], states[REFUSED]):
            self._broken(f"batch {batch_id} ended with {said}, its lines are {dict(states)}")
        if states[REFUSED]:
            self.told[text(new, "customer_id")] += 1

    def end_write(self) -> None:
        """A line is paid by its payment's own write, and refused for what is so."""
        paid = {key for key, line in self._ended.items() if text(line, "state") == PAID}
        if paid != self._entries.keys():
            self._broken(f"payments of batches: {sorted(self._entries)}; lines that were paid: {sorted(paid)}")
        for key in paid & self._entries.keys():
            self._payment(key, self.lines[key], self._entries[key])
        for key in self._ended.keys() - paid:
            self._refused(key, self.lines[key])

    def _payment(self, key: Key, line: Image, entry: Image) -> None:
        head = self.heads[key[0]]
        same = text(entry, "payer_account") == text(head, "payer_account")
        if not same or any(entry.get(name) != line.get(name) for name in OF_LINE):
            self._broken(f"the payment of line {key} is not what was confirmed")
        if text(entry, "posted_at") >= text(head, "valid_until"):
            self._broken(f"line {key} was paid after its time")

    def _refused(self, key: Key, line: Image) -> None:
        head, code = self.heads[key[0]], text(line, "code")
        payer, payee = text(head, "payer_account"), text(line, "payee_account")
        if code == "transfer_expired":
            is_so = (self._now() + MOMENT).isoformat() >= text(head, "valid_until")
        elif code == "insufficient_funds":
            is_so = self._standing.lowest_lately(payer) < whole(line, "amount_fen") + whole(line, "fee_fen")
        elif code.endswith(PASSING):
            is_so = True  # the books of limits judge what was taken, not what was refused
        else:
            is_so = code in self._standing.stops(text(head, "customer_id"), payer, payee)
        if not is_so:
            self._broken(f"line {key} was refused for {code}, which is not so")

    def open_heads(self) -> list[Image]:
        """Batches that have not ended."""
        return [head for head in self.heads.values() if "ended_at" not in head]

    def next_due(self) -> str | None:
        """When the schedule next asks for a batch that should have ended, as text; None where it does not."""
        began = min((text(head, "created_at") for head in self.open_heads()), default=None)
        return None if began is None else (dt.datetime.fromisoformat(began) + ASKED_AGAIN).isoformat()

    def left_over(self, told: Mapping[str, int]) -> Iterator[str]:
        """What must not be at rest; `told` counts, by customer, what was told."""
        for head in self.open_heads():
            yield f"batch {text(head, 'batch_id')} has not ended"
        for customer_id in sorted(self.told.keys() | told.keys()):
            if self.told[customer_id] != told.get(customer_id, 0):
                yield f"customer {customer_id} was told {told.get(customer_id, 0)} of {self.told[customer_id]} batches"
