"""Entries and receipts over HTTP, for staff: masked, and each look states its purpose (NB-5.2.5-op)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.enquiry import service
from chalicelib.enquiry.service import EntryFile
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Api, Call, View
from chalicelib.platform.masking import mask_account, mask_name
from chalicelib.platform.money import decimal_text
from chalicelib.reports.commands.find_stuck import missing_stages
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)


class EntryReceiptView(View):
    number: str
    issued_at: fields.Timestamp


class EntryView(View):
    """The life of an instruction or entry. `missing` names what should follow and has not, or not yet."""

    id: str
    kind: str
    state: str
    created_at: fields.Timestamp
    valid_until: fields.Timestamp | None
    posted_at: fields.Timestamp | None
    business_date: fields.BusinessDate | None
    amount: fields.SignedAmount
    fee: fields.SignedAmount
    currency: str
    payer_account: fields.MaskedAccount | None
    payer_name: fields.MaskedName | None
    payee_account: fields.MaskedAccount | None
    payee_name: fields.MaskedName | None
    purpose: str
    factor: str | None
    tries: Annotated[int | None, Field(description="已用确认次数 / tries at confirming it")]
    bound_device: Annotated[bool, Field(description="由已绑定设备确认 / confirmed in a session of a bound device")]
    evidence: Annotated[
        Literal["signature", "seal"] | None, Field(description="确认凭据 / what is kept of the confirmation")
    ]
    unaltered: Annotated[bool, Field(description="内容与摘要一致 / it is what its digest was made of")]
    receipt: EntryReceiptView | None
    missing: list[str]
    reversed_by: str | None
    reverses: str | None
    ordered_by: str | None
    approved_by: str | None
    teller: str | None
    voucher: str | None


def _masked(image: dict[str, Any], side: str) -> dict[str, str | None]:
    account, name = image.get(f"{side}_account"), image.get(f"{side}_name")
    return {
        f"{side}_account": mask_account(account) if account else None,
        f"{side}_name": mask_name(name) if name else None,
    }


_AS_STORED = (
    "valid_until",
    "posted_at",
    "business_date",
    "factor",
    "tries",
    "reversed_by",
    "reverses",
    "ordered_by",
    "approved_by",
    "voucher",
)


def _entry(found: EntryFile) -> EntryView:
    image, now = found.image, clock.now()
    receipt = found.receipt
    return EntryView.model_validate(
        {
            **{name: image.get(name) for name in _AS_STORED},
            **_masked(image, "payer"),
            **_masked(image, "payee"),
            "id": image["entry_id"],
            "kind": image["kind"],
            "state": service.state_at(image, now),
            "created_at": image["created_at"],
            "amount": decimal_text(image["captured_fen"] if "captured_fen" in image else image["amount_fen"]),
            "fee": decimal_text(image.get("fee_fen", 0)),
            "currency": image.get("currency", "CNY"),
            "purpose": image["purpose"],
            "bound_device": "device_id" in image,
            "evidence": service.evidence_of(image),
            "unaltered": service.is_unaltered(image),
            "receipt": EntryReceiptView(number=receipt.number, issued_at=receipt.issued_at) if receipt else None,
            "missing": missing_stages(image, now),
            "teller": image.get("teller_id"),
        }
    )


@api.operation(
    "GET",
    "/v1/staff/entries/{entry_id}",
    zh="查询一笔业务的全过程",
    en="The whole life of an instruction or entry",
    auth=checks_session,
    permission=staff.CUSTOMERS_READ,
    answer=EntryView,
    refusals=(NotFound,),
)
def read_entry(call: Call, entry_id: str) -> EntryView:
    """An entry with a party, or cash, in the caller's own organisation or one below it."""
    return _entry(service.entry_file(call.staff, entry_id, clock.now()))


@api.operation(
    "GET",
    "/v1/staff/receipts/{number}",
    zh="按回单编号查询业务",
    en="The entry that a receipt's number stands for",
    auth=checks_session,
    permission=staff.CUSTOMERS_READ,
    answer=EntryView,
    refusals=(NotFound,),
)
def read_receipt(call: Call, number: str) -> EntryView:
    """The entry of a receipt; a number that does not check is nobody's."""
    return _entry(service.receipt_file(call.staff, number, clock.now()))
