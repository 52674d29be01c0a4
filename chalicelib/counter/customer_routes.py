"""What tellers do for customers of online banking over HTTP: sign up, change, cancel (NB-5.2.6)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.approvals.errors import ApprovalChangesNothing
from chalicelib.counter import errors
from chalicelib.counter.commands.change_customer import CHANGE_EDITION, CHANGE_PHONE, CLOSE, met
from chalicelib.counter.commands.papers import EditionForm, Reference, ShownDocument, check_shown, see
from chalicelib.counter.forms import ASKED, AT_COUNTER, RequestedView, fen, requested, requested_view
from chalicelib.customers import errors as customer_errors
from chalicelib.customers import service as customers
from chalicelib.customers.commands.change_phone import begin_at_counter
from chalicelib.customers.commands.sign_up_online import OnlineForm, prepare_online
from chalicelib.factors.errors import CodeWrong, FactorNotActive
from chalicelib.identity import errors as identity_errors
from chalicelib.limits.errors import LimitAboveCeiling
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import AmountOutOfRange
from chalicelib.platform.http import Api, Body, Call, View
from chalicelib.platform.money import decimal_text
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session
from chalicelib.stepup import errors as stepup_errors
from chalicelib.stepup.commands.prove_phone import prove

api = Api(__name__)


class SignUpBody(Body):
    """The application form, for a customer whose accounts are open; `phone` is reserved for one of them."""

    phone: Annotated[str, Field(pattern="^1[3-9][0-9]{9}$")]
    login_name: Annotated[str, StringConstraints(min_length=4, max_length=32)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    edition: Literal["express", "credit_card", "professional"]
    rights: Annotated[dict[fields.AccountId, Literal["full", "query"]], Field(min_length=1, max_length=50)]
    limit_outward: fields.AmountText
    factors: Annotated[list[str], Field(max_length=5)]
    day_limits: Annotated[
        dict[fields.AccountId, fields.AmountText],
        Field(
            default_factory=dict,
            max_length=50,
            description="账户日限额，不填则不变 / what an account may pay outward a day",
        ),
    ]
    reference: Reference


class EditionBody(Body):
    """Another edition; `form` is for the professional one."""

    edition: Literal["express", "credit_card", "professional"]
    document: ShownDocument
    form: EditionForm | None = None
    reference: Reference


class PhoneBody(Body):
    """The new number, to which a code goes."""

    phone: Annotated[str, Field(pattern="^1[3-9][0-9]{9}$", description="新预留手机号 / the new number")]
    document: ShownDocument


class PhoneProof(Body):
    """The code that came to the new number."""

    code: Annotated[str, Field(pattern="^[0-9]{6}$", description="短信验证码 / SMS code")]
    document: ShownDocument
    reference: Reference


class PhoneChangeView(View):
    """A code is under way to the new number; nothing has changed yet."""

    phone_change: Annotated[str, Field(description="变更编号 / what the code is entered for")]
    valid_until: fields.Timestamp


class ClosingBody(Body):
    document: ShownDocument
    reference: Reference


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
        *ASKED,
        AmountOutOfRange,
        customer_errors.SignUpRefused,
        LimitAboveCeiling,
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
    met(call.staff, customer_id)
    limit_fen = fen(body.limit_outward)
    form = OnlineForm(
        customer_id=customer_id,
        phone=body.phone,
        login_name=body.login_name,
        password=body.password,
        rights=dict(body.rights),
        limit_outward_fen=limit_fen,
        edition=body.edition,
        factors=tuple(body.factors),
        day_limits={account_id: fen(text) for account_id, text in body.day_limits.items()},
    )
    prepare_online(form, teller_id=call.staff.staff_id, at=clock.now())
    reserved = customers.holdings_of(customer_id)
    payload = {
        "customer": customer_id,
        "phone_account": next(id_ for id_ in body.rights if reserved.get(id_) == body.phone),
        "edition": body.edition,
        "limit_outward": decimal_text(limit_fen),
        "factors": body.factors,
        "day_limits": {account_id: decimal_text(fen_) for account_id, fen_ in form.day_limits.items()},
    }
    return requested_view(requested(call, "customer.sign_up", payload, body.reference))


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/editions",
    zh="网上银行版本变更（待复核）",
    en="Ask for another edition",
    auth=checks_session,
    permission=staff.COUNTER_CUSTOMERS,
    body=EditionBody,
    answer=RequestedView,
    status=202,
    refusals=(
        *ASKED,
        AmountOutOfRange,
        errors.DocumentNotShown,
        customer_errors.EditionChangeRefused,
        customer_errors.SignUpRefused,
        customer_errors.NoSettlementAccount,
        customer_errors.PhoneNotReserved,
        LimitAboveCeiling,
        FactorNotActive,
    ),
)
def ask_for_edition(call: Call, customer_id: str) -> RequestedView:
    """Raised with a factor, a daily limit and accounts; lowered without (NB-5.4.1-up)."""
    body = call.json(EditionBody)
    seen = see(CHANGE_EDITION, met(call.staff, customer_id), body.document.document(), call.staff.staff_id)
    payload = {
        "customer": customer_id,
        "edition": body.edition,
        "seen": seen.model_dump(),
        "form": body.form.model_dump() if body.form else None,
    }
    return requested_view(requested(call, CHANGE_EDITION, payload, body.reference))


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/closings",
    zh="网上银行注销（待复核）",
    en="Ask that online banking be ended",
    auth=checks_session,
    permission=staff.COUNTER_CUSTOMERS,
    body=ClosingBody,
    answer=RequestedView,
    status=202,
    refusals=(*ASKED, errors.DocumentNotShown, customer_errors.EditionChangeRefused, ApprovalChangesNothing),
)
def ask_for_closing(call: Call, customer_id: str) -> RequestedView:
    """For good: with the approval every session ends; the accounts stay, at the counter."""
    body = call.json(ClosingBody)
    seen = see(CLOSE, met(call.staff, customer_id), body.document.document(), call.staff.staff_id)
    payload = {"customer": customer_id, "seen": seen.model_dump()}
    return requested_view(requested(call, CLOSE, payload, body.reference))


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/phone-changes",
    zh="变更预留手机号：向新号码发送验证码",
    en="Begin to change the reserved phone: a code goes to the new number",
    auth=checks_session,
    permission=staff.COUNTER_CUSTOMERS,
    body=PhoneBody,
    answer=PhoneChangeView,
    status=201,
    refusals=(*AT_COUNTER, errors.DocumentNotShown, customer_errors.PhoneUnchanged, stepup_errors.StepUpLimitReached),
)
def begin_phone_change(call: Call, customer_id: str) -> PhoneChangeView:
    """The new number has to be reachable before it is asked for (NB-5.3.7-2)."""
    body = call.json(PhoneBody)
    check_shown(met(call.staff, customer_id), body.document.document())
    begun = begin_at_counter(
        customer_id,
        body.phone,
        teller_id=call.staff.staff_id,
        correlation_id=call.correlation_id,
        now=clock.now(),
    )
    return PhoneChangeView(phone_change=begun.challenge_id, valid_until=begun.valid_until)


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/phone-changes/{phone_change}/requests",
    zh="变更预留手机号（待复核）",
    en="Ask that the reserved phone be changed, with the code that came to the new one",
    auth=checks_session,
    permission=staff.COUNTER_CUSTOMERS,
    body=PhoneProof,
    answer=RequestedView,
    status=202,
    refusals=(
        *ASKED,
        errors.DocumentNotShown,
        customer_errors.PhoneChanged,
        CodeWrong,
        stepup_errors.StepUpNotAwaiting,
        stepup_errors.StepUpExpired,
        stepup_errors.StepUpTriesExhausted,
        stepup_errors.StepUpAltered,
    ),
)
def ask_for_phone(call: Call, customer_id: str, phone_change: str) -> RequestedView:
    """The teller who began it enters the code; another person approves, and the old number is told."""
    body, teller_id = call.json(PhoneProof), call.staff.staff_id
    seen = see(CHANGE_PHONE, met(call.staff, customer_id), body.document.document(), teller_id)
    prove(customer_id, teller_id, phone_change, body.code, clock.now())
    payload = {"customer": customer_id, "proof": phone_change, "seen": seen.model_dump()}
    return requested_view(requested(call, CHANGE_PHONE, payload, body.reference))
