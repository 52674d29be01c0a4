"""Staff log in and out, and change their password."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.identity import errors as identity_errors
from chalicelib.identity import service as identity
from chalicelib.platform import clock
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, View
from chalicelib.staff import domain, errors
from chalicelib.staff.commands.change_password import change_password as change_own_password
from chalicelib.staff.commands.check_session import checks_session
from chalicelib.staff.commands.log_in import log_in as log_in_staff
from chalicelib.staff.commands.log_in import log_out as log_out_staff
from chalicelib.staff.commands.read_functions import functions_of

api = Api(__name__)

StaffPassword = Annotated[str, StringConstraints(min_length=1, max_length=identity.MAX_PASSWORD)]


class StaffLogIn(Body):
    """Staff number, password and the token's code of this minute; each code is good once."""

    staff_id: Annotated[str, StringConstraints(min_length=1, max_length=20), Field(description="员工号 / staff number")]
    password: StaffPassword
    code: Annotated[str, Field(pattern="^[0-9]{6}$", description="动态口令 / token code", examples=["123456"])]


class StaffPasswordChange(Body):
    old_password: StaffPassword
    new_password: StaffPassword


class StaffView(View):
    """Who is logged in, and what they may do."""

    staff_id: str
    branch_id: str
    level: str
    role: str
    posts: list[str]
    functions: Annotated[list[str], Field(description="可用功能 / functions held, docs/staff-permissions.md")]


class StaffSessionView(View):
    """A session; times in seconds."""

    token_type: Literal["Bearer"]
    access_token: str
    expires_in: Annotated[int, Field(description="会话最长秒数 / the session's seconds at most")]
    idle_s: Annotated[int, Field(description="无操作即结束的秒数 / ends after so many idle seconds")]
    must_change_password: Annotated[bool, Field(description="须先修改密码 / nothing but a new password is open")]
    staff: StaffView


def _view(caller: StaffCaller) -> StaffView:
    return StaffView(
        staff_id=caller.staff_id,
        branch_id=caller.branch_id,
        level=caller.level,
        role=caller.role,
        posts=sorted(caller.posts),
        functions=functions_of(caller, clock.now()),
    )


@api.operation(
    "POST",
    "/v1/staff/sessions",
    zh="员工登录",
    en="Log in as a member of staff",
    auth=None,
    body=StaffLogIn,
    answer=StaffSessionView,
    status=201,
    refusals=(errors.StaffLoginRefused, OutcomeUnknown),
)
def staff_log_in(call: Call) -> StaffSessionView:
    """Password and token code together (NB-5.2.4)."""
    body = call.json(StaffLogIn)
    grant = log_in_staff(body.staff_id, body.password, body.code, clock.now(), correlation_id=call.correlation_id)
    return StaffSessionView(
        token_type="Bearer",  # noqa: S106  # the scheme's name
        access_token=grant.access_token,
        expires_in=grant.access_token_s,
        idle_s=grant.idle_s,
        must_change_password=grant.must_change_password,
        staff=_view(grant.caller),
    )


@api.operation(
    "GET",
    "/v1/staff/sessions/current",
    zh="当前登录员工",
    en="Who is logged in",
    auth=checks_session,
    permission=domain.OWN_SESSION,
    answer=StaffView,
)
def read_staff_session(call: Call) -> StaffView:
    """The caller as the bank's records are now."""
    return _view(call.staff)


@api.operation(
    "DELETE",
    "/v1/staff/sessions/current",
    zh="员工退出登录",
    en="Log out",
    auth=checks_session,
    permission=domain.OWN_SESSION,
    answer=None,
    status=204,
)
def staff_log_out(call: Call) -> Answer:
    """End this session at once."""
    log_out_staff(call.staff, clock.now())
    return Answer(None)


@api.operation(
    "PUT",
    "/v1/staff/password",
    zh="修改本人密码",
    en="Change one's own password",
    auth=checks_session,
    permission=domain.OWN_PASSWORD,
    body=StaffPasswordChange,
    answer=None,
    status=204,
    refusals=(
        identity_errors.OldPasswordWrong,
        identity_errors.PasswordTooShort,
        identity_errors.PasswordPersonal,
        identity_errors.PasswordPattern,
        identity_errors.PasswordCommon,
        errors.StaffPasswordReused,
        OutcomeUnknown,
    ),
)
def change_staff_password(call: Call) -> Answer:
    """Every session ends, this one too: log in again with the new password (NB-5.2.4)."""
    body = call.json(StaffPasswordChange)
    change_own_password(call.staff, body.old_password, body.new_password, clock.now())
    return Answer(None)
