"""Steps of blanks as parts of one write, for those who issue factors; and a blank's history (NB-5.3.5)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field, replace

from chalicelib.blanks import domain, store
from chalicelib.blanks.domain import AT_ONCE, COUNTERS, RETURN, SPOIL, TOKEN, USB_KEY, Step
from chalicelib.blanks.errors import BlankMalformed, BlankNotInStock
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, lowest, n, s
from chalicelib.staff import service as staff
from chalicelib.staff.errors import StaffNotEntitled

__all__ = [
    "AT_ONCE",
    "COUNTERS",
    "RETURN",
    "SPOIL",
    "TOKEN",
    "USB_KEY",
    "Plan",
    "blank_of",
    "branch_named",
    "counts_of",
    "serials_between",
    "steps_of",
]

serials_between = domain.serials_between
blank_of = store.read
steps_of = store.steps_of
counts_of = store.counts_of


def branch_named(branch_id: str) -> str:
    """The branch, if there is one. Raises BlankMalformed."""
    try:
        return staff.branch_of(branch_id).branch_id
    except KeyError:
        raise BlankMalformed(reason="没有该机构 / there is no such branch") from None


@dataclass(slots=True)
class Plan:
    """Steps that somebody takes with blanks of one kind, all or none: each blank's state, a line of its history, and
    the counters of the branches. `writes` are parts of one transaction; a blank stands in it once.

    A step refuses early what the blank's row already shows; the same condition is in the write.
    """

    kind: str
    staff_id: str
    now: dt.datetime
    _writes: list[ItemPut | ItemUpdate] = field(default_factory=list)
    _counts: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    @property
    def writes(self) -> list[ItemPut | ItemUpdate]:
        """The writes of all steps, with one of the counters a branch."""
        counts = [
            store.counts_update(branch_id, self.kind, {name: change for name, change in changes.items() if change})
            for branch_id, changes in self._counts.items()
        ]
        return [*self._writes, *(update for update in counts if update.sets)]

    def receive(self, serial: str, branch_id: str, reference: str) -> None:
        """A blank that came from its maker."""
        step = Step(domain.RECEIVE, domain.NONE, domain.IN_STOCK, "", branch_id, self.staff_id, reference)
        self._enter(serial, step)

    def adopt(self, serial: str, branch_id: str, customer_id: str, factor_id: str) -> bool:
        """A customer's device from before there was a stock ledger; False for one that is known."""
        if store.read(self.kind, serial) is not None:
            return False
        store.open_counts(branch_id, self.kind)
        step = Step(domain.ADOPT, domain.NONE, domain.ISSUED, "", branch_id, self.staff_id)
        self._enter(serial, _for(step, customer_id, factor_id))
        return True

    def _enter(self, serial: str, step: Step) -> None:
        self._writes.append(
            store.blank_put(
                {
                    "blank_id": domain.blank_id(self.kind, serial),
                    "kind": self.kind,
                    "serial": serial,
                    "branch_id": step.branch_id,
                    "state": step.to_state,
                    "receipt": receipt_of(step.branch_id, step.note),
                    "customer_id": step.customer_id,
                    "steps": 1,
                }
            )
        )
        self._note(serial, 1, step)

    def move(self, image: Image, from_branch: str, to_branch: str, reference: str) -> None:
        """A blank goes to another branch's stock. Raises the refusals of `stock_rule`."""
        update = self._update(image).require(domain.stock_rule(from_branch))
        update.set(
            "#branch_id = :to_branch, #transfer = :transfer",
            to_branch=s(to_branch),
            transfer=s(transfer_of(from_branch, to_branch, reference)),
        )
        step = Step(domain.MOVE, domain.IN_STOCK, domain.IN_STOCK, from_branch, to_branch, self.staff_id, reference)
        self._take(image, update, step)

    def issue(self, serial: str, customer_id: str, factor_id: str) -> None:
        """A blank of the stock of the teller's own branch becomes a customer's.

        Raises StaffNotEntitled, BlankNotInStock, BlankIssued, BlankCancelled, BlankSpoiled.
        """
        branch_id = staff.teller_named(self.staff_id)
        if branch_id is None:
            raise StaffNotEntitled()
        image = self._read(serial)
        update = self._update(image).require(domain.stock_rule(branch_id))
        update.set("#state = :issued, #customer_id = :holder", issued=s(domain.ISSUED), holder=s(customer_id))
        step = Step(domain.ISSUE, domain.IN_STOCK, domain.ISSUED, branch_id, branch_id, self.staff_id)
        self._take(image, update, _for(step, customer_id, factor_id))

    def issue_or_keep(self, serial: str, customer_id: str, factor_id: str) -> None:
        """`issue`, or, where the customer has this very device already, only require that this stays so."""
        image = self._read(serial)
        held = domain.held_rule(customer_id)
        if held.holds(image):
            self._writes.append(store.blank_update(self.kind, serial).require(held))
        else:
            self.issue(serial, customer_id, factor_id)

    def cancel(self, serial: str, customer_id: str, factor_id: str, *, unused: bool) -> None:
        """A customer's device is of no use any more, as its factor has ended; `unused` if it never was.

        Nothing for one that was issued before there was a stock ledger, or is no longer the customer's.
        """
        image = store.read(self.kind, serial)
        held = domain.held_rule(customer_id)
        if image is None or not held.holds(image):
            return
        update = self._update(image).require(held)
        update.set("#state = :cancelled, #unused = :unused", cancelled=s(domain.CANCELLED), unused={"BOOL": unused})
        branch_id = image["branch_id"]
        step = Step(domain.CANCEL, domain.ISSUED, domain.CANCELLED, branch_id, branch_id, self.staff_id)
        self._take(image, update, _for(step, customer_id, factor_id))

    def spoil(self, image: Image, reason: str) -> None:
        """A blank, or a device that a customer gave back, is not to be used again.

        Raises BlankIssued, BlankSpoiled.
        """
        update = self._update(image).require(domain.spoilable_rule())
        update.set("#state = :spoiled", spoiled=s(domain.SPOILED))
        branch_id = image["branch_id"]
        step = Step(domain.SPOIL, image["state"], domain.SPOILED, branch_id, branch_id, self.staff_id, reason)
        self._take(image, update, step)

    def give_back(self, image: Image, reason: str) -> None:
        """A blank that its customer never put to use comes back to its branch's stock. Raises BlankUsed."""
        update = self._update(image).require(domain.unused_rule())
        update.set("#state = :back", back=s(domain.IN_STOCK)).remove("customer_id", "unused")
        branch_id = image["branch_id"]
        step = Step(domain.RETURN, domain.CANCELLED, domain.IN_STOCK, branch_id, branch_id, self.staff_id, reason)
        self._take(image, update, step)

    def _read(self, serial: str) -> Image:
        image = store.read(self.kind, serial)
        if image is None:
            raise BlankNotInStock(serial=serial)
        return image

    def _update(self, image: Image) -> ItemUpdate:
        update = store.blank_update(self.kind, image["serial"]).require(domain.steps_rule(image["steps"]))
        return update.set("#steps = :steps", steps=n(image["steps"] + 1))

    def _take(self, image: Image, update: ItemUpdate, step: Step) -> None:
        refusal = lowest(update.breaches(image))
        if refusal is not None:
            raise refusal
        self._writes.append(update)
        self._note(image["serial"], image["steps"] + 1, step)

    def _note(self, serial: str, number: int, step: Step) -> None:
        line = {
            "blank_id": domain.blank_id(self.kind, serial),
            "step": domain.step_key(number),
            "at": clock.to_text(self.now),
            "action": step.action,
            "from_state": step.from_state,
            "to_state": step.to_state,
            "from_branch": step.from_branch,
            "branch_id": step.branch_id,
            "staff_id": step.staff_id,
            "note": step.note,
            "customer_id": step.customer_id,
            "factor_id": step.factor_id,
        }
        self._writes.append(store.step_put(line))
        for branch_id, changes in domain.deltas(step).items():
            for name, change in changes.items():
                self._counts[branch_id][name] += change


def receipt_of(branch_id: str, reference: str) -> str:
    """By which delivery a blank came; kept for life, so that receiving it again is known for a repeat."""
    return f"{branch_id}#{reference}"


def transfer_of(from_branch: str, to_branch: str, reference: str) -> str:
    """By which order a blank moved last."""
    return f"{from_branch}#{to_branch}#{reference}"


def _for(step: Step, customer_id: str, factor_id: str) -> Step:
    return replace(step, customer_id=customer_id, factor_id=factor_id)
