"""Organisations and staff as other contexts see them. Sign-up is done by tellers, never by operators (NB-5.2.6)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.dynamo import ItemUpdate
from chalicelib.platform.errors import NotFound, Refusal
from chalicelib.staff import domain, store
from chalicelib.staff.domain import (
    APPROVALS_DECIDE,
    APPROVALS_READ,
    APPROVALS_REQUEST,
    AUDIT_READ,
    BILL_CHECKS_HANDLE,
    BILL_CHECKS_READ,
    CASES_READ,
    CASES_RECORD,
    COUNTER_APPROVE,
    COUNTER_CASH,
    COUNTER_CREDENTIALS,
    COUNTER_CUSTOMERS,
    COUNTER_FREEZE,
    COUNTER_STOCK,
    CUSTOMERS_READ,
    FUNCTIONS_APPROVE,
    FUNCTIONS_CHANGE,
    HEAD_OFFICE,
    MANAGES,
    NOTICES_APPROVE,
    NOTICES_PUBLISH,
    OUTAGES_APPROVE,
    OUTAGES_READ,
    OUTAGES_RECORD,
    OWN_PASSWORD,
    OWN_SESSION,
    PARAMETERS_APPROVE,
    PARAMETERS_CHANGE,
    PARAMETERS_READ,
    REVERSALS_APPROVE,
    REVERSALS_REQUEST,
    STAFF_APPROVE,
    STAFF_MANAGE,
    STATISTICS_READ,
    TABLE,
    TELLER,
    TRANSACTIONS_MONITOR,
    WITH_OLD_PASSWORD,
    Branch,
    Function,
    is_admitted,
)
from chalicelib.staff.errors import StaffNotEntitled
from chalicelib.staff.store import Member

__all__ = [
    "APPROVALS_DECIDE",
    "APPROVALS_READ",
    "APPROVALS_REQUEST",
    "AUDIT_READ",
    "BILL_CHECKS_HANDLE",
    "BILL_CHECKS_READ",
    "CASES_READ",
    "CASES_RECORD",
    "COUNTER_APPROVE",
    "COUNTER_CASH",
    "COUNTER_CREDENTIALS",
    "COUNTER_CUSTOMERS",
    "COUNTER_FREEZE",
    "COUNTER_STOCK",
    "CUSTOMERS_READ",
    "FUNCTIONS_APPROVE",
    "FUNCTIONS_CHANGE",
    "HEAD_OFFICE",
    "MANAGES",
    "NOTICES_APPROVE",
    "NOTICES_PUBLISH",
    "OUTAGES_APPROVE",
    "OUTAGES_READ",
    "OUTAGES_RECORD",
    "OWN_PASSWORD",
    "OWN_SESSION",
    "PARAMETERS_APPROVE",
    "PARAMETERS_CHANGE",
    "PARAMETERS_READ",
    "REVERSALS_APPROVE",
    "REVERSALS_REQUEST",
    "STAFF_APPROVE",
    "STAFF_MANAGE",
    "STATISTICS_READ",
    "TABLE",
    "TELLER",
    "TRANSACTIONS_MONITOR",
    "WITH_OLD_PASSWORD",
    "Branch",
    "Function",
    "Member",
    "acting",
    "appoint_teller",
    "at_work",
    "branch_of",
    "is_admitted",
    "member_of",
    "register_branch",
    "require_scope",
    "require_teller",
    "teller_named",
    "words",
]


def register_branch(branch: Branch) -> None:
    """Write an organisation under the one it names (the head office where it names none); an older row is replaced.

    Raises ValueError for a parent that is unknown or itself a sub-branch, and for another parent than it had: whom
    a member of staff may see hangs on the tree, so a place in it is for good.
    """
    above = branch.above
    if above not in (None, HEAD_OFFICE) and branch_of(above).level != domain.AT_BRANCH:
        raise ValueError("a sub-branch lies under a branch")
    item = store.BranchItem(
        branch.branch_id, name=branch.name, address=branch.address, phone=branch.phone, parent_id=above
    )
    if not store.put_branch(item):
        raise ValueError("an organisation keeps its place in the tree")


@functools.lru_cache(maxsize=256)
def branch_of(branch_id: str) -> Branch:
    """The branch; kept for this instance's life, as its place never changes and the rest hardly. Raises KeyError."""
    item = store.read_branch(branch_id)
    if item is None:
        raise KeyError(branch_id)
    return Branch(item.branch_id, item.name, item.address, item.phone, item.parent_id)


def require_scope(actor: StaffCaller, branch_id: str) -> None:
    """Raise NotFound unless that organisation is the actor's own or below it: out of scope looks like not there.

    Every store read for staff asks this of what it found before it gives anything away.
    """
    try:
        branch = branch_of(branch_id)
    except KeyError:
        raise NotFound() from None
    if not branch.lies_in(actor.branch_id):
        raise NotFound()


def appoint_teller(staff_id: str, name: str, branch_id: str, password: str) -> None:
    """Give a clerk a staff number (NB-5.2.4: one per person) at a branch; without a token they cannot log in yet.

    Raises ValueError for a number that is taken.
    """
    from chalicelib.platform import passwords  # noqa: PLC0415  # workers look staff up and hash nothing

    row = {
        "staff_id": staff_id,
        "name": name,
        "branch_id": branch_id,
        "role": TELLER,
        "posts": [domain.MAKER],
        "password_hash": passwords.hash_password(password),
    }
    if not store.put_new(row):
        raise ValueError("a staff number is given once")


def member_of(staff_id: str) -> Member | None:
    """The member of staff with that number as they are now, or None."""
    return store.read(staff_id)


def teller_named(staff_id: str) -> str | None:
    """The branch of the teller with this staff number, or None when there is no such teller at work."""
    member = store.read(staff_id)
    return member.branch_id if member and (member.role, member.state) == (TELLER, domain.ACTIVE) else None


def require_teller(staff_id: str, branch_id: str) -> None:
    """Raise StaffNotEntitled unless that person is a teller of that branch, or of the head office."""
    if teller_named(staff_id) not in (branch_id, HEAD_OFFICE):
        raise StaffNotEntitled()


def acting(actor: StaffCaller) -> ItemUpdate:
    """A mere check, as a part of another write, that the actor's appointment and sessions still stand."""
    return store.update_of(actor.staff_id).require(store.active_rule(), store.standing_rule(actor.standing))


def at_work(staff_id: str, refuse: Callable[[], Refusal]) -> ItemUpdate:
    """A mere check, as a part of another write, that a member of staff is still appointed and not suspended."""
    return store.update_of(staff_id).require(replace(store.active_rule(), refuse=lambda _: refuse()))


def words() -> tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]], dict[str, tuple[str, str]]]:
    """Roles, posts and levels with their words (zh, en), for the printed matrix."""
    return dict(domain.ROLES), dict(domain.POSTS), dict(domain.LEVELS)
