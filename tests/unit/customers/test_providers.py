"""The HTTP identity provider against a server on 127.0.0.1 that keeps, and breaks, the contract."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chalicelib.customers import providers
from chalicelib.customers.domain import RESIDENT_ID, IdentityDocument
from chalicelib.customers.providers import HttpProvider, ProviderRefused, ProviderSilent, Question
from chalicelib.platform import aws, clock
from chalicelib.platform.errors import Retryable
from chalicelib.platform.settings import SettingMissing
from tests.unit.samples import NOW, resident_number

KEY = b"shared with the provider"
DOCUMENT = IdentityDocument.of(RESIDENT_ID, resident_number(7))
QUESTION = Question("question-1", "赵小明", DOCUMENT)


@dataclass
class Service:
    """What the server saw, and what it is to answer."""

    status: int = 200
    answer: Any = field(default_factory=lambda: {"request_id": QUESTION.request_id, "result": "match"})
    silent: bool = False
    seen: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    done: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def service() -> Iterator[Service]:
    state = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.seen.append((dict(self.headers), body))
            if state.silent:
                state.done.wait(30)
                return
            data = state.answer if isinstance(state.answer, bytes) else json.dumps(state.answer).encode()
            self.send_response(state.status)
            self.send_header("Location", state.url + "elsewhere")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Nothing to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    state.done.set()
    server.shutdown()
    thread.join()
    server.server_close()


def asked(service: Service) -> bool:
    provider = HttpProvider(service.url, KEY)
    try:
        return provider.check(QUESTION, NOW)
    finally:
        provider._pool.clear()


@pytest.mark.requirement("XJ-3.4")
def test_a_question_is_signed_and_its_answer_believed(service: Service) -> None:
    assert asked(service)
    service.answer = {"request_id": QUESTION.request_id, "result": "mismatch"}
    assert not asked(service)
    ((headers, body), _) = service.seen
    assert json.loads(body) == {
        "request_id": "question-1",
        "check": "name_and_number",
        "document_kind": "resident_id",
        "document_number": DOCUMENT.number,
        "name": "赵小明",
    }
    assert headers["X-Asked-At"] == clock.to_text(NOW)
    expected = hmac.new(KEY, headers["X-Asked-At"].encode() + b"\n" + body, hashlib.sha256).hexdigest()
    assert headers["X-Signature"] == expected


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (429, {}, Retryable),
        (503, {}, Retryable),
        (400, {}, ProviderRefused),
        (302, {}, ProviderRefused),
        (200, {"request_id": "another", "result": "match"}, ProviderSilent),
        (200, {"request_id": QUESTION.request_id, "result": "yes"}, ProviderSilent),
        (200, {"request_id": QUESTION.request_id}, ProviderSilent),
        (200, ["match"], ProviderSilent),
        (200, b"<html>", ProviderSilent),
        (200, b"\xff", ProviderSilent),
    ],
)
def test_what_is_no_answer_is_never_a_match(service: Service, status: int, answer: Any, told: type[Exception]) -> None:
    service.status, service.answer = status, answer
    with pytest.raises(told):
        asked(service)
    assert len(service.seen) == 1, "asked once, and not where a redirect points"


def test_silence_and_a_closed_door_differ(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "READ_TIMEOUT_S", 0.2)
    service.silent = True
    with pytest.raises(ProviderSilent):
        asked(service)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    with pytest.raises(Retryable):
        HttpProvider(url, KEY).check(QUESTION, NOW)


@pytest.mark.parametrize("url", ["http://bank.example/", "http://127.0.0.1.example/", "ftp://x", ""])
def test_personal_data_leaves_by_https_only(url: str) -> None:
    with pytest.raises(SettingMissing):
        HttpProvider(url, KEY)


def test_the_deployment_says_which_provider(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, wanted in (("local", "local"), ("http", "http")):
        providers.provider.cache_clear()
        monkeypatch.setenv("IDENTITY_PROVIDER", name)
        monkeypatch.setenv("IDENTITY_PROVIDER_URL", "https://identity.example/")
        monkeypatch.setattr(aws, "secretsmanager", Secrets)
        assert providers.provider().name == wanted
    providers.provider.cache_clear()
    monkeypatch.setenv("IDENTITY_PROVIDER", "none")
    with pytest.raises(SettingMissing):
        providers.provider()
    providers.provider.cache_clear()


class Secrets:
    """Secrets Manager with one secret."""

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803  # as boto3 names it
        return {"SecretString": "key"}


def test_a_question_does_not_show_who_it_is_about() -> None:
    assert "赵小明" not in repr(QUESTION)
    assert DOCUMENT.number not in repr(QUESTION)
