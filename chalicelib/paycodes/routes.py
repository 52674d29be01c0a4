"""Receive codes over HTTP: the payee shows one, the payer scans it and pays."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.entitlements import service as entitlements
from chalicelib.factors import errors as factor_errors
from chalicelib.identity import service as identity
from chalicelib.ledger import errors as ledger_errors
from chalicelib.paycodes import errors, service
from chalicelib.paycodes.commands.pay_by_code import Scan, pay_by_code
from chalicelib.paycodes.service import STATIC, PayCode
from chalicelib.platform import clock, fields
from chalicelib.platform.confirmations import AwaitingView, FactorId
from chalicelib.platform.errors import (
    AmountMalformed,
    AmountOutOfRange,
    IdempotencyKeyMissing,
    NotFound,
    OutcomeUnknown,
)
from chalicelib.platform.http import Answer, Api, Body, Call, Query, View, found_or_done
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.platform.money import Money, decimal_text
from chalicelib.transfers import errors as transfer_errors
from chalicelib.transfers import service as transfers

api = Api(__name__)

Kind = Annotated[
    Literal["single", "static"],
    Field(description="single 动态码，限付一次；static 静态码，可张贴 / for one payment, or to be printed"),
]
Payload = Annotated[
    str,
    Field(
        max_length=64,
        description="二维码文本 / the text that the QR picture says",
        examples=["rural-bank:receive:1:mzxw6ytboi2dkmrrgu4tembxgemzxw6y"],
    ),
]


class NewPayCode(Body):
    """For which account; a static code asks for no amount."""

    account: fields.AccountId
    kind: Kind = "single"
    amount: Annotated[fields.AmountText | None, Field(description="收款金额；不填由付款人输入 / none: the payer's")] = (
        None
    )

    @field_validator("amount")
    @classmethod
    def _asked_for_once(cls, value: str | None, info: ValidationInfo) -> str | None:
        # Money asked for again and again by a picture on a wall is a trap.
        if value is not None and info.data.get("kind") == STATIC:
            raise PydanticCustomError("not_allowed", "a static code asks for no amount")
        return value


class PayCodeView(View):
    """A receive code as its owner sees it."""

    id: str
    kind: Kind
    state: Literal["open", "used", "withdrawn", "expired"]
    account: fields.MaskedAccount
    amount: fields.AmountText | None
    created_at: fields.Timestamp
    valid_until: Annotated[fields.Timestamp | None, Field(description="有效截止时间；静态码为空 / none: static")]


class ShownView(PayCodeView):
    """A new one, with the text of its picture, which the bank cannot tell again."""

    payload: Payload


class Lookup(Body):
    """What was scanned."""

    payload: Payload


class FoundView(View):
    """Whom it pays, for the payer to compare with who stands there."""

    kind: Kind
    payee_account: fields.MaskedAccount
    payee_name: fields.MaskedName
    amount: Annotated[fields.AmountText | None, Field(description="收款人要求的金额；空由付款人输入 / none: yours")]
    valid_until: fields.Timestamp | None


class NewPayment(Body):
    """What was scanned, from which account, and the amount where the code states none."""

    payload: Payload
    payer_account: fields.AccountId
    amount: fields.AmountText | None = None
    purpose: fields.Purpose = ""
    factor: Literal["sms", "token", "certificate", "small"] = "sms"
    factor_id: FactorId = ""


class PaymentView(AwaitingView):
    """The transfer that waits for the payer's factor (`POST /v1/transfers/{id}/confirmation`)."""

    payee_account: fields.MaskedAccount
    payee_name: fields.MaskedName


class OfAccount(Query):
    """Whose static code."""

    account: fields.AccountId


def _facts(code: PayCode) -> dict[str, object]:
    now_text = clock.to_text(clock.now())
    is_over = code.state == "open" and code.valid_until is not None and code.valid_until <= now_text
    return {
        "id": code.code_id,
        "kind": code.kind,
        "state": "expired" if is_over else code.state,
        "account": mask_account(code.account_id),
        "amount": _amount(code),
        "created_at": code.created_at,
        "valid_until": code.valid_until,
    }


def _amount(code: PayCode) -> str | None:
    return None if code.amount_fen is None else decimal_text(code.amount_fen)


