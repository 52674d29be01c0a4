"""Take a delivery of blanks into a branch's stock (NB-5.3.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from chalicelib.blanks import domain, service, store
from chalicelib.blanks.errors import BlankKnown
from chalicelib.platform import updates
from chalicelib.staff import service as staff


def receive(
    kind: str, serials: Sequence[str], *, branch_id: str, reference: str, staff_id: str, now: dt.datetime
) -> int:
    """Put blanks of one kind into the stock of a branch; `reference` is the delivery's number. How many were new.

    A serial number that is known refuses the whole delivery, before anything is written; but what came by this very
    delivery is passed over, so one that was broken off is finished by the same request. Each forty are one write.
    Raises StaffNotEntitled, BlankMalformed, BlankKnown, TryAgain, OutcomeUnknown.
    """
    staff.require_teller(staff_id, service.branch_named(branch_id))
    domain.check_batch(kind, serials)
    domain.check_reference(reference)
    found = store.read_many(kind, serials)
    ours = service.receipt_of(branch_id, reference)
    known = [serial for serial, image in found.items() if image["receipt"] != ours]
    if known:
        raise BlankKnown(serial=min(known), count=str(len(known)))
    wanted = [serial for serial in serials if serial not in found]
    if wanted:
        store.open_counts(branch_id, kind)
    for start in range(0, len(wanted), domain.AT_ONCE):
        plan = service.Plan(kind, staff_id, now)
        for serial in wanted[start : start + domain.AT_ONCE]:
            plan.receive(serial, branch_id, reference)
        updates.together(plan.writes)
    return len(wanted)
