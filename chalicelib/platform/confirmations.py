"""How a customer confirms over HTTP, whatever is confirmed: one body for transfers and step-ups."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from chalicelib.platform.http import Body


class FactorProof(Body):
    """A code of six digits, or a certificate's signature: ES256 over the canonical form of what is confirmed."""

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
    signature: Annotated[
        str | None,
        Field(
            pattern="^[A-Za-z0-9+/]{86}==$",
            description="签名 r‖s 64 字节的 Base64；certificate 必填 / base64 of the 64 bytes r and s; for certificate",
            validate_default=True,
        ),
    ] = None

    @field_validator("code", "signature")
    @classmethod
    def _fits_the_factor(cls, value: str | None, info: ValidationInfo) -> str | None:
        factor = info.data.get("factor")
        wanted = "signature" if factor == "certificate" else "code"
        if factor is not None and (value is None) == (info.field_name == wanted):
            raise PydanticCustomError("missing" if value is None else "extra_forbidden", "not of this factor")
        return value
