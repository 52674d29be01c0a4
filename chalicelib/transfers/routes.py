"""Transfers over HTTP."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.customers import errors as customer_errors
from chalicelib.identity import service as identity
from chalicelib.identity.errors import CodeWrong
from chalicelib.ledger import errors as ledger_errors
from chalicelib.limits import errors as limit_errors
from chalicelib.platform import clock, fields
from chalicelib.platform.dynamo import Image, decode_cursor, encode_cursor
from chalicelib.platform.errors import (
    AmountMalformed,
    AmountOutOfRange,
    CurrencyUnsupported,
    CursorMalformed,
    NotFound,
    OutcomeUnknown,
)
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.platform.money import Money, decimal_text
from chalicelib.transfers import domain, errors, service
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once

api = Api(__name__)

_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


class NewTransfer(Body):
    """What the customer wants; the payee's name must match the account."""

    payer_account: fields.AccountId
    payee_account: fields.AccountId
    payee_name: fields.PersonName
    amount: fields.AmountText
    currency: fields.CurrencyText = "CNY"
    purpose: fields.Purpose = ""
    factor: Annotated[
        Literal["sms", "none"],
        Field(description="确认方式；none 仅限本人账户之间，立即执行 / none: own accounts only, executed at once"),
    ] = "sms"


class Confirmation(Body):
    """The code that was sent for this very transfer."""

    factor: Literal["sms"]
    code: Annotated[str, Field(pattern="^[0-9]{6}$", description="短信验证码 / SMS code", examples=["123456"])]


class TransferView(View):
    """A transfer as its payer sees it; the payee stays masked."""

    id: fields.EntryId
    state: Literal["awaiting", "posted", "expired"]
    payer_account: fields.MaskedAccount
    payee_account: fields.MaskedAccount
    payee_name: fields.MaskedName
    amount: fields.AmountText
    fee: fields.AmountText
    currency: str
    purpose: str
    factor: Annotated[str, Field(description="确认方式 / how it is confirmed")]
    digest: Annotated[str, Field(description="指令摘要 SHA-256 / digest of the instruction")]
    created_at: fields.Timestamp
    valid_until: Annotated[fields.Timestamp, Field(description="确认截止时间 / confirm before")]
    posted_at: fields.Timestamp | None
    business_date: fields.BusinessDate | None


class TransferPage(View):
    """One page, newest first."""

    transfers: list[TransferView]
    next_cursor: fields.Cursor | None


class TransferQuery(Query):
    """Page, or look one up by the key it was created with."""

    limit: fields.PageSize = fields.DEFAULT_PAGE
    cursor: fields.Cursor | None = None
    idempotency_key: Annotated[str | None, Field(description="按幂等键查找 / look up by key")] = None


def _view(image: Image) -> TransferView:
    return TransferView(
        id=image["entry_id"],
        state=domain.state_at(image, clock.to_text(clock.now())),  # type: ignore[arg-type]  # one of the three
        payer_account=mask_account(image["payer_account"]),
        payee_account=mask_account(image["payee_account"]),
        payee_name=mask_name(image["payee_name"]),
        amount=decimal_text(image["amount_fen"]),
        fee=decimal_text(image["fee_fen"]),
        currency=image["currency"],
        purpose=image["purpose"],
        factor=image["factor"],
        digest=image["digest"].hex(),
        created_at=image["created_at"],
        valid_until=image["valid_until"],
        posted_at=image.get("posted_at"),
        business_date=image.get("business_date"),
    )


def _answer(image: Image, *, hit: bool, status: int) -> Answer:
    return Answer(_view(image), status, {"Idempotency-Hit": "true"} if hit else {})


# Whatever posting may be refused for is told at creation already.
_POSTING_REFUSALS = (
    customer_errors.SessionEnded,
    customer_errors.EditionNotEntitled,
    customer_errors.CustomerNotActive,
    customer_errors.TransfersSwitchedOff,
    ledger_errors.AccountQueryOnly,
    ledger_errors.AccountNotActive,
    ledger_errors.PayeeUnavailable,
    ledger_errors.InsufficientFunds,
    limit_errors.SingleLimitExceeded,
    limit_errors.CustomerDayLimitExceeded,
    limit_errors.NoCertificateLimitExceeded,
    limit_errors.AccountDayLimitExceeded,
    limit_errors.AccountMonthLimitExceeded,
    limit_errors.AccountYearLimitExceeded,
    limit_errors.AccountCountLimitExceeded,
)


