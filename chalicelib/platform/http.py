"""The HTTP edge: declare an operation, parse, call, render; every refusal as RFC 9457 problem+json.

`Api` wraps a Chalice Blueprint. Each operation says who may call it, what it takes and answers, and which
refusals it knows; `contract.service` reads the same declaration, so the contract cannot drift from the code.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from botocore.exceptions import ClientError
from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError
from pynamodb.exceptions import PynamoDBException

from chalicelib.platform import log, origin
from chalicelib.platform.aws import NO_ANSWER, is_passing, is_silence
from chalicelib.platform.errors import (
    BodyTooLarge,
    InternalError,
    MalformedJson,
    MalformedRequest,
    NotFound,
    OutcomeUnknown,
    Refusal,
    TryAgain,
    UnsupportedMediaType,
)
from chalicelib.platform.headers import correlation_id_of, idempotency_key_of, preferred_language
from chalicelib.platform.problems import problem, response

MAX_BODY_BYTES = 16 * 1024
JSON = "application/json"

# Anything else names nothing, whatever a path's own rules: no engine takes it as a key, nor can it be sent as text.
_PATH_VALUE = re.compile("[^\ud800-\udfff]{1,256}", re.DOTALL)

M = TypeVar("M", bound=BaseModel)


class Body(BaseModel):
    """Base of what a request carries: unknown fields and wrong types are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Query(BaseModel):
    """Base of query parameters: they arrive as text, so numbers are read from it; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class View(BaseModel):
    """Base of what an operation answers."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is logged in: a customer, the session it came by, the edition that session has, the bound device if any."""

    customer_id: str
    session_id: str
    edition: str
    device_id: str | None = None


@dataclass(frozen=True, slots=True)
class StaffCaller:
    """Which member of staff is logged in, as the bank's records are now, and why they ask.

    `standing` counts what ended all of their sessions: a write that names it holds for just this appointment.
    `purpose` is what they stated, empty where none is asked for; `case_id` is the emergency that opened the way, if
    one did.
    """

    staff_id: str
    session_id: str
    branch_id: str
    level: str
    role: str
    posts: frozenset[str]
    standing: int
    correlation_id: str = ""
    purpose: str = ""
    case_id: str | None = None


Auth = Callable[["Call"], Caller | StaffCaller]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a view returns when status or headers differ from the operation's own, or what is answered is no JSON.

    `text` is the body of an operation whose `content_type` says so.
    """

    view: BaseModel | None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path, as declared."""

    method: str
    path: str
    name: str
    zh: str
    en: str
    auth: Auth | None
    body: type[Body] | None
    query: type[Query] | None
    answer: type[BaseModel] | None
    status: int
    refusals: tuple[type[Refusal], ...]
    entitlement: str | None
    max_body_bytes: int
    permission: str | None
    content_type: str = JSON


class Call:
    """One request as a view sees it."""

    def __init__(self, operation: Operation, request: Request, path_values: Mapping[str, str]) -> None:
        self.operation = operation
        self._request = request
        self._caller: Caller | StaffCaller | None = None
        self._note: Callable[[Refusal], None] | None = None
        self.path_values = path_values
        self.language = preferred_language(self.header("accept-language"))
        self.correlation_id = correlation_id_of(request)

    @property
    def entitlement(self) -> str:
        """What the operation needs of an edition: a row of the entitlements' table."""
        if self.operation.entitlement is None:
            raise AssertionError(f"{self.operation.name} names no entitlement")
        return self.operation.entitlement

    @property
    def permission(self) -> str:
        """What the operation needs of a member of staff: a row of the permission matrix."""
        if self.operation.permission is None:
            raise AssertionError(f"{self.operation.name} names no permission")
        return self.operation.permission

    @property
    def caller(self) -> Caller:
        """The customer who is logged in; only for operations whose `auth` is for customers."""
        if not isinstance(self._caller, Caller):
            raise TypeError(f"{self.operation.name} has no customer for a caller")
        return self._caller

    @property
    def staff(self) -> StaffCaller:
        """The member of staff who is logged in; only for operations whose `auth` is for staff."""
        if not isinstance(self._caller, StaffCaller):
            raise TypeError(f"{self.operation.name} has no member of staff for a caller")
        return self._caller

    def admit(self, caller: Caller | StaffCaller) -> None:
        """Note who is logged in."""
        self._caller = caller

    def note_refusals(self, note: Callable[[Refusal], None]) -> None:
        """Have what the operation refuses from here on put on record by `note`, before it is answered."""
        self._note = note

    def note(self, refusal: Refusal) -> None:
        """Put a refusal on record where the operation's `auth` asked for it; it is answered in any case."""
        if self._note is None:
            return
        try:
            self._note(refusal)
        except Exception:  # noqa: BLE001  # the edge: what was refused is answered so, on record or not
            log.logger.exception("a refusal is not on record", extra={"code": refusal.code})

    def header(self, name: str) -> str | None:
        """The header's value, or None."""
        value = self._request.headers.get(name)
        return None if value is None else str(value)

    def idempotency_key(self) -> str:
        """The key of a request that may be sent again; raises IdempotencyKeyMissing."""
        return idempotency_key_of(self.header("idempotency-key"))

    def json(self, model: type[M]) -> M:
        """The body as `model`; raises UnsupportedMediaType, MalformedJson, BodyTooLarge, MalformedRequest."""
        if model is not self.operation.body:
            raise AssertionError(f"{self.operation.name} does not declare {model.__name__}")
        # Chalice takes an absent type, a list that names ours somewhere, and */*.
        if (self.header("content-type") or "").partition(";")[0].strip().lower() != "application/json":
            raise UnsupportedMediaType()
        raw = self._request.raw_body
        most = self.operation.max_body_bytes
        if len(raw) > most:
            raise BodyTooLarge(max_bytes=str(most))
        return validated(lambda: model.model_validate_json(raw))

    def params(self, model: type[M]) -> M:
        """The query parameters as `model`; raises MalformedRequest."""
        if model is not self.operation.query:
            raise AssertionError(f"{self.operation.name} does not declare {model.__name__}")
        return validated(lambda: model.model_validate(dict(self._request.query_params or {})))


