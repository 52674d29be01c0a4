"""What administrators and auditors see of staff and functions, and emergency cases."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.platform import clock, fields
from chalicelib.platform.errors import MalformedRequest, NotFound, OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View
from chalicelib.platform.texts import printable
from chalicelib.staff import domain, errors
from chalicelib.staff.commands import emergencies
from chalicelib.staff.commands.check_session import checks_session
from chalicelib.staff.commands.hand_over import hand_over
from chalicelib.staff.commands.read_functions import switches
from chalicelib.staff.commands.read_staff import member_in_scope, members_in_scope
from chalicelib.staff.emergency_store import Case
from chalicelib.staff.store import Member

api = Api(__name__)

Sentence = Annotated[
    str, StringConstraints(min_length=2, max_length=200, strip_whitespace=True), AfterValidator(printable)
]


class MemberView(View):
    """A member of staff."""

    staff_id: str
    name: str
    branch_id: str
    role: str
    posts: list[str]
    state: str
    has_token: bool
    credentials_due_until: Annotated[
        fields.Timestamp | None,
        Field(description="已复核、待领取的密码或令牌的领取期限 / approved and not handed over yet, until"),
    ]


class MemberList(View):
    members: list[MemberView]


class MemberQuery(Query):
    branch_id: Annotated[
        str | None, Field(max_length=20, description="机构，不填为本机构及下级 / one organisation; all of one's scope")
    ] = None


class CredentialsView(View):
    """What a member is given, shown this once; null is what they keep. The password is good for a change only."""

    staff_id: str
    password: Annotated[str | None, Field(description="初始密码，首次登录须修改 / first password, to be changed")]
    token_uri: Annotated[str | None, Field(description="动态令牌地址 / token, for an authenticator app")]


class FunctionView(View):
    """A function of a role."""

    role: str
    function: str
    is_on: bool
    switchable: bool


class FunctionList(View):
    functions: list[FunctionView]


class EmergencyWish(Body):
    """Which function, and why it cannot wait."""

    function: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    reason: Sentence


class Review(Body):
    """What the reviewer found."""

    finding: Sentence


class CaseView(View):
    """An emergency case."""

    id: str
    staff_id: str
    function: str
    reason: str
    opened_at: fields.Timestamp
    until: fields.Timestamp
    state: str
    reviewed_by: str | None
    reviewed_at: fields.Timestamp | None
    finding: str | None


class CaseList(View):
    cases: list[CaseView]


class CaseQuery(Query):
    month: Annotated[str, Field(description="月份 / month", examples=["2026-11"])]


def _member(member: Member) -> MemberView:
    return MemberView(
        staff_id=member.staff_id,
        name=member.name,
        branch_id=member.branch_id,
        role=member.role,
        posts=sorted(member.posts),
        state=member.state,
        has_token=member.token_serial is not None,
        credentials_due_until=member.hand_over.until if member.hand_over else None,
    )


def _case(case: Case) -> CaseView:
    return CaseView(
        id=case.case_id,
        staff_id=case.staff_id,
        function=case.function,
        reason=case.reason,
        opened_at=case.opened_at,
        until=case.until,
        state=case.state,
        reviewed_by=case.reviewed_by,
        reviewed_at=case.reviewed_at,
        finding=case.finding,
    )


@api.operation(
    "GET",
    "/v1/staff/members",
    zh="员工名单（本机构及下级）",
    en="Staff of one's own scope",
    auth=checks_session,
    permission=domain.STAFF_READ,
    query=MemberQuery,
    answer=MemberList,
    refusals=(NotFound,),
)
def list_members(call: Call) -> MemberList:
    """Everybody in the caller's scope, in order of number (NB-5.2.5)."""
    found = members_in_scope(call.staff, call.params(MemberQuery).branch_id)
    return MemberList(members=[_member(member) for member in found])


@api.operation(
    "GET",
    "/v1/staff/members/{staff_id}",
    zh="员工",
    en="A member of staff",
    auth=checks_session,
    permission=domain.STAFF_READ,
    answer=MemberView,
    refusals=(NotFound,),
)
def read_member(call: Call, staff_id: str) -> MemberView:
    """One member; out of scope looks like not there."""
    return _member(member_in_scope(call.staff, staff_id))


@api.operation(
    "POST",
    "/v1/staff/members/{staff_id}/credentials",
    zh="领取员工初始密码、令牌（仅显示一次）",
    en="Take the first password and token of a member, shown once",
    auth=checks_session,
    permission=domain.STAFF_MANAGE,
    answer=CredentialsView,
    status=201,
    refusals=(NotFound, errors.CredentialsNotDue, errors.StaffStateUnfit, OutcomeUnknown),
)
def take_credentials(call: Call, staff_id: str) -> Answer:
    """Who asked, and only they, once another person has approved; whoever misses the answer asks anew (NB-5.2.4)."""
    given = hand_over(call.staff, staff_id, clock.now())
    view = CredentialsView(staff_id=given.staff_id, password=given.password, token_uri=given.token_uri)
    return Answer(view, headers={"Cache-Control": "no-store"})


@api.operation(
    "GET",
    "/v1/staff/functions",
    zh="各角色功能",
    en="Functions of each role",
    auth=checks_session,
    permission=domain.FUNCTIONS_READ,
    answer=FunctionList,
)
def list_functions(call: Call) -> FunctionList:
    """What each role may hold at all, whether it is on, and whether it can be switched (NB-5.2.3)."""
    switched = switches(clock.now())
    return FunctionList(
        functions=[
            FunctionView(
                role=role,
                function=name,
                is_on=row.fixed or switched.get((role, name), role not in row.off),
                switchable=domain.is_switchable(name, role),
            )
            for name, row in domain.TABLE.items()
            for role in domain.ROLES
            if any(role in grant.roles for grant in row.grants)
        ]
    )


@api.operation(
    "POST",
    "/v1/staff/emergencies",
    zh="开启应急权限",
    en="Take an emergency right",
    auth=checks_session,
    permission=domain.EMERGENCY_OPEN,
    body=EmergencyWish,
    answer=CaseView,
    status=201,
    refusals=(errors.EmergencyFunctionRefused, errors.EmergencyUnreviewed),
)
def open_emergency(call: Call) -> CaseView:
    """A named function for a while; administrators are told, and another person reviews it."""
    body = call.json(EmergencyWish)
    return _case(emergencies.open_emergency(call.staff, body.function, body.reason, clock.now()))


@api.operation(
    "GET",
    "/v1/staff/emergencies",
    zh="应急记录",
    en="Emergency cases of a month",
    auth=checks_session,
    permission=domain.EMERGENCY_READ,
    query=CaseQuery,
    answer=CaseList,
)
def list_emergencies(call: Call) -> CaseList:
    """A month's cases, newest first."""
    month = call.params(CaseQuery).month
    if not clock.is_month(month):
        raise MalformedRequest([{"field": "month", "code": "malformed"}])
    return CaseList(cases=[_case(case) for case in emergencies.cases_of(month)])


@api.operation(
    "POST",
    "/v1/staff/emergencies/{case_id}/review",
    zh="审查应急记录",
    en="Review an emergency case",
    auth=checks_session,
    permission=domain.EMERGENCY_REVIEW,
    body=Review,
    answer=CaseView,
    refusals=(NotFound, errors.EmergencyOwn, errors.EmergencyReviewed),
)
def review_emergency(call: Call, case_id: str) -> CaseView:
    """Another person's finding closes the case."""
    return _case(emergencies.review_emergency(call.staff, case_id, call.json(Review).finding, clock.now()))
