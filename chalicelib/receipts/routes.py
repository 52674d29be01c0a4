"""Receipts over HTTP: for their owner, and for whoever was given one."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Answer, Api, Body, Call, View
from chalicelib.platform.jwks import JwkSet, answer_of
from chalicelib.platform.money import decimal_text
from chalicelib.receipts import domain, service
from chalicelib.receipts.commands.verify_receipt import verify
from chalicelib.receipts.errors import ReceiptNotReady, ReceiptNotVerified

api = Api(__name__)
# Longer than a number or a code is with spaces between all its characters.
_MAX_TYPED = 80

Number = Annotated[str, Field(description="回单编号（含校验位）/ receipt number with check digits")]
InWords = Annotated[str, Field(description="人民币大写 / amount in words")]


class PartyView(View):
    """One side of the transfer."""

    name: str
    account: fields.AccountId
    bank: str


class ReceiptView(View):
    """An e-receipt (电子回单). What is null is not on receipts that were issued before it was."""

    number: Number
    title: str
    transfer_id: Annotated[fields.EntryId, Field(description="分录编号 / the journal entry that the receipt is for")]
    business_date: fields.BusinessDate
    posted_at: fields.Timestamp
    local_time: Annotated[str, Field(description="北京时间 / date and time in Shanghai")]
    issued_at: fields.Timestamp
    payer: PartyView
    payee: PartyView
    currency: str
    amount: fields.AmountText
    amount_in_words: InWords
    fee: fields.AmountText
    purpose: str
    channel: str
    factor: str
    digest: Annotated[str, Field(description="指令摘要 / the digest of the instruction")]
    reverses: Annotated[str | None, Field(description="被冲正回单编号 / number of the receipt that it reverses")]
    code: Annotated[str | None, Field(description="验证码 / by which whoever has the receipt verifies it")]
    signed: Annotated[str | None, Field(description="电子签章：JWS, ES256, compact; docs/receipts.md")]


def _view(receipt: service.ReceiptItem) -> ReceiptView:
    return ReceiptView(
        number=receipt.number,
        title=domain.TITLES[receipt.kind or domain.TRANSFER][0],
        transfer_id=receipt.entry_id,
        business_date=receipt.business_date,
        posted_at=receipt.posted_at,
        local_time=domain.local_time(receipt.posted_at),
        issued_at=receipt.issued_at,
        payer=PartyView(name=receipt.payer_name, account=receipt.payer_account, bank=receipt.payer_bank),
        payee=PartyView(name=receipt.payee_name, account=receipt.payee_account, bank=receipt.payee_bank),
        currency=receipt.currency,
        amount=decimal_text(int(receipt.amount_fen)),
        amount_in_words=receipt.amount_in_words,
        fee=decimal_text(int(receipt.fee_fen)),
        purpose=receipt.purpose,
        channel=domain.CHANNELS[receipt.channel or domain.MOBILE][0],
        factor=receipt.factor,
        digest=receipt.digest,
        reverses=receipt.reverses,
        code=domain.grouped(receipt.code) if receipt.code else None,
        signed=receipt.signed,
    )


@api.operation(
    "GET",
    "/v1/transfers/{transfer_id}/receipt",
    zh="电子回单",
    en="The e-receipt of an executed transfer",
    auth=identity.checks_session,
    entitlement=entitlements.RECEIPTS_READ,
    answer=ReceiptView,
    refusals=(NotFound, ReceiptNotReady),
)
def read(call: Call, transfer_id: str) -> ReceiptView:
    """A receipt of the caller's own transfer."""
    return _view(service.receipt_of(call.caller.customer_id, transfer_id))


@api.operation(
    "GET",
    "/v1/transfers/{transfer_id}/reversal-receipt",
    zh="冲正回单",
    en="The e-receipt of what reversed a transfer",
    auth=identity.checks_session,
    entitlement=entitlements.RECEIPTS_READ,
    answer=ReceiptView,
    refusals=(NotFound, ReceiptNotReady),
)
def read_reversal(call: Call, transfer_id: str) -> ReceiptView:
    """The receipt of the reversal of the caller's own transfer, also of one that another bank returned."""
    return _view(service.reversal_receipt_of(call.caller.customer_id, transfer_id))


class Verification(Body):
    """Both as they stand on the receipt; spaces and hyphens do not matter."""

    number: Annotated[Number, StringConstraints(max_length=_MAX_TYPED)]
    code: Annotated[str, StringConstraints(max_length=_MAX_TYPED), Field(description="验证码 / verification code")]


class VerifiedView(View):
    """A genuine receipt, in masked facts: enough to compare with the one at hand."""

    number: Number
    title: str
    business_date: fields.BusinessDate
    local_time: Annotated[str, Field(description="北京时间 / date and time in Shanghai")]
    payer_name: fields.MaskedName
    payee_name: fields.MaskedName
    currency: str
    amount: fields.AmountText
    amount_in_words: InWords
    gone_back: Annotated[
        bool, Field(description="资金其后已退回或冲正 / the money has since gone back, by a reversal or a return")
    ]


@api.operation(
    "POST",
    "/v1/receipt-verifications",
    zh="回单验真",
    en="Verify a receipt by its number and code",
    auth=None,
    body=Verification,
    answer=VerifiedView,
    refusals=(ReceiptNotVerified,),
)
def verify_one(call: Call) -> VerifiedView:
    """Anybody who was given a receipt asks whether it is genuine; nothing is found without its code."""
    body = call.json(Verification)
    verified = verify(body.number, body.code, clock.now())
    return VerifiedView(
        number=verified.number,
        title=verified.title[0],
        business_date=verified.business_date,
        local_time=verified.local_time,
        payer_name=verified.payer_name,
        payee_name=verified.payee_name,
        currency=verified.currency,
        amount=decimal_text(verified.amount_fen),
        amount_in_words=verified.amount_in_words,
        gone_back=verified.gone_back,
    )


@api.operation(
    "GET",
    "/v1/receipt-keys.json",
    zh="回单签章的公钥",
    en="Public keys of receipts (RFC 7517)",
    auth=None,
    answer=JwkSet,
    also=(304,),
)
def read_keys(call: Call) -> Answer:
    """The keys of all receipts that there are, and of the next ones."""
    return answer_of(service.public_keys(clock.now()))
