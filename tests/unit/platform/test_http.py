"""The HTTP edge: language, correlation id, problems, and what is worth trying again."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.platform.aws import is_passing
from chalicelib.platform.errors import IdempotencyKeyMissing, MalformedRequest, NotFound, TryAgain
from chalicelib.platform.headers import correlation_id_of, idempotency_key_of, preferred_language
from chalicelib.platform.problems import problem


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("en", "en"),
        ("EN-us", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en;q=0.8,zh;q=0.9", "zh"),
        ("en;q=0.9, zh;q=0.8", "en"),
        ("en;q=0.85,zh;q=0.8", "en"),
        ("en;q=1.0,zh;q=1", "zh"),
        ("en;q=0", "zh"),
        ("zh;q=0,en;q=0.001", "en"),
        ("fr", "zh"),
        ("*", "zh"),
        ("fr,en;q=0.1", "en"),
        (";;;,,,", "zh"),
        ("english", "zh"),
    ],
)
def test_the_language_of_an_answer(header: str | None, language: str) -> None:
    assert preferred_language(header) == language


@given(st.text(max_size=80))
def test_any_header_gives_a_language(header: str) -> None:
    assert preferred_language(header) in ("zh", "en")


def request(header: Any, request_id: Any) -> Any:
    return SimpleNamespace(headers={"x-correlation-id": header} if header else {}, context={"requestId": request_id})


@pytest.mark.parametrize(
    ("header", "request_id", "expected"),
    [
        ("abcdefgh-1", "gateway-id", "abcdefgh-1"),
        ("a" * 36, "gateway-id", "a" * 36),
        (None, "gateway-id", "gateway-id"),
        ("short", "gateway-id", "gateway-id"),
        ("a" * 37, "gateway-id", "gateway-id"),
        ("line\nbreak-injected", "gateway-id", "gateway-id"),
        ("abcdefgh\n", "gateway-id", "gateway-id"),
        ('{"json":"injected"}', "gateway-id", "gateway-id"),
        ("１２３４５６７８", "gateway-id", "gateway-id"),
    ],
)
def test_the_correlation_id_is_the_callers_when_it_is_well_formed(header: Any, request_id: str, expected: str) -> None:
    assert correlation_id_of(request(header, request_id)) == expected


@pytest.mark.parametrize("request_id", [None, "", 7, "bad id"])
def test_without_any_a_new_correlation_id_is_made(request_id: Any) -> None:
    made = {correlation_id_of(request(None, request_id)) for _ in range(2)}
    assert len(made) == 2
    assert all(re.fullmatch(r"[0-9a-f-]{36}", one) for one in made)


@pytest.mark.parametrize("key", ["a" * 8, "a" * 64, "Az09-_Az"])
def test_a_well_formed_key_is_taken_as_it_is(key: str) -> None:
    assert idempotency_key_of(key) == key


@pytest.mark.parametrize(
    "text", [None, "", "a" * 7, "a" * 65, "abcdefg\n", "abcdefgh\n", "abc defgh", "１２３４５６７８"]
)
def test_what_cannot_be_a_key_is_refused_like_none_at_all(text: str | None) -> None:
    with pytest.raises(IdempotencyKeyMissing):
        idempotency_key_of(text)


def answered(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetItem")


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (answered("ThrottlingException"), True),
        (answered("ProvisionedThroughputExceededException"), True),
        (answered("InternalServerError"), True),
        (answered("AccessDeniedException"), False),
        (answered("ValidationException"), False),
        (ReadTimeoutError(endpoint_url="https://dynamodb"), True),
        (ConnectTimeoutError(endpoint_url="https://dynamodb"), True),
        (EndpointConnectionError(endpoint_url="https://dynamodb"), True),
        (RuntimeError("ours"), False),
    ],
    ids=str,
)
def test_what_trying_again_may_help(error: Exception, passing: bool) -> None:
    assert is_passing(error) == passing
    # also when a library has wrapped it
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = error
    assert is_passing(wrapped) == passing


@pytest.mark.parametrize(("language", "header"), [("zh", "zh-CN"), ("en", "en")])
def test_a_problem_is_rfc_9457(language: str, header: str) -> None:
    response = problem(NotFound(), language, "correlation-1")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert response.headers["Content-Language"] == header
    assert response.headers["Cache-Control"] == "no-store"
    assert json.loads(str(response.body)) == {
        "type": "urn:rural-bank:problem:not_found",
        "title": "not found",
        "status": 404,
        "detail": NotFound().text(language),
        "code": "not_found",
        "correlation_id": "correlation-1",
    }


def test_a_problem_says_where_and_when_to_try_again() -> None:
    errors = [{"field": "amount", "code": "missing"}]
    assert json.loads(str(problem(MalformedRequest(errors), "en", "c").body))["errors"] == errors
    assert problem(TryAgain(), "en", "c").headers["Retry-After"] == "1"


def test_pages_of_the_stages_own_host_may_read_an_answer_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEB_ORIGIN", raising=False)
    assert "Access-Control-Allow-Origin" not in problem(NotFound(), "zh", "abcdefgh-1").headers
    monkeypatch.setenv("WEB_ORIGIN", "https://www.bank.example")
    assert problem(NotFound(), "zh", "abcdefgh-1").headers["Access-Control-Allow-Origin"] == "https://www.bank.example"
