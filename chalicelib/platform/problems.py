"""What leaves the HTTP edge: an answer with the headers that every one has, a refusal as RFC 9457 problem+json."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Request, Response

from chalicelib.platform import settings
from chalicelib.platform.errors import (
    InternalError,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    Refusal,
    UnsupportedMediaType,
)
from chalicelib.platform.headers import correlation_id_of, preferred_language

PROBLEM_TYPE = "urn:rural-bank:problem:"


def problem_of(refusal: Refusal, language: str, correlation_id: str) -> dict[str, Any]:
    """What a refusal says, as RFC 9457 has it."""
    body: dict[str, Any] = {
        "type": PROBLEM_TYPE + refusal.code,
        "title": refusal.code.replace("_", " "),
        "status": refusal.status,
        "detail": refusal.text(language),
        "code": refusal.code,
        "correlation_id": correlation_id,
    }
    if isinstance(refusal, MalformedRequest) and refusal.errors:
        body["errors"] = refusal.errors
    if refusal.facts:
        body["facts"] = refusal.facts
    return body


def problem(refusal: Refusal, language: str, correlation_id: str) -> Response:
    """A refusal as RFC 9457 problem+json."""
    headers = {"Content-Language": "en" if language == "en" else "zh-CN"}
    if refusal.retry_after_s is not None:
        headers["Retry-After"] = str(refusal.retry_after_s)
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return response(
        json.dumps(problem_of(refusal, language, correlation_id), ensure_ascii=False),
        refusal.status,
        "application/problem+json",
        correlation_id,
        headers,
    )


def response(body: str, status: int, content_type: str, correlation_id: str, headers: Mapping[str, str]) -> Response:
    return Response(
        body=body,
        status_code=status,
        headers={
            "Content-Type": f"{content_type}; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "X-Correlation-Id": correlation_id,
            **settings.web_origin(),
            **headers,
        },
    )


_CHALICE_REFUSALS: dict[int, type[Refusal]] = {
    404: NotFound,
    405: MethodNotAllowed,
    415: UnsupportedMediaType,
    500: InternalError,
}


def as_problems(event: Request, get_response: Callable[[Request], Response]) -> Response:
    """Middleware: what Chalice itself refuses (method, media type) leaves as problem+json too."""
    response = get_response(event)
    if response.status_code < 400 or not isinstance(response.body, Mapping):
        return response
    refusal = _CHALICE_REFUSALS.get(response.status_code, MalformedRequest)()
    told = problem(refusal, preferred_language(event.headers.get("accept-language")), correlation_id_of(event))
    if "Allow" in response.headers:
        # With 405 it must say what is supported (RFC 9110, 15.5.6).
        told.headers["Allow"] = response.headers["Allow"]
    return told
