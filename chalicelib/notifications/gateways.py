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
from email.policy import SMTPUTF8
from email.utils import make_msgid
from typing import Any
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from chalicelib.notifications.channels import Outgoing, ProviderRefused, ProviderSilent
from chalicelib.platform import clock
from chalicelib.platform.errors import Retryable

TIMEOUT_S = 5
WECHAT_HOST = "https://api.weixin.qq.com"
# A token of WeChat that ends while a message is under way is none.
_TOKEN_MARGIN = dt.timedelta(seconds=60)
# WeChat takes so many characters in a field of a template message.
_MOST_IN_FIELD = 20
# What WeChat answers: the token is over; for now; anything else is for good (a user who no longer follows, a template
# that is not there).
_TOKEN_OVER = frozenset({40001, 40014, 42001})
_FOR_NOW = frozenset({-1, 45009, 45011})


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
        letter = EmailMessage(policy=SMTPUTF8)
        letter["Subject"], letter["From"], letter["To"] = message.title, self.sender, message.address
        letter["Message-ID"] = make_msgid(idstring="rural-bank", domain=self.sender.rpartition("@")[2])
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text)
        try:
            server = self._connected()
        except smtplib.SMTPAuthenticationError as error:
            raise Retryable("the mail server does not know the bank") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Retryable("the mail server was not reached") from error
        try:
            server.send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            _refused(max(code for code, _ in error.recipients.values()))
        except smtplib.SMTPResponseException as error:
            _refused(error.smtp_code)
        except (OSError, smtplib.SMTPException) as error:
            raise ProviderSilent("the mail server did not answer") from error
        finally:
            server.close()

    def _connected(self) -> smtplib.SMTP:
        if self.port == smtplib.SMTP_SSL_PORT:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=self.trusts)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
            server.starttls(context=self.trusts)
        server.login(self.user, self.password)
        return server


def _refused(code: int) -> None:
    if code >= 500:
        raise ProviderRefused(f"the mail server refused: {code}")
    raise Retryable(f"the mail server refused for now: {code}")


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
        code = self._send(message)
        if code in _TOKEN_OVER:
            self._token = None
            code = self._send(message)
        if code in _FOR_NOW or code in _TOKEN_OVER:
            raise Retryable(f"WeChat refused for now: {code}")
        if code:
            raise ProviderRefused(f"WeChat refused: {code}")

    def _send(self, message: Outgoing) -> int:
        what = {self.fields["title"]: message.title, self.fields["time"]: message.at}
        body = {
            "touser": message.address,
            "template_id": self.template_id,
            # WeChat drops what comes again under it within ten minutes.
            "client_msg_id": message.message_id[-32:],
            "data": {name: {"value": text[:_MOST_IN_FIELD]} for name, text in what.items()},
        }
        return int(self._asked("/cgi-bin/message/template/send", body, access_token=self._access()).get("errcode", 0))

    def open_id_of(self, code: str) -> str | None:
        """Who gave the app this code by logging in to WeChat; None for a code that is none or was used.

        Raises Retryable, ProviderSilent.
        """
        answer = self._asked(
            "/sns/oauth2/access_token",
            None,
            appid=self.app_id,
            secret=self.app_secret,
            code=code,
            grant_type="authorization_code",
        )
        if answer.get("errcode") in _FOR_NOW:
            raise Retryable("WeChat refused for now")
        open_id = answer.get("openid")
        return open_id if isinstance(open_id, str) and open_id else None

    def _access(self) -> str:
        # The stable token: every instance is given the same one, and none ends another's.
        if self._token is None or clock.now() >= self._token[1]:
            asked = {"grant_type": "client_credential", "appid": self.app_id, "secret": self.app_secret}
            answer = self._asked("/cgi-bin/stable_token", asked)
            if "access_token" not in answer:
                raise Retryable(f"WeChat gives no token: {answer.get('errcode')}")
            good_for = dt.timedelta(seconds=int(answer["expires_in"])) - _TOKEN_MARGIN
            self._token = str(answer["access_token"]), clock.now() + good_for
        return self._token[0]

    def _asked(self, path: str, body: Mapping[str, Any] | None, **query: str) -> dict[str, Any]:
        # Errors are not chained on: they hold the address, which has secrets in it.
        method, encoded = ("GET", None) if body is None else ("POST", json.dumps(body, ensure_ascii=False).encode())
        address = f"{self.host}{path}?{urlencode(query)}"
        try:
            answer = self._pool.request(
                method, address, body=encoded, redirect=False, timeout=urllib3.Timeout(connect=2, read=TIMEOUT_S)
            )
        except (ConnectTimeoutError, NewConnectionError):
            raise Retryable("WeChat was not reached") from None
        except HTTPError:
            raise ProviderSilent("WeChat did not answer") from None
        if answer.status != 200:
            raise Retryable(f"WeChat refused for now: {answer.status}")
        try:
            found = json.loads(answer.data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ProviderSilent("WeChat answered something else")
        return found
