"""How a customer confirms over HTTP, whatever is confirmed: one body for transfers and step-ups, and one view of a
transfer that waits for it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from chalicelib.platform import fields
from chalicelib.platform.fields import present_if
from chalicelib.platform.http import Body, View

Pin = Annotated[
    str,
    Field(
        pattern="^[0-9]{6,12}$",
        description="云证书 PIN，6 至 12 位数字 / PIN of a cloud certificate, 6 to 12 digits",
        examples=["802731"],
    ),
]

# By which of the payer's factors a transfer is to be confirmed.
FactorId = Annotated[
    str,
    Field(pattern="^([a-z0-9]{1,12})?$", description="认证工具编号；缺省用上限最高者 / empty: the strongest held"),
]

# Factors that bring something.
CARRIED = ("sms", "token", "certificate")


class FactorProof(Body):
    """A code of six digits; or a certificate's signature, ES256 over the canonical form of what is confirmed; or, where
    the bank keeps the certificate's key, the PIN for which the bank makes that very signature.
    """

    factor: Literal["sms", "token", "certificate"]
    code: Annotated[
        str | None,
        Field(
            pattern="^[0-9]{6}$",
            description="短信验证码或动态口令；sms、token 必填 / SMS or token code; for sms and token",
            examples=["123456"],
            validate_default=True,
        ),
    ] = None
    pin: Annotated[
        Pin | None,
        Field(
            description="certificate 为云证书时代替 signature / with a cloud certificate, in place of signature",
            validate_default=True,
        ),
    ] = None
    signature: Annotated[
        str | None,
        Field(
            pattern="^[A-Za-z0-9+/]{86}==$",
            description="签名 r‖s 64 字节的 Base64；certificate 必填（云证书除外） / base64 of the 64 bytes r and s; "
            "for certificate, unless it is a cloud certificate",
            validate_default=True,
        ),
    ] = None

    @field_validator("code", "pin", "signature")
    @classmethod
    def _fits_the_factor(cls, value: str | None, info: ValidationInfo) -> str | None:
        given, name = info.data, info.field_name
        if "factor" not in given or (name == "signature" and "pin" not in given):
            return value  # what is wrong is told by itself
        if given["factor"] not in CARRIED:
            return present_if(value, wanted=False)
        is_certificate = given["factor"] == "certificate"
        if is_certificate and name == "pin":
            return value  # this, or a signature
        wanted = not is_certificate if name == "code" else name == "signature" and is_certificate and not given["pin"]
        return present_if(value, wanted=wanted)


class AwaitingView(View):
    """A transfer that waits for its payer's factor (`POST /v1/transfers/{id}/confirmation`): what the app shows and
    signs, whatever made it.
    """

    id: fields.EntryId
    amount: fields.AmountText
    fee: fields.AmountText
    factor: str
    factor_id: str
    digest: Annotated[str, Field(description="指令摘要 SHA-256 / digest of the instruction")]
    canonical: Annotated[str, Field(description="指令规范形式的 Base64 / base64 of the canonical form")]
    valid_until: Annotated[fields.Timestamp, Field(description="有效截止时间 / not executed from then on")]
