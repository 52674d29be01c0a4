"""Query, withdrawal and payment passwords, log-in names and captchas over HTTP."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from chalicelib.entitlements import service as entitlements
from chalicelib.identity import errors, service
from chalicelib.identity.commands import apply_for_password as applications
from chalicelib.identity.commands import captcha as captchas
from chalicelib.identity.commands.change_password import change_password
from chalicelib.identity.commands.payment_password import set_payment_password, verify_payment_password
from chalicelib.identity.commands.set_login_name import set_login_name
from chalicelib.platform import clock, fields
from chalicelib.platform.errors import NotFound, OutcomeUnknown
from chalicelib.platform.http import Answer, Api, Body, Call, View

api = Api(__name__)

_APPLICATION_ID = re.compile(r"[a-z2-7]{26}")


class CaptchaWish(Body):
    """For whose log-in the captcha is."""

    login_name: Annotated[
        str,
        StringConstraints(min_length=1, max_length=64),
        Field(description="将要登录的登录名或账号 / the name that will log in"),
    ]


class CaptchaView(View):
    """Read the picture, or let the device do the work: either answer will do, once."""

    captcha_id: str
    image_png: Annotated[str, Field(description="图片，PNG，Base64 / the picture, PNG in base64")]
    proof_of_work: Annotated[
        dict[str, Any],
        Field(description="无障碍方式：ALTCHA 工作量证明 / for those who cannot read it: ALTCHA's challenge"),
    ]
    expires_in: Annotated[int, Field(description="有效秒数 / valid for so many seconds")]


@api.operation(
    "POST",
    "/v1/captchas",
    zh="获取登录验证码（图片，或无障碍的工作量证明）",
    en="A captcha for a log-in: a picture, or proof of work instead",
    auth=None,
    body=CaptchaWish,
    answer=CaptchaView,
    status=201,
)
def give_captcha(call: Call) -> CaptchaView:
    """A captcha for one log-in with this name (XJ-4.2-pw)."""
    given = captchas.give(call.json(CaptchaWish).login_name, clock.now())
    return CaptchaView(
        captcha_id=given.captcha_id, image_png=given.image_png, proof_of_work=given.work, expires_in=given.valid_s
    )


class PasswordChange(Body):
    """The old query password and the new one."""

    old_password: Annotated[
        str,
        StringConstraints(min_length=1, max_length=service.MAX_PASSWORD),
        Field(description="原查询密码 / the old query password"),
    ]
    new_password: Annotated[
        str,
        StringConstraints(min_length=1, max_length=service.MAX_PASSWORD),
        Field(description="新查询密码 / the new query password"),
    ]


class PasswordChanged(View):
    sessions_ended: Annotated[int, Field(description="同时下线的其他会话数 / other sessions that were ended")]


class LoginName(Body):
    """The name to log in with."""

    login_name: Annotated[str, StringConstraints(min_length=1, max_length=64), Field(description="登录名 / login name")]


class LoginNameView(View):
    login_name: str


@api.operation(
    "POST",
    "/v1/credentials/password",
    zh="修改查询密码，其他会话随即下线",
    en="Change the query password; every other session ends",
    auth=service.checks_session,
    entitlement=entitlements.PASSWORD_CHANGE,
    body=PasswordChange,
    answer=PasswordChanged,
    refusals=(
        errors.OldPasswordWrong,
        errors.PasswordUnchanged,
        errors.PasswordTooShort,
        errors.PasswordPersonal,
        errors.PasswordPattern,
        errors.PasswordCommon,
        OutcomeUnknown,
    ),
)
def change_query_password(call: Call) -> PasswordChanged:
    """Change the query password (NB-5.3.2)."""
    body = call.json(PasswordChange)
    ended = change_password(call.caller, body.old_password, body.new_password, clock.now())
    return PasswordChanged(sessions_ended=ended)


@api.operation(
    "PUT",
    "/v1/credentials/login-name",
    zh="设置或修改登录名，原登录名随即释放",
    en="Set or change the login name; the old one is free from then on",
    auth=service.checks_session,
    entitlement=entitlements.LOGIN_NAME_CHANGE,
    body=LoginName,
    answer=LoginNameView,
    refusals=(errors.LoginNameMalformed, errors.LoginNameTaken, OutcomeUnknown),
)
def change_login_name(call: Call) -> LoginNameView:
    """Set the login name."""
    return LoginNameView(login_name=set_login_name(call.caller, call.json(LoginName).login_name, clock.now()))


class PasswordApplication(Body):
    """Customer data as the bank has them, and the account's withdrawal password."""

    name: fields.PersonName
    id_number: Annotated[str, StringConstraints(min_length=1, max_length=32), Field(description="证件号码 / id number")]
    phone: Annotated[str, StringConstraints(min_length=1, max_length=20), Field(description="预留手机号 / phone")]
    account_id: fields.AccountId
    withdrawal_password: Annotated[
        str, Field(pattern="^[0-9]{6}$", description="账户取款密码 / the account's withdrawal password")
    ]


