"""The HTTP identity provider against a server on 127.0.0.1 that keeps, and breaks, the contract."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from chalicelib.customers import providers
from chalicelib.customers.domain import RESIDENT_ID, IdentityDocument
from chalicelib.customers.providers import DocumentText, HttpProvider, ProviderRefused, ProviderSilent, Question
from chalicelib.platform import aws, clock
from chalicelib.platform.errors import Retryable
from chalicelib.platform.settings import SettingMissing
from tests.unit.answering import Answer, answering
from tests.unit.samples import NOW, resident_number

T = TypeVar("T")
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


@pytest.fixture
def service() -> Iterator[Service]:
    state = Service()

    def party(_: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        state.seen.append((dict(headers), body))
        if state.silent:
            return None
        data = state.answer if isinstance(state.answer, bytes) else json.dumps(state.answer).encode()
        return Answer(state.status, data, {"Location": state.url + "elsewhere"})

    with answering(party) as url:
        state.url = url + "/"
        yield state


def asked(service: Service) -> bool:
    return with_provider(service, lambda provider: provider.check(QUESTION, NOW))


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


def with_provider(service: Service, ask: Callable[[HttpProvider], T]) -> T:
    provider = HttpProvider(service.url, KEY)
    try:
        return ask(provider)
    finally:
        provider._pool.clear()


def read(service: Service) -> DocumentText | None:
    return with_provider(service, lambda provider: provider.read_document("reading-1", b"document", NOW))


def compared(service: Service) -> bool:
    return with_provider(service, lambda provider: provider.is_same_person(QUESTION, b"document", b"face", NOW))


TEXT = {
    "request_id": "reading-1",
    "result": "read",
    "name": "赵小明",
    "document_kind": "resident_id",
    "document_number": DOCUMENT.number.lower(),
}


@pytest.mark.requirement("XJ-3.4")
def test_a_documents_picture_is_read(service: Service) -> None:
    service.answer = TEXT
    assert read(service) == DocumentText("赵小明", DOCUMENT)
    service.answer = {"request_id": "reading-1", "result": "unreadable"}
    assert read(service) is None
    ((headers, body), _) = service.seen
    encoded = base64.b64encode(b"document").decode()
    assert json.loads(body) == {"check": "document_picture", "request_id": "reading-1", "picture": encoded}
    assert headers["X-Signature"] == providers.signature(KEY, headers["X-Asked-At"], body)


@pytest.mark.requirement("XJ-3.4")
def test_a_face_is_compared_with_a_document(service: Service) -> None:
    assert compared(service)
    service.answer = {"request_id": QUESTION.request_id, "result": "mismatch"}
    assert not compared(service)
    asked = json.loads(service.seen[0][1])
    assert asked.pop("document_picture") == base64.b64encode(b"document").decode()
    assert asked.pop("face_picture") == base64.b64encode(b"face").decode()
    assert asked == {
        "check": "same_person",
        "request_id": QUESTION.request_id,
        "document_kind": "resident_id",
        "document_number": DOCUMENT.number,
        "name": "赵小明",
    }


@pytest.mark.parametrize(
    "answer",
    [
        {**TEXT, "request_id": "another"},
        {**TEXT, "result": "match"},
        {**TEXT, "name": ""},
        {**TEXT, "name": "赵" * 31},
        {**TEXT, "name": None},
        {**TEXT, "name": "赵\n"},
        {**TEXT, "document_kind": "library_card"},
        {**TEXT, "document_number": 7},
        {name: value for name, value in TEXT.items() if name != "document_number"},
        ["read"],
        b"<html>",
    ],
)
def test_what_is_no_reading_is_never_one(service: Service, answer: Any) -> None:
    service.answer = answer
    with pytest.raises(ProviderSilent):
        read(service)


@pytest.mark.parametrize(("status", "told"), [(503, Retryable), (413, ProviderRefused), (302, ProviderRefused)])
def test_pictures_too_are_asked_about_once(service: Service, status: int, told: type[Exception]) -> None:
    service.status = status
    for ask in (read, compared):
        with pytest.raises(told):
            ask(service)
    assert len(service.seen) == 2


def test_a_slow_reading_is_not_waited_for(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "PICTURE_TIMEOUT_S", 0.2)
    service.silent = True
    for ask in (read, compared):
        with pytest.raises(ProviderSilent):
            ask(service)


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
