"""A customer's factors over HTTP."""

from __future__ import annotations

import base64
import datetime as dt
import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from chalicelib.customers.errors import PhoneChanged
from chalicelib.entitlements import service as entitlements
from chalicelib.factors import errors, service
from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.identity import service as identity
from chalicelib.identity.errors import PasswordPattern, PasswordPersonal, PasswordUnchanged
from chalicelib.platform import clock, fields
from chalicelib.platform.confirmations import Pin
from chalicelib.platform.errors import NotFound, OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, View
from chalicelib.platform.money import decimal_text

if TYPE_CHECKING:
    from cryptography import x509

    from chalicelib.factors.commands.issue_certificate import Offer

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
    state: Literal["active", "applied", "lost", "locked", "revoked", "expired"]
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
        state=service.state_at(row, now),  # type: ignore[arg-type]  # of the six
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


class PublicKey(Body):
    """A P-256 public key (RFC 7517); just these members."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]
    y: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]


Signature = Annotated[str, Field(pattern="^[A-Za-z0-9+/]{86}==$")]


class KeyToCertify(Body):
    """One of three: `key` and `proof`, or `request`, of who keeps the private key (phone, USB key); or `pin`, where the
    bank makes and keeps it (cloud certificate).
    """

    pin: Pin | None = None
    key: Annotated[PublicKey | None, Field(description="公钥 JWK / public key")] = None
    proof: Annotated[
        Signature | None,
        Field(
            description="key 对登记表的 ES256 签名 r‖s 的 Base64，见 docs/instruction.md / by `key` over the "
            "registration form",
            validate_default=True,
        ),
    ] = None
    request: Annotated[
        str | None,
        Field(max_length=MAX_PEM, description="PKCS#10 证书请求 PEM / signing request, PEM", validate_default=True),
    ] = None

    @field_validator("key")
    @classmethod
    def _not_with_a_pin(cls, value: PublicKey | None, info: ValidationInfo) -> PublicKey | None:
        return value if info.data.get("pin") is None else fields.present_if(value, wanted=False)

    @field_validator("proof")
    @classmethod
    def _with_its_key(cls, value: str | None, info: ValidationInfo) -> str | None:
        return fields.present_if(value, wanted=info.data["key"] is not None) if "key" in info.data else value

    @field_validator("request")
    @classmethod
    def _one_of_three(cls, value: str | None, info: ValidationInfo) -> str | None:
        if not {"pin", "key"} <= info.data.keys():
            return value  # what is wrong is told by itself
        return fields.present_if(value, wanted=info.data["pin"] is None and info.data["key"] is None)

    def offer(self) -> Offer:
        """The key that is offered."""
        from chalicelib.factors.commands.issue_certificate import Offer  # noqa: PLC0415  # X.509 is for few
        from chalicelib.factors.signatures import Jwk  # noqa: PLC0415  # the same

        jwk = Jwk(self.key.x, self.key.y) if self.key else None
        return Offer(self.request or "", jwk, base64.b64decode(self.proof or ""), self.pin or "")


class CertificateRequest(KeyToCertify):
    """The code that came by SMS, and the key to certify."""

    code: Annotated[str, Field(pattern="^[0-9]{6}$", description="下载码 / download code", examples=["123456"])]


class RenewalRequest(KeyToCertify):
    """A new key, and ES256 by the old certificate's key over what stands for it; for a cloud certificate its PIN."""

    signature: Annotated[
        Signature | None,
        Field(
            description="旧证书对 request 全文或登记表的签名 r‖s 的 Base64，云证书除外 / by the old key over "
            "`request` or the registration form; not with `pin`",
            validate_default=True,
        ),
    ] = None

    @field_validator("signature")
    @classmethod
    def _unless_a_pin(cls, value: str | None, info: ValidationInfo) -> str | None:
        return fields.present_if(value, wanted=info.data["pin"] is None) if "pin" in info.data else value


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
    entitlement=entitlements.CERTIFICATE_DOWNLOAD,
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
        errors.KeyCertifiedAlready,
        PasswordPersonal,
        PasswordPattern,
        PhoneChanged,
        OutcomeUnknown,
    ),
)
def download_own_certificate(call: Call, factor_id: str) -> CertificateView:
    """Certify the key of the phone or USB key, or one that the bank makes and keeps (NB-5.3.3-cert, NB-5.3.3-dl)."""
    from chalicelib.factors.commands.issue_certificate import download_certificate  # noqa: PLC0415  # X.509 is for few

    body, caller = call.json(CertificateRequest), call.caller
    own = factor_id_from(factor_id)
    certificate = download_certificate(
        caller.customer_id,
        own,
        code=body.code,
        offer=body.offer(),
        now=clock.now(),
        session_id=caller.session_id,
        device_id=caller.device_id,
    )
    return _issued(own, certificate)


@api.operation(
    "POST",
    "/v1/factors/{factor_id}/renewal",
    zh="在线更新数字证书（到期前一个月内）",
    en="Renew a certificate online, from one month before it ends",
    auth=identity.checks_session,
    entitlement=entitlements.CERTIFICATE_RENEW,
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
        errors.KeyCertifiedAlready,
        errors.BoundDeviceRequired,
        errors.PinWrong,
        errors.PinLocked,
        OutcomeUnknown,
    ),
)
def renew_own_certificate(call: Call, factor_id: str) -> CertificateView:
    """Replace a certificate by one for a new key (NB-5.3.4); after its end the counter issues a new one."""
    from chalicelib.factors.commands.issue_certificate import renew_certificate  # noqa: PLC0415  # X.509 is for few

    body = call.json(RenewalRequest)
    new_id, certificate = renew_certificate(
        call.caller,
        factor_id_from(factor_id),
        offer=body.offer(),
        signature=base64.b64decode(body.signature or ""),
        now=clock.now(),
    )
    return _issued(new_id, certificate)


class PinChange(Body):
    """The PIN until now, and the next one."""

    pin: Pin
    new_pin: Pin


@api.operation(
    "POST",
    "/v1/factors/{factor_id}/pin",
    zh="修改云证书 PIN（须在已绑定的设备上）",
    en="Change a cloud certificate's PIN, on a bound device",
    auth=identity.checks_session,
    entitlement=entitlements.PIN_CHANGE,
    body=PinChange,
    answer=None,
    status=204,
    refusals=(
        NotFound,
        errors.BoundDeviceRequired,
        errors.SignatureRequired,
        errors.PinWrong,
        errors.PinLocked,
        errors.FactorNotActive,
        PasswordPersonal,
        PasswordPattern,
        PasswordUnchanged,
        OutcomeUnknown,
    ),
)
def change_own_pin(call: Call, factor_id: str) -> Answer:
    """Another PIN for the same certificate (NB-5.3.3-cert)."""
    from chalicelib.factors.commands.change_pin import change_pin  # noqa: PLC0415  # X.509 is for few

    body, own = call.json(PinChange), factor_id_from(factor_id)
    now = clock.now()
    with service.naming_what_is_usable(call.caller, now):
        change_pin(call.caller, own, old=body.pin, new=body.new_pin, now=now)
    return Answer(None)
