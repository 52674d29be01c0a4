"""Vouchers over HTTP, for tellers: read, printed, and those of wrong cash corrected (NB-5.1.6)."""

from __future__ import annotations

from chalicelib.counter import errors, service
from chalicelib.counter.commands.papers import Reason, Reference
from chalicelib.counter.commands.print_voucher import print_voucher
from chalicelib.counter.forms import ASKED, AT_COUNTER, RequestedView, requested, requested_view
from chalicelib.ledger import errors as ledger_errors
from chalicelib.platform import fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Api, Body, Call, View
from chalicelib.platform.money import decimal_text
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session
from chalicelib.staff.errors import StaffNotEntitled

api = Api(__name__)


class VoucherView(View):
    """A voucher; `facts` are masked."""

    number: str
    kind: str
    business_date: fields.BusinessDate
    at: fields.Timestamp
    amount: fields.SignedAmount | None
    teller: str
    checker: str | None
    entry: str | None
    facts: dict[str, str]


class PrintView(View):
    """A print for 80 columns; `place` counts the prints, and every one after the first says so."""

    number: str
    place: int
    text: str


class CorrectionBody(Body):
    """Why the cash was wrong."""

    reason: Reason
    reference: Reference


@api.operation(
    "GET",
    "/v1/staff/counter/vouchers/{number}",
    zh="查询凭证",
    en="A voucher",
    auth=checks_session,
    permission=staff.COUNTER_CASH,
    answer=VoucherView,
    refusals=(NotFound,),
)
def read_voucher(call: Call, number: str) -> VoucherView:
    """A voucher of the caller's own scope."""
    voucher = service.voucher_of(number)
    staff.require_scope(call.staff, voucher.branch_id)
    return VoucherView(
        number=voucher.number,
        kind=voucher.kind,
        business_date=voucher.business_date,
        at=voucher.at,
        amount=None if voucher.amount_fen is None else decimal_text(voucher.amount_fen),
        teller=voucher.teller_id,
        checker=voucher.checker_id,
        entry=voucher.entry_id,
        facts=voucher.facts,
    )


@api.operation(
    "POST",
    "/v1/staff/counter/vouchers/{number}/prints",
    zh="打印、补打凭证",
    en="Print a voucher, first or again",
    auth=checks_session,
    permission=staff.COUNTER_CASH,
    answer=PrintView,
    status=201,
    refusals=AT_COUNTER,
)
def print_one(call: Call, number: str) -> PrintView:
    """Counted before it is given; a repeat is another print (NB-5.1.6-3)."""
    printed = print_voucher(number, by=call.staff.staff_id)
    return PrintView(number=printed.number, place=printed.place, text=printed.text)


@api.operation(
    "POST",
    "/v1/staff/counter/vouchers/{number}/corrections",
    zh="现金冲账（待复核）",
    en="Ask that wrong cash be undone",
    auth=checks_session,
    permission=staff.COUNTER_CASH,
    body=CorrectionBody,
    answer=RequestedView,
    status=202,
    refusals=(*ASKED, errors.CashCorrectionRefused, ledger_errors.EntryNotReversible),
)
def correct(call: Call, number: str) -> RequestedView:
    """On its own business date, by whose till it is; what was meant is then done anew (NB-5.1.6)."""
    body = call.json(CorrectionBody)
    voucher = service.voucher_of(number)
    staff.require_scope(call.staff, voucher.branch_id)
    if voucher.teller_id != call.staff.staff_id:
        raise StaffNotEntitled()
    payload = {"voucher": number, "reason": body.reason}
    return requested_view(requested(call, "cash.correct", payload, body.reference, body.reason))
