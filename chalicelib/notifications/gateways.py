"""The ways out of the bank that AWS does not have everywhere: e-mail by the bank's SMTP server, WeChat by its official
account. What they need is one secret (JSON); a channel that it says nothing of is not offered.
"""

from __future__ import annotations

import datetime as dt
import json
import smtplib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from chalicelib.notifications.channels import Outgoing, ProviderRefused, ProviderSilent
from chalicelib.platform import clock
from chalicelib.platform.errors import Retryable

# A worker of 30 s may use all four channels for one message: each has its part, whatever its server does.
CONNECT_S, EMAIL_S, WECHAT_S = 2, 6, 6
_SMTP_OK = 250
WECHAT_HOST = "https://api.weixin.qq.com"
# A token of WeChat that ends while a message is under way is none.
_TOKEN_MARGIN = dt.timedelta(seconds=60)
# WeChat takes so many characters in a field of a template message.
_MOST_IN_FIELD = 20
_DONE, _TOO_MANY = 200, 429
# What WeChat answers: the token is over; this user will never have the message; the code of a log-in is none. Anything
# else is for now: what is wrong with the bank's account is mended there, and no customer's fault.
_TOKEN_OVER = frozenset({40001, 40014, 42001})
_NEVER = frozenset({40003, 43004, 43101})
_NO_CODE = frozenset({40029, 40163})


