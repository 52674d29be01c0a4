"""E-mail against a mail server with TLS and log-in, WeChat against a server that answers as WeChat does: what each
answer, and each silence, means for a message that must not be sent twice.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import smtplib
import socket
import ssl
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.notifications import gateways, providers
from chalicelib.notifications.channels import Outgoing, ProviderRefused, ProviderSilent
from chalicelib.notifications.gateways import SmtpGateway, WechatGateway
from chalicelib.platform import aws, clock
from chalicelib.platform.errors import Retryable
from tests.unit.answering import Answer, answering
from tests.unit.samples import NOW

pytestmark = pytest.mark.requirement("YQ-4.2.2-alert")
EMAIL = Outgoing(
    "m1#email", "email", "13900000001", "zhao@example.com", "【乡村银行】您尾号0017账户存入10.00元。", "乡村银行通知"
)
WECHAT = Outgoing(
    "2026#m1#wechat", "wechat", "13900000001", "open-1", "不应发送的金额10.00", "账户动账提醒", "2026-11-28 10:00"
)
USER, PASSWORD = "bank", "a password of the test"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The server's certificate, and who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begins = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder: Path = tmp_path_factory.mktemp("tls")
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "both.pem").write_bytes(private + pem)
    serves = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serves.load_cert_chain(folder / "both.pem")
    return serves, ssl.create_default_context(cadata=pem.decode())


@dataclass
class Mailbox:
    """What the mail server took, and what it is to say."""

    says: str = "250 OK"
    says_of_recipient: str = "250 OK"
    taken: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.says_of_recipient == "gone":
            server.transport.abort()
        if self.says_of_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.says_of_recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.says == "gone":
            server.transport.abort()
            return "250 nobody hears it"
        if self.says.startswith("250"):
            self.taken.append(envelope.content)
            self.recipients += envelope.rcpt_tos
        return self.says


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def smtp(mailbox: Mailbox, tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> Iterator[SmtpGateway]:
    def knows(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (USER.encode(), PASSWORD.encode()))

    serves, trusts = tls
    server = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=serves,
        require_starttls=True,
        authenticator=knows,
        auth_required=True,
    )
    server.start()
    yield SmtpGateway("127.0.0.1", server.port, USER, PASSWORD, "bank@rural.example", trusts)
    server.stop()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_an_email_arrives_whole_over_tls(smtp: SmtpGateway, mailbox: Mailbox) -> None:
    smtp.send(EMAIL)
    assert mailbox.recipients == ["zhao@example.com"]
    letter = message_from_bytes(mailbox.taken[0], policy=policy.default)
    body = letter.get_body()
    assert body is not None
    assert body.get_content().strip() == EMAIL.text
    assert (letter["Subject"], letter["To"], letter["From"]) == (
        "乡村银行通知",
        "zhao@example.com",
        "bank@rural.example",
    )
    assert letter["Auto-Submitted"] == "auto-generated"
    # any server takes it: all of it is ASCII
    assert mailbox.taken[0].isascii()
    assert letter["Date"] is not None


@pytest.mark.parametrize(
    ("mailbox", "told"),
    [
        pytest.param(Mailbox(says_of_recipient="550 nobody here"), ProviderRefused, id="no such address"),
        pytest.param(Mailbox(says_of_recipient="450 later"), Retryable, id="the address is busy"),
        pytest.param(Mailbox(says="554 no"), ProviderRefused, id="refused for good"),
        pytest.param(Mailbox(says="451 later"), Retryable, id="refused for now"),
        pytest.param(Mailbox(says="gone"), ProviderSilent, id="cut off after it may have taken it"),
        pytest.param(Mailbox(says_of_recipient="gone"), Retryable, id="cut off before it was given the text"),
    ],
)
def test_what_the_mail_server_says_is_told_by_what_is_known(smtp: SmtpGateway, told: type[Exception]) -> None:
    with pytest.raises(told) as raised:
        smtp.send(EMAIL)
    # and whose address it is stands in no log
    assert EMAIL.address not in "".join(traceback.format_exception(raised.value))


def test_a_server_that_is_not_there_or_not_itself_or_does_not_know_the_bank_took_nothing(
    smtp: SmtpGateway, mailbox: Mailbox, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    for wrong in (
        SmtpGateway("127.0.0.1", free_port(), USER, PASSWORD, smtp.sender, tls[1]),
        SmtpGateway("127.0.0.1", smtp.port, USER, PASSWORD, smtp.sender),
        SmtpGateway("127.0.0.1", smtp.port, USER, "another", smtp.sender, tls[1]),
    ):
        with pytest.raises(Retryable):
            wrong.send(EMAIL)
    assert mailbox.taken == []


def test_an_address_cannot_bring_headers_along(smtp: SmtpGateway, mailbox: Mailbox) -> None:
    hostile = Outgoing("m1", "email", "1", "zhao@example.com\r\nBcc: thief@example.com", "x")
    with pytest.raises(ValueError, match="linefeed"):
        smtp.send(hostile)
    assert mailbox.taken == []


@dataclass
class Wechat:
    """What WeChat saw, and what it is to answer of each path; a number of the answer's status, or silence."""

    answers: dict[str, list[Any]]
    seen: list[tuple[str, dict[str, list[str]], Any]] = field(default_factory=list)
    url: str = ""

    def next(self, path: str) -> Any:
        answers = self.answers[path]
        return answers.pop(0) if len(answers) > 1 else answers[0]


