"""Batches over HTTP: several payees in one confirmation (YQ-4.2.2-multi, XJ-5.3-batch)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.batches import domain, errors, service
from chalicelib.batches.domain import Batch, Line
from chalicelib.customers import errors as customer_errors
from chalicelib.entitlements import service as entitlements
from chalicelib.factors import errors as factor_errors
from chalicelib.identity import service as identity
from chalicelib.ledger import errors as ledger_errors
from chalicelib.limits import errors as limit_errors
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import (
    AmountMalformed,
    AmountOutOfRange,
    CursorMalformed,
    IdempotencyKeyMissing,
    NotFound,
    OutcomeUnknown,
)
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View, found_or_done
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.platform.money import Money, decimal_text
from chalicelib.stepup.errors import StepUpLimitReached, StepUpRequired, StrongFactorRequired

api = Api(__name__)
# The longest names and purposes of as many payments as there can be, each character escaped.
MAX_BODY_BYTES = 64 * 1024

Number = Annotated[int, Field(description="序号，从 1 起 / its place, from 1 on")]
Count = Annotated[int, Field(description="笔数 / number of payments")]
Total = Annotated[fields.AmountText, Field(description="金额合计，不含手续费 / sum of the amounts, without fees")]


class NewLine(Body):
    """One payment; the payee's name must match the account."""

    payee_account: fields.AccountId
    payee_name: fields.PersonName
    amount: fields.AmountText
    purpose: fields.Purpose = ""


class NewBatch(Body):
    """Payments from one account to several payees of this bank, each at once and with a result of its own."""

    payer_account: fields.AccountId
    payments: Annotated[
        list[NewLine],
        Field(
            min_length=domain.MIN_LINES,
            max_length=domain.MAX_LINES,
            description="各笔转账，按此顺序执行 / the payments, made in this order",
        ),
    ]


class LineView(View):
    """One payment, and how it ended."""

    number: Number
    state: Annotated[
        Literal["open", "paid", "refused"],
        Field(description="open 待执行；paid 已转账；refused 未转账，见原因 / open: still to be made"),
    ]
    payee_account: fields.MaskedAccount
    payee_name: fields.MaskedName
    amount: fields.AmountText
    fee: fields.AmountText
    purpose: str
    transfer_id: Annotated[str | None, Field(description="转账编号 / the transfer")]
    code: Annotated[str | None, Field(description="未转账的原因代码 / why it was not made")]
    zh: str | None
    en: str | None
    ended_at: fields.Timestamp | None


class BatchView(View):
    """A batch as its payer sees it."""

    id: fields.EntryId
    state: Annotated[
        Literal["executing", "ended"],
        Field(description="executing 执行中；ended 各笔均已有结果 / ended: each payment has its result"),
    ]
    payer_account: fields.MaskedAccount
    count: Count
    total: Total
    fee: Annotated[fields.AmountText, Field(description="手续费合计 / sum of the fees")]
    factor: Annotated[str, Field(description="确认方式 / how it was confirmed")]
    created_at: fields.Timestamp
    valid_until: Annotated[fields.Timestamp, Field(description="有效截止时间 / nothing is paid from then on")]
    ended_at: fields.Timestamp | None
    paid: Annotated[int | None, Field(description="成功笔数，处理完毕后给出 / how many were made, once it has ended")]
    refused: Annotated[int | None, Field(description="未转账笔数 / how many were not")]


class BatchWithLines(BatchView):
    """The same with its payments, in their order."""

    payments: list[LineView]


class BatchPage(View):
    """One page, newest first."""

    batches: list[BatchView]
    next_cursor: fields.Cursor | None


class BatchQuery(Query):
    """A page of them."""

    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None


def _view_of(batch: Batch) -> BatchView:
    has_ended = bool(batch.ended_at)
    return BatchView(
        id=batch.batch_id,
        state=domain.ENDED if has_ended else domain.EXECUTING,  # type: ignore[arg-type]  # one of them
        payer_account=mask_account(batch.payer_account),
        count=batch.count,
        total=decimal_text(batch.total_fen),
        fee=decimal_text(batch.fee_fen),
        factor=batch.factor,
        created_at=batch.created_at,
        valid_until=batch.valid_until,
        ended_at=batch.ended_at or None,
        paid=batch.paid if has_ended else None,
        refused=batch.refused if has_ended else None,
    )


