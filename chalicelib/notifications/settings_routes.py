"""How a customer wants to be told, over HTTP, and the addresses that messages need."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from chalicelib.entitlements import service as entitlements
from chalicelib.factors.errors import CodeWrong
from chalicelib.identity import service as identity
from chalicelib.notifications import errors, service
from chalicelib.notifications.channels import BILLS, FACTORS, MOVEMENTS, PAYMENTS, Channel, Settings
from chalicelib.notifications.commands import bind_channel
from chalicelib.notifications.commands.change_settings import change_settings
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound, OutcomeUnknown, TryAgain
from chalicelib.platform.http import Answer, Api, Body, Call, View
from chalicelib.platform.masking import mask_email
from chalicelib.platform.money import Money
from chalicelib.stepup import errors as stepup_errors

api = Api(__name__)


_STEP_UP = (stepup_errors.StepUpRequired, stepup_errors.StepUpLimitReached, stepup_errors.StrongFactorRequired)


def _each_once(channels: list[Channel]) -> list[Channel]:
    if len(set(channels)) < len(channels):
        raise ValueError("a channel that is named twice")
    return channels


_Channels = Annotated[list[Channel], AfterValidator(_each_once), Field(json_schema_extra={"uniqueItems": True})]
_TimeOfDay = Annotated[
    str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="上海时间 / Shanghai", examples=["22:00"])
]


class QuietHours(Body):
    """Between which times nothing but the inbox is told; they may lie around midnight."""

    since: _TimeOfDay
    until: _TimeOfDay

    @model_validator(mode="after")
    def _is_a_while(self) -> QuietHours:
        if self.since == self.until:
            raise ValueError("a time without length")
        return self


class NotificationSettings(View):
    """By which channels the customer is told of what; the inbox has everything, and security is always told."""

    movements: Annotated[
        _Channels, Field(description="动账提醒渠道；空为仅收件箱 / of balance changes; none: inbox alone")
    ]
    movements_from: Annotated[
        fields.AmountText, Field(description="达到该金额才通过渠道提醒 / from which amount on beside the inbox")
    ]
    payments: Annotated[
        _Channels, Field(description="转账、预约、批量及退回请求 / transfers, orders, batches, recalls")
    ]
    bills: Annotated[_Channels, Field(description="账单与对账 / bills")]
    factors: Annotated[_Channels, Field(description="认证工具到期 / factors that end")]
    quiet_hours: QuietHours | None


class NewNotificationSettings(NotificationSettings, Body):
    """The same, to be set."""


class NotificationSettingsView(View):
    """What was chosen, as it can be sent back, and which addresses are bound."""

    settings: NotificationSettings
    email: Annotated[str | None, Field(description="通知邮箱（脱敏） / address for messages, masked")]
    wechat: Annotated[bool, Field(description="是否已绑定微信 / whether WeChat is bound")]


def _settings_view(head: service.Head) -> NotificationSettingsView:
    settings, email = head.settings, head.addresses.get("email")
    quiet = QuietHours(since=settings.quiet[0], until=settings.quiet[1]) if settings.quiet else None
    chosen = NotificationSettings(
        movements=list(settings.channels[MOVEMENTS]),
        movements_from=str(Money(settings.least_fen)),
        payments=list(settings.channels[PAYMENTS]),
        bills=list(settings.channels[BILLS]),
        factors=list(settings.channels[FACTORS]),
        quiet_hours=quiet,
    )
    return NotificationSettingsView(
        settings=chosen,
        email=mask_email(email.to) if email else None,
        wechat="wechat" in head.addresses,
    )


@api.operation(
    "GET",
    "/v1/notification-settings",
    zh="消息通知设置",
    en="How the customer is told",
    auth=identity.checks_session,
    entitlement=entitlements.NOTIFICATIONS_READ,
    answer=NotificationSettingsView,
)
def read_settings(call: Call) -> NotificationSettingsView:
    """As chosen, or as usual where nothing was."""
    return _settings_view(service.head_of(call.caller.customer_id))


@api.operation(
    "PUT",
    "/v1/notification-settings",
    zh="修改消息通知设置，减少提醒须确认身份；安全提醒与验证码不受影响",
    en="Change how the customer is told, with a step-up where it is of less; security and codes are told in any case",
    auth=identity.checks_session,
    entitlement=entitlements.PROFILE,
    body=NewNotificationSettings,
    answer=NotificationSettingsView,
    refusals=(errors.ChannelNotBound, *_STEP_UP, TryAgain, OutcomeUnknown),
)
def write_settings(call: Call) -> NotificationSettingsView:
    """All of them at once (YQ-4.2.2-alert); the same again changes nothing."""
    body = call.json(NewNotificationSettings)
    settings = Settings(
        {
            MOVEMENTS: tuple(body.movements),
            PAYMENTS: tuple(body.payments),
            BILLS: tuple(body.bills),
            FACTORS: tuple(body.factors),
        },
        Money.parse(body.movements_from).amount_fen,
        (body.quiet_hours.since, body.quiet_hours.until) if body.quiet_hours else None,
    )
    head = change_settings(
        call.caller,
        settings,
        given=call.header("step-up"),
        correlation_id=call.correlation_id,
        now=clock.now(),
    )
    return _settings_view(head)


class NewEmail(Body):
    """Where messages are to go."""

    address: Annotated[
        str,
        # A plain address of the kind that every server takes: a local part, one host of at least two names.
        StringConstraints(
            pattern=r"^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}$", max_length=160
        ),
        Field(description="邮箱地址 / e-mail address", examples=["zhao@example.com"]),
    ]


class EmailBindingView(View):
    """A binding that waits for the code sent to the address."""

    id: str
    email: Annotated[str, Field(description="邮箱（脱敏） / the address, masked", examples=["z***@e***.com"])]
    valid_until: fields.Timestamp


@api.operation(
    "POST",
    "/v1/notification-settings/email-bindings",
    zh="设置通知邮箱，须确认身份；验证码发往该邮箱",
    en="Have messages by e-mail, with a step-up; a code goes to the address",
    auth=identity.checks_session,
    entitlement=entitlements.EMAIL_BIND,
    body=NewEmail,
    answer=EmailBindingView,
    status=202,
    refusals=(errors.ChannelNotOffered, *_STEP_UP, TryAgain, OutcomeUnknown),
)
def begin_email(call: Call) -> EmailBindingView:
    """Begin to bind an address; nothing changes until its code is entered."""
    challenge = bind_channel.begin_email(
        call.caller,
        call.json(NewEmail).address,
        given=call.header("step-up"),
        correlation_id=call.correlation_id,
        now=clock.now(),
    )
    email = mask_email(challenge.facts["email"])
    return EmailBindingView(id=challenge.challenge_id, email=email, valid_until=challenge.valid_until)


class EmailCode(Body):
    """The code that came to the address."""

    code: Annotated[
        str, Field(pattern="^[0-9]{6}$", description="邮件验证码 / code from the message", examples=["123456"])
    ]


@api.operation(
    "POST",
    "/v1/notification-settings/email-bindings/{binding_id}/confirmation",
    zh="确认通知邮箱，立即生效",
    en="Confirm the address: it is bound at once",
    auth=identity.checks_session,
    entitlement=entitlements.EMAIL_PROVE,
    body=EmailCode,
    answer=NotificationSettingsView,
    refusals=(
        NotFound,
        CodeWrong,
        stepup_errors.StepUpNotAwaiting,
        stepup_errors.StepUpExpired,
        stepup_errors.StepUpTriesExhausted,
        stepup_errors.StepUpAltered,
        TryAgain,
        OutcomeUnknown,
    ),
)
def confirm_email(call: Call, binding_id: str) -> NotificationSettingsView:
    """From now on it may be chosen."""
    code = call.json(EmailCode).code
    return _settings_view(bind_channel.complete_email(call.caller, binding_id, code, clock.now()))


class WechatLogin(Body):
    """What WeChat gave the app for the customer's log-in there."""

    code: Annotated[
        str,
        StringConstraints(pattern="^[A-Za-z0-9_-]{1,128}$"),
        Field(description="微信授权码，一次有效 / the code of WeChat's authorisation, good once"),
    ]


