"""Move blanks from one branch's stock to another's (NB-5.3.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from chalicelib.blanks import domain, service, store
from chalicelib.blanks.errors import BlankMalformed, BlankNotInStock
from chalicelib.platform import updates
from chalicelib.platform.dynamo import Image
from chalicelib.staff import service as staff


def move(
    kind: str,
    serials: Sequence[str],
    *,
    from_branch: str,
    to_branch: str,
    reference: str,
    staff_id: str,
    now: dt.datetime,
) -> int:
    """Move blanks that are in stock; `reference` is the transfer order's number. How many were moved now.

    One that cannot be moved refuses them all, before anything is written; but what lies there by this very order is
    passed over, so an order that was broken off is finished by the same request. Each forty are one write.
    Raises StaffNotEntitled, BlankMalformed, BlankNotInStock, BlankIssued, BlankCancelled, BlankSpoiled,
    TryAgain, OutcomeUnknown.
    """
    if from_branch == to_branch:
        raise BlankMalformed(reason="调出与调入机构相同 / the two branches are the same")
    staff.require_teller(staff_id, service.branch_named(from_branch))
    service.branch_named(to_branch)
    domain.check_batch(kind, serials)
    domain.check_reference(reference)
    found = store.read_many(kind, serials)
    done = service.transfer_of(from_branch, to_branch, reference)
    wanted: list[Image] = []
    for serial in serials:
        image = found.get(serial)
        if image is None:
            raise BlankNotInStock(serial=serial)
        if image.get("transfer") != done:
            wanted.append(image)
    plans = []
    for start in range(0, len(wanted), domain.AT_ONCE):
        plan = service.Plan(kind, staff_id, now)
        for image in wanted[start : start + domain.AT_ONCE]:
            plan.move(image, from_branch, to_branch, reference)
        plans.append(plan)
    if plans:
        store.open_counts(to_branch, kind)
    for plan in plans:
        updates.together(plan.writes)
    return len(wanted)
