"""Passwords, locks and factors of customers over HTTP, for tellers (NB-5.2.6, NB-5.3.2 to 5.3.6)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.approvals.errors import ApprovalChangesNothing
from chalicelib.blanks import errors as blank_errors
from chalicelib.counter import errors
from chalicelib.counter.commands.change_customer import met
from chalicelib.counter.commands.papers import Reference, ShownDocument, check_shown
from chalicelib.counter.commands.serve_credentials import (
    Service,
    apply_for_certificate,
    end_factor,
    factors_at_counter,
    issue_token,
    report_factor_lost,
    reset_password,
)
from chalicelib.counter.forms import ASKED, DoneView, RequestedView, requested, requested_view
from chalicelib.factors import errors as factor_errors
from chalicelib.factors import service as factors
from chalicelib.identity import errors as identity_errors
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound
from chalicelib.platform.http import Api, Body, Call, View
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session

api = Api(__name__)

_Serial = Annotated[str, Field(pattern="^[A-Z0-9]{1,32}$", description="序列号 / serial number")]


class ShownBody(Body):
    """What most need: the document, and a reference."""

    document: ShownDocument
    reference: Reference


class LossBody(Body):
    reference: Reference


class TokenBody(Body):
    """The seed comes from the maker's file, as the counter's reader has it: it is encrypted at once, and never told."""

    serial: _Serial
    seed: Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="令牌种子，十六进制 / the seed, in hex")]
    document: ShownDocument
    reference: Reference


class CertificateBody(Body):
    """`device` is the serial number of a USB key, which other carriers do not have."""

    method: Literal["phone", "cloud", "usb_key"]
    device: _Serial | None = None
    document: ShownDocument
    reference: Reference


class PasswordResetView(View):
    """With the application's number and the code by SMS the customer sets the password."""

    voucher: str
    application_id: str
    valid_until: fields.Timestamp


class HeldFactorView(View):
    """A factor as the counter needs to see it."""

    id: str
    method: str
    state: str
    valid_until: fields.Timestamp | None
    serial_tail: Annotated[str | None, Field(description="序列号后四位 / the serial number's last digits")]


class HeldFactors(View):
    factors: list[HeldFactorView]


_SERVED = (*ASKED, errors.DocumentNotShown)
_BLANKS = (
    blank_errors.BlankNotInStock,
    blank_errors.BlankIssued,
    blank_errors.BlankCancelled,
    blank_errors.BlankSpoiled,
)


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/password-resets",
    zh="重置查询密码：验证码发至预留手机",
    en="Let a customer set the query password anew; a code goes to the reserved phone",
    auth=checks_session,
    permission=staff.COUNTER_CREDENTIALS,
    body=ShownBody,
    answer=PasswordResetView,
    status=201,
    refusals=(
        *_SERVED,
        identity_errors.NotSignedUp,
        identity_errors.ApplicationsExhausted,
        factor_errors.FactorNotActive,
    ),
)
def reset_query_password(call: Call, customer_id: str) -> PasswordResetView:
    """Nobody at the counter knows the password (NB-5.3.2)."""
    body = call.json(ShownBody)
    voucher = reset_password(Service(call.staff, customer_id, body.reference, body.document.document()))
    facts = voucher.facts
    return PasswordResetView(voucher=voucher.number, application_id=facts["application"], valid_until=facts["until"])


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/unlocks",
    zh="解除登录锁定（待复核）",
    en="Ask that a locked log-in be let go",
    auth=checks_session,
    permission=staff.COUNTER_CREDENTIALS,
    body=ShownBody,
    answer=RequestedView,
    status=202,
    refusals=(*_SERVED, ApprovalChangesNothing),
)
def unlock(call: Call, customer_id: str) -> RequestedView:
    """Before the lock's time is over; two people do it (XJ-4.2-pw)."""
    body = call.json(ShownBody)
    check_shown(met(call.staff, customer_id), body.document.document())
    return requested_view(requested(call, "login.unlock", {"customer_id": customer_id}, body.reference))


