"""The gateway in this process: a WSGI application that hands each request to the bank as Lambda would receive it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

from app import app
from chalicelib.contract import samples
from chalicelib.platform import ids
from tests.chain.bank import Bank, LambdaContext

Headers = list[tuple[str, str]]
# As the gateway answers where no operation is.
_NO_ROUTE = json.dumps(samples.problem("not_found", 404, "Not found."))


class Gateway:
    """WSGI (PEP 3333) over a bank of the chain tests."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def __call__(self, environ: dict[str, Any], start_response: Callable[[str, Headers], Any]) -> Iterable[bytes]:
        """One request, one answer."""
        path = environ["PATH_INFO"].encode("latin-1").decode(errors="replace")
        found = self._bank.matched(path)
        if found is None:
            return _answered(start_response, 404, [("Content-Type", "application/problem+json")], _NO_ROUTE)
        answer = app(_event(environ, path, *found), LambdaContext())
        headers = [(name, str(value)) for name, value in answer["headers"].items()]
        return _answered(start_response, answer["statusCode"], headers, answer["body"])


def _answered(start: Callable[[str, Headers], Any], status: int, headers: Headers, body: str) -> Iterable[bytes]:
    start(f"{status} {HTTPStatus(status).phrase}", headers)
    return [body.encode()]


def _event(environ: dict[str, Any], path: str, resource: str, values: dict[str, str] | None) -> dict[str, Any]:
    headers = {name[5:].replace("_", "-").lower(): text for name, text in environ.items() if name.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, errors="replace"):
        query.setdefault(name, []).append(value)
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return {
        "resource": resource,
        "path": path,
        "httpMethod": environ["REQUEST_METHOD"],
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "multiValueQueryStringParameters": query or None,
        "pathParameters": values,
        "stageVariables": None,
        "isBase64Encoded": False,
        "body": body.decode(errors="replace") if body else None,
        "requestContext": {
            "resourcePath": resource,
            "httpMethod": environ["REQUEST_METHOD"],
            "requestId": ids.random_id(),
            "identity": {"sourceIp": "127.0.0.1"},
            "path": quote(path),
        },
    }
