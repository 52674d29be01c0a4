"""Build the OpenAPI 3.1 document from the operations as declared."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from chalicelib.apps import service as apps
from chalicelib.apps.errors import AppOutdated
from chalicelib.contract import conventions, flows, samples, words
from chalicelib.contract.operations import API_VERSION, all_apis, api_of
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
from chalicelib.platform.http import JSON, MAX_BODY_BYTES, Operation
from chalicelib.staff import service as staff
from chalicelib.staff.errors import PurposeRequired, StaffPasswordExpired, StaffPermissionDenied
from chalicelib.stepup.errors import StepUpRequired

PROBLEM_SCHEMA = conventions.PROBLEM_SCHEMA

_PATH_PARAMETER = re.compile(r"{(\w+)}")
# How pydantic tells two models of one name apart: by where they stand.
_TOLD_APART = re.compile(r"chalicelib__([a-z]+)__\w+?__([A-Z]\w*)")
# Where the words of an operation go on to explain it.
_STOP = re.compile("[：；:;]")
_PROBLEM_JSON = "application/problem+json"
# Parameters of lists that are the same in all of them.
_PAGING = {"cursor": "Cursor", "limit": "Limit"}
_DONE = {200: "成功 / success", 201: "已创建 / created", 202: "已受理 / accepted", 204: "完成 / done"}
_BEFORE = "此前已受理，本次未重复执行 / it was done before, and not again"
_REFUSED = "拒绝 / refused"
_UNCHANGED = "与客户端已有的相同 / what the client has"

Described = dict[str, Any]


class _Schema(GenerateJsonSchema):
    """JSON Schema without titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        del schema
        return False


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


@functools.cache
def document() -> str:
    """The whole document as JSON text; built once an instance. Pages are for people, and no part of it."""
    operations = [operation for api in all_apis() for operation in api.operations if not operation.is_page]
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(o.body, "validation") for o in operations if o.body]
    models += [(o.answer, "serialization") for o in operations if o.answer]
    refs, definitions = models_json_schema(
        list(dict.fromkeys(models)), ref_template=_ref("schemas", "{model}")["$ref"], schema_generator=_Schema
    )
    tags = {path: tag for tag, (_, _, modules) in words.TAGS.items() for path in _paths_of(modules)}
    paths: dict[str, Described] = {}
    for operation in operations:
        described = {"tags": [tags[operation.method, operation.path]], **_operation(operation, refs)}
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    text = json.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Rural Bank",
                "summary": "村镇银行手机银行接口 / the mobile and online channel of a rural bank",
                "version": API_VERSION,
                "description": conventions.DESCRIPTION,
            },
            "servers": [conventions.SERVER],
            "tags": [_tag(tag, f"{zh} / {en}") for tag, (zh, en, _) in words.TAGS.items()],
            "x-tagGroups": [{"name": name, "tags": list(filter(has, words.TAGS))} for name, has in words.GROUPS],
            "paths": paths,
            "components": _components(operations, _titled(definitions.get("$defs", {}))),
        },
        ensure_ascii=False,
    )
    return _TOLD_APART.sub(lambda found: found[1].capitalize() + found[2], text)


def _titled(schemas: Described) -> Described:
    """Each by the one name that nothing else has: generators name their types by title."""
    return {name: {**schema, "title": name} for name, schema in schemas.items()}


def _tag(name: str, words_: str) -> Described:
    # The second is what the reference calls a group.
    return {"name": name, "description": words_, "x-displayName": words_}


def _paths_of(modules: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(operation.method, operation.path) for module in modules for operation in api_of(module).operations]


