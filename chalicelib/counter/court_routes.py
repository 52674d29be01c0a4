"""Orders and enquiries of courts over HTTP, for tellers, by document."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from chalicelib.counter import errors
from chalicelib.counter.commands.court_enquiry import AccountAnswer, Enquiry, answer_enquiry
from chalicelib.counter.commands.papers import CourtPaper, LastDate, Reference
from chalicelib.counter.forms import ASKED, AT_COUNTER, RequestedView, requested, requested_view
from chalicelib.customers import service as customers
from chalicelib.platform import fields
from chalicelib.platform.errors import AmountOutOfRange, NotFound
from chalicelib.platform.http import Api, Body, Call, View
from chalicelib.platform.money import decimal_text
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

_Date = Annotated[str, Field(pattern="^[0-9]{8}$", examples=["20271120"])]


class CourtFreezeRequest(Body):
    """Without an amount the whole account."""

    document: CourtPaper
    until: LastDate
    amount: fields.AmountText | None = None
    reference: Reference


class CourtRenewalRequest(Body):
    document: CourtPaper
    until: LastDate
    reference: Reference


class CourtLiftingRequest(Body):
    document: CourtPaper
    reference: Reference


class CourtTransferRequest(Body):
    """`document` is the paper that orders the taking."""

    document: CourtPaper
    amount: fields.AmountText
    reference: Reference


class CourtEnquiryBody(Body):
    """An account, or all of a person's by document; dates, both included."""

    document: CourtPaper
    first_date: _Date
    last_date: _Date
    account: fields.AccountId | None = None
    person_kind: Annotated[str, Field(pattern="^(resident_id|passport)$")] | None = None
    person_number: Annotated[str, StringConstraints(min_length=5, max_length=18)] | None = None


class CourtLineView(View):
    posted_at: fields.Timestamp
    business_date: fields.BusinessDate
    kind: str
    amount: fields.SignedAmount
    balance: fields.SignedAmount


class CourtOrderView(View):
    """An order on the account; `amount` is empty for the whole."""

    place: int
    state: str
    document: str
    authority: str
    amount: fields.SignedAmount | None
    until: str | None


class CourtAccountView(View):
    account: fields.AccountId
    holder: str
    state: str
    balance: fields.SignedAmount
    available: fields.SignedAmount
    orders: list[CourtOrderView]
    lines: list[CourtLineView]


class CourtAnswerView(View):
    """What the authority is told, and the voucher by which it is on record."""

    voucher: str
    accounts: list[CourtAccountView]


_COURT = (*ASKED, errors.CourtDocumentMalformed)


@api.operation(
    "POST",
    "/v1/staff/counter/accounts/{account}/court-orders",
    zh="司法冻结（待复核）",
    en="Ask that an authority's freeze be put in force",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=CourtFreezeRequest,
    answer=RequestedView,
    status=202,
    refusals=(
        *_COURT,
        AmountOutOfRange,
        errors.CourtTermInvalid,
        errors.AccountNotFreezable,
        errors.TooManyCourtOrders,
    ),
)
def order_freeze(call: Call, account: str) -> RequestedView:
    """The whole account, or an amount of it; it waits for its turn where the account is frozen already."""
    body = call.json(CourtFreezeRequest)
    payload = {"account": account, "document": body.document.model_dump(), "until": body.until, "amount": body.amount}
    return requested_view(requested(call, "court.freeze", payload, body.reference))


@api.operation(
    "POST",
    "/v1/staff/counter/accounts/{account}/court-orders/{place}/renewals",
    zh="司法续冻（待复核）",
    en="Ask that an authority's freeze be renewed",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=CourtRenewalRequest,
    answer=RequestedView,
    status=202,
    refusals=(*_COURT, errors.CourtTermInvalid, errors.CourtOrderEnded),
)
def order_renewal(call: Call, account: str, place: str) -> RequestedView:
    """Before its last date is over."""
    body = call.json(CourtRenewalRequest)
    payload = {
        "account": account,
        "place": _place(place),
        "until": body.until,
        "document": body.document.model_dump(),
    }
    return requested_view(requested(call, "court.renew", payload, body.reference))


@api.operation(
    "POST",
    "/v1/staff/counter/accounts/{account}/court-orders/{place}/liftings",
    zh="解除司法冻结（待复核）",
    en="Ask that an authority's freeze be lifted",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=CourtLiftingRequest,
    answer=RequestedView,
    status=202,
    refusals=(*_COURT, errors.CourtOrderEnded),
)
def order_lifting(call: Call, account: str, place: str) -> RequestedView:
    """By document; what waited for it comes into force with the approval."""
    body = call.json(CourtLiftingRequest)
    payload = {"account": account, "place": _place(place), "document": body.document.model_dump()}
    return requested_view(requested(call, "court.lift", payload, body.reference))


@api.operation(
    "POST",
    "/v1/staff/counter/accounts/{account}/court-orders/{place}/transfers",
    zh="司法扣划（待复核）",
    en="Ask that money held by an authority's order be taken for it",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=CourtTransferRequest,
    answer=RequestedView,
    status=202,
    refusals=(*_COURT, AmountOutOfRange, errors.CourtOrderEnded, errors.CourtAmountExceeded),
)
def order_transfer(call: Call, account: str, place: str) -> RequestedView:
    """By document, out of what the order holds; the rest stays held."""
    body = call.json(CourtTransferRequest)
    payload = {
        "account": account,
        "place": _place(place),
        "document": body.document.model_dump(),
        "amount": body.amount,
    }
    return requested_view(requested(call, "court.transfer", payload, body.reference))


def _place(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise NotFound()
    return int(text)


@api.operation(
    "POST",
    "/v1/staff/counter/court-enquiries",
    zh="司法查询",
    en="Answer an authority's enquiry",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=CourtEnquiryBody,
    answer=CourtAnswerView,
    status=201,
    refusals=(*AT_COUNTER, errors.CourtDocumentMalformed, errors.CourtPeriodInvalid),
)
def enquire(call: Call) -> CourtAnswerView:
    """Balances and movements of a period; on record with the document's number before it is answered."""
    body = call.json(CourtEnquiryBody)
    person = None
    if body.person_kind is not None and body.person_number is not None:
        person = customers.IdentityDocument.of(body.person_kind, body.person_number)
    enquiry = Enquiry(body.document.document(), body.first_date, body.last_date, body.account, person)
    answer = answer_enquiry(enquiry, teller_id=call.staff.staff_id)
    return CourtAnswerView(voucher=answer.voucher, accounts=[_account(one) for one in answer.accounts])


def _account(one: AccountAnswer) -> CourtAccountView:
    return CourtAccountView(
        account=one.account.account_id,
        holder=one.account.holder,
        state=one.account.state,
        balance=decimal_text(one.account.posted_fen),
        available=decimal_text(one.account.available_fen),
        orders=[
            CourtOrderView(
                place=order.place,
                state=order.state,
                document=order.document_number,
                authority=order.authority,
                amount=None if order.amount_fen is None else decimal_text(order.amount_fen),
                until=order.until,
            )
            for order in one.orders
        ],
        lines=[
            CourtLineView(
                posted_at=line.posted_at,
                business_date=line.business_date,
                kind=line.kind,
                amount=decimal_text(line.amount_fen),
                balance=decimal_text(line.balance_fen),
            )
            for line in one.lines
        ],
    )
