"""Members of staff are appointed and administered, and functions switched, by two people of the level above.

No payload holds a secret: what opens a log-in is made when it is handed over (NB-5.2.3 to NB-5.2.5).
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.approvals.domain import Decision, Kind, Proposal, Seat, Write
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Body
from chalicelib.platform.texts import printable
from chalicelib.staff import service as staff
from chalicelib.staff.commands import administer
from chalicelib.staff.commands.administer import Plan, Signatures
from chalicelib.staff.commands.appoint import Appointment, require_seat, seal_of
from chalicelib.staff.commands.switch_functions import plan_switch
from chalicelib.staff.errors import (
    AppointmentRefused,
    AppointmentUnchecked,
    FunctionNotSwitchable,
    StaffNumberTaken,
    StaffPersonTaken,
    StaffStateUnfit,
)

StaffId = Annotated[
    str, StringConstraints(min_length=1, max_length=20), Field(description="员工号 / number", examples=["O0001"])
]
Role = Annotated[str, StringConstraints(min_length=1, max_length=40), Field(description="角色 / role")]
Posts = Annotated[list[str], Field(min_length=1, max_length=3, description="岗位 / posts", examples=[["maker"]])]
BranchId = Annotated[str, Field(pattern="^[0-9]{4,10}$", description="机构号 / organisation")]
Name = Annotated[
    str,
    StringConstraints(min_length=2, max_length=40, strip_whitespace=True),
    AfterValidator(printable),
    Field(description="姓名 / name"),
]


class StaffSeat(Body):
    """A member's number, and the seat they are to have."""

    staff_id: StaffId
    role: Role
    posts: Posts
    branch_id: BranchId


class StaffAppointment(StaffSeat):
    """Who is to have which seat, as `POST /v1/staff/members` has checked it: the seal says so."""

    name: Name
    person: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="证件摘要 / keyed hash of the document")]
    document: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    seal: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class StaffState(Body):
    """Suspend a member, let them back, or let them go for good."""

    staff_id: StaffId
    state: Annotated[Literal["active", "suspended", "left"], Field(description="状态 / the new state")]


class StaffMember(Body):
    """Whose password, token or lock."""

    staff_id: StaffId


class FunctionSwitch(Body):
    """A function of a role, on or off."""

    role: Role
    function: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    is_on: bool


def appointment_of(payload: StaffAppointment) -> Appointment:
    """The appointment that a payload asks for. Raises AppointmentUnchecked for one that was made by hand."""
    appointment = Appointment(
        payload.staff_id, payload.name, payload.branch_id, payload.role, frozenset(payload.posts), payload.person
    )
    if not hmac.compare_digest(payload.seal, seal_of(appointment, payload.document)):
        raise AppointmentUnchecked()
    return appointment


def _appointment(payload: StaffAppointment, _: dt.datetime) -> Proposal:
    return _proposal(administer.plan_appointment(appointment_of(payload), payload.document))


def _proposal(plan: Plan) -> Proposal:
    def writes(by: Decision) -> list[Write]:
        return plan.writes(_signatures(by), by.now)

    return Proposal(branch_id=plan.branch_id, before=plan.before, after=plan.after, writes=writes)


def _signatures(by: Decision) -> Signatures:
    return Signatures(by.approval_id, by.maker, by.checker)


def _taken_seat(payload: StaffSeat) -> Seat:
    require_seat(payload.role, frozenset(payload.posts), payload.branch_id)
    return administer.seat_of(payload.role, payload.branch_id)


def _seats(payload: StaffState | StaffMember) -> Sequence[Seat]:
    return administer.seats_of(payload.staff_id)


def _switch(payload: FunctionSwitch, _: dt.datetime) -> Proposal:
    plan = plan_switch(payload.role, payload.function, is_on=payload.is_on)
    return Proposal(
        branch_id=staff.HEAD_OFFICE,
        before=plan.before,
        after=plan.after,
        writes=lambda by: plan.writes(_signatures(by), by.now),
    )