def _components(operations: list[Operation], schemas: Described) -> Described:
    refusals = {refusal.code: refusal for operation in operations for refusal in refusals_of(operation)}
    examples = {code: samples.example_of(refusal) for code, refusal in sorted(refusals.items())}
    for code, (status, sentence) in conventions.GATEWAY.items():
        examples[code] = {"summary": sentence, "value": samples.problem(code, status, sentence)}
    names = {name for operation in operations for name in _PATH_PARAMETER.findall(operation.path)}
    values = {f"path.{name}": _path_value(name) for name in sorted(names)}
    return {
        "schemas": {**schemas, "Problem": PROBLEM_SCHEMA},
        "parameters": {**conventions.PARAMETERS, **values},
        "headers": conventions.HEADERS,
        "responses": {
            **{code: _problems(_REFUSED, {code}, status) for code, status in sorted(_alone(operations))},
            "Gateway": _problems("由网关直接返回 / answered by the gateway itself", set(conventions.GATEWAY)),
        },
        "examples": examples,
        "securitySchemes": conventions.SECURITY_SCHEMES,
    }


def _alone(operations: list[Operation]) -> set[tuple[str, int]]:
    found = [item for operation in operations for item in _codes_of(operation).items()]
    return {(code, status) for status, codes in found if _is_alone(codes) for code in codes}


def _path_value(name: str) -> Described:
    zh, en, example = words.PATH_VALUES[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": f"{zh} / {en}",
        "schema": {"type": "string", "minLength": 1, "maxLength": 256, "examples": [example]},
    }


def refusals_of(operation: Operation) -> list[type[Refusal]]:
    """Every refusal an operation can answer: its own and those of the edge."""
    found: list[type[Refusal]] = [*operation.refusals, TryAgain, InternalError]
    if operation.method != "GET":
        found.append(OutcomeUnknown)
    if maintenance.can_be_held_back(operation.method, operation.path):
        found.append(UnderMaintenance)
    if apps.can_be_outdated(operation.method, operation.path):
        found += [AppOutdated, MalformedRequest]
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


def _operation(operation: Operation, refs: Any) -> Described:
    described: Described = {
        "operationId": operation_id(f"{operation.method} {operation.path}"),
        "summary": _summary(operation),
        "description": _description(operation),
        "parameters": _parameters(operation),
        "responses": _responses(operation, refs),
        "security": security_of(operation),
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": refs[(operation.body, "validation")]}},
        }
    return described


def operation_id(name: str) -> str:
    """What generated clients call an operation (`POST /v1/transfers`); it follows from the path and never changes."""
    method, _, path = name.partition(" ")
    words_ = re.split(r"[^A-Za-z0-9]+", path.removeprefix("/v1/"))
    return method.lower() + "".join(word.capitalize() for word in words_)


def _summary(operation: Operation) -> str:
    """What it does, up to the first stop: a heading."""
    return " / ".join(_STOP.split(words_, 1)[0] for words_ in (operation.zh, operation.en))


def _description(operation: Operation) -> str:
    lines = [f"{operation.zh} / {operation.en}"]
    if operation.permission is not None:
        lines.append(f"员工权限 / permission of staff: `{operation.permission}`")
    elif operation.entitlement is not None:
        lines.append(f"所需权益 / entitlement of the edition: `{operation.entitlement}`")
    else:
        lines.append("无须登录 / without log-in")
    if _is_keyed(operation):
        lines.append("可凭幂等键原样重发 / may be sent again by its idempotency key")
    if operation.max_body_bytes != MAX_BODY_BYTES:
        size = operation.max_body_bytes
        lines.append(f"请求体最多 {size} 字节 / a body of at most {size} bytes")
    return "\n\n".join(lines)


def _is_keyed(operation: Operation) -> bool:
    return operation.method == "POST" and IdempotencyKeyMissing in operation.refusals


def security_of(operation: Operation) -> list[dict[str, list[str]]]:
    """Whose token the operation takes: a customer's, a member of staff's, or none."""
    if operation.auth is None:
        return []
    return [{"session" if operation.permission is None else "staff": []}]


