"""The register of outages over HTTP, for staff (NB-5.1.8-7)."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from chalicelib.outages import errors, service
from chalicelib.outages.commands import keep_outages
from chalicelib.outages.commands.keep_outages import Wish
from chalicelib.outages.domain import Words
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import IdempotencyKeyMissing, NotFound
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View, found_or_done
from chalicelib.platform.texts import printable
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

Scope = Literal["all", "log_in", "queries", "transfers", "other_banks", "notifications"]
State = Literal["running", "ended", "handled", "reported", "closed", "annulled"]
Action = Literal["end", "handle", "correct", "describe", "report", "explain", "annul", "close"]
What = Literal["opened_at", "ended_at", "handled_at", "first", "final"]
Text = Annotated[str, StringConstraints(min_length=2, max_length=500, strip_whitespace=True), AfterValidator(printable)]
Reference = Annotated[
    str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), AfterValidator(printable)
]
Revision = Annotated[int, Field(ge=1, le=1_000_000, description="所见版本 / the revision that was looked at")]
# Which fields each step states besides revision and reason; a moment may be left out where it is now.
_STATES: dict[str, set[str]] = {
    "correct": {"what", "at"},
    "report": {"what", "reference"},
    "explain": {"zh", "en"},
}
_WHATS = {"correct": {"opened_at", "ended_at", "handled_at"}, "report": {"first", "final"}}


class OutageWish(Body):
    """An outage to be noted: what is out since when, and what is known of why."""

    scope: Annotated[Scope, Field(description="影响范围 / what is out")]
    began_at: Annotated[fields.Moment, Field(description="暂停开始 / since when")]
    cause: Annotated[Text, Field(description="已知原因 / what is known of the cause", examples=["机房供电中断"])]


class StepWish(Body):
    """A step in an outage's life: `at` where a moment is stated, `what` a time to correct or which report."""

    action: Annotated[Action, Field(description="登记事项 / what is noted")]
    revision: Revision
    reason: Annotated[Text, Field(description="事由 / why")]
    what: Annotated[What | None, Field(validate_default=True)] = None
    at: Annotated[fields.Moment | None, Field(validate_default=True)] = None
    reference: Annotated[Reference | None, Field(description="报文号 / the report's number", validate_default=True)] = (
        None
    )
    cause: Text | None = None
    impact: Text | None = None
    remedy: Text | None = None
    handling: Text | None = None
    zh: Annotated[Text | None, Field(description="对外说明 / explanation for customers", validate_default=True)] = None
    en: Annotated[Text | None, Field(validate_default=True)] = None

    @field_validator("what", "at", "reference", "zh", "en")
    @classmethod
    def _stated(cls, value: str | None, info: ValidationInfo) -> str | None:
        action, name = info.data.get("action", ""), str(info.field_name)
        is_wanted = name in _STATES.get(action, set())
        if name == "at" and not is_wanted and action in ("end", "handle", "report"):
            return value
        return fields.present_if(value, wanted=is_wanted)

    @field_validator("cause", "impact", "remedy", "handling")
    @classmethod
    def _described(cls, value: str | None, info: ValidationInfo) -> str | None:
        # Nothing is taken that would not be noted.
        return value if info.data.get("action", "") == "describe" else fields.present_if(value, wanted=False)

    @field_validator("what")
    @classmethod
    def _fits(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and value not in _WHATS.get(info.data.get("action", ""), set()):
            raise ValueError("of another step")
        return value


class Publication(Body):
    revision: Revision


class OutageView(View):
    """An outage with its sums: seconds inside and outside working hours, and on days not known to be working days.

    `reportable` over the bounds of its own terms; `assumed` where that hangs on such a day. Deadlines are null where
    none runs.
    """

    id: str
    state: State
    revision: int
    scope: Scope
    began_at: fields.Timestamp
    ended_at: fields.Timestamp | None
    handled_at: fields.Timestamp | None
    inside_s: Annotated[int, Field(description="正常工作时间内，秒 / seconds inside working hours")]
    outside_s: Annotated[int, Field(description="正常工作时间外，秒 / seconds outside working hours")]
    unknown_s: Annotated[int, Field(description="尚未公布日期，秒 / seconds on days of no known kind")]
    reportable: bool
    assumed: bool
    report_due: fields.Timestamp | None
    reported_at: fields.Timestamp | None
    final_report_due: fields.Timestamp | None
    final_reported_at: fields.Timestamp | None
    cause: str
    impact: str
    remedy: str
    handling: str
    draft_zh: str | None
    draft_en: str | None
    text_zh: str | None
    text_en: str | None
    published_at: fields.Timestamp | None
    noted_by: str
    noted_at: fields.Timestamp


class OutageStep(View):
    """Who did what, when and why, and each value before and after."""

    step: str
    action: str
    by: str
    at: fields.Timestamp
    reason: str
    changes: dict[str, list[Any]]


class OutageWithSteps(View):
    outage: OutageView
    steps: list[OutageStep]


class OutageList(View):
    outages: list[OutageView]


class DraftQuery(Query):
    report: Annotated[Literal["first", "final"], Field(description="首次或处理结果 / first or final report")] = "first"


class DraftView(View):
    text_zh: str
    text_en: str


def _seconds(span: dt.timedelta) -> int:
    return int(span.total_seconds())


def _text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else clock.to_text(moment)


def _view(outage: service.Outage) -> OutageView:
    stands = service.standing(outage, clock.now())
    draft, words = outage.draft, outage.words
    return OutageView.model_validate(
        {
            "id": outage.outage_id,
            "state": outage.state,
            "revision": outage.revision,
            "scope": outage.scope,
            "began_at": outage.opened_at,
            "ended_at": outage.ended_at,
            "handled_at": outage.handled_at,
            "inside_s": _seconds(stands.split.inside),
            "outside_s": _seconds(stands.split.outside),
            "unknown_s": _seconds(stands.split.unknown),
            "reportable": stands.is_reportable,
            "assumed": stands.is_assumed,
            "report_due": _text(stands.report_due),
            "reported_at": outage.reported_at,
            "final_report_due": _text(stands.final_due),
            "final_reported_at": outage.final_reported_at,
            "cause": outage.cause,
            "impact": outage.impact,
            "remedy": outage.remedy,
            "handling": outage.handling,
            "draft_zh": draft.zh if draft else None,
            "draft_en": draft.en if draft else None,
            "text_zh": words.zh if words else None,
            "text_en": words.en if words else None,
            "published_at": outage.published_at,
            "noted_by": outage.noted_by,
            "noted_at": outage.noted_at,
        }
    )


@api.operation(
    "POST",
    "/v1/staff/outages",
    zh="登记服务中断",
    en="Note an outage",
    auth=checks_session,
    permission=staff.OUTAGES_RECORD,
    body=OutageWish,
    answer=OutageView,
    status=201,
    also=(200,),
    refusals=(errors.OutageRunning, errors.OutageTimesDisordered, IdempotencyKeyMissing),
)
def open_outage(call: Call) -> Answer:
    """One that began earlier is noted with its own beginning; from there its deadlines run."""
    key, wish = call.idempotency_key(), call.json(OutageWish)
    began_at = clock.from_text(wish.began_at)
    outage, hit = keep_outages.open_outage(call.staff, key, wish.scope, wish.cause, began_at, clock.now())
    return found_or_done(_view(outage), hit=hit, status=201)


@api.operation(
    "GET",
    "/v1/staff/outages",
    zh="查询中断登记簿",
    en="The register of outages",
    auth=checks_session,
    permission=staff.OUTAGES_READ,
    answer=OutageList,
)
def read_outages(call: Call) -> OutageList:
    """All of them, the latest first."""
    del call
    return OutageList(outages=[_view(outage) for outage in service.outages()])


@api.operation(
    "GET",
    "/v1/staff/outages/{outage_id}",
    zh="查询一起中断及其登记历史",
    en="An outage with its history",
    auth=checks_session,
    permission=staff.OUTAGES_READ,
    answer=OutageWithSteps,
    refusals=(NotFound,),
)
def read_outage(call: Call, outage_id: str) -> OutageWithSteps:
    """With every step, in order."""
    del call
    outage = service.outage_of(outage_id)
    steps = [
        OutageStep(step=one.step, action=one.action, by=one.by, at=one.at, reason=one.reason, changes=one.changes)
        for one in service.steps_of(outage_id)
    ]
    return OutageWithSteps(outage=_view(outage), steps=steps)


@api.operation(
    "POST",
    "/v1/staff/outages/{outage_id}/steps",
    zh="登记中断的进展、报告、更正或说明",
    en="Note a step of an outage",
    auth=checks_session,
    permission=staff.OUTAGES_RECORD,
    body=StepWish,
    answer=OutageView,
    refusals=(
        NotFound,
        errors.RegisterChanged,
        errors.OutageStepRefused,
        errors.OutageTimesDisordered,
        errors.OutageReportMissing,
    ),
)
def note_step(call: Call, outage_id: str) -> OutageView:
    """Names the revision that was looked at, so that of two at once one looks again."""
    body = call.json(StepWish)
    texts = {name: getattr(body, name) for name in ("cause", "impact", "remedy", "handling")}
    wish = Wish(
        body.action,
        body.reason,
        at=clock.from_text(body.at) if body.at is not None else None,
        what=body.what,
        reference=body.reference or "",
        told={name: text for name, text in texts.items() if text is not None},
        words=Words(body.zh, body.en) if body.zh and body.en else None,
    )
    return _view(keep_outages.note_step(call.staff, outage_id, body.revision, wish, clock.now()))


@api.operation(
    "POST",
    "/v1/staff/outages/{outage_id}/publication",
    zh="发布中断说明",
    en="Publish the explanation of an outage",
    auth=checks_session,
    permission=staff.OUTAGES_APPROVE,
    body=Publication,
    answer=OutageView,
    refusals=(NotFound, errors.RegisterChanged, errors.OutageStepRefused, errors.ExplanationOwn),
)
def publish(call: Call, outage_id: str) -> OutageView:
    """By another person than who wrote it, who names the revision that they read."""
    wish = Wish(keep_outages.PUBLISH, "")
    return _view(keep_outages.note_step(call.staff, outage_id, call.json(Publication).revision, wish, clock.now()))


@api.operation(
    "GET",
    "/v1/staff/outages/{outage_id}/drafts",
    zh="生成监管报告草稿",
    en="Draft of a report to the regulator",
    auth=checks_session,
    permission=staff.OUTAGES_READ,
    query=DraftQuery,
    answer=DraftView,
    refusals=(NotFound,),
)
def read_draft(call: Call, outage_id: str) -> DraftView:
    """Filled from the register and the day's figures; what nobody has noted is marked as open."""
    which = call.params(DraftQuery).report
    zh, en = service.draft(service.outage_of(outage_id), which, clock.now())
    return DraftView(text_zh=zh, text_en=en)
