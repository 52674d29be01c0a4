"""Void blanks, and take back into stock what a customer never put to use (NB-5.3.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from chalicelib.blanks import domain, service, store
from chalicelib.blanks.errors import BlankNotInStock
from chalicelib.platform import updates
from chalicelib.platform.dynamo import Image
from chalicelib.staff import service as staff


def spoil(kind: str, serials: Sequence[str], *, reason: str, staff_id: str, now: dt.datetime) -> None:
    """Void blanks in stock, or devices that customers gave back, for good; all or none, forty at most.

    Raises StaffNotEntitled, BlankMalformed, BlankNotInStock, BlankIssued, BlankSpoiled, TryAgain,
    OutcomeUnknown.
    """
    plan = service.Plan(kind, staff_id, now)
    _each(plan, serials, reason, lambda image: plan.spoil(image, reason))


def give_back(kind: str, serials: Sequence[str], *, reason: str, staff_id: str, now: dt.datetime) -> None:
    """Take blanks back into the stock of the branch that issued them; all or none, forty at most.

    Only those whose application was revoked before a certificate was downloaded: what was in use is spoiled.
    Raises StaffNotEntitled, BlankMalformed, BlankNotInStock, BlankUsed, TryAgain, OutcomeUnknown.
    """
    plan = service.Plan(kind, staff_id, now)
    _each(plan, serials, reason, lambda image: plan.give_back(image, reason))


def _each(plan: service.Plan, serials: Sequence[str], reason: str, step: Callable[[Image], None]) -> None:
    domain.check_batch(plan.kind, serials, domain.AT_ONCE)
    domain.check_reason(reason)
    found = store.read_many(plan.kind, serials)
    for serial in serials:
        if serial not in found:
            raise BlankNotInStock(serial=serial)
        staff.require_teller(plan.staff_id, found[serial]["branch_id"])
        step(found[serial])
    updates.together(plan.writes)