def _responses(operation: Operation, refs: Any) -> Described:
    responses = {str(status): _success(operation, status, refs) for status in (operation.status, *operation.also)}
    for status, codes in sorted(_codes_of(operation).items()):
        alone = _is_alone(codes)
        responses[str(status)] = _ref("responses", *codes) if alone else _problems(_REFUSED, codes, status)
    if StepUpRequired in operation.refusals:
        responses["403"]["links"] = {flows.STEP_UP.name: _link(flows.STEP_UP)}
    return {**responses, "default": _ref("responses", "Gateway")}


def _codes_of(operation: Operation) -> dict[int, set[str]]:
    """By status, the codes of the operation, and the one that the gateway may answer in its place."""
    codes: dict[int, set[str]] = {429: {"too_many_requests"}}
    for refusal in refusals_of(operation):
        codes.setdefault(refusal.status, set()).add(refusal.code)
    return codes


def _is_alone(codes: set[str]) -> bool:
    """Whether a code is the only one of its status: then its response is said once for all operations."""
    return len(codes) == 1 and StepUpRequired.code not in codes


def _success(operation: Operation, status: int, refs: Any) -> Described:
    headers = {"X-Correlation-Id": _ref("headers", "CorrelationId")}
    repeated = status != operation.status and status == 200
    if repeated and _is_keyed(operation):
        headers["Idempotency-Hit"] = _ref("headers", "IdempotencyHit")
    if 304 in operation.also:
        headers["ETag"] = _ref("headers", "ETag")
    described: Described = {"description": _BEFORE if repeated else _DONE.get(status, _UNCHANGED), "headers": headers}
    if status != 304 and operation.content_type != JSON:
        described["content"] = {operation.content_type: {"schema": {"type": "string"}}}
    elif status != 304 and operation.answer is not None:
        described["content"] = {JSON: {"schema": refs[(operation.answer, "serialization")]}}
    links = flows.LINKS.get(f"{operation.method} {operation.path}", ())
    if links:
        described["links"] = {link.name: _link(link) for link in links}
    return described


def _link(link: flows.Link) -> Described:
    return {
        "operationId": operation_id(link.operation),
        "parameters": link.parameters,
        "description": f"{link.zh} / {link.en}",
    }


def _problems(description: str, codes: set[str], status: int | None = None) -> Described:
    headers = {"X-Correlation-Id": _ref("headers", "CorrelationId")}
    if status is not None:
        headers["Content-Language"] = _ref("headers", "ContentLanguage")
    if status in (429, 503):
        headers["Retry-After"] = _ref("headers", "RetryAfter")
    if status == 401:
        headers["WWW-Authenticate"] = _ref("headers", "WWWAuthenticate")
    examples = {code: _ref("examples", code) for code in sorted(codes)}
    content = {_PROBLEM_JSON: {"schema": _ref("schemas", "Problem"), "examples": examples}}
    return {"description": description, "headers": headers, "content": content}


def _parameters(operation: Operation) -> list[Described]:
    parameters: list[Described] = [
        _ref("parameters", f"path.{name}") for name in _PATH_PARAMETER.findall(operation.path)
    ]
    if operation.query is not None:
        schema = operation.query.model_json_schema(schema_generator=_Schema)
        required = schema.get("required", [])
        parameters += [_query_value(name, how, required=name in required) for name, how in schema["properties"].items()]
    asked = {
        "IdempotencyKey": _is_keyed(operation),
        "StepUp": StepUpRequired in operation.refusals,
        "Purpose": PurposeRequired in refusals_of(operation),
        "AppVersion": apps.can_be_outdated(operation.method, operation.path),
        "IfNoneMatch": 304 in operation.also,
        "AcceptLanguage": True,
        "CorrelationId": True,
    }
    return parameters + [_ref("parameters", name) for name, is_asked in asked.items() if is_asked]


def _query_value(name: str, schema: Described, *, required: bool) -> Described:
    if name in _PAGING:
        return _ref("parameters", _PAGING[name])
    # What may be left out is never sent as null.
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    described = {**kinds[0], **schema} if len(kinds) == 1 else schema
    if described.get("default", "") is None:
        del described["default"]
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": described.pop("description"),
        "schema": described,
    }