def _line_view(line: Line) -> LineView:
    return LineView(
        number=line.number,
        state=line.state,  # type: ignore[arg-type]  # one of the domain's
        payee_account=mask_account(line.payee_account),
        payee_name=mask_name(line.payee_name),
        amount=decimal_text(line.amount_fen),
        fee=decimal_text(line.fee_fen),
        purpose=line.purpose,
        transfer_id=line.entry_id or None,
        code=line.code or None,
        zh=line.zh or None,
        en=line.en or None,
        ended_at=line.ended_at or None,
    )


def _whole_view(batch: Batch, lines: list[Line]) -> BatchWithLines:
    return BatchWithLines(**_view_of(batch).model_dump(), payments=[_line_view(line) for line in lines])


@api.operation(
    "POST",
    "/v1/batches",
    zh="批量转账：一次确认，多个收款人，逐笔执行、逐笔有结果；须确认身份",
    en="Pay several payees with one confirmation; each payment has a result of its own; with a step-up",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_OUTWARD,
    body=NewBatch,
    answer=BatchWithLines,
    is_payment=True,
    status=201,
    also=(200,),
    max_body_bytes=MAX_BODY_BYTES,
    refusals=(
        IdempotencyKeyMissing,
        ledger_errors.IdempotencyKeyReused,
        AmountMalformed,
        AmountOutOfRange,
        NotFound,
        errors.BatchTooLong,
        errors.BatchLinesRepeat,
        errors.BatchLineRefused,
        errors.BatchCeilingExceeded,
        customer_errors.CustomerNotActive,
        customer_errors.TransfersStopped,
        customer_errors.TransfersSwitchedOff,
        customer_errors.WrongPayeesExhausted,
        ledger_errors.AccountQueryOnly,
        ledger_errors.AccountNotActive,
        ledger_errors.InsufficientFunds,
        factor_errors.FactorNotActive,
        factor_errors.CodeGuessesExhausted,
        limit_errors.CustomerDayLimitExceeded,
        limit_errors.NoCertificateLimitExceeded,
        limit_errors.StrictDayLimitExceeded,
        limit_errors.AccountDayLimitExceeded,
        limit_errors.AccountMonthLimitExceeded,
        limit_errors.AccountYearLimitExceeded,
        limit_errors.AccountCountLimitExceeded,
        StepUpRequired,
        StepUpLimitReached,
        StrongFactorRequired,
        OutcomeUnknown,
    ),
)
def create(call: Call) -> Answer:
    """Confirm a batch; its payments follow within seconds."""
    from chalicelib.batches.commands import create_batch  # noqa: PLC0415  # most requests are for something else

    key = call.idempotency_key()
    body = call.json(NewBatch)
    lines = tuple(
        Line(number, line.payee_account, line.payee_name, Money.parse(line.amount).amount_fen, line.purpose)
        for number, line in enumerate(body.payments, start=1)
    )
    made = create_batch.create_batch(
        call.caller,
        domain.Wanted(service.batch_id_of(call.caller.customer_id, key), body.payer_account, lines),
        call.header("step-up"),
        call.correlation_id,
        clock.now(),
    )
    return found_or_done(_whole_view(made.batch, list(made.lines)), hit=made.hit, status=201)


@api.operation(
    "GET",
    "/v1/batches/{batch_id}",
    zh="查询一批转账及各笔结果",
    en="One batch, and how each payment ended",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_READ,
    answer=BatchWithLines,
    refusals=(NotFound,),
)
def read_one(call: Call, batch_id: str) -> BatchWithLines:
    """A batch by id; another customer's looks like an unknown one (NB-5.1.4)."""
    return _whole_view(*service.batch_of(call.caller.customer_id, batch_id))


@api.operation(
    "GET",
    "/v1/batches",
    zh="批量转账列表",
    en="Batches, newest first",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_READ,
    query=BatchQuery,
    answer=BatchPage,
    refusals=(CursorMalformed,),
)
def read_page(call: Call) -> BatchPage:
    """A page of batches; one that was just confirmed, or has just ended, may lag there for a moment."""
    query = call.params(BatchQuery)
    batches, following = service.batch_page(call.caller.customer_id, query.limit, query.cursor)
    return BatchPage(batches=[_view_of(batch) for batch in batches], next_cursor=following)
