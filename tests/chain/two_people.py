"""What two members of staff do for tests: one asks, another approves. Who they are follows from what is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from chalicelib.approvals.commands import decide
from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.approvals.domain import Approval
from chalicelib.platform import clock, ids
from chalicelib.platform.callers import StaffCaller
from chalicelib.staff import domain, store
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import acting_as
from tests.chain.bank import BRANCH

REASON = "按业务部门申请"
OTHER_BRANCH = "0077"
# Each role has three at the head office who may both ask and approve, and one at another branch.
MAKER, CHECKER, THIRD, ELSEWHERE = "1", "2", "3", "9"
_LETTERS = {domain.EBANK_ADMINISTRATOR: "E", domain.OPERATOR: "O", domain.TELLER: "C"}
_ROLES = {
    "parameter.change": domain.EBANK_ADMINISTRATOR,
    "entry.reverse": domain.OPERATOR,
    "staff.state": domain.EBANK_ADMINISTRATOR,
    "staff.password": domain.EBANK_ADMINISTRATOR,
    "notice.publish": domain.EBANK_ADMINISTRATOR,
    "notice.withdraw": domain.EBANK_ADMINISTRATOR,
    "notice.change": domain.EBANK_ADMINISTRATOR,
    "notice.end": domain.EBANK_ADMINISTRATOR,
}


def id_of(kind: str, who: str) -> str:
    """The staff number of that person among those who work on a kind."""
    return f"{_LETTERS[_ROLES.get(kind, domain.TELLER)]}010{who}"


def enter_staff() -> None:
    """Everybody's row; again does no harm."""
    staff.register_branch(staff.Branch(OTHER_BRANCH, "城北支行", "示范县", "0990-0000077"))
    for role, letter in _LETTERS.items():
        for who, branch_id in ((MAKER, BRANCH), (CHECKER, BRANCH), (THIRD, BRANCH), (ELSEWHERE, OTHER_BRANCH)):
            posts = [domain.CHECKER, domain.MAKER]
            row = {"staff_id": f"{letter}010{who}", "name": "职员", "branch_id": branch_id, "role": role}
            store.put_new({**row, "posts": posts, "password_hash": "-"})


def person(kind: str, who: str, *, correlation_id: str = "test") -> StaffCaller:
    """That person as they are now, as if logged in."""
    member = staff.member_of(id_of(kind, who))
    assert member is not None
    return acting_as(member, "test-session", correlation_id)


def asked(
    kind: str, payload: Mapping[str, Any], *, maker: str = MAKER, reason: str = REASON, key: str = ""
) -> Approval:
    """A request, made now."""
    return make_request(person(kind, maker), Wish(kind, payload, reason), key=key or ids.random_id(), now=clock.now())


def approved(approval: Approval, *, checker: str = CHECKER, digest: str | None = None) -> Approval:
    """The same, approved now."""
    seen = approval.digest if digest is None else digest
    return decide.approve(person(approval.kind, checker), approval.approval_id, seen, now=clock.now())


def rejected(approval: Approval, *, checker: str = CHECKER, reason: str = "材料不全") -> Approval:
    """The same, refused now."""
    return decide.reject(person(approval.kind, checker), approval.approval_id, reason=reason, now=clock.now())


def withdrawn(approval: Approval, *, maker: str = MAKER) -> Approval:
    """The same, taken back now."""
    return decide.withdraw(person(approval.kind, maker), approval.approval_id, now=clock.now())


def done(kind: str, /, **payload: Any) -> Approval:
    """Asked for by one and approved by another, by people who are there from now on."""
    enter_staff()
    return approved(asked(kind, payload))


def notice_of(now: dt.datetime, *, kind: str = "planned", hours: int = 2, **ahead: int) -> dict[str, Any]:
    """The payload of a notice that begins so long after `now`."""
    starts_at = now + dt.timedelta(**ahead)
    return {
        "kind": kind,
        "starts_at": clock.to_text(starts_at),
        "ends_at": clock.to_text(starts_at + dt.timedelta(hours=hours)),
        "affects": "transfers",
        "title": {"zh": "系统升级", "en": "Upgrade"},
        "text": {"zh": "暂停转账，查询不受影响。", "en": "Transfers pause; enquiries work."},
    }


def change_of(name: str, value: object, **more: object) -> dict[str, Any]:
    """The payload of a parameter's change."""
    return {"name": name, "value": value, "department": "电子银行部", "approver": "行长 王芳", **more}
