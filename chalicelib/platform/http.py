"""The HTTP edge: declare an operation, parse, call, render; every refusal as RFC 9457 problem+json.

`Api` wraps a Chalice Blueprint. Each operation says who may call it, what it takes and answers, and which
refusals it knows; `contract.service` reads the same declaration, so the contract cannot drift from the code.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import parse_qsl

from botocore.exceptions import ClientError
from chalice.app import Blueprint, Request, Response
from pydantic import BaseModel, ConfigDict
from pynamodb.exceptions import PynamoDBException

from chalicelib.platform import log, origin
from chalicelib.platform.aws import NO_ANSWER, is_passing, is_silence
from chalicelib.platform.callers import Caller, StaffCaller
from chalicelib.platform.errors import (
    BodyTooLarge,
    InternalError,
    MalformedRequest,
    OutcomeUnknown,
    Refusal,
    TryAgain,
    UnsupportedMediaType,
)
from chalicelib.platform.headers import correlation_id_of, idempotency_key_of, preferred_language
from chalicelib.platform.problems import problem, response
from chalicelib.platform.validation import require_path, validated
from chalicelib.platform.validators import unless_kept

MAX_BODY_BYTES = 16 * 1024
JSON = "application/json"
# What a person's browser is answered, and how it sends the fields of a form.
HTML, FORM = "text/html", "application/x-www-form-urlencoded"
# What is of the contract lies here; beside it is the site, for people and their calendars and readers.
CONTRACT = "/v1/"
MAX_FORM_FIELDS = 20

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
    takes: str = JSON
    on_refusal: Callable[[Call, Refusal], Answer] | None = None
    is_payment: bool = False
    also: tuple[int, ...] = ()

    @property
    def is_page(self) -> bool:
        """Whether it is of the site: for people and what they read with, outside /v1 and no part of the contract."""
        return not self.path.startswith(CONTRACT)


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

    @property
    def is_admitted(self) -> bool:
        """Whether it is known who is logged in."""
        return self._caller is not None

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
        raw = self._body(model)
        return validated(lambda: model.model_validate_json(raw))

    def form(self, model: type[M]) -> M:
        """The fields of a form as `model`, all text; raises UnsupportedMediaType, BodyTooLarge, MalformedRequest."""
        raw = self._body(model).decode(errors="replace")
        try:
            fields = parse_qsl(raw, keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS)
        except ValueError:
            raise MalformedRequest() from None
        return validated(lambda: model.model_validate(dict(fields)))

    def _body(self, model: type[BaseModel]) -> bytes:
        if model is not self.operation.body:
            raise AssertionError(f"{self.operation.name} does not declare {model.__name__}")
        # Chalice takes an absent type, a list that names ours somewhere, and */*.
        if (self.header("content-type") or "").partition(";")[0].strip().lower() != self.operation.takes:
            raise UnsupportedMediaType()
        raw = self._request.raw_body
        # By its type Chalice's is text or bytes.
        raw = raw if isinstance(raw, bytes) else raw.encode()
        most = self.operation.max_body_bytes
        if len(raw) > most:
            raise BodyTooLarge(max_bytes=str(most))
        return raw

    def query_value(self, name: str) -> str:
        """A query parameter as it came, empty where there is none."""
        return str(dict(self._request.query_params or {}).get(name, ""))

    def params(self, model: type[M]) -> M:
        """The query parameters as `model`; raises MalformedRequest."""
        if model is not self.operation.query:
            raise AssertionError(f"{self.operation.name} does not declare {model.__name__}")
        return validated(lambda: model.model_validate(dict(self._request.query_params or {})))


def found_or_done(view: BaseModel, *, hit: bool, status: int = 200) -> Answer:
    """The answer of what is done once a key: with `hit` it was done before, and is told so."""
    return Answer(view, 200 if hit else status, {"Idempotency-Hit": "true"} if hit else {})


class Api:
    """The operations of one context. The application sets both: `gate` refuses what is suspended, and apps that are too
    old, before anything else looks at a request; `tally` (of the refusal and the request's id) counts what came of
    payments that were refused or failed.
    """

    def __init__(self, import_name: str) -> None:
        self.blueprint = Blueprint(import_name)
        self.gate: Callable[[Call], None] | None = None
        self.tally: Callable[[Refusal, str], None] | None = None
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
        takes: str = JSON,
        on_refusal: Callable[[Call, Refusal], Answer] | None = None,
        is_payment: bool = False,
        also: tuple[int, ...] = (),
    ) -> Callable[[Callable[..., BaseModel | Answer]], Callable[..., BaseModel | Answer]]:
        """Declare an operation; the view takes the Call and the path's parameters, all text.

        With `auth` it names what it needs: of a customer's edition in `entitlement`, of a member of staff in
        `permission`. A page says by `on_refusal` how it tells people of a refusal; others answer problem+json. What
        becomes of one that `is_payment`, where it is refused or fails, is counted (YQ-4.1.1). `also` are statuses of
        answers besides `status`: 200 for what was done before, 202 for what waits.
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
                takes,
                on_refusal,
                is_payment,
                also,
            )
            self.operations.append(operation)

            @functools.wraps(view)
            def edge(**path_parameters: str) -> Response:
                request = self.blueprint.current_request
                with origin.of(origin.of_gateway(request.context)):
                    return _run(self, operation, request, view, path_parameters)

            route_name = f"{method.lower()}_{view.__name__}"
            self.blueprint.route(path, methods=[method], name=route_name, content_types=[takes])(edge)
            return view

        return declare