TOKEN, SEND, LOGIN = "/cgi-bin/stable_token", "/cgi-bin/message/template/send", "/sns/oauth2/access_token"


@pytest.fixture
def wechat() -> Iterator[Wechat]:
    state = Wechat(
        {
            TOKEN: [{"access_token": "t1", "expires_in": 7200}, {"access_token": "t2", "expires_in": 7200}],
            SEND: [{"errcode": 0, "errmsg": "ok", "msgid": 1}],
            LOGIN: [{"openid": "open-1", "access_token": "x"}],
        }
    )

    def party(path: str, _: Mapping[str, str], body: bytes) -> Answer | None:
        address = urlsplit(path)
        state.seen.append((address.path, parse_qs(address.query), json.loads(body) if body else None))
        answer = state.next(address.path)
        if answer == "silent":
            return None
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return Answer(answer if isinstance(answer, int) else 200, data)

    with answering(party) as state.url:
        yield state


@pytest.fixture
def gateway(wechat: Wechat) -> WechatGateway:
    return WechatGateway("app", "a secret", "template-1", {"title": "thing1", "time": "time2"}, wechat.url)


def test_wechat_is_told_that_there_is_something_and_no_amount(gateway: WechatGateway, wechat: Wechat) -> None:
    gateway.send(WECHAT)
    gateway.send(WECHAT)
    asked, first, second = wechat.seen
    assert asked[2] == {"grant_type": "client_credential", "appid": "app", "secret": "a secret"}
    assert first == second
    assert first[:2] == (SEND, {"access_token": ["t1"]})
    assert first[2] == {
        "touser": "open-1",
        "template_id": "template-1",
        "client_msg_id": "2026#m1#wechat",
        "data": {"thing1": {"value": "账户动账提醒"}, "time2": {"value": "2026-11-28 10:00"}},
    }


def test_a_token_that_is_over_is_asked_for_anew_once(gateway: WechatGateway, wechat: Wechat) -> None:
    wechat.answers[SEND] = [{"errcode": 42001}, {"errcode": 0}]
    gateway.send(WECHAT)
    assert [query.get("access_token") for path, query, _ in wechat.seen if path == SEND] == [["t1"], ["t2"]]
    wechat.answers[SEND] = [{"errcode": 40001}]
    with pytest.raises(Retryable):
        gateway.send(WECHAT)


