"""The stock of blank tokens and USB keys at the counter, each step with its voucher (NB-5.3.5).

The steps are the stock's own writes, and then comes the voucher: the repeat with the same reference, after a crash
between the two, finds the steps taken and puts it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib.blanks import service as stock
from chalicelib.blanks.commands.move import move
from chalicelib.blanks.commands.receive import receive
from chalicelib.blanks.commands.spoil import give_back, spoil
from chalicelib.blanks.errors import BlankNotInStock, BlankSpoiled, BlankUsed
from chalicelib.counter import service, vouchers
from chalicelib.counter.vouchers import VoucherDraft, VoucherKind
from chalicelib.platform import clock
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import Refusal
from chalicelib.staff import service as staff

_MAX_SERIAL = 32


@dataclass(frozen=True, slots=True)
class Batch:
    """Blanks of one kind that a teller handles, under a reference of the counter."""

    actor: StaffCaller
    kind: str
    serials: Sequence[str]
    reference: str


def take_in(batch: Batch, branch_id: str, order: str) -> str:
    """Receive a delivery into a branch's stock; the voucher. `order` is the delivery's number.

    Raises NotFound (out of scope), StaffNotEntitled, BlankMalformed, BlankKnown, IdempotencyKeyReused, TryAgain,
    OutcomeUnknown.
    """
    staff.require_scope(batch.actor, branch_id)

    def act(now: dt.datetime) -> None:
        by = batch.actor.staff_id
        receive(batch.kind, batch.serials, branch_id=branch_id, reference=order, staff_id=by, now=now)

    return _with_voucher(batch, vouchers.BLANKS_RECEIVED, {"order": order}, act, at=branch_id)


def send_on(batch: Batch, from_branch: str, to_branch: str, order: str) -> str:
    """Move blanks to another branch's stock; the voucher, of the branch that gives. `order` is the transfer's number.

    Raises NotFound (out of scope), StaffNotEntitled, BlankMalformed, BlankNotInStock, BlankIssued, BlankCancelled,
    BlankSpoiled, IdempotencyKeyReused, TryAgain, OutcomeUnknown.
    """
    staff.require_scope(batch.actor, from_branch)

    def act(now: dt.datetime) -> None:
        move(
            batch.kind,
            batch.serials,
            from_branch=from_branch,
            to_branch=to_branch,
            reference=order,
            staff_id=batch.actor.staff_id,
            now=now,
        )

    facts = {"from": from_branch, "to": to_branch, "order": order}
    return _with_voucher(batch, vouchers.BLANKS_MOVED, facts, act, at=from_branch)


def write_off(batch: Batch, reason: str) -> str:
    """Void blanks, or devices that customers gave back; the voucher.

    Raises StaffNotEntitled, BlankMalformed, BlankNotInStock, BlankIssued, BlankSpoiled, IdempotencyKeyReused, TryAgain,
    OutcomeUnknown.
    """
    note = _note(batch, reason)

    def act(now: dt.datetime) -> None:
        try:
            spoil(batch.kind, batch.serials, reason=note, staff_id=batch.actor.staff_id, now=now)
        except BlankSpoiled as refusal:
            _unless_done(batch, stock.SPOIL, note, refusal)

    return _with_voucher(batch, vouchers.BLANKS_SPOILED, {"reason": reason}, act)


def put_back(batch: Batch, reason: str) -> str:
    """Take back into stock what a customer never put to use; the voucher.

    Raises StaffNotEntitled, BlankMalformed, BlankNotInStock, BlankUsed, IdempotencyKeyReused, TryAgain, OutcomeUnknown.
    """
    note = _note(batch, reason)

    def act(now: dt.datetime) -> None:
        try:
            give_back(batch.kind, batch.serials, reason=note, staff_id=batch.actor.staff_id, now=now)
        except BlankUsed as refusal:
            _unless_done(batch, stock.RETURN, note, refusal)

    return _with_voucher(batch, vouchers.BLANKS_RETURNED, {"reason": reason}, act)


def counted(actor: StaffCaller, branch_id: str) -> list[tuple[str, dict[str, int]]]:
    """A branch's counters by kind; raises NotFound out of scope."""
    staff.require_scope(actor, branch_id)
    return [
        (str(row["kind"]), {name: int(row.get(name, 0)) for name in stock.COUNTERS})
        for row in stock.counts_of(branch_id)
    ]


def history(actor: StaffCaller, kind: str, serial: str) -> tuple[Image, list[Image]]:
    """A blank and every step of it, oldest first; raises BlankNotInStock, NotFound for another branch's."""
    is_one = kind in (stock.TOKEN, stock.USB_KEY) and len(serial) <= _MAX_SERIAL
    image = stock.blank_of(kind, serial) if is_one else None
    if image is None:
        raise BlankNotInStock(serial=serial)
    staff.require_scope(actor, str(image["branch_id"]))
    return image, stock.steps_of(kind, serial)


def _note(batch: Batch, reason: str) -> str:
    """The reason as the blank's history has it: with the reference, by which a repeat knows its own step."""
    return f"{reason}（{batch.reference}）"


def _unless_done(batch: Batch, action: str, note: str, refusal: Refusal) -> None:
    """Raise the refusal, unless the last step of each blank is this very one."""
    for serial in batch.serials:
        steps = stock.steps_of(batch.kind, serial)
        if not steps or (steps[-1]["action"], steps[-1]["note"]) != (action, note):
            raise refusal


def _with_voucher(
    batch: Batch, kind: VoucherKind, more: Mapping[str, str], act: Callable[[dt.datetime], None], *, at: str = ""
) -> str:
    """Take the steps, and put the voucher of the branch `at`, or else of the teller's own."""
    branch_id = at or service.branch_of_teller(batch.actor.staff_id)
    told = "|".join((kind.code, batch.kind, *batch.serials, *more.values()))
    request = hashlib.sha256(told.encode()).hexdigest()
    found = service.found_once(branch_id, batch.reference, request)
    if found is not None:
        return found
    now = clock.now()
    act(now)
    first, last = min(batch.serials), max(batch.serials)
    facts = {
        "blanks": batch.kind,
        "serials": first if first == last else f"{first} … {last}",
        "count": str(len(batch.serials)),
        **more,
    }
    draft = VoucherDraft(kind, batch.actor.staff_id, clock.to_text(now), facts, request=request)
    return service.write_once(branch_id, batch.reference, draft)
