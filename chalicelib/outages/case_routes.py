"""The register of customers' emergencies over HTTP, for staff (NB-5.1.8-2)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from chalicelib.outages import errors, service
from chalicelib.outages.commands import keep_cases
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import IdempotencyKeyMissing, MalformedRequest, NotFound
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View, found_or_done
from chalicelib.platform.texts import printable
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

Kind = Literal["emergency", "suspicious_instruction", "unacceptable_instruction"]
Channel = Literal["phone", "counter", "online", "other"]
Text = Annotated[str, StringConstraints(min_length=2, max_length=500, strip_whitespace=True), AfterValidator(printable)]
Id = Annotated[str, StringConstraints(pattern="^[a-z0-9]{10,26}$")]


class CaseBody(Body):
    """A case: of what kind, who called by which channel and when, and what they told."""

    kind: Annotated[Kind, Field(description="应急、可疑指令或无法受理的指令 / what kind of case")]
    channel: Annotated[Channel, Field(description="来源 / by which channel it came")]
    received_at: fields.Moment
    caller: Annotated[
        str,
        StringConstraints(min_length=1, max_length=40, strip_whitespace=True),
        AfterValidator(printable),
        Field(description="来电人身份，不含电话 / who called, without a number", examples=["本人"]),
    ]
    what: Annotated[Text, Field(description="事项 / what it is about")]
    customer_id: Id | None = None
    entry_id: Id | None = None


class CaseStepBody(Body):
    """A step: spoken to the customer, handed over, handled, closed."""

    action: Annotated[Literal["contact", "hand_over", "handle", "close"], Field(description="登记事项 / what is noted")]
    revision: Annotated[int, Field(ge=1, le=1_000_000, description="所见版本 / the revision that was looked at")]
    text: Annotated[Text, Field(description="联系、处理情况 / what was said or done")]
    owner: Annotated[
        str | None,
        StringConstraints(pattern="^[A-Z][0-9]{4,9}$"),
        Field(description="移交给 / to whom it is handed over", validate_default=True),
    ] = None

    @field_validator("owner")
    @classmethod
    def _stated(cls, value: str | None, info: ValidationInfo) -> str | None:
        return fields.present_if(value, wanted=info.data.get("action") == "hand_over")


class CasesQuery(Query):
    month: Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}$", description="月份 / month", examples=["2026-11"])]


class CaseView(View):
    id: str
    state: Literal["open", "contacted", "handled", "closed"]
    revision: int
    branch_id: str
    kind: Kind
    channel: Channel
    received_at: fields.Timestamp
    caller: str
    what: str
    customer_id: str | None
    entry_id: str | None
    owner: str
    noted_by: str
    noted_at: fields.Timestamp
    contacted_at: fields.Timestamp | None
    outcome: str | None
    handled_at: fields.Timestamp | None
    closed_at: fields.Timestamp | None


class CaseStep(View):
    """Who did what, when, and what was said."""

    step: str
    action: str
    by: str
    at: fields.Timestamp
    text: str


class CaseWithSteps(View):
    case: CaseView
    steps: list[CaseStep]


class CaseRows(View):
    cases: list[CaseView]


def _view(case: service.Case) -> CaseView:
    same = {name: getattr(case, name) for name in CaseView.model_fields if name != "id"}
    return CaseView.model_validate({"id": case.case_id, **same})


@api.operation(
    "POST",
    "/v1/staff/emergency-cases",
    zh="登记客户应急事项",
    en="Note a customer's emergency",
    auth=checks_session,
    permission=staff.CASES_RECORD,
    body=CaseBody,
    answer=CaseView,
    status=201,
    also=(200,),
    refusals=(IdempotencyKeyMissing,),
)
def open_case(call: Call) -> Answer:
    """It is the caller's own until it is handed over."""
    key, body = call.idempotency_key(), call.json(CaseBody)
    wish = keep_cases.CaseWish(
        body.kind,
        body.channel,
        clock.from_text(body.received_at),
        body.caller,
        body.what,
        body.customer_id,
        body.entry_id,
    )
    case, hit = keep_cases.open_case(call.staff, key, wish, clock.now())
    return found_or_done(_view(case), hit=hit, status=201)


@api.operation(
    "GET",
    "/v1/staff/emergency-cases",
    zh="查询某月的客户应急登记簿",
    en="Customers' emergencies of a month",
    auth=checks_session,
    permission=staff.CASES_READ,
    query=CasesQuery,
    answer=CaseRows,
)
def read_cases(call: Call) -> CaseRows:
    """Those that the reader's organisation and those below it noted, newest first."""
    month = call.params(CasesQuery).month
    if not clock.is_month(month):
        raise MalformedRequest([{"field": "month", "code": "malformed"}])
    return CaseRows(cases=[_view(case) for case in service.cases_of(call.staff, month)])


@api.operation(
    "GET",
    "/v1/staff/emergency-cases/{case_id}",
    zh="查询一件应急事项及其处理历史",
    en="An emergency case with its history",
    auth=checks_session,
    permission=staff.CASES_READ,
    answer=CaseWithSteps,
    refusals=(NotFound,),
)
def read_case(call: Call, case_id: str) -> CaseWithSteps:
    """With every step, in order."""
    case = service.case_of(call.staff, case_id)
    steps = [
        CaseStep(step=one.step, action=one.action, by=one.by, at=one.at, text=one.reason)
        for one in service.steps_of(case_id)
    ]
    return CaseWithSteps(case=_view(case), steps=steps)


@api.operation(
    "POST",
    "/v1/staff/emergency-cases/{case_id}/steps",
    zh="登记应急事项的联系与处理",
    en="Note a step of an emergency case",
    auth=checks_session,
    permission=staff.CASES_RECORD,
    body=CaseStepBody,
    answer=CaseView,
    refusals=(NotFound, errors.RegisterChanged, errors.CaseStepRefused),
)
def note_case_step(call: Call, case_id: str) -> CaseView:
    """Handled after the customer was spoken to, closed after it was handled."""
    body = call.json(CaseStepBody)
    done = keep_cases.note_case_step(
        call.staff, case_id, body.revision, body.action, text=body.text, owner=body.owner, now=clock.now()
    )
    return _view(done)