class ApplicationView(View):
    """The same whether or not the data are right: then, and only then, a code comes by SMS."""

    application_id: str
    expires_in: Annotated[int, Field(description="有效秒数 / valid for so many seconds")]


class PasswordSetting(Body):
    """The code by SMS and the new query password."""

    code: Annotated[str, Field(pattern="^[0-9]{6}$", description="短信验证码 / SMS code")]
    password: Annotated[
        str,
        StringConstraints(min_length=1, max_length=service.MAX_PASSWORD),
        Field(description="查询密码 / query password"),
    ]


@api.operation(
    "POST",
    "/v1/password-applications",
    zh="申请或重置查询密码：核对客户资料与取款密码，并发送短信验证码",
    en="Apply for or reset the query password: data and withdrawal password are checked, a code is sent",
    auth=None,
    body=PasswordApplication,
    answer=ApplicationView,
    status=202,
)
def apply_for_password(call: Call) -> ApplicationView:
    """Apply for a query password (NB-5.3.2)."""
    body = call.json(PasswordApplication)
    stated = applications.Stated(body.name, body.id_number, body.phone, body.account_id, body.withdrawal_password)
    application_id, valid_s = applications.apply(stated, call.correlation_id, clock.now())
    return ApplicationView(application_id=application_id, expires_in=valid_s)


@api.operation(
    "POST",
    "/v1/password-applications/{application_id}/confirmation",
    zh="凭短信验证码设置查询密码，全部会话随即下线",
    en="Set the query password with the code; every session ends",
    auth=None,
    body=PasswordSetting,
    answer=None,
    status=204,
    refusals=(
        errors.ApplicationRefused,
        errors.PasswordTooShort,
        errors.PasswordPersonal,
        errors.PasswordPattern,
        errors.PasswordCommon,
        OutcomeUnknown,
    ),
)
def set_applied_password(call: Call, application_id: str) -> Answer:
    """Set the query password that was applied for (NB-5.3.2)."""
    body = call.json(PasswordSetting)
    if not _APPLICATION_ID.fullmatch(application_id):
        raise errors.ApplicationRefused()
    applications.set_password(application_id, body.code, body.password, clock.now())
    return Answer(None)


_PaymentPassword = Annotated[
    str, Field(pattern="^[0-9]{6}$", description="电子支付密码，六位数字 / payment password, six digits")
]


class PaymentPasswordSetting(Body):
    """The query password proves who sets it."""

    query_password: Annotated[
        str,
        StringConstraints(min_length=1, max_length=service.MAX_PASSWORD),
        Field(description="查询密码 / query password"),
    ]
    payment_password: _PaymentPassword


class PaymentPasswordGiven(Body):
    payment_password: _PaymentPassword


@api.operation(
    "PUT",
    "/v1/accounts/{account_id}/payment-password",
    zh="设置或重置账户的电子支付密码（快速通道）",
    en="Set or reset the account's electronic payment password (express edition)",
    auth=service.checks_session,
    entitlement=entitlements.PAYMENT_PASSWORD_MANAGE,
    body=PaymentPasswordSetting,
    answer=None,
    status=204,
    refusals=(
        NotFound,
        errors.OldPasswordWrong,
        errors.PasswordPersonal,
        errors.PasswordPattern,
        OutcomeUnknown,
    ),
)
def change_payment_password(call: Call, account_id: str) -> Answer:
    """Set the electronic payment password (NB-5.3.3-epay)."""
    body = call.json(PaymentPasswordSetting)
    set_payment_password(call.caller, account_id, body.query_password, body.payment_password, clock.now())
    return Answer(None)


@api.operation(
    "POST",
    "/v1/accounts/{account_id}/payment-password/verification",
    zh="验证账户的电子支付密码",
    en="Verify the account's electronic payment password",
    auth=service.checks_session,
    entitlement=entitlements.PAYMENT_PASSWORD_MANAGE,
    body=PaymentPasswordGiven,
    answer=None,
    status=204,
    refusals=(NotFound, errors.PaymentPasswordWrong),
)
def check_payment_password(call: Call, account_id: str) -> Answer:
    """Verify the electronic payment password (NB-5.3.3-epay)."""
    body = call.json(PaymentPasswordGiven)
    verify_payment_password(call.caller, account_id, body.payment_password, clock.now())
    return Answer(None)
