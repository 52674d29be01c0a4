"""What two members of staff do for tests: one asks, another approves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from chalicelib.approvals.commands import decide
from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.approvals.domain import Approval
from chalicelib.platform import clock
from chalicelib.staff import service as staff
from tests.chain.bank import BRANCH, PASSWORD, TELLER

MAKER, CHECKER, THIRD, ELSEWHERE = TELLER, "T0102", "T0103", "T0199"
OTHER_BRANCH = "0002"
REASON = "按业务部门申请"


def enter_staff() -> None:
    """Two more tellers of the head office, and one of another branch; again does no harm."""
    for staff_id, branch_id in ((CHECKER, BRANCH), (THIRD, BRANCH), (ELSEWHERE, OTHER_BRANCH)):
        if staff.teller_named(staff_id) is None:
            staff.appoint_teller(staff_id, "柜员", branch_id, PASSWORD)


def asked(
    kind: str, payload: Mapping[str, Any], *, maker: str = MAKER, reason: str = REASON, key: str = ""
) -> Approval:
    """A request, made now."""
    wish = Wish(kind, payload, reason)
    return make_request(maker, wish, key=key or uuid.uuid4().hex, now=clock.now(), correlation_id="test-make")


def approved(approval: Approval, *, checker: str = CHECKER, digest: str | None = None) -> Approval:
    """The same, approved now."""
    return decide.approve(
        checker,
        approval.approval_id,
        approval.digest if digest is None else digest,
        now=clock.now(),
        correlation_id="test-check",
    )


def rejected(approval: Approval, *, checker: str = CHECKER, reason: str = "材料不全") -> Approval:
    """The same, refused now."""
    return decide.reject(checker, approval.approval_id, reason=reason, now=clock.now(), correlation_id="test-check")


def withdrawn(approval: Approval, *, maker: str = MAKER) -> Approval:
    """The same, taken back now."""
    return decide.withdraw(maker, approval.approval_id, now=clock.now(), correlation_id="test-make")


def change_of(name: str, value: object, **more: object) -> dict[str, Any]:
    """The payload of a parameter's change."""
    return {"name": name, "value": value, "department": "电子银行部", "approver": "行长 王芳", **more}