@api.operation(
    "POST",
    "/v1/receive-codes",
    zh="出示收款码：动态码限付一次，短时有效；静态码可张贴，更换后旧码作废",
    en="Show a receive code: for one payment, within moments; or static, in the place of the account's last",
    auth=identity.checks_session,
    entitlement=entitlements.PAYCODES_SHOW,
    body=NewPayCode,
    answer=ShownView,
    status=201,
    refusals=(
        AmountMalformed,
        AmountOutOfRange,
        NotFound,
        ledger_errors.AccountQueryOnly,
        errors.AccountCannotReceive,
        OutcomeUnknown,
    ),
)
def show_code(call: Call) -> ShownView:
    """The app draws the picture; the text has no account and no name in it."""
    body = call.json(NewPayCode)
    amount_fen = None if body.amount is None else Money.parse(body.amount).amount_fen
    shown = service.show(call.caller, body.account, body.kind, amount_fen, clock.now())
    return ShownView.model_validate({**_facts(shown.code), "payload": shown.payload})


@api.operation(
    "GET",
    "/v1/receive-codes",
    zh="查询账户的静态收款码",
    en="The static receive code of an account",
    auth=identity.checks_session,
    entitlement=entitlements.PAYCODES_SHOW,
    query=OfAccount,
    answer=PayCodeView,
    refusals=(NotFound,),
)
def read_static_code(call: Call) -> PayCodeView:
    """Whether there is one and since when; its text is not told again."""
    return PayCodeView.model_validate(_facts(service.static_code(call.caller, call.params(OfAccount).account)))


@api.operation(
    "DELETE",
    "/v1/receive-codes/{code_id}",
    zh="停用收款码",
    en="Withdraw a receive code",
    auth=identity.checks_session,
    entitlement=entitlements.PAYCODES_SHOW,
    answer=PayCodeView,
    refusals=(NotFound, errors.PayCodeUsed, OutcomeUnknown),
)
def withdraw_code(call: Call, code_id: str) -> PayCodeView:
    """At once: not even a payment that waits for its confirmation passes."""
    return PayCodeView.model_validate(_facts(service.withdraw(call.caller, code_id)))


_SCANNED = (
    errors.PayCodeUnknown,
    errors.PayCodeIsOwn,
    errors.PayCodeUsed,
    errors.PayCodeWithdrawn,
    errors.PayCodeExpired,
)


@api.operation(
    "POST",
    "/v1/receive-code-lookups",
    zh="扫码：显示收款人与金额",
    en="Scan a receive code: whom it pays, and how much",
    auth=identity.checks_session,
    entitlement=entitlements.PAYEES_READ,
    body=Lookup,
    answer=FoundView,
    refusals=_SCANNED,
)
def scan_code(call: Call) -> FoundView:
    """Nothing is reserved: of two who scan one code, who confirms first has paid."""
    code = service.look_up(call.caller, call.json(Lookup).payload, clock.now())
    return FoundView.model_validate(
        {
            "kind": code.kind,
            "payee_account": mask_account(code.account_id),
            "payee_name": mask_name(code.holder),
            "amount": _amount(code),
            "valid_until": code.valid_until,
        }
    )


@api.operation(
    "POST",
    "/v1/receive-code-payments",
    zh="扫码付款：报价并发送验证码，确认后资金才转出",
    en="Pay by a scanned code: quoted, and executed once it is confirmed as a transfer",
    auth=identity.checks_session,
    entitlement=entitlements.TRANSFERS_OUTWARD,
    body=NewPayment,
    answer=PaymentView,
    is_payment=True,
    status=201,
    also=(200,),
    refusals=(
        IdempotencyKeyMissing,
        ledger_errors.IdempotencyKeyReused,
        AmountMalformed,
        AmountOutOfRange,
        NotFound,
        *_SCANNED,
        errors.PayCodeAmountDiffers,
        errors.PayCodeAmountMissing,
        factor_errors.CodesExhausted,
        OutcomeUnknown,
        *transfer_errors.POSTING_REFUSALS,
    ),
)
def pay_scanned(call: Call) -> Answer:
    """A transfer to whom the code names (YQ-4.2.2-f2f); the same again answers what was made, with 200."""
    key = call.idempotency_key()
    body = call.json(NewPayment)
    scan = Scan(
        payload=body.payload,
        payer_account=body.payer_account,
        amount_fen=None if body.amount is None else Money.parse(body.amount).amount_fen,
        purpose=body.purpose,
        factor=body.factor,
        factor_id=body.factor_id,
    )
    made = pay_by_code(call.caller, key, scan, call.correlation_id, clock.now())
    image = made.image
    view = PaymentView(
        payee_account=mask_account(image["payee_account"]),
        payee_name=mask_name(image["payee_name"]),
        **transfers.awaiting_facts(image),
    )
    return found_or_done(view, hit=made.hit, status=201)
