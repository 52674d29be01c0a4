"""Health and the contract itself, without log-in."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import RootModel

from chalicelib.contract.operations import API_VERSION
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, fields
from chalicelib.platform.http import Api, Call, View

api = Api(__name__)


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


@api.operation("GET", "/v1/openapi.json", zh="接口文档", en="This contract", auth=None, answer=Document)
def openapi(call: Call) -> Document:
    """The OpenAPI document of this very deployment."""
    from chalicelib.contract import service  # noqa: PLC0415  # it walks all contexts, staff's too

    return Document(json.loads(service.document()))
