"""Requests for approval over HTTP, for staff: ask, look, decide (NB-5.1.5)."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from chalicelib.approvals import errors, service
from chalicelib.approvals.commands import decide
from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.approvals.domain import Approval, Event, FactChange
from chalicelib.counter import errors as counter_errors
from chalicelib.customers import errors as customer_errors
from chalicelib.factors.errors import FactorNotActive, FactorStateUnfit
from chalicelib.ledger.errors import EntryNotReversible, FrozenByCourt, IdempotencyKeyReused, StateChangeRefused
from chalicelib.limits.errors import LimitAboveCeiling
from chalicelib.maintenance import errors as notice_errors
from chalicelib.parameters import errors as parameter_errors
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import (
    AmountMalformed,
    AmountOutOfRange,
    CursorMalformed,
    IdempotencyKeyMissing,
    NotFound,
    OutcomeUnknown,
)
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View
from chalicelib.staff import errors as staff_errors
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session
from chalicelib.staff.errors import StaffNotEntitled, StaffPermissionDenied
from chalicelib.stepup.errors import StepUpNotAwaiting

api = Api(__name__)

State = Literal["requested", "approved", "rejected", "withdrawn", "expired", "failed"]
ApprovalReason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=service.MAX_REASON),
    Field(description="事由 / why", examples=["按业务部门申请"]),
]
_Kind = Annotated[
    str,
    StringConstraints(min_length=1, max_length=40),
    Field(description="业务种类，见 docs/architecture.md / what is asked for", examples=["parameter.change"]),
]


class ApprovalRequest(Body):
    """What is asked for: a kind with its payload, and why."""

    kind: _Kind
    payload: Annotated[dict[str, Any], Field(description="业务内容 / as the kind has it")]
    reason: ApprovalReason


class ApprovalConsent(Body):
    """The digest of what the checker saw."""

    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="所见内容的摘要 / of what was seen")]


class ApprovalRejection(Body):
    reason: ApprovalReason


class ApprovalsQuery(Query):
    state: Annotated[State, Field(default="requested", description="状态 / state")]
    kind: Annotated[_Kind | None, Field(default=None)]
    branch_id: Annotated[
        str | None,
        Field(default=None, max_length=20, description="机构，不填为本机构 / organisation, or one's own"),
    ]
    limit: Annotated[fields.PageSize, Field(default=fields.DEFAULT_PAGE)]
    cursor: Annotated[fields.Cursor | None, Field(default=None)]


class FactView(View):
    """One fact before and after; null where there is none."""

    fact: str
    name: Annotated[str, Field(description="名称，按 Accept-Language / in the caller's language")]
    before: str | None
    after: str | None


class EventView(View):
    state: State
    by: str
    at: fields.Timestamp
    reason: str | None
    failure: str | None


class ApprovalRow(View):
    """A request in a list."""

    id: str
    kind: str
    state: State
    branch_id: str
    maker: str
    reason: str
    created_at: fields.Timestamp
    expires_at: fields.Timestamp
    decided_by: str | None
    decided_at: fields.Timestamp | None
    failure: Annotated[str | None, Field(description="未能执行的原因 / why it could not be done")]


class ApprovalView(View):
    """A request as a checker sees it; `digest` stands for all of it and is sent back to approve it.

    `payload` is empty for who may neither ask for nor decide on its kind: account numbers are whole in it.
    """

    request: ApprovalRow
    digest: str
    payload: dict[str, Any]
    changes: list[FactView]
    history: list[EventView]


class ApprovalList(View):
    approvals: list[ApprovalRow]
    next_cursor: str | None


def _row(approval: Approval) -> ApprovalRow:
    return ApprovalRow.model_validate(
        {
            "id": approval.approval_id,
            "state": approval.state_at(clock.to_text(clock.now())),
            **{name: getattr(approval, name) for name in ApprovalRow.model_fields if name not in ("id", "state")},
        }
    )


def _fact(change: FactChange, language: str) -> FactView:
    name = change.en if language == "en" else change.zh
    return FactView(fact=change.fact, name=name, before=change.before, after=change.after)


def _event(event: Event) -> EventView:
    return EventView.model_validate({name: getattr(event, name) for name in EventView.model_fields})


def view_of(call: Call, approval_id: str) -> ApprovalView:
    """A request as the caller may see it."""
    shown = service.show(call.staff, approval_id)
    is_of_trade = service.is_of_trade(call.staff, shown.approval, clock.now())
    return ApprovalView(
        request=_row(shown.approval),
        digest=shown.approval.digest,
        payload=json.loads(shown.approval.payload) if is_of_trade else {},
        changes=[_fact(change, call.language) for change in shown.changes],
        history=[_event(event) for event in shown.history],
    )


_DECISION_REFUSALS = (
    NotFound,
    errors.ApprovalNotOpen,
    errors.ApprovalExpired,
    OutcomeUnknown,
)


@api.operation(
    "POST",
    "/v1/staff/approvals",
    zh="提交复核申请",
    en="Ask for what needs two people",
    auth=checks_session,
    permission=staff.APPROVALS_REQUEST,
    body=ApprovalRequest,
    answer=ApprovalView,
    status=201,
    refusals=(
        errors.ApprovalAtCounter,
        IdempotencyKeyMissing,
        IdempotencyKeyReused,
        StaffPermissionDenied,
        NotFound,
        errors.ApprovalChangesNothing,
        # What the kinds refuse; tests/architecture/test_operations.py holds this list to theirs.
        AmountMalformed,
        AmountOutOfRange,
        EntryNotReversible,
        FactorStateUnfit,
        notice_errors.NoticeBoardFull,
        notice_errors.NoticeClosed,
        notice_errors.NoticeMalformed,
        notice_errors.NoticeNotRunning,
        notice_errors.NoticeTooLate,
        parameter_errors.ParameterUnknown,
        parameter_errors.MessagePlaceholderMissing,
        parameter_errors.MessagePlaceholderUnknown,
        parameter_errors.MessageTextMalformed,
        parameter_errors.ParameterOutOfBounds,
        parameter_errors.ParameterEffectiveDateRefused,
        parameter_errors.ParameterScheduleFull,
        StaffNotEntitled,
        staff_errors.AppointmentRefused,
        staff_errors.AppointmentUnchecked,
        staff_errors.FunctionNotSwitchable,
        staff_errors.StaffNumberTaken,
        staff_errors.StaffPersonTaken,
        staff_errors.StaffStateUnfit,
        customer_errors.PhoneNotReserved,
        customer_errors.SignUpRefused,
        customer_errors.EditionChangeRefused,
        customer_errors.NoSettlementAccount,
        customer_errors.PhoneChanged,
        customer_errors.TransferStopUnchanged,
        StepUpNotAwaiting,
        FactorNotActive,
        LimitAboveCeiling,
        counter_errors.AccountNotFreezable,
        counter_errors.CashCorrectionRefused,
        counter_errors.CourtAmountExceeded,
        counter_errors.CourtDocumentMalformed,
        counter_errors.CourtOrderEnded,
        counter_errors.CourtTermInvalid,
        counter_errors.DocumentNotShown,
        counter_errors.ReferenceMalformed,
        counter_errors.SecondPersonRequired,
        counter_errors.TooManyCourtOrders,
        FrozenByCourt,
        StateChangeRefused,
        OutcomeUnknown,
    ),
)
def make(call: Call) -> Answer:
    """Store a request with what it would change; nothing is done yet."""
    body = call.json(ApprovalRequest)
    wish = Wish(body.kind, body.payload, body.reason)
    kind = service.kinds().get(body.kind)
    if kind is not None and kind.at_counter:
        raise errors.ApprovalAtCounter()
    approval = make_request(call.staff, wish, key=call.idempotency_key(), now=clock.now())
    return Answer(view_of(call, approval.approval_id))


@api.operation(
    "GET",
    "/v1/staff/approvals",
    zh="复核申请列表",
    en="Requests for approval by state, kind and organisation",
    auth=checks_session,
    permission=staff.APPROVALS_READ,
    query=ApprovalsQuery,
    answer=ApprovalList,
    refusals=(CursorMalformed, NotFound),
)
def read_page(call: Call) -> ApprovalList:
    """A page of requests, sorted by kind and time, newest first."""
    query = call.params(ApprovalsQuery)
    found, cursor = service.page(
        call.staff, query.state, kind=query.kind, branch_id=query.branch_id, limit=query.limit, cursor=query.cursor
    )
    return ApprovalList(approvals=[_row(approval) for approval in found], next_cursor=cursor)


@api.operation(
    "GET",
    "/v1/staff/approvals/{approval_id}",
    zh="复核申请：变更前后对比与经过",
    en="A request: before and after, and what happened to it",
    auth=checks_session,
    permission=staff.APPROVALS_READ,
    answer=ApprovalView,
    refusals=(NotFound,),
)
def read_one(call: Call, approval_id: str) -> ApprovalView:
    """One request of the caller's organisation or below."""
    return view_of(call, approval_id)


