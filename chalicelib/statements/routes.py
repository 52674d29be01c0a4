"""Bills over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.platform import fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Api, Call, View
from chalicelib.platform.money import decimal_text
from chalicelib.statements import service
from chalicelib.statements.errors import MonthMalformed

api = Api(__name__)


class BillView(View):
    """A month of one account; opening + incoming - outgoing = closing."""

    account_id: fields.AccountId
    month: Annotated[str, Field(examples=["2026-11"])]
    currency: str
    opening: fields.SignedAmount
    incoming: fields.SignedAmount
    outgoing: fields.SignedAmount
    closing: fields.SignedAmount
    incoming_count: int
    outgoing_count: int
    by_kind: Annotated[dict[str, fields.SignedAmount], Field(description="按类别净额 / net by kind")]
    by_category: Annotated[
        dict[str, fields.SignedAmount], Field(description="支出分类 / what went out by category; adds up to outgoing")
    ]
    issued_at: fields.Timestamp


class BillList(View):
    bills: list[BillView]


def _view(bill: service.BillItem) -> BillView:
    return BillView(
        account_id=bill.account_id,
        month=bill.month,
        currency="CNY",
        opening=decimal_text(int(bill.opening_fen)),
        incoming=decimal_text(int(bill.in_fen)),
        outgoing=decimal_text(int(bill.out_fen)),
        closing=decimal_text(int(bill.closing_fen)),
        incoming_count=int(bill.in_count),
        outgoing_count=int(bill.out_count),
        by_kind={kind: decimal_text(amount_fen) for kind, amount_fen in bill.by_kind.items()},
        by_category={category: decimal_text(amount_fen) for category, amount_fen in (bill.by_category or {}).items()},
        issued_at=bill.issued_at,
    )


@api.operation(
    "GET",
    "/v1/accounts/{account_id}/bills",
    zh="月度账单列表",
    en="Monthly bills, newest first",
    auth=identity.checks_session,
    entitlement=entitlements.BILLS_READ,
    answer=BillList,
    refusals=(NotFound,),
)
def read_all(call: Call, account_id: str) -> BillList:
    """All bills of one of the caller's accounts."""
    return BillList(bills=[_view(bill) for bill in service.bills_of(call.caller, account_id)])


@api.operation(
    "GET",
    "/v1/accounts/{account_id}/bills/{month}",
    zh="某月账单",
    en="The bill of one month",
    auth=identity.checks_session,
    entitlement=entitlements.BILLS_READ,
    answer=BillView,
    refusals=(NotFound, MonthMalformed),
)
def read_one(call: Call, account_id: str, month: str) -> BillView:
    """One bill; NotFound until it is issued after the month has ended."""
    return _view(service.bill_of(call.caller, account_id, month))
