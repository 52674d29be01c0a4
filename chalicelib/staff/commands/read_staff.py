"""Members of staff in the scope of who asks: the scope is judged where they are read (NB-5.2.5)."""

from __future__ import annotations

from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import NotFound
from chalicelib.staff import domain, store
from chalicelib.staff.service import branch_of, require_scope
from chalicelib.staff.store import Member


def members_in_scope(actor: StaffCaller, branch_id: str | None = None) -> list[Member]:
    """Everybody of the actor's organisation and those below, or of one of these; raises NotFound for any other."""
    if branch_id is not None:
        require_scope(actor, branch_id)
        return [member for member in store.all_members() if member.branch_id == branch_id]
    return [member for member in store.all_members() if branch_of(member.branch_id).lies_in(actor.branch_id)]


def member_in_scope(actor: StaffCaller, staff_id: str) -> Member:
    """One member; raises NotFound also for who is out of scope."""
    member = store.read(domain.normal_id(staff_id))
    if member is None:
        raise NotFound()
    require_scope(actor, member.branch_id)
    return member