@api.operation(
    "POST",
    "/v1/staff/approvals/{approval_id}/approval",
    zh="复核通过并执行",
    en="Approve a request, which does it",
    auth=checks_session,
    permission=staff.APPROVALS_DECIDE,
    body=ApprovalConsent,
    answer=ApprovalView,
    refusals=(
        *_DECISION_REFUSALS,
        StaffPermissionDenied,
        errors.MakerIsChecker,
        errors.ApprovalDigestMismatch,
        errors.ApprovalAltered,
        errors.ApprovalOutdated,
        errors.ApprovalFailed,
    ),
)
def approve(call: Call, approval_id: str) -> ApprovalView:
    """Approve what the digest stands for; it is done in the same write, once."""
    decide.approve(call.staff, approval_id, call.json(ApprovalConsent).digest, now=clock.now())
    return view_of(call, approval_id)


@api.operation(
    "POST",
    "/v1/staff/approvals/{approval_id}/rejection",
    zh="拒绝申请",
    en="Refuse a request",
    auth=checks_session,
    permission=staff.APPROVALS_DECIDE,
    body=ApprovalRejection,
    answer=ApprovalView,
    refusals=(*_DECISION_REFUSALS, StaffPermissionDenied, errors.MakerIsChecker),
)
def reject(call: Call, approval_id: str) -> ApprovalView:
    """Refuse a request for a reason; nothing is done."""
    decide.reject(call.staff, approval_id, reason=call.json(ApprovalRejection).reason, now=clock.now())
    return view_of(call, approval_id)


@api.operation(
    "POST",
    "/v1/staff/approvals/{approval_id}/withdrawal",
    zh="撤回本人申请",
    en="Take back one's own request",
    auth=checks_session,
    permission=staff.APPROVALS_REQUEST,
    answer=ApprovalView,
    refusals=(*_DECISION_REFUSALS, errors.MakerOnly),
)
def withdraw(call: Call, approval_id: str) -> ApprovalView:
    """Take back one's own request; nothing is done."""
    decide.withdraw(call.staff, approval_id, now=clock.now())
    return view_of(call, approval_id)
