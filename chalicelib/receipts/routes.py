"""Receipts over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.platform import fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Api, Call, View
from chalicelib.platform.money import decimal_text
from chalicelib.receipts import service
from chalicelib.receipts.errors import ReceiptNotReady

api = Api(__name__)


class PartyView(View):
    """One side of the transfer."""

    name: str
    account: fields.AccountId
    bank: str


class ReceiptView(View):
    """An e-receipt (电子回单)."""

    number: Annotated[str, Field(description="回单编号（含校验位）/ receipt number with check digits")]
    title: str
    transfer_id: fields.EntryId
    business_date: fields.BusinessDate
    posted_at: fields.Timestamp
    issued_at: fields.Timestamp
    payer: PartyView
    payee: PartyView
    currency: str
    amount: fields.AmountText
    amount_in_words: Annotated[str, Field(description="人民币大写 / amount in words")]
    fee: fields.AmountText
    purpose: str
    channel: str
    factor: str
    digest: str


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
    receipt = service.receipt_of(call.caller.customer_id, transfer_id)
    return ReceiptView(
        number=receipt.number,
        title="网上银行电子回单",
        transfer_id=receipt.entry_id,
        business_date=receipt.business_date,
        posted_at=receipt.posted_at,
        issued_at=receipt.issued_at,
        payer=PartyView(name=receipt.payer_name, account=receipt.payer_account, bank=receipt.payer_bank),
        payee=PartyView(name=receipt.payee_name, account=receipt.payee_account, bank=receipt.payee_bank),
        currency=receipt.currency,
        amount=decimal_text(int(receipt.amount_fen)),
        amount_in_words=receipt.amount_in_words,
        fee=decimal_text(int(receipt.fee_fen)),
        purpose=receipt.purpose,
        channel="手机银行",
        factor=receipt.factor,
        digest=receipt.digest,
    )
