"""Build the OpenAPI 3.1 document from the operations as declared."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from chalicelib.contract.operations import API_VERSION, all_apis
from chalicelib.customers.errors import SessionEnded
from chalicelib.entitlements.errors import EditionNotEntitled
from chalicelib.identity.errors import NotLoggedIn, TokenExpired
from chalicelib.maintenance import service as maintenance
from chalicelib.maintenance.errors import UnderMaintenance
from chalicelib.platform.errors import (
    BodyTooLarge,
    IdempotencyKeyMissing,
    InternalError,
    MalformedJson,
    MalformedRequest,
    OutcomeUnknown,
    Refusal,
    TryAgain,
    UnsupportedMediaType,
)
from chalicelib.platform.headers import IDEMPOTENCY_KEY
from chalicelib.platform.http import JSON, Operation
from chalicelib.platform.problems import PROBLEM_TYPE
from chalicelib.staff import service as staff
from chalicelib.staff.errors import PurposeRequired, StaffPasswordExpired, StaffPermissionDenied
from chalicelib.stepup.errors import StepUpRequired

_REF = "#/components/schemas/{model}"
_PATH_PARAMETER = re.compile(r"{(\w+)}")

# What the sentences of refusals are filled with in examples.
_SAMPLE_FACTS = {
    "amount": "88.00",
    "bounds": "72..720",
    "cause": "insufficient_funds",
    "ceiling": "50000.00",
    "changed": "value",
    "channel": "email",
    "known": "{code} {contact}",
    "longest": "300",
    "placeholder": "{code}",
    "count": "3",
    "date": "20261121",
    "day": "2027-10-01",
    "days": "30",
    "earlier": "1",
    "earliest": "2026-11-21 16:30:30",
    "edition": "express",
    "factor": "certificate",
    "factors": "phone,cloud,usb_key",
    "formats": "jws, pdf",
    "held": "300.00",
    "latest": "2027-11-22 16:30:00",
    "lead_h": "72",
    "limit": "50000.00",
    "line": "3",
    "max_bytes": "16384",
    "max_hours": "24",
    "method": "sms",
    "name": "notice.lead_h",
    "opens": "2028-08-30 00:00:00",
    "min_length": "8",
    "reason": "登录名已被使用 / the login name is taken",
    "remaining": "1200.00",
    "most": "50",
    "seconds": "42",
    "serial": "T00000042",
    "state": "closed",
    "today": "20261121",
    "tries_left": "4",
    "until": "2026-12-01 04:00:00",
    "wanted": "open",
    "yours": "phone",
}

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details",
    "required": ["type", "title", "status", "detail", "code", "correlation_id"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "按 Accept-Language / by Accept-Language"},
        "code": {"type": "string", "description": "稳定代码 / stable code"},
        "correlation_id": {"type": "string"},
        "facts": {"type": "object", "additionalProperties": {"type": "string"}},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code"],
                "properties": {"field": {"type": "string"}, "code": {"type": "string"}},
            },
        },
    },
}


@functools.cache
def document() -> str:
    """The whole document as JSON text; built once an instance. Pages are for people, and no part of it."""
    operations = [operation for api in all_apis() for operation in api.operations if not operation.is_page]
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(o.body, "validation") for o in operations if o.body]
    models += [(o.answer, "serialization") for o in operations if o.answer]
    refs, definitions = models_json_schema(list(dict.fromkeys(models)), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, refs)
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Rural Bank",
                "version": API_VERSION,
                "description": "村镇银行手机银行接口 / the mobile and online channel of a rural bank",
            },
            "paths": paths,
            "components": {
                "schemas": {**definitions.get("$defs", {}), "Problem": PROBLEM_SCHEMA},
                "securitySchemes": {
                    "session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                    "staff": {
                        "type": "http",
                        "scheme": "bearer",
                        "bearerFormat": "JWT",
                        "description": "员工登录凭证，与客户凭证互不通用 / of staff; no customer's route takes one",
                    },
                },
            },
        },
        ensure_ascii=False,
    )


def refusals_of(operation: Operation) -> list[type[Refusal]]:
    """Every refusal an operation can answer: its own and those of the edge."""
    found: list[type[Refusal]] = [*operation.refusals, TryAgain, InternalError]
    if operation.method != "GET":
        found.append(OutcomeUnknown)
    if maintenance.can_be_held_back(operation.method, operation.path):
        found.append(UnderMaintenance)
    if operation.auth is not None:
        found += [NotLoggedIn, TokenExpired, SessionEnded]
    if operation.entitlement is not None:
        found.append(EditionNotEntitled)
    if operation.permission is not None:
        # The edge writes that the session is used, and what a look at data is for.
        found += [StaffPermissionDenied, OutcomeUnknown]
        if operation.permission not in staff.WITH_OLD_PASSWORD:
            found.append(StaffPasswordExpired)
        if staff.TABLE[operation.permission].shows_customers:
            found.append(PurposeRequired)
    if operation.body is not None:
        found += [MalformedRequest, MalformedJson, BodyTooLarge, UnsupportedMediaType]
    if operation.query is not None:
        found.append(MalformedRequest)
    return sorted(set(found), key=lambda refusal: (refusal.status, refusal.code))


def _operation(operation: Operation, refs: Any) -> dict[str, Any]:
    responses: dict[str, Any] = {str(operation.status): _success(operation, refs)}
    for refusal in refusals_of(operation):
        response = responses.setdefault(str(refusal.status), _problem_response())
        response["content"]["application/problem+json"]["examples"][refusal.code] = _example(refusal)
    described: dict[str, Any] = {
        "operationId": f"{operation.method.lower()}{_camel(operation.path)}",
        "summary": f"{operation.zh} / {operation.en}",
        "parameters": _parameters(operation),
        "responses": responses,
        "security": security_of(operation),
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": refs[(operation.body, "validation")]}},
        }
    return described


def security_of(operation: Operation) -> list[dict[str, list[str]]]:
    """Whose token the operation takes: a customer's, a member of staff's, or none."""
    if operation.auth is None:
        return []
    return [{"session" if operation.permission is None else "staff": []}]


def _success(operation: Operation, refs: Any) -> dict[str, Any]:
    if operation.content_type != JSON:
        text = {"schema": {"type": "string"}}
        return {"description": "成功 / success", "content": {operation.content_type: text}}
    if operation.answer is None:
        return {"description": "完成 / done"}
    schema = refs[(operation.answer, "serialization")]
    return {"description": "成功 / success", "content": {"application/json": {"schema": schema}}}


def _problem_response() -> dict[str, Any]:
    schema = {"$ref": _REF.format(model="Problem")}
    return {
        "description": "拒绝 / refused",
        "content": {"application/problem+json": {"schema": schema, "examples": {}}},
    }


def _example(refusal: type[Refusal]) -> dict[str, Any]:
    return {
        "summary": refusal.en.format_map(_SAMPLE_FACTS),
        "value": {
            "type": PROBLEM_TYPE + refusal.code,
            "title": refusal.code.replace("_", " "),
            "status": refusal.status,
            "detail": refusal.zh.format_map(_SAMPLE_FACTS),
            "code": refusal.code,
            "correlation_id": "3f6c1c1e-7a54-4b1e-9d0b-0d1f0c5e2a11",
        },
    }


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PATH_PARAMETER.findall(operation.path)
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema()
        required = schema.get("required", [])
        for name, described in schema["properties"].items():
            parameters.append({"name": name, "in": "query", "required": name in required, "schema": described})
    if StepUpRequired in operation.refusals:
        parameters.append(
            {
                "name": "Step-Up",
                "in": "header",
                "required": False,
                "description": "已确认的 step_up 编号 / the id of a confirmed step-up",
                "schema": {"type": "string", "pattern": "^[a-z2-7]{20}$"},
            }
        )
    if PurposeRequired in refusals_of(operation):
        parameters.append(
            {
                "name": "Purpose",
                "in": "header",
                "required": True,
                "description": "用途，2 至 100 字，UTF-8 百分号编码 / why: 2 to 100 characters, percent-encoded UTF-8",
                "schema": {"type": "string", "minLength": 2},
            }
        )
    if operation.method == "POST" and IdempotencyKeyMissing in operation.refusals:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "幂等键，重发同一请求时不变 / the same again when the same request is sent again",
                "schema": {"type": "string", "pattern": f"^{IDEMPOTENCY_KEY}$"},
            }
        )
    return parameters


def _camel(path: str) -> str:
    words = re.split(r"[/{}_-]+", path.removeprefix("/v1/"))
    return "".join(word.capitalize() for word in words if word)