def test_a_token_is_asked_for_again_before_it_ends(
    gateway: WechatGateway, wechat: Wechat, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = NOW
    monkeypatch.setattr(clock, "now", lambda: at)
    tokens = []
    for seconds in (0, 7139, 7140):
        at = NOW + dt.timedelta(seconds=seconds)
        gateway.send(WECHAT)
        tokens.append(wechat.seen[-1][1]["access_token"])
    assert tokens == [["t1"], ["t1"], ["t2"]]


@pytest.mark.parametrize(
    ("path", "answer", "told"),
    [
        pytest.param(SEND, {"errcode": 43004}, ProviderRefused, id="follows no more"),
        pytest.param(SEND, {"errcode": 40003}, ProviderRefused, id="no such user"),
        pytest.param(SEND, {"errcode": -1}, Retryable, id="WeChat is busy"),
        pytest.param(SEND, {"errcode": 45009}, Retryable, id="too many"),
        pytest.param(SEND, 504, ProviderSilent, id="something between may have passed it on"),
        pytest.param(SEND, 429, Retryable, id="asked too often"),
        pytest.param(TOKEN, "silent", Retryable, id="silence before it was given the message"),
        pytest.param(SEND, {"errcode": 48001}, Retryable, id="the bank may not"),
        pytest.param(SEND, b"<html>", ProviderSilent, id="something else"),
        pytest.param(SEND, b"[]", ProviderSilent, id="another shape"),
        pytest.param(SEND, "silent", ProviderSilent, id="no answer"),
        pytest.param(TOKEN, {"errcode": 40125}, Retryable, id="it does not know the bank"),
    ],
)
def test_what_wechat_says_is_told_by_what_is_known(
    gateway: WechatGateway,
    wechat: Wechat,
    path: str,
    answer: Any,
    told: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gateways, "WECHAT_S", 0.3)
    wechat.answers[path] = [answer]
    with pytest.raises(told) as raised:
        gateway.send(WECHAT)
    assert "a secret" not in repr(raised.value)
    assert raised.value.__cause__ is None


def test_who_logged_in_to_wechat_is_told_by_its_code(gateway: WechatGateway, wechat: Wechat) -> None:
    assert gateway.open_id_of("c1") == "open-1"
    assert wechat.seen[-1][1]["code"] == ["c1"]
    wechat.answers[LOGIN] = [{"errcode": 40029, "errmsg": "invalid code"}]
    assert gateway.open_id_of("c1") is None
    for refused in (-1, 40125):
        wechat.answers[LOGIN] = [{"errcode": refused}]
        with pytest.raises(Retryable):
            gateway.open_id_of("c1")


def test_a_secret_that_nobody_filled_in_offers_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    def offered(text: str) -> list[str]:
        providers._gateways_of.cache_clear()
        secrets = type("Secrets", (), {"get_secret_value": lambda *_, **__: {"SecretString": text}})()
        with monkeypatch.context() as given:
            given.setenv("CHANNELS_SECRET_ARN", "arn")
            given.setattr(aws, "secretsmanager", lambda: secrets)
            cloud = providers.CloudProvider()
            found = [channel for channel in ("sms", "push", "wechat", "email") if cloud.offers(channel)]
            if "email" not in found:
                with pytest.raises(ProviderRefused):
                    cloud.send(EMAIL)
                assert cloud.open_id_of("c1") is None
        providers._gateways_of.cache_clear()
        return found

    assert offered("a password as it was generated") == offered("{}") == ["sms", "push"]
    email = {"host": "mail.example", "port": 465, "user": "u", "password": "p", "sender": "bank@rural.example"}
    wechat = {"app_id": "a", "app_secret": "s", "template_id": "t", "fields": {"title": "thing1", "time": "time2"}}
    assert offered(json.dumps({"email": email, "wechat": wechat})) == ["sms", "push", "wechat", "email"]
    # what is wrong with one takes the other not away
    assert offered(json.dumps({"email": email, "wechat": {"app_id": "a"}})) == ["sms", "push", "email"]


def test_a_secret_that_cannot_be_read_is_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "GetSecretValue")

    monkeypatch.setenv("CHANNELS_SECRET_ARN", "arn-of-a-busy-one")
    monkeypatch.setattr(aws, "secretsmanager", type("Secrets", (), {"get_secret_value": staticmethod(busy)}))
    with pytest.raises(Retryable):
        providers.CloudProvider().send(EMAIL)


def test_a_server_that_speaks_tls_from_the_start_is_spoken_to_so(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def refused(*given: Any, **_: Any) -> None:
        asked.append(given)
        raise OSError("nobody there")

    monkeypatch.setattr(smtplib, "SMTP_SSL", refused)
    with pytest.raises(Retryable):
        SmtpGateway("mail.example", 465, USER, PASSWORD, "bank@rural.example").send(EMAIL)
    assert asked == [("mail.example", 465)]