def found_or_done(view: BaseModel, *, hit: bool, status: int = 200) -> Answer:
    """The answer of what is done once a key: with `hit` it was done before, and is told so."""
    return Answer(view, 200 if hit else status, {"Idempotency-Hit": "true"} if hit else {})


# pydantic's names of what is wrong -> ours, which never change once published.
_FIELD_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "string_type": "wrong_type",
    "int_type": "wrong_type",
    "bool_type": "wrong_type",
    "model_type": "wrong_type",
    "int_parsing": "malformed",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "string_pattern_mismatch": "malformed",
    "literal_error": "not_allowed",
    "not_allowed": "not_allowed",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
}


def validated(parse: Callable[[], M]) -> M:
    """What `parse` reads into a model; raises MalformedJson, MalformedRequest with the fields that do not fit."""
    try:
        return parse()
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if any(detail["type"] == "json_invalid" for detail in found):
            raise MalformedJson() from None
        raise MalformedRequest(
            [
                {
                    "field": ".".join(str(part) for part in detail["loc"]),
                    "code": _FIELD_CODES.get(detail["type"], "malformed"),
                }
                for detail in found
            ]
        ) from None


class Api:
    """The operations of one context."""

    def __init__(self, import_name: str) -> None:
        self.blueprint = Blueprint(import_name)
        self.operations: list[Operation] = []

    def operation(  # noqa: PLR0913  # what is declared of a route, each by its name
        self,
        method: str,
        path: str,
        *,
        zh: str,
        en: str,
        auth: Auth | None,
        answer: type[BaseModel] | None,
        body: type[Body] | None = None,
        query: type[Query] | None = None,
        status: int = 200,
        refusals: tuple[type[Refusal], ...] = (),
        entitlement: str | None = None,
        max_body_bytes: int = MAX_BODY_BYTES,
        permission: str | None = None,
        content_type: str = JSON,
    ) -> Callable[[Callable[..., BaseModel | Answer]], Callable[..., BaseModel | Answer]]:
        """Declare an operation; the view takes the Call and the path's parameters, all text.

        With `auth` it names what it needs: of a customer's edition in `entitlement`, of a member of staff in
        `permission`.
        """

        def declare(view: Callable[..., BaseModel | Answer]) -> Callable[..., BaseModel | Answer]:
            name = view.__name__
            operation = Operation(
                method,
                path,
                name,
                zh,
                en,
                auth,
                body,
                query,
                answer,
                status,
                refusals,
                entitlement,
                max_body_bytes,
                permission,
                content_type,
            )
            self.operations.append(operation)

            @functools.wraps(view)
            def edge(**path_parameters: str) -> Response:
                request = self.blueprint.current_request
                with origin.of(origin.of_gateway(request.context)):
                    return _run(operation, request, view, path_parameters)

            self.blueprint.route(path, methods=[method], name=f"{method.lower()}_{view.__name__}")(edge)
            return view

        return declare


def _run(
    operation: Operation,
    request: Request,
    view: Callable[..., BaseModel | Answer],
    path_parameters: Mapping[str, str],
) -> Response:
    call = Call(operation, request, path_parameters)
    log.begin(call.correlation_id, operation=operation.name)
    may_have_written = False
    try:
        _require_path(path_parameters)
        if operation.auth is not None:
            call.admit(operation.auth(call))
        may_have_written = operation.method != "GET"
        answer = view(call, **path_parameters)
    except Refusal as refusal:
        log.logger.info("refused", extra={"code": refusal.code, "status": refusal.status})
        call.note(refusal)
        return problem(refusal, call.language, call.correlation_id)
    except (ClientError, *NO_ANSWER, PynamoDBException) as error:
        if not is_passing(error):
            return _internal_error(call)
        log.logger.warning("engine busy", exc_info=True)
        # Of a write that was met with silence nobody knows whether it was done.
        busy = OutcomeUnknown() if may_have_written and is_silence(error) else TryAgain()
        return problem(busy, call.language, call.correlation_id)
    except Exception:  # noqa: BLE001  # the edge: Chalice would answer in a form that is not ours
        return _internal_error(call)
    if not isinstance(answer, Answer):
        answer = Answer(answer)
    log.logger.info("answered", extra={"status": answer.status or operation.status})
    return response(
        answer.view.model_dump_json() if answer.view is not None else answer.text or "",
        answer.status or operation.status,
        operation.content_type,
        call.correlation_id,
        answer.headers,
    )


def _require_path(values: Mapping[str, str]) -> None:
    if not all(map(_PATH_VALUE.fullmatch, values.values())):
        raise NotFound()


def _internal_error(call: Call) -> Response:
    log.logger.exception("internal error")
    return problem(InternalError(), call.language, call.correlation_id)
