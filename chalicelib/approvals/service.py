"""Read requests for approval; and who may ask for and decide on what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.approvals import domain, store
from chalicelib.approvals.domain import STATES, Approval, Event, FactChange
from chalicelib.approvals.kinds import kind_of, kinds
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import MalformedRequest, NotFound
from chalicelib.platform.texts import printable
from chalicelib.staff import service as staff
from chalicelib.staff.commands.administer import require_manages
from chalicelib.staff.commands.read_functions import functions_of, require_function

__all__ = [
    "STATES",
    "Approval",
    "Event",
    "FactChange",
    "Shown",
    "checked",
    "is_of_trade",
    "kind_of",
    "kinds",
    "page",
    "read",
    "reason_from",
    "show",
]

MAX_REASON = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """A request as a checker sees it: the comparison, and what happened so far."""

    approval: Approval
    changes: list[FactChange]
    history: list[Event]


def read(actor: StaffCaller, approval_id: str) -> Approval:
    """A request of the actor's own organisation or one below it; raises NotFound for any other."""
    approval = store.read(approval_id)
    if approval is None:
        raise NotFound()
    staff.require_scope(actor, approval.branch_id)
    return approval


def checked(actor: StaffCaller, approval_id: str, now: dt.datetime) -> Approval:
    """The same, for who may decide on its kind. Raises NotFound, StaffPermissionDenied.

    NotFound also for who does not manage the staff that it is about: an altered request is nobody's to carry out, so
    what it is about is not asked then.
    """
    approval = read(actor, approval_id)
    kind = kind_of(approval.kind)
    require_function(actor, kind.checks, now)
    if approval.is_true():
        require_manages(actor.role, actor.branch_id, kind.seats(kind.payload.model_validate_json(approval.payload)))
    return approval


def is_of_trade(actor: StaffCaller, approval: Approval, now: dt.datetime) -> bool:
    """Whether the actor may ask for or decide on its kind: nobody else needs what the comparison masks."""
    kind = kind_of(approval.kind)
    return not {kind.makes, kind.checks}.isdisjoint(functions_of(actor, now))


def show(actor: StaffCaller, approval_id: str) -> Shown:
    """A request with its comparison and history. Raises NotFound."""
    approval = read(actor, approval_id)
    changes = domain.compared(kind_of(approval.kind), approval.before, approval.after)
    return Shown(approval, changes, store.history(approval_id))


def page(
    actor: StaffCaller, state: str, *, kind: str | None, branch_id: str | None, limit: int, cursor: str | None
) -> tuple[list[Approval], str | None]:
    """Requests in a state, sorted by kind and time, newest first; and the cursor of the next page.

    Of one organisation, the actor's own where none is named; the head office sees the whole bank's. Raises NotFound
    for an organisation out of scope, CursorMalformed.
    """
    branch = branch_id or (None if actor.branch_id == staff.HEAD_OFFICE else actor.branch_id)
    if branch is not None:
        staff.require_scope(actor, branch)
    listing = store.OF_BANK if branch is None else store.OF_BRANCH
    value = state if branch is None else store.branch_state(branch, state)
    return store.page(listing, value, kind, limit, cursor)


def reason_from(text: str) -> str:
    """A reason, required and of at most MAX_REASON characters; raises MalformedRequest."""
    try:
        reason = printable(text.strip())
    except ValueError:
        raise MalformedRequest([{"field": "reason", "code": "malformed"}]) from None
    if not reason or len(reason) > MAX_REASON:
        raise MalformedRequest([{"field": "reason", "code": "too_long" if reason else "too_short"}])
    return reason
