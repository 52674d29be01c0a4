"""Log-in and sessions over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.customers.errors import PhoneChanged
from chalicelib.devices import errors as device_errors
from chalicelib.entitlements import service as entitlements
from chalicelib.factors.errors import CodeGuessesExhausted, CodeWrong
from chalicelib.identity import errors, service
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound, OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, View
from chalicelib.platform.jwks import JwkSet, answer_of
from chalicelib.stepup import errors as stepup_errors

api = Api(__name__)


class CaptchaSolved(Body):
    """One of `text` and `proof`."""

    captcha_id: Annotated[str, StringConstraints(pattern="^[a-z2-7]{20}$")]
    text: Annotated[
        str | None, StringConstraints(max_length=16), Field(description="图中文字 / what the picture shows")
    ] = None
    proof: Annotated[
        str | None, StringConstraints(max_length=4096), Field(description="ALTCHA 结果 / ALTCHA's payload")
    ] = None


class Device(Body):
    """The device that logs in: its P-256 key, and a signature made just now with the private half.

    Signed is the text of three lines `rural-bank-device-1`, the log-in name as it is sent, and `signed_at`, joined
    by line feeds; each signature is good for one log-in, also one with a wrong password. A device that is not bound
    is answered `step_up_required`: see `/v1/sessions/devices`.
    """

    name: fields.DeviceName
    platform: Annotated[Literal["ios", "android", "harmonyos", "other"], Field(description="系统 / platform")]
    public_key: Annotated[
        str, StringConstraints(max_length=200), Field(description="SPKI, DER, base64 / the device's public key")
    ]
    signed_at: Annotated[
        str, StringConstraints(max_length=30), Field(description="设备时间 / 2026-11-21T02:00:00.000Z")
    ]
    signature: Annotated[str, StringConstraints(max_length=120), Field(description="ECDSA SHA-256, DER, base64")]


class DeviceCode(Body):
    """The challenge that a log-in answered with, and the code that was sent to the reserved phone."""

    step_up: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    code: Annotated[str, Field(pattern="^[0-9]{6}$", description="短信验证码 / SMS code", examples=["123456"])]


class LogIn(Body):
    """Log-in name or account number, and query password (查询密码)."""

    login_name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=64),
        Field(description="登录名或账号 / login name or account number"),
    ]
    password: Annotated[
        str,
        StringConstraints(min_length=1, max_length=service.MAX_PASSWORD),
        Field(description="查询密码 / query password"),
    ]
    edition: Annotated[
        Literal["express", "credit_card", "professional"] | None,
        Field(description="以哪个版本登录，不填为签约版本 / the edition to come by; left out: as signed up"),
    ] = None
    captcha: Annotated[
        CaptchaSolved | None,
        Field(description="图形验证码，被要求时填写 / a captcha's answer, where one was asked for"),
    ] = None
    device: Annotated[Device | None, Field(description="不填则为无设备登录 / left out: no device")] = None


class Refresh(Body):
    """The refresh token last given; each is good for one exchange."""

    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class LiveSession(View):
    """A session that goes on; its device where one is bound to it."""

    id: str
    current: Annotated[bool, Field(description="是否本次会话 / whether it is this very session")]
    created_at: fields.Timestamp
    renewed_at: Annotated[fields.Timestamp, Field(description="最近一次续期 / last log-in or renewal")]
    idle_at: Annotated[fields.Timestamp, Field(description="届时不续期即结束 / ends then unless renewed")]
    ends_at: Annotated[fields.Timestamp, Field(description="最晚结束时间 / ends then in any case")]
    device_id: str | None


class LiveSessions(View):
    sessions: list[LiveSession]


class SessionView(View):
    """Tokens of a session; times in seconds."""

    customer_id: str
    edition: str
    token_type: Literal["Bearer"]
    access_token: str
    expires_in: Annotated[int, Field(description="访问凭证有效秒数 / the access token's seconds")]
    refresh_token: str
    refresh_expires_in: Annotated[int, Field(description="续期凭证有效秒数 / the refresh token's seconds")]


def _view(grant: service.Grant) -> SessionView:
    return SessionView(
        customer_id=grant.customer_id,
        edition=grant.edition,
        token_type="Bearer",  # noqa: S106  # the scheme's name
        access_token=grant.access_token,
        expires_in=grant.access_token_s,
        refresh_token=grant.refresh_token,
        refresh_expires_in=grant.refresh_token_s,
    )


@api.operation(
    "GET",
    "/v1/jwks.json",
    zh="访问凭证的公钥",
    en="Public keys of access tokens (RFC 7517)",
    auth=None,
    answer=JwkSet,
    also=(304,),
)
def read_keys(call: Call) -> Answer:
    """The keys that verify now: the one that signs, the next, and those whose last tokens have not died."""
    return answer_of(service.token_keys(clock.now()))


@api.operation(
    "POST",
    "/v1/sessions",
    zh="登录",
    en="Log in",
    auth=None,
    body=LogIn,
    answer=SessionView,
    status=201,
    refusals=(
        errors.LoginRefused,
        errors.CaptchaRequired,
        device_errors.DeviceRequired,
        device_errors.DeviceProofRefused,
        device_errors.DeviceRevoked,
        device_errors.DeviceLimitReached,
        stepup_errors.StepUpRequired,
        stepup_errors.StepUpLimitReached,
        stepup_errors.StrongFactorRequired,
    ),
)
def log_in(call: Call) -> SessionView:
    """Log in (NB-5.3.2)."""
    body = call.json(LogIn)
    device = service.DeviceProof(**body.device.model_dump()) if body.device else None
    answer = body.captcha
    captcha = service.CaptchaAnswer(answer.captcha_id, answer.text, answer.proof) if answer else None
    grant = service.log_in(
        body.login_name,
        body.password,
        clock.now(),
        edition=body.edition,
        captcha=captcha,
        device=device,
        correlation_id=call.correlation_id,
    )
    return _view(grant)


@api.operation(
    "POST",
    "/v1/sessions/devices",
    zh="绑定设备并登录",
    en="Bind the device of a log-in and log in",
    auth=None,
    body=DeviceCode,
    answer=SessionView,
    status=201,
    refusals=(
        NotFound,
        errors.LoginRefused,
        device_errors.DeviceLimitReached,
        CodeWrong,
        CodeGuessesExhausted,
        PhoneChanged,
        stepup_errors.StepUpNotAwaiting,
        stepup_errors.StepUpExpired,
        stepup_errors.StepUpTriesExhausted,
        stepup_errors.StepUpAltered,
        OutcomeUnknown,
    ),
)
def bind_device(call: Call) -> SessionView:
    """Enter the code that came to the reserved phone; from now on the device logs in without (XJ-4.2)."""
    body = call.json(DeviceCode)
    return _view(service.bind_device(body.step_up, body.code, clock.now()))


@api.operation(
    "POST",
    "/v1/sessions/refresh",
    zh="续期",
    en="Exchange a refresh token for new tokens",
    auth=None,
    body=Refresh,
    answer=SessionView,
    refusals=(errors.RefreshRefused,),
)
def renew(call: Call) -> SessionView:
    """Renew a session; a token used twice ends it."""
    return _view(service.renew(call.json(Refresh).refresh_token, clock.now()))


@api.operation(
    "DELETE",
    "/v1/sessions/current",
    zh="退出登录",
    en="Log out",
    auth=service.checks_session,
    entitlement=entitlements.SESSION_END,
    answer=None,
    status=204,
)
def log_out(call: Call) -> Answer:
    """End this session at once, everywhere."""
    service.log_out(call.caller, clock.now())
    return Answer(None)


@api.operation(
    "GET",
    "/v1/sessions",
    zh="本人的登录会话，最新在前",
    en="The caller's live sessions, newest first",
    auth=service.checks_session,
    entitlement=entitlements.SECURITY_READ,
    answer=LiveSessions,
)
def read_sessions(call: Call) -> LiveSessions:
    """Where the customer is logged in."""
    caller = call.caller
    live = service.live_sessions(caller.customer_id, clock.now())
    return LiveSessions(sessions=[_live_view(session, caller.session_id) for session in reversed(live)])


def _live_view(session: service.Session, current: str) -> LiveSession:
    def at(epoch_s: int) -> str:
        return clock.to_text(clock.from_epoch(epoch_s))

    return LiveSession(
        id=session.session_id,
        current=session.session_id == current,
        created_at=at(session.created_at),
        renewed_at=at(session.renewed_at),
        idle_at=at(min(session.refresh_until, session.ends_at)),
        ends_at=at(session.ends_at),
        device_id=session.device_id,
    )


@api.operation(
    "DELETE",
    "/v1/sessions/others",
    zh="终止其他所有会话",
    en="End all sessions but this one",
    auth=service.checks_session,
    entitlement=entitlements.SECURITY_PROTECT,
    answer=None,
    status=204,
)
def end_others(call: Call) -> Answer:
    """End every other session at once; none of them can move money from then on."""
    caller = call.caller
    service.end_sessions(caller.customer_id, caller.session_id, now=clock.now(), by="owner")
    return Answer(None)


@api.operation(
    "DELETE",
    "/v1/sessions/{session_id}",
    zh="终止一个会话",
    en="End one session",
    auth=service.checks_session,
    entitlement=entitlements.SECURITY_PROTECT,
    answer=None,
    status=204,
    refusals=(NotFound,),
)
def end_one(call: Call, session_id: str) -> Answer:
    """End one of the caller's sessions at once; it cannot move money from then on."""
    if not service.end_session(call.caller.customer_id, session_id, now=clock.now(), by="owner"):
        raise NotFound()
    return Answer(None)
