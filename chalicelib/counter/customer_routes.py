"""What tellers do for customers, accounts and courts over HTTP (NB-5.2.6, XJ-5.3-loss)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.approvals.service import Approval
from chalicelib.counter import errors
from chalicelib.counter.commands.court_enquiry import AccountAnswer, Enquiry, answer_enquiry
from chalicelib.counter.commands.serve_customer import stop_account
from chalicelib.counter.routes import requested
from chalicelib.counter.service import Document
from chalicelib.customers import errors as customer_errors
from chalicelib.customers import service as customers
from chalicelib.customers.commands.sign_up_online import OnlineForm, prepare_online
from chalicelib.identity import errors as identity_errors
from chalicelib.ledger import errors as ledger_errors
from chalicelib.platform import fields
from chalicelib.platform.errors import AmountOutOfRange, NotFound, OutcomeUnknown
from chalicelib.platform.http import Api, Body, Call, View
from chalicelib.platform.money import Money, decimal_text
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session
from chalicelib.staff.errors import StaffNotEntitled

api = Api(__name__)

Reference = Annotated[str, Field(pattern="^[!-~]{8,64}$", description="业务参考号 / a repeat with it is harmless")]
_Date = Annotated[str, Field(pattern="^[0-9]{8}$", examples=["20271120"])]
_Words = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class CourtPaper(Body):
    """What the officers bring."""

    number: Annotated[_Words, Field(description="法律文书号 / number of the document")]
    authority: Annotated[_Words, Field(description="执行机关 / the authority")]
    officers: Annotated[list[_Words], Field(min_length=2, max_length=2, description="执行人员证件号 / officers' cards")]

    def document(self) -> Document:
        """The same, as use cases take it."""
        return Document(self.number.strip(), self.authority.strip(), (self.officers[0], self.officers[1]))


class CourtFreezeRequest(Body):
    """Without an amount the whole account."""

    document: CourtPaper
    until: _Date
    amount: fields.AmountText | None = None
    reference: Reference


class CourtRenewalRequest(Body):
    document: CourtPaper
    until: _Date
    reference: Reference


class CourtLiftingRequest(Body):
    document: CourtPaper
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


class RequestedView(View):
    """A request that another person decides on."""

    approval: str
    kind: str
    state: str
    expires_at: fields.Timestamp


class StopBody(Body):
    """`lost` 挂失, `frozen` 冻结."""

    state: Literal["lost", "frozen"]


class StopView(View):
    voucher: str


class LiftBody(Body):
    lifted: Annotated[Literal["lost", "frozen"], Field(description="lost 解除挂失，frozen 解冻")]
    reference: Reference


class SignUpBody(Body):
    """The application form, for a customer whose accounts are open; `phone` is reserved for one of them."""

    phone: Annotated[str, Field(pattern="^1[3-9][0-9]{9}$")]
    login_name: Annotated[str, StringConstraints(min_length=4, max_length=32)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    edition: Literal["express", "credit_card", "professional"]
    rights: Annotated[dict[fields.AccountId, Literal["full", "query"]], Field(min_length=1, max_length=50)]
    limit_outward: fields.AmountText
    factors: Annotated[list[str], Field(max_length=5)]
    reference: Reference


def _requested(approval: Approval) -> RequestedView:
    return RequestedView(
        approval=approval.approval_id, kind=approval.kind, state=approval.state, expires_at=approval.expires_at
    )


_ASKED = (StaffNotEntitled, NotFound, OutcomeUnknown, ledger_errors.IdempotencyKeyReused)
_COURT = (*_ASKED, errors.CourtDocumentMalformed)


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/sign-ups",
    zh="网上银行签约（待复核）",
    en="Prepare a sign-up for online banking, and ask for its approval",
    auth=checks_session,
    permission=staff.COUNTER_CUSTOMERS,
    body=SignUpBody,
    answer=RequestedView,
    status=202,
    refusals=(
        *_ASKED,
        AmountOutOfRange,
        customer_errors.SignUpRefused,
        customer_errors.NoSettlementAccount,
        customer_errors.PhoneNotReserved,
        customer_errors.AccountNotInGoodStanding,
        customer_errors.TooManyAccounts,
        identity_errors.PasswordTooShort,
        identity_errors.PasswordPersonal,
        identity_errors.PasswordPattern,
        identity_errors.PasswordCommon,
    ),
)
def sign_up_customer(call: Call, customer_id: str) -> RequestedView:
    """A professional edition without a factor is refused (NB-5.3.7); no log-in is served before the approval."""
    body = call.json(SignUpBody)
    limit_fen = Money.parse(body.limit_outward).amount_fen
    form = OnlineForm(
        customer_id=customer_id,
        phone=body.phone,
        login_name=body.login_name,
        password=body.password,
        rights=dict(body.rights),
        limit_outward_fen=limit_fen,
        edition=body.edition,
        factors=tuple(body.factors),
    )
    prepare_online(form, teller_id=call.staff.staff_id)
    reserved = customers.holdings_of(customer_id)
    payload = {
        "customer": customer_id,
        "phone_account": next(id_ for id_ in body.rights if reserved.get(id_) == body.phone),
        "edition": body.edition,
        "limit_outward": decimal_text(limit_fen),
        "factors": body.factors,
    }
    return _requested(requested(call, "customer.sign_up", payload, body.reference))


@api.operation(
    "POST",
    "/v1/staff/counter/accounts/{account}/stops",
    zh="账户挂失、冻结",
    en="Report an account lost, or freeze it",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=StopBody,
    answer=StopView,
    status=201,
    refusals=(StaffNotEntitled, NotFound, OutcomeUnknown, ledger_errors.StateChangeRefused),
)
def stop(call: Call, account: str) -> StopView:
    """It stops paying at once (XJ-5.3-loss)."""
    return StopView(voucher=stop_account(account, call.json(StopBody).state, teller_id=call.staff.staff_id))


@api.operation(
    "POST",
    "/v1/staff/counter/accounts/{account}/lifts",
    zh="解除挂失、解冻（待复核）",
    en="Ask that a loss report or a freeze be lifted",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=LiftBody,
    answer=RequestedView,
    status=202,
    refusals=(*_ASKED, ledger_errors.StateChangeRefused, ledger_errors.FrozenByCourt),
)
def lift(call: Call, account: str) -> RequestedView:
    """Two people lift it; what a court froze only its document lifts."""
    body = call.json(LiftBody)
    kind = "account.lift_loss" if body.lifted == "lost" else "account.unfreeze"
    return _requested(requested(call, kind, {"account_id": account}, body.reference))


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
    return _requested(requested(call, "court.freeze", payload, body.reference))


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
    return _requested(requested(call, "court.renew", payload, body.reference))


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
    return _requested(requested(call, "court.lift", payload, body.reference))


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
    refusals=(StaffNotEntitled, NotFound, OutcomeUnknown, errors.CourtDocumentMalformed, errors.CourtPeriodInvalid),
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
