"""Health and the contract itself, without log-in."""

from __future__ import annotations

import functools
from typing import Any, Literal

from pydantic import RootModel

from chalicelib.contract.operations import API_VERSION
from chalicelib.parameters import service as parameters
from chalicelib.platform import caching, clock, fields
from chalicelib.platform.http import Answer, Api, Call, View

api = Api(__name__)

# How long a copy is used without asking; afterwards the tag says whether it still is the same.
DOCUMENT_MAX_AGE_S = 300


class Health(View):
    """The API and its database answer."""

    status: Literal["ok"]
    version: str
    time: fields.Timestamp


class Document(RootModel[dict[str, Any]]):
    """An OpenAPI 3.1 document."""


@api.operation("GET", "/v1/health", zh="健康检查", en="Health", auth=None, answer=Health)
def health(call: Call) -> Health:
    """Reads a parameter past the cache, so that a database that does not answer shows as 503."""
    now = clock.now()
    parameters.forget()
    parameters.value(parameters.ACCESS_TOKEN_S, now)
    return Health(status="ok", version=API_VERSION, time=clock.to_text(now))


@functools.cache
def _tagged_document() -> tuple[str, str]:
    from chalicelib.contract import service  # noqa: PLC0415  # it walks all contexts, staff's too

    text = service.document()
    return text, caching.tag_of(text)


@api.operation("GET", "/v1/openapi.json", zh="接口文档", en="This contract", auth=None, answer=Document, also=(304,))
def openapi(call: Call) -> Answer:
    """The OpenAPI document of this very deployment; the same for everybody until the next release."""
    return caching.tagged(call, *_tagged_document(), keep_s=DOCUMENT_MAX_AGE_S)