_WORDS: Mapping[str, tuple[str, str]] = {
    "staff_id": ("员工号", "number"),
    "name": ("姓名", "name"),
    "document": ("证件", "document"),
    "branch": ("机构", "organisation"),
    "role": ("角色", "role"),
    "posts": ("岗位", "posts"),
    "state": ("状态", "state"),
    "password": ("密码（“new”为待领取的初始密码）", "password ('new': a first one, to be handed over)"),
    "token": ("令牌（“new”为待领取的新令牌）", "token ('new': another one, to be handed over)"),
    "locked_until": ("登录锁定至（上海）", "log-in locked until (Shanghai)"),
    "standing": ("此前变更次数", "changes before"),
}
M = TypeVar("M", StaffState, StaffMember)


def _kind(
    code: str,
    zh: str,
    en: str,
    payload: type[M],
    plan: Callable[[M, dt.datetime], Plan],
) -> Kind[Any]:
    """A kind about a member there is."""
    return Kind(
        code=code,
        zh=zh,
        en=en,
        payload=payload,
        words=_WORDS,
        makes=staff.STAFF_MANAGE,
        checks=staff.STAFF_APPROVE,
        propose=lambda wanted, now: _proposal(plan(wanted, now)),
        refusals=(NotFound, StaffStateUnfit),
        seats=_seats,
    )


STAFF_APPOINTMENT = Kind(
    code="staff.appoint",
    zh="任命员工",
    en="appointment of a member of staff",
    payload=StaffAppointment,
    words=_WORDS,
    makes=staff.STAFF_MANAGE,
    checks=staff.STAFF_APPROVE,
    propose=_appointment,
    refusals=(NotFound, AppointmentUnchecked, AppointmentRefused, StaffNumberTaken, StaffPersonTaken),
    seats=lambda payload: (_taken_seat(payload),),
)
STAFF_SEAT = Kind(
    code="staff.seat",
    zh="调整员工角色、岗位、机构",
    en="another seat for a member of staff",
    payload=StaffSeat,
    words=_WORDS,
    makes=staff.STAFF_MANAGE,
    checks=staff.STAFF_APPROVE,
    propose=lambda payload, _: _proposal(
        administer.plan_seat(payload.staff_id, payload.role, frozenset(payload.posts), payload.branch_id)
    ),
    refusals=(NotFound, AppointmentRefused, StaffStateUnfit),
    seats=lambda payload: administer.seats_of(payload.staff_id, _taken_seat(payload)),
)
STAFF_STATE = _kind(
    "staff.state",
    "员工停用、恢复、离职",
    "suspending a member of staff, letting them back or go",
    StaffState,
    lambda payload, _: administer.plan_state(payload.staff_id, payload.state),
)
STAFF_PASSWORD = _kind(
    "staff.password",
    "重置员工密码",
    "a first password anew for a member of staff",
    StaffMember,
    lambda payload, _: administer.plan_password(payload.staff_id),
)
STAFF_TOKEN = _kind(
    "staff.token",
    "更换员工令牌",
    "another token for a member of staff",
    StaffMember,
    lambda payload, _: administer.plan_token(payload.staff_id),
)
STAFF_UNLOCK = _kind(
    "staff.unlock",
    "解除员工登录锁定",
    "unlocking the log-in of a member of staff",
    StaffMember,
    lambda payload, now: administer.plan_unlock(payload.staff_id, now),
)
FUNCTION_SWITCH = Kind(
    code="function.switch",
    zh="设置角色功能",
    en="switching a function of a role",
    payload=FunctionSwitch,
    words={"role": ("角色", "role"), "function": ("功能", "function"), "state": ("状态", "state")},
    makes=staff.FUNCTIONS_CHANGE,
    checks=staff.FUNCTIONS_APPROVE,
    propose=_switch,
    refusals=(NotFound, FunctionNotSwitchable),
)
STAFF_KINDS = (
    STAFF_APPOINTMENT,
    STAFF_SEAT,
    STAFF_STATE,
    STAFF_PASSWORD,
    STAFF_TOKEN,
    STAFF_UNLOCK,
    FUNCTION_SWITCH,
)