def _run(
    api: Api,
    operation: Operation,
    request: Request,
    view: Callable[..., BaseModel | Answer],
    path_parameters: Mapping[str, str],
) -> Response:
    call = Call(operation, request, path_parameters)
    log.begin(call.correlation_id, operation=operation.name)
    may_have_written = False
    try:
        require_path(path_parameters)
        if api.gate is not None:
            api.gate(call)
        if operation.auth is not None:
            call.admit(operation.auth(call))
        may_have_written = operation.method != "GET"
        answer = view(call, **path_parameters)
    except Refusal as refusal:
        log.logger.info("refused", extra={"code": refusal.code, "status": refusal.status})
        call.note(refusal)
        return _refused(api, call, refusal)
    except (ClientError, *NO_ANSWER, PynamoDBException) as error:
        if not is_passing(error):
            return _internal_error(api, call)
        log.logger.warning("engine busy", exc_info=True)
        # Of a write that was met with silence nobody knows whether it was done.
        busy = OutcomeUnknown() if may_have_written and is_silence(error) else TryAgain()
        return _refused(api, call, busy)
    except Exception:  # noqa: BLE001  # the edge: Chalice would answer in a form that is not ours
        return _internal_error(api, call)
    if not isinstance(answer, Answer):
        answer = Answer(answer)
    log.logger.info("answered", extra={"status": answer.status or operation.status})
    return _rendered(call, answer)


def _rendered(call: Call, answer: Answer) -> Response:
    operation = call.operation
    rendered = response(
        answer.view.model_dump_json() if answer.view is not None else answer.text or "",
        answer.status or operation.status,
        operation.content_type,
        call.correlation_id,
        answer.headers,
    )
    return unless_kept(rendered, call.header("if-none-match"))


def _internal_error(api: Api, call: Call) -> Response:
    log.logger.exception("internal error")
    return _refused(api, call, InternalError())


def _refused(api: Api, call: Call, refusal: Refusal) -> Response:
    # Whoever is not known is refused before it is looked at what they want.
    if call.operation.is_payment and api.tally is not None and (call.is_admitted or refusal.is_fault):
        try:
            api.tally(refusal, call.correlation_id)
        except Exception:  # noqa: BLE001  # the edge: a count that fails changes no answer
            log.logger.exception("a payment that was not made is not counted", extra={"code": refusal.code})
    if call.operation.on_refusal is not None:
        return _rendered(call, call.operation.on_refusal(call, refusal))
    return problem(refusal, call.language, call.correlation_id)