@api.operation(
    "POST",
    "/v1/transfers",
    zh="发起转账：报价并发送验证码，资金尚未转出",
    en="Create a transfer: it is quoted and a code is sent; nothing moves yet",
    auth=identity.money_checks_session,
    body=NewTransfer,
    answer=TransferView,
    status=201,
    refusals=(
        errors.IdempotencyKeyMissing,
        ledger_errors.IdempotencyKeyReused,
        AmountMalformed,
        AmountOutOfRange,
        CurrencyUnsupported,
        NotFound,
        errors.SamePayerAndPayee,
        errors.FactorCeilingExceeded,
        errors.FactorRequired,
        OutcomeUnknown,
        *_POSTING_REFUSALS,
    ),
)
def create(call: Call) -> Answer:
    """Create a transfer (YQ-4.2.2-xfer)."""
    key = call.header("idempotency-key")
    if key is None or not _KEY.fullmatch(key):
        raise errors.IdempotencyKeyMissing()
    body = call.json(NewTransfer)
    request = domain.Request(
        payer_account=body.payer_account,
        payee_account=body.payee_account,
        payee_name=body.payee_name,
        amount_fen=Money.parse(body.amount).amount_fen,
        currency=body.currency,
        purpose=body.purpose,
    )
    if body.factor == domain.NO_FACTOR:
        done = transfer_at_once(call.caller, key, request, call.correlation_id, clock.now())
        return _answer(done.image, hit=done.hit, status=200 if done.hit else 201)
    created = create_transfer(call.caller, key, request, call.correlation_id, clock.now())
    return _answer(created.image, hit=created.hit, status=200 if created.hit else 201)


@api.operation(
    "POST",
    "/v1/transfers/{transfer_id}/confirmation",
    zh="确认转账：验证码正确则立即执行",
    en="Confirm a transfer: with the right code it is executed at once",
    auth=identity.money_checks_session,
    body=Confirmation,
    answer=TransferView,
    refusals=(
        NotFound,
        CodeWrong,
        errors.TransferExpired,
        errors.TransferTriesExhausted,
        errors.TransferNotAwaiting,
        errors.TransferAltered,
        OutcomeUnknown,
        *_POSTING_REFUSALS,
    ),
)
def confirm(call: Call, transfer_id: str) -> Answer:
    """Confirm a transfer (NB-5.1.1)."""
    body = call.json(Confirmation)
    confirmed = confirm_transfer(call.caller, service.entry_id_from(transfer_id), body.code, clock.now())
    return _answer(confirmed.image, hit=confirmed.hit, status=200)


@api.operation(
    "GET",
    "/v1/transfers/{transfer_id}",
    zh="查询一笔转账",
    en="One transfer",
    auth=identity.checks_session,
    answer=TransferView,
    refusals=(NotFound,),
)
def read_one(call: Call, transfer_id: str) -> TransferView:
    """A transfer by id; another customer's looks like an unknown one (NB-5.1.4)."""
    return _view(service.transfer_of(call.caller.customer_id, service.entry_id_from(transfer_id)))


@api.operation(
    "GET",
    "/v1/transfers",
    zh="转账列表，或按幂等键查找",
    en="Transfers, newest first, or the one created with a key",
    auth=identity.checks_session,
    query=TransferQuery,
    answer=TransferPage,
    refusals=(NotFound, CursorMalformed, errors.IdempotencyKeyMissing),
)
def read_page(call: Call) -> TransferPage:
    """A page of transfers; a new one appears within a second or so (a worker keeps the list)."""
    query = call.params(TransferQuery)
    customer_id = call.caller.customer_id
    if query.idempotency_key is not None:
        if not _KEY.fullmatch(query.idempotency_key):
            raise errors.IdempotencyKeyMissing()
        image = service.transfer_by_key(customer_id, query.idempotency_key)
        return TransferPage(transfers=[_view(image)], next_cursor=None)
    after = decode_cursor(query.cursor, "customer_id", customer_id, "created")
    images, last = service.transfer_page(customer_id, query.limit, after)
    return TransferPage(transfers=[_view(image) for image in images], next_cursor=encode_cursor(last))
