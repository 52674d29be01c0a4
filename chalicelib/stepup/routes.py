"""Step-ups over HTTP: what will be done, confirm it, send the code again."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from pydantic import Field

from chalicelib.customers.errors import PhoneChanged
from chalicelib.entitlements import service as entitlements
from chalicelib.factors import errors as factor_errors
from chalicelib.factors import service as factors
from chalicelib.factors.errors import CodeWrong
from chalicelib.identity import service as identity
from chalicelib.platform import clock, fields
from chalicelib.platform.confirmations import FactorProof
from chalicelib.platform.errors import NotFound, OutcomeUnknown
from chalicelib.platform.http import Api, Call, View
from chalicelib.stepup import errors, service

api = Api(__name__)


class StepUpConfirmation(FactorProof):
    """The code that was sent for this very operation, a token's code, a signature over `canonical`, or a PIN."""


class StepUpView(View):
    """What will be done once it is confirmed; the digest is that of the canonical form of these facts."""

    id: str
    operation: str
    facts: dict[str, str]
    zh: Annotated[str, Field(description="将要执行的操作 / what will be done, in Chinese")]
    en: Annotated[str, Field(description="what will be done, in English")]
    factors: list[str]
    digest: Annotated[str, Field(description="摘要 SHA-256 / SHA-256 digest")]
    canonical: Annotated[str, Field(description="规范形式，base64；证书对它签名 / the bytes that a certificate signs")]
    state: Literal["awaiting", "confirmed", "used", "expired"]
    created_at: fields.Timestamp
    valid_until: fields.Timestamp


def _view(challenge: service.Challenge) -> StepUpView:
    kind = challenge.kind
    return StepUpView(
        id=challenge.challenge_id,
        operation=kind.code,
        facts=challenge.facts,
        zh=kind.zh(challenge.facts),
        en=kind.en(challenge.facts),
        factors=service.kinds_of(challenge.factors),
        digest=challenge.digest.hex(),
        canonical=base64.b64encode(challenge.canonical()).decode(),
        state=challenge.state_at(clock.to_text(clock.now())),  # type: ignore[arg-type]  # one of the four
        created_at=challenge.created_at,
        valid_until=challenge.valid_until,
    )


@api.operation(
    "GET",
    "/v1/step-ups/{step_up_id}",
    zh="待确认的操作",
    en="What a step-up will confirm",
    auth=identity.checks_session,
    entitlement=entitlements.STEP_UP,
    answer=StepUpView,
    refusals=(NotFound,),
)
def read_one(call: Call, step_up_id: str) -> StepUpView:
    """One of the session's own step-ups, in words and facts (XJ-4.2-wysiwys)."""
    return _view(service.challenge_of(call.caller, step_up_id))


@api.operation(
    "POST",
    "/v1/step-ups/{step_up_id}/confirmation",
    zh="确认操作；随后携带 Step-Up 请求头重发原请求",
    en="Confirm; then send the first request again with the header Step-Up",
    auth=identity.checks_session,
    entitlement=entitlements.STEP_UP,
    body=StepUpConfirmation,
    answer=StepUpView,
    refusals=(
        NotFound,
        CodeWrong,
        factor_errors.SignatureWrong,
        factor_errors.SignatureRequired,
        factor_errors.PinWrong,
        factor_errors.PinLocked,
        factor_errors.BoundDeviceRequired,
        factor_errors.TokenCodeUsed,
        factor_errors.FactorNotActive,
        factor_errors.CodeGuessesExhausted,
        PhoneChanged,
        errors.StepUpNotAwaiting,
        errors.StepUpExpired,
        errors.StepUpTriesExhausted,
        errors.StepUpAltered,
        errors.FactorNotAccepted,
        OutcomeUnknown,
    ),
)
def confirm(call: Call, step_up_id: str) -> StepUpView:
    """Enter the code: nothing is done yet but that this operation may be asked for, once."""
    body = call.json(StepUpConfirmation)
    return _view(service.confirm(call.caller, step_up_id, factors.given_of(body, call.caller), clock.now()))


@api.operation(
    "POST",
    "/v1/step-ups/{step_up_id}/codes",
    zh="重新发送验证码，之前的验证码作废",
    en="Send another code; the one before is void",
    auth=identity.checks_session,
    entitlement=entitlements.STEP_UP,
    answer=StepUpView,
    status=202,
    refusals=(
        NotFound,
        errors.StepUpNotAwaiting,
        errors.StepUpExpired,
        errors.FactorNotAccepted,
        errors.CodeTooSoon,
        errors.CodeSendsExhausted,
    ),
)
def send_again(call: Call, step_up_id: str) -> StepUpView:
    """Another code by SMS: the tries and the time stay what they were."""
    return _view(service.send_again(call.caller, step_up_id, clock.now()))
