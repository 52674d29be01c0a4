"""Read requests for approval; and who may ask for and decide on what."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.approvals import domain, store
from chalicelib.approvals.domain import STATES, Approval, Event, FactChange
from chalicelib.approvals.kinds import kind_of
from chalicelib.platform.dynamo import decode_cursor, encode_cursor
from chalicelib.platform.errors import MalformedRequest, NotFound
from chalicelib.platform.fields import printable
from chalicelib.staff import service as staff
from chalicelib.staff.errors import StaffNotEntitled

__all__ = [
    "STATES",
    "Approval",
    "Event",
    "FactChange",
    "Shown",
    "page",
    "read",
    "reason_from",
    "require_right",
    "show",
]

MAX_REASON = 200
EVERYBODY, HEAD_OFFICE = None, staff.HEAD_OFFICE


@dataclass(frozen=True, slots=True)
class Shown:
    """A request as a checker sees it: the comparison, and what happened so far."""

    approval: Approval
    changes: list[FactChange]
    history: list[Event]


def require_right(staff_id: str, branch_id: str) -> None:
    """Raise StaffNotEntitled unless that person serves the branch, or the whole bank."""
    staff.require_teller(staff_id, branch_id)


def scope_of(staff_id: str) -> str | None:
    """The branch whose requests that person sees; None for all. Raises StaffNotEntitled."""
    branch_id = staff.teller_named(staff_id)
    if branch_id is None:
        raise StaffNotEntitled()
    return EVERYBODY if branch_id == HEAD_OFFICE else branch_id


def read(staff_id: str, approval_id: str) -> Approval:
    """A request in that person's scope; raises NotFound for any other, StaffNotEntitled."""
    scope = scope_of(staff_id)
    approval = store.read(approval_id)
    if approval is None or scope not in (EVERYBODY, approval.branch_id):
        raise NotFound()
    return approval


def show(staff_id: str, approval_id: str) -> Shown:
    """A request with its comparison and history. Raises NotFound, StaffNotEntitled."""
    approval = read(staff_id, approval_id)
    changes = domain.compared(kind_of(approval.kind), approval.before, approval.after)
    return Shown(approval, changes, store.history(approval_id))


def page(
    staff_id: str, state: str, *, kind: str | None, branch_id: str | None, limit: int, cursor: str | None
) -> tuple[list[Approval], str | None]:
    """Requests in a state, sorted by kind and time, newest first; and the cursor of the next page.

    Of the whole bank, or of one branch: a person of a branch sees no other's. Raises StaffNotEntitled,
    CursorMalformed.
    """
    scope = scope_of(staff_id)
    if scope is not EVERYBODY and branch_id not in (None, scope):
        raise StaffNotEntitled()
    branch = branch_id or scope
    index = store.OF_BANK if branch is None else store.OF_BRANCH
    value = state if branch is None else store.branch_state(branch, state)
    after = decode_cursor(cursor, index[1], value, store.RANGE)
    found, last = store.page(index, value, kind, limit, after)
    return found, encode_cursor(last)


def reason_from(text: str) -> str:
    """A reason, required and of at most MAX_REASON characters; raises MalformedRequest."""
    try:
        reason = printable(text.strip())
    except ValueError:
        raise MalformedRequest([{"field": "reason", "code": "malformed"}]) from None
    if not reason or len(reason) > MAX_REASON:
        raise MalformedRequest([{"field": "reason", "code": "too_long" if reason else "too_short"}])
    return reason
