"""What a branch's staff have to do: disputes, and bills that nobody answered."""

from __future__ import annotations

import re

from chalicelib.billchecks import store
from chalicelib.billchecks.domain import BillCheck, desk_of
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff

# What cannot be an id is not looked up.
_ID = re.compile(r"[a-z2-7]{26}")


def check_for_staff(actor: StaffCaller, check_id: str) -> BillCheck:
    """Any check of a branch in the actor's scope; raises NotFound for others."""
    check = store.read(check_id) if _ID.fullmatch(check_id) else None
    if check is None:
        raise NotFound()
    staff.require_scope(actor, check.branch_id)
    return check


def page_for_staff(
    actor: StaffCaller, branch_id: str, state: str, limit: int, cursor: str | None
) -> tuple[list[BillCheck], str | None]:
    """What a branch's staff have to do: disputes that are not resolved, or bills that stay unanswered; oldest month
    first; and the next page's cursor. Raises NotFound for a branch out of scope, CursorMalformed.
    """
    staff.require_scope(actor, branch_id)
    return store.page(store.OF_DESK, desk_of(branch_id, state), limit, cursor, newest_first=False)
