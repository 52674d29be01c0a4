"""Log-in and sessions over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.identity import errors, service
from chalicelib.platform import clock
from chalicelib.platform.http import Answer, Api, Body, Call, View

api = Api(__name__)


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


class Refresh(Body):
    """The refresh token last given; each is good for one exchange."""

    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=256)]


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
    "POST",
    "/v1/sessions",
    zh="登录",
    en="Log in",
    auth=None,
    body=LogIn,
    answer=SessionView,
    status=201,
    refusals=(errors.LoginRefused,),
)
def log_in(call: Call) -> SessionView:
    """Log in (NB-5.3.2)."""
    body = call.json(LogIn)
    return _view(service.log_in(body.login_name, body.password, clock.now()))


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
    answer=None,
    status=204,
)
def log_out(call: Call) -> Answer:
    """End this session at once, everywhere."""
    service.log_out(call.caller, clock.now())
    return Answer(None)
