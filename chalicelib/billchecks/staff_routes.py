"""Disputed and unanswered bills over HTTP, for staff; each look states its purpose (NB-5.2.5-op)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.billchecks import errors, service
from chalicelib.billchecks.commands.handle_dispute import close, reply, take
from chalicelib.billchecks.commands.see_desk import check_for_staff, page_for_staff
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import CursorMalformed, NotFound, OutcomeUnknown
from chalicelib.platform.http import Api, Body, Call, Query, View
from chalicelib.platform.masking import mask_account
from chalicelib.platform.money import decimal_text
from chalicelib.platform.texts import printable
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

Reply = Annotated[
    str,
    StringConstraints(min_length=2, max_length=500, strip_whitespace=True),
    AfterValidator(printable),
    Field(
        description="答复，客户可见 / what the bank answers; the customer reads it", examples=["经核实，该笔为柜面取款"]
    ),
]
StaffNumber = Annotated[str, StringConstraints(max_length=10), Field(description="员工号 / staff number")]
STEP_REFUSALS = (NotFound, errors.DisputeStepRefused, errors.DisputeOfAnother, OutcomeUnknown)


class DeskQuery(Query):
    """Which list, and whose: the caller's own branch where none is named."""

    list: Annotated[
        Literal["disputed", "unanswered"], Field(description="有异议或逾期未答复 / disputed, or unanswered")
    ] = "disputed"
    branch: Annotated[
        str, StringConstraints(max_length=20), Field(description="机构，不填为本机构 / branch, or one's own")
    ] = ""
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


class DisputeTaking(Body):
    """Nobody takes over what somebody has without saying from whom."""

    handler: Annotated[StaffNumber, Field(description="原处理人，无则留空 / who has it now, empty for nobody")] = ""


class DisputeReply(Body):
    text: Reply


class DisputeClosing(Body):
    outcome: Annotated[
        Literal["bill_stands", "corrected"], Field(description="账单无误或已更正 / the bill stands, or was corrected")
    ]


class DeskRow(View):
    """A bill that staff have to look at; `ticket` and `handler` are of a dispute."""

    id: str
    customer: str
    account: fields.MaskedAccount
    month: str
    branch: str
    state: str
    ticket: str
    handler: str
    answer_by: fields.Timestamp
    changed_at: fields.Timestamp


class DeskPage(View):
    """One page, oldest month first."""

    checks: list[DeskRow]
    next_cursor: fields.Cursor | None


class CheckEventView(View):
    kind: str
    state: str
    at: fields.Timestamp
    by: str
    text: str


class DeskCheckView(View):
    """A bill's check with all that was said and done, oldest first."""

    check: DeskRow
    closing: fields.SignedAmount
    late: bool
    reason: str
    text: str
    lines: list[int]
    reply: str
    outcome: str
    history: list[CheckEventView]


def _row(check: service.BillCheck) -> DeskRow:
    return DeskRow(
        id=check.check_id,
        customer=check.customer_id,
        account=mask_account(check.account_id),
        month=check.month,
        branch=check.branch_id,
        state=check.state_at(clock.to_text(clock.now())),
        ticket=check.ticket,
        handler=check.handler,
        answer_by=check.answer_by,
        changed_at=check.changed_at,
    )


@api.operation(
    "GET",
    "/v1/staff/bill-checks",
    zh="查询有异议、未答复的账单",
    en="Disputed bills, or unanswered ones, of a branch",
    auth=checks_session,
    permission=staff.BILL_CHECKS_READ,
    query=DeskQuery,
    answer=DeskPage,
    refusals=(NotFound, CursorMalformed),
)
def read_desk(call: Call) -> DeskPage:
    """A page of one list of a branch in the caller's scope."""
    query = call.params(DeskQuery)
    branch = query.branch or call.staff.branch_id
    found, following = page_for_staff(call.staff, branch, query.list, query.limit, query.cursor)
    return DeskPage(checks=[_row(check) for check in found], next_cursor=following)


@api.operation(
    "GET",
    "/v1/staff/bill-checks/{check_id}",
    zh="查询一份账单的对账情况及经过",
    en="A bill's check, with its history",
    auth=checks_session,
    permission=staff.BILL_CHECKS_READ,
    answer=DeskCheckView,
    refusals=(NotFound,),
)
def read_one_check(call: Call, check_id: str) -> DeskCheckView:
    """Any check of a branch in the caller's scope."""
    check = check_for_staff(call.staff, check_id)
    return DeskCheckView(
        check=_row(check),
        closing=decimal_text(check.closing_fen),
        late=check.late,
        reason=check.reason,
        text=check.text,
        lines=check.lines,
        reply=check.reply,
        outcome=check.outcome,
        history=[
            CheckEventView(kind=event.kind, state=event.state, at=event.at, by=event.by, text=event.text)
            for event in service.history(check_id)
        ],
    )


@api.operation(
    "POST",
    "/v1/staff/bill-checks/{check_id}/taking",
    zh="受理或接手账单异议",
    en="Take a dispute, or take it over",
    auth=checks_session,
    permission=staff.BILL_CHECKS_HANDLE,
    body=DisputeTaking,
    answer=DeskRow,
    refusals=STEP_REFUSALS,
)
def take_dispute(call: Call, check_id: str) -> DeskRow:
    """Of two at once one has it."""
    return _row(take(call.staff, check_id, call.json(DisputeTaking).handler, clock.now()))


@api.operation(
    "POST",
    "/v1/staff/bill-checks/{check_id}/reply",
    zh="答复账单异议",
    en="Reply to a dispute",
    auth=checks_session,
    permission=staff.BILL_CHECKS_HANDLE,
    body=DisputeReply,
    answer=DeskRow,
    refusals=STEP_REFUSALS,
)
def reply_to_dispute(call: Call, check_id: str) -> DeskRow:
    """What the customer reads; a later reply stands in place of an earlier one, which the history keeps."""
    return _row(reply(call.staff, check_id, call.json(DisputeReply).text, clock.now()))


@api.operation(
    "POST",
    "/v1/staff/bill-checks/{check_id}/closing",
    zh="办结账单异议",
    en="Close a dispute that was replied to",
    auth=checks_session,
    permission=staff.BILL_CHECKS_HANDLE,
    body=DisputeClosing,
    answer=DeskRow,
    refusals=STEP_REFUSALS,
)
def close_dispute(call: Call, check_id: str) -> DeskRow:
    """Resolved; the customer is told."""
    return _row(close(call.staff, check_id, call.json(DisputeClosing).outcome, clock.now()))
