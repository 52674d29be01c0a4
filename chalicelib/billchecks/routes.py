"""Online reconciliation over HTTP, for customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.billchecks import errors, service
from chalicelib.billchecks.commands.answer_bill import confirm, dispute
from chalicelib.billchecks.domain import MAX_LINES
from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import CursorMalformed, NotFound, OutcomeUnknown
from chalicelib.platform.http import Api, Body, Call, Query, View
from chalicelib.platform.money import decimal_text
from chalicelib.platform.texts import printable

api = Api(__name__)

State = Literal["waiting", "confirmed", "disputed", "resolved", "unanswered"]
Words = Annotated[
    str,
    StringConstraints(min_length=2, max_length=300, strip_whitespace=True),
    AfterValidator(printable),
    Field(description="异议说明 / what is wrong, in the customer's own words", examples=["11月5日的取款不是本人所为"]),
]


class BillConfirmation(Body):
    """The closing balance that the customer was shown: what is confirmed is what was seen."""

    closing: Annotated[fields.SignedAmount, Field(examples=["106999.53"])]


class BillDispute(Body):
    """What is wrong with the bill, and with which of its lines (their numbers among the account's movements)."""

    reason: Literal["not_mine", "missing", "amount", "balance", "other"]
    text: Words
    lines: Annotated[
        list[Annotated[int, Field(ge=1)]], Field(max_length=MAX_LINES, examples=[[3]], default_factory=list)
    ]


class CheckWordView(View):
    """A word of the bank's: its stable code, and the text by Accept-Language."""

    code: str
    text: str


class BillCheckView(View):
    """The check of a bill; `reply` and `outcome` are what the bank answers to a dispute."""

    account_id: fields.AccountId
    month: Annotated[str, Field(examples=["2026-11"])]
    currency: str
    closing: Annotated[fields.SignedAmount, Field(description="期末余额 / the bill's closing balance")]
    state: State
    late: Annotated[bool, Field(description="逾期答复 / answered after the last moment")]
    issued_at: fields.Timestamp
    answer_by: Annotated[fields.Timestamp, Field(description="答复截止时间 / unanswered from then on")]
    changed_at: fields.Timestamp
    reason: CheckWordView | None
    text: str | None
    lines: list[int]
    reply: str | None
    outcome: CheckWordView | None


class BillCheckPage(View):
    """One page, newest month first."""

    checks: list[BillCheckView]
    next_cursor: fields.Cursor | None


class BillChecksQuery(Query):
    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


def _word(words: Mapping[str, tuple[str, str]], code: str, language: str) -> CheckWordView | None:
    if not code:
        return None
    zh, en = words[code]
    return CheckWordView(code=code, text=en if language == "en" else zh)


def _view(check: service.BillCheck, call: Call) -> BillCheckView:
    return BillCheckView(
        account_id=check.account_id,
        month=check.month,
        currency="CNY",
        closing=decimal_text(check.closing_fen),
        state=check.state_at(clock.to_text(clock.now())),  # type: ignore[arg-type]  # one of the five
        late=check.late,
        issued_at=check.issued_at,
        answer_by=check.answer_by,
        changed_at=check.changed_at,
        reason=_word(service.REASONS, check.reason, call.language),
        text=check.text or None,
        lines=check.lines,
        reply=check.reply or None,
        outcome=_word(service.OUTCOMES, check.outcome, call.language),
    )


@api.operation(
    "GET",
    "/v1/bill-checks",
    zh="网上对账列表，最新月份在前",
    en="Checks of one's own bills, newest month first",
    auth=identity.checks_session,
    entitlement=entitlements.BILLS_CHECK,
    query=BillChecksQuery,
    answer=BillCheckPage,
    refusals=(CursorMalformed,),
)
def read_checks(call: Call) -> BillCheckPage:
    """A page over all accounts that the edition serves; a new one appears within a second or so (an index keeps it)."""
    query = call.params(BillChecksQuery)
    found, following = service.page_of(call.caller, query.limit, query.cursor)
    return BillCheckPage(checks=[_view(check, call) for check in found], next_cursor=following)


@api.operation(
    "GET",
    "/v1/accounts/{account_id}/bills/{month}/check",
    zh="查询某月账单的对账状态",
    en="The check of one month's bill",
    auth=identity.checks_session,
    entitlement=entitlements.BILLS_CHECK,
    answer=BillCheckView,
    refusals=(NotFound,),
)
def read_check(call: Call, account_id: str, month: str) -> BillCheckView:
    """NotFound until the month's bill is issued."""
    return _view(service.check_of(call.caller, account_id, month), call)


@api.operation(
    "POST",
    "/v1/accounts/{account_id}/bills/{month}/check/confirmation",
    zh="确认账单无误",
    en="Confirm a bill with the balance shown",
    auth=identity.checks_session,
    entitlement=entitlements.BILLS_CHECK,
    body=BillConfirmation,
    answer=BillCheckView,
    refusals=(
        NotFound,
        errors.BillBalanceDiffers,
        errors.BillCheckAnswered,
        errors.BillAccountClosed,
        OutcomeUnknown,
    ),
)
def confirm_bill(call: Call, account_id: str, month: str) -> BillCheckView:
    """The same again is answered as it was."""
    closing = call.json(BillConfirmation).closing
    return _view(confirm(call.caller, account_id, month, closing, clock.now()), call)


@api.operation(
    "POST",
    "/v1/accounts/{account_id}/bills/{month}/check/dispute",
    zh="对账单提出异议",
    en="Dispute a bill, which opens a ticket",
    auth=identity.checks_session,
    entitlement=entitlements.BILLS_CHECK,
    body=BillDispute,
    answer=BillCheckView,
    refusals=(
        NotFound,
        errors.BillLineUnknown,
        errors.BillCheckAnswered,
        errors.BillAccountClosed,
        OutcomeUnknown,
    ),
)
def dispute_bill(call: Call, account_id: str, month: str) -> BillCheckView:
    """The same again is answered as it was; once disputed, a bill cannot be confirmed any more."""
    body = call.json(BillDispute)
    said = (body.reason, body.text, body.lines)
    return _view(dispute(call.caller, account_id, month, said, clock.now()), call)