@dataclass(frozen=True, slots=True)
class SmtpGateway:
    """E-mail over TLS: `host`, `port` (465: TLS from the start, else STARTTLS), `user`, `password`, `sender`."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    trusts: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    def send(self, message: Outgoing) -> None:
        letter = EmailMessage(policy=SMTP)
        letter["Subject"], letter["From"], letter["To"] = message.title, self.sender, message.address
        letter["Date"] = format_datetime(clock.now())
        letter["Message-ID"] = make_msgid(idstring="rural-bank", domain=self.sender.rpartition("@")[2])
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text, cte="base64")
        # Errors are not chained on: they hold the address.
        ends_at = clock.monotonic() + EMAIL_S
        server = self._begun(ends_at)
        try:
            code = self._recipient_taken(server, message.address, ends_at)
            if code < 300:
                code = _data_taken(server, letter.as_bytes(), ends_at)
        finally:
            server.close()
        if code >= 500:
            raise ProviderRefused(f"the mail server refused: {code}")
        if code >= 300:
            raise Retryable(f"the mail server refused for now: {code}")

    def _begun(self, ends_at: float) -> smtplib.SMTP:
        """A conversation with the server, which knows the bank; nothing was said of the message."""
        try:
            server = self._connected()
        except (OSError, smtplib.SMTPException):
            raise Retryable("the mail server was not reached") from None
        if not self._is_known(server, ends_at):
            # Also where it will not have the sender: that is the bank's fault, and no customer's.
            raise Retryable("the mail server does not know the bank")
        return server

    def _connected(self) -> smtplib.SMTP:
        if self.port == smtplib.SMTP_SSL_PORT:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=CONNECT_S, context=self.trusts)
        server = smtplib.SMTP(self.host, self.port, timeout=CONNECT_S)
        server.starttls(context=self.trusts)
        return server

    def _is_known(self, server: smtplib.SMTP, ends_at: float) -> bool:
        try:
            _limit(server, ends_at)
            server.login(self.user, self.password)
            _limit(server, ends_at)
            code, _ = server.mail(self.sender)
        except (OSError, smtplib.SMTPException):
            code = 0
        if code != _SMTP_OK:
            server.close()
        return code == _SMTP_OK

    @staticmethod
    def _recipient_taken(server: smtplib.SMTP, address: str, ends_at: float) -> int:
        try:
            _limit(server, ends_at)
            return server.rcpt(address)[0]
        except (OSError, smtplib.SMTPException):
            raise Retryable("the mail server did not answer before it was given the message") from None


def _limit(server: smtplib.SMTP, ends_at: float) -> None:
    """Let what comes next take no longer than what is left; raises TimeoutError where nothing is."""
    left = ends_at - clock.monotonic()
    if left <= 0 or server.sock is None:
        raise TimeoutError
    server.sock.settimeout(left)


def _data_taken(server: smtplib.SMTP, letter: bytes, ends_at: float) -> int:
    try:
        _limit(server, ends_at)
        return server.data(letter)[0]
    except smtplib.SMTPDataError as error:
        # Before it took the text: it would not have it.
        return error.smtp_code
    except (OSError, smtplib.SMTPException):
        raise ProviderSilent("the mail server did not answer") from None


@dataclass(slots=True)
class WechatGateway:
    """Template messages of the bank's official account, to who follows it: `app_id`, `app_secret`, `template_id`, and
    in `fields` what the template calls the fields for what it is about and when.

    No amount or account leaves for WeChat: its fields are too short for them and it is no place of the bank's. What it
    tells is that there is something, and that the app has it.
    """

    app_id: str
    app_secret: str = field(repr=False)
    template_id: str
    fields: Mapping[str, str]
    host: str = WECHAT_HOST
    # And until when it is good.
    _token: tuple[str, dt.datetime] | None = field(default=None, repr=False)
    _pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False), repr=False)

    def send(self, message: Outgoing) -> None:
        ends_at = clock.monotonic() + WECHAT_S
        code = self._send(message, ends_at)
        if code in _TOKEN_OVER:
            self._token = None
            code = self._send(message, ends_at)
        if code in _NEVER:
            raise ProviderRefused(f"WeChat refused: {code}")
        if code:
            raise Retryable(f"WeChat refused for now: {code}")

    def _send(self, message: Outgoing, ends_at: float) -> int:
        token = self._access(ends_at)
        what = {self.fields["title"]: message.title, self.fields["time"]: message.at}
        body = {
            "touser": message.address,
            "template_id": self.template_id,
            # WeChat drops what comes again under it within ten minutes.
            "client_msg_id": message.message_id[-32:],
            "data": {name: {"value": text[:_MOST_IN_FIELD]} for name, text in what.items()},
        }
        answer = self._asked("/cgi-bin/message/template/send", body, ends_at, access_token=token)
        return _number(answer, "errcode", 0)

    def open_id_of(self, code: str) -> str | None:
        """Who gave the app this code by logging in to WeChat; None for a code that is none or was used.

        Raises Retryable, ProviderSilent.
        """
        answer = self._asked(
            "/sns/oauth2/access_token",
            None,
            clock.monotonic() + WECHAT_S,
            appid=self.app_id,
            secret=self.app_secret,
            code=code,
            grant_type="authorization_code",
        )
        open_id, refused = answer.get("openid"), _number(answer, "errcode", 0)
        if isinstance(open_id, str) and open_id:
            return open_id
        if refused in _NO_CODE:
            return None
        raise Retryable(f"WeChat refused for now: {refused}")

    def _access(self, ends_at: float) -> str:
        # The stable token: every instance is given the same one, and none ends another's.
        if self._token is None or clock.now() >= self._token[1]:
            asked = {"grant_type": "client_credential", "appid": self.app_id, "secret": self.app_secret}
            try:
                answer = self._asked("/cgi-bin/stable_token", asked, ends_at)
            except ProviderSilent:
                answer = {}
            token, good_for_s = answer.get("access_token"), _number(answer, "expires_in", 0)
            if not isinstance(token, str) or not token:
                # Nothing was said of the message, so it may be said again.
                raise Retryable(f"WeChat gives no token: {_number(answer, 'errcode', 0)}")
            self._token = token, clock.now() + dt.timedelta(seconds=good_for_s) - _TOKEN_MARGIN
        return self._token[0]

    def _asked(self, path: str, body: Mapping[str, Any] | None, ends_at: float, **query: str) -> dict[str, Any]:
        # Errors are not chained on: they hold the address, which has secrets in it.
        method, encoded = ("GET", None) if body is None else ("POST", json.dumps(body, ensure_ascii=False).encode())
        left = ends_at - clock.monotonic()
        if left <= 0:
            raise Retryable("WeChat took all of its time before it was given the message")
        timeout = urllib3.Timeout(total=left, connect=min(CONNECT_S, left))
        try:
            answer = self._pool.request(
                method, f"{self.host}{path}?{urlencode(query)}", body=encoded, redirect=False, timeout=timeout
            )
        except (ConnectTimeoutError, NewConnectionError, SSLError):
            raise Retryable("WeChat was not reached") from None
        except HTTPError:
            raise ProviderSilent("WeChat did not answer") from None
        if answer.status == _TOO_MANY:
            raise Retryable("WeChat refused for now: too many requests")
        try:
            found = json.loads(answer.data) if answer.status == _DONE else None
        except ValueError:
            found = None
        if not isinstance(found, dict):
            # Whoever answered something else may have passed the message on.
            raise ProviderSilent(f"WeChat answered something else: {answer.status}")
        return found


def _number(answer: Mapping[str, Any], name: str, default: int) -> int:
    value = answer.get(name, default)
    return value if isinstance(value, int) else -1
