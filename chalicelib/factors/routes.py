"""A customer's factors over HTTP."""

from __future__ import annotations

import base64
import datetime as dt
import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from chalicelib.customers.errors import PhoneChanged
from chalicelib.entitlements import service as entitlements
from chalicelib.factors import errors, service
from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.identity import service as identity
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound, OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, View
from chalicelib.platform.money import decimal_text

if TYPE_CHECKING:
    from cryptography import x509

api = Api(__name__)

MAX_PEM = 4096

_FACTOR_ID = re.compile(r"[a-z0-9]{1,12}")


class FactorView(View):
    """One factor as its owner sees it."""

    id: Annotated[str, Field(description="认证工具编号 / factor id", examples=["k7mq2x"])]
    factor: Annotated[
        Literal["sms", "token", "certificate"], Field(description="转账时的 factor / as transfers name it")
    ]
    method: Annotated[Literal["sms", "token", "phone", "cloud", "usb_key"], Field(description="载体 / what carries it")]
    state: Literal["active", "applied", "lost", "revoked", "expired"]
    ceiling: Annotated[fields.AmountText, Field(description="单笔上限 / the most that one transfer may be")]
    valid_from: fields.Timestamp
    valid_until: fields.Timestamp | None
    serial: Annotated[str | None, Field(description="序列号 / serial number of the token or certificate")]


class FactorList(View):
    """All of a customer's factors, and the policy that sets their ceilings."""

    policy: Literal["standard", "strict"]
    factors: list[FactorView]


def factor_id_from(text: str) -> str:
    """A factor's id as a caller gave it; raises NotFound for what cannot be one."""
    if not _FACTOR_ID.fullmatch(text):
        raise NotFound()
    return text


@api.operation(
    "GET",
    "/v1/factors",
    zh="我的交易认证方式",
    en="My transaction factors",
    auth=identity.checks_session,
    entitlement=entitlements.SECURITY_READ,
    answer=FactorList,
)
def read_factors(call: Call) -> FactorList:
    """What the customer can confirm with, ended factors included (NB-5.3.7)."""
    now = clock.now()
    rules = service.policy(now)
    rows = service.factors_of(call.caller.customer_id)
    return FactorList(policy=rules.name, factors=[_view(row, rules, now) for row in rows])  # type: ignore[arg-type]  # of the two


def _view(row: service.FactorItem, rules: service.Policy, now: dt.datetime) -> FactorView:
    return FactorView(
        id=row.factor_id,
        factor=service.factor_of(row.method),  # type: ignore[arg-type]  # of the three
        method=row.method,  # type: ignore[arg-type]  # of the five
        state=service.state_at(row, now),  # type: ignore[arg-type]  # of the five
        ceiling=decimal_text(rules.ceiling_fen(row.method)),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        serial=row.serial,
    )


@api.operation(
    "POST",
    "/v1/factors/{factor_id}/loss",
    zh="挂失认证工具：立即停用，解除须到网点",
    en="Report a factor lost: it stops at once; only a branch lifts it",
    auth=identity.checks_session,
    entitlement=entitlements.SECURITY_PROTECT,
    answer=None,
    status=204,
    refusals=(NotFound, errors.FactorStateUnfit, OutcomeUnknown),
)
def report_factor_loss(call: Call, factor_id: str) -> Answer:
    """Stop a factor everywhere, at once (NB-5.3.6)."""
    caller = call.caller
    report_loss(caller.customer_id, factor_id_from(factor_id), clock.now(), session_id=caller.session_id)
    return Answer(None)


class CertificateRequest(Body):
    """The code that came by SMS, and a PKCS#10 request made by the phone or USB key that keeps the private key."""

    code: Annotated[str, Field(pattern="^[0-9]{6}$", description="下载码 / download code", examples=["123456"])]
    request: Annotated[str, Field(max_length=MAX_PEM, description="PKCS#10 证书请求 PEM / signing request, PEM")]


class RenewalRequest(Body):
    """A PKCS#10 request for a new key, and ES256 over its text by the old certificate's key."""

    request: Annotated[str, Field(max_length=MAX_PEM, description="PKCS#10 证书请求 PEM / signing request, PEM")]
    signature: Annotated[
        str,
        Field(
            pattern="^[A-Za-z0-9+/]{86}==$",
            description="旧证书对 request 全文的签名 r‖s 的 Base64 / by the old key over `request`",
        ),
    ]


class CertificateView(View):
    """A certificate as it was issued."""

    factor_id: Annotated[str, Field(description="认证工具编号 / factor id")]
    certificate: Annotated[str, Field(description="X.509 证书 PEM / certificate, PEM")]
    serial: Annotated[str, Field(description="证书序列号 / serial number")]


def _issued(factor_id: str, certificate: x509.Certificate) -> CertificateView:
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415  # X.509 is for few

    pem = certificate.public_bytes(Encoding.PEM).decode()
    return CertificateView(factor_id=factor_id, certificate=pem, serial=f"{certificate.serial_number:016x}")


@api.operation(
    "POST",
    "/v1/factors/{factor_id}/certificate",
    zh="凭下载码下载数字证书，立即启用",
    en="Download a certificate with the code from the counter; it is active at once",
    auth=identity.checks_session,
    entitlement=entitlements.SECURITY_CHANGE,
    body=CertificateRequest,
    answer=CertificateView,
    status=201,
    refusals=(
        NotFound,
        errors.FactorMalformed,
        errors.FactorStateUnfit,
        errors.FactorHeldAlready,
        errors.DownloadCodeVoid,
        errors.CodeWrong,
        PhoneChanged,
        OutcomeUnknown,
    ),
)
def download_own_certificate(call: Call, factor_id: str) -> CertificateView:
    """Register a key by a signing request (NB-5.3.3-cert, NB-5.3.3-dl)."""
    from chalicelib.factors.commands.issue_certificate import download_certificate  # noqa: PLC0415  # X.509 is for few

    body, caller = call.json(CertificateRequest), call.caller
    own = factor_id_from(factor_id)
    certificate = download_certificate(
        caller.customer_id,
        own,
        code=body.code,
        request_pem=body.request,
        now=clock.now(),
        session_id=caller.session_id,
    )
    return _issued(own, certificate)


@api.operation(
    "POST",
    "/v1/factors/{factor_id}/renewal",
    zh="在线更新数字证书（到期前一个月内）",
    en="Renew a certificate online, from one month before it ends",
    auth=identity.checks_session,
    entitlement=entitlements.SECURITY_CHANGE,
    body=RenewalRequest,
    answer=CertificateView,
    status=201,
    refusals=(
        NotFound,
        errors.FactorMalformed,
        errors.FactorStateUnfit,
        errors.FactorNotActive,
        errors.RenewalNotOpen,
        errors.SignatureWrong,
        OutcomeUnknown,
    ),
)
def renew_own_certificate(call: Call, factor_id: str) -> CertificateView:
    """Replace a certificate by one for a new key (NB-5.3.4); after its end the counter issues a new one."""
    from chalicelib.factors.commands.issue_certificate import renew_certificate  # noqa: PLC0415  # X.509 is for few

    body, caller = call.json(RenewalRequest), call.caller
    new_id, certificate = renew_certificate(
        caller.customer_id,
        factor_id_from(factor_id),
        request_pem=body.request,
        signature=base64.b64decode(body.signature),
        now=clock.now(),
        session_id=caller.session_id,
    )
    return _issued(new_id, certificate)
