"""Branches and staff. Sign-up is done by tellers, never by operators (NB-5.2.6)."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from pynamodb.exceptions import DoesNotExist

from chalicelib.platform import passwords
from chalicelib.staff.errors import StaffNotEntitled
from chalicelib.staff.store import BranchItem, StaffItem

TELLER = "teller"
# The head office's own counter serves the customers of every branch.
HEAD_OFFICE = "0001"


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch as customers see it."""

    branch_id: str
    name: str
    address: str
    phone: str


def register_branch(branch: Branch) -> None:
    """Write a branch; an existing one is replaced."""
    BranchItem(branch.branch_id, name=branch.name, address=branch.address, phone=branch.phone).save()


@functools.lru_cache(maxsize=256)
def branch_of(branch_id: str) -> Branch:
    """The branch; kept for this instance's life, as branches hardly ever change. Raises KeyError."""
    try:
        item = BranchItem.get(branch_id)
    except DoesNotExist:
        raise KeyError(branch_id) from None
    return Branch(item.branch_id, item.name, item.address, item.phone)


def appoint_teller(staff_id: str, name: str, branch_id: str, password: str) -> None:
    """Give a clerk a staff number (NB-5.2.4: one per person) at a branch."""
    StaffItem(
        staff_id, name=name, branch_id=branch_id, role=TELLER, password_hash=passwords.hash_password(password)
    ).save(StaffItem.staff_id.does_not_exist())


def teller_named(staff_id: str) -> str | None:
    """The branch of the teller with this staff number, or None when there is no such teller."""
    try:
        item = StaffItem.get(staff_id)
    except DoesNotExist:
        return None
    return item.branch_id if item.role == TELLER else None


def require_teller(staff_id: str, branch_id: str) -> None:
    """Raise StaffNotEntitled unless that person is a teller of that branch, or of the head office."""
    if teller_named(staff_id) not in (branch_id, HEAD_OFFICE):
        raise StaffNotEntitled()