@api.operation(
    "PUT",
    "/v1/notification-settings/wechat",
    zh="绑定微信消息通知，须确认身份",
    en="Have messages by WeChat, with a step-up",
    auth=identity.checks_session,
    entitlement=entitlements.WECHAT_BIND,
    body=WechatLogin,
    answer=NotificationSettingsView,
    refusals=(
        errors.ChannelNotOffered,
        errors.WechatCodeInvalid,
        errors.ChannelUnavailable,
        *_STEP_UP,
        TryAgain,
        OutcomeUnknown,
    ),
)
def bind_wechat(call: Call) -> NotificationSettingsView:
    """Messages there say that there is something, and no amount; the app has it."""
    head = bind_channel.bind_wechat(
        call.caller,
        call.json(WechatLogin).code,
        given=call.header("step-up"),
        correlation_id=call.correlation_id,
        now=clock.now(),
    )
    return _settings_view(head)


@api.operation(
    "DELETE",
    "/v1/notification-settings/email",
    zh="解绑通知邮箱",
    en="Take the address for messages off",
    auth=identity.checks_session,
    entitlement=entitlements.PROFILE,
    answer=None,
    status=204,
    refusals=(TryAgain, OutcomeUnknown),
)
def unbind_email(call: Call) -> Answer:
    """What was to go there goes by what else was chosen."""
    bind_channel.unbind(call.caller, "email", clock.now())
    return Answer(None)


@api.operation(
    "DELETE",
    "/v1/notification-settings/wechat",
    zh="解绑微信消息通知",
    en="Have no more messages by WeChat",
    auth=identity.checks_session,
    entitlement=entitlements.PROFILE,
    answer=None,
    status=204,
    refusals=(TryAgain, OutcomeUnknown),
)
def unbind_wechat(call: Call) -> Answer:
    """The same of WeChat."""
    bind_channel.unbind(call.caller, "wechat", clock.now())
    return Answer(None)