@api.operation(
    "GET",
    "/v1/staff/counter/customers/{customer_id}/factors",
    zh="客户认证工具",
    en="A customer's factors",
    auth=checks_session,
    permission=staff.COUNTER_CREDENTIALS,
    answer=HeldFactors,
    refusals=(NotFound,),
)
def list_factors(call: Call, customer_id: str) -> HeldFactors:
    """All of them, ended ones included."""
    now, rows = clock.now(), factors_at_counter(call.staff, customer_id)
    return HeldFactors(
        factors=[
            HeldFactorView(
                id=row.factor_id,
                method=row.method,
                state=factors.state_at(row, now),
                valid_until=row.valid_until,
                serial_tail=(row.device_serial or row.serial or "")[-4:] or None,
            )
            for row in rows
        ]
    )


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/tokens",
    zh="发放动态口令牌",
    en="Issue a token",
    auth=checks_session,
    permission=staff.COUNTER_CREDENTIALS,
    body=TokenBody,
    answer=DoneView,
    status=201,
    refusals=(*_SERVED, *_BLANKS, factor_errors.FactorMalformed, factor_errors.FactorHeldAlready),
)
def give_token(call: Call, customer_id: str) -> DoneView:
    """Out of the stock of the teller's branch, active at once (NB-5.3.3-token, NB-5.3.5)."""
    body = call.json(TokenBody)
    asked = Service(call.staff, customer_id, body.reference, body.document.document())
    return DoneView(voucher=issue_token(asked, body.serial, bytes.fromhex(body.seed)).number)


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/certificates",
    zh="申请数字证书：下载码发至预留手机",
    en="Apply for a certificate; the download code goes to the reserved phone",
    auth=checks_session,
    permission=staff.COUNTER_CREDENTIALS,
    body=CertificateBody,
    answer=DoneView,
    status=201,
    refusals=(
        *_SERVED,
        *_BLANKS,
        factor_errors.FactorMalformed,
        factor_errors.FactorHeldAlready,
        factor_errors.FactorNotActive,
    ),
)
def give_certificate(call: Call, customer_id: str) -> DoneView:
    """Anew, under another reference, it voids the code before (NB-5.3.3-dl)."""
    body = call.json(CertificateBody)
    asked = Service(call.staff, customer_id, body.reference, body.document.document())
    return DoneView(voucher=apply_for_certificate(asked, body.method, body.device or "").number)


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/factors/{factor_id}/losses",
    zh="挂失认证工具",
    en="Report a customer's factor lost",
    auth=checks_session,
    permission=staff.COUNTER_FREEZE,
    body=LossBody,
    answer=DoneView,
    status=201,
    refusals=(*ASKED, factor_errors.FactorStateUnfit),
)
def lose_factor(call: Call, customer_id: str, factor_id: str) -> DoneView:
    """It stops everywhere at once, with or without a document (NB-5.3.6)."""
    asked = Service(call.staff, customer_id, call.json(LossBody).reference)
    return DoneView(voucher=report_factor_lost(asked, factor_id).number)


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/factors/{factor_id}/lifts",
    zh="认证工具解除挂失（待复核）",
    en="Ask that the loss of a factor be lifted",
    auth=checks_session,
    permission=staff.COUNTER_CREDENTIALS,
    body=ShownBody,
    answer=RequestedView,
    status=202,
    refusals=(*_SERVED, factor_errors.FactorStateUnfit, ApprovalChangesNothing),
)
def find_factor(call: Call, customer_id: str, factor_id: str) -> RequestedView:
    """Two people lift it (NB-5.3.6)."""
    body = call.json(ShownBody)
    check_shown(met(call.staff, customer_id), body.document.document())
    payload = {"customer_id": customer_id, "factor_id": factor_id}
    return requested_view(requested(call, "factor.lift_loss", payload, body.reference))


@api.operation(
    "POST",
    "/v1/staff/counter/customers/{customer_id}/factors/{factor_id}/endings",
    zh="注销认证工具",
    en="End a customer's factor",
    auth=checks_session,
    permission=staff.COUNTER_CREDENTIALS,
    body=ShownBody,
    answer=DoneView,
    status=201,
    refusals=(*_SERVED, factor_errors.FactorStateUnfit),
)
def take_factor(call: Call, customer_id: str, factor_id: str) -> DoneView:
    """For good, with its token or USB key; to replace it another one is issued afterwards."""
    body = call.json(ShownBody)
    asked = Service(call.staff, customer_id, body.reference, body.document.document())
    return DoneView(voucher=end_factor(asked, factor_id).number)
