"""What goes over the wire: round trips and capacity of the calls made inside a `with`, by hooks of botocore.

Nothing in chalicelib knows that it is measured: the hooks ask the engine for the consumed capacity on the
way out and read it on the way back.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib.platform import aws

_WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call as it was sent (parameters as the code gave them) and answered (raw body, for a canned repeat)."""

    operation: str
    parameters: dict[str, Any]
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Metered:
    """What was counted: HTTP requests (botocore's own repeats included), units, and the exchanges themselves."""

    round_trips: int = 0
    read_units: float = 0
    write_units: float = 0
    by_operation: dict[str, int] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)

    def queries(self) -> int:
        """How many of the round trips were Query calls."""
        return self.by_operation.get("Query", 0)


@contextmanager
def metered() -> Iterator[Metered]:
    """Count every DynamoDB call of this process inside the `with`."""
    found = Metered()
    sent: list[dict[str, Any]] = []

    def ask_for_capacity(params: dict[str, Any], **_: Any) -> dict[str, Any]:
        sent.append(copy.deepcopy(params))
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def count(request: Any, **_: Any) -> None:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        found.round_trips += 1
        found.by_operation[operation] = found.by_operation.get(operation, 0) + 1

    def read_capacity(http_response: AWSResponse, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        for row in consumed if isinstance(consumed, list) else [consumed]:
            if model.name in _WRITES:
                found.write_units += row["CapacityUnits"]
            else:
                found.read_units += row["CapacityUnits"]
        found.exchanges.append(
            Exchange(
                model.name,
                sent.pop(),
                http_response.status_code,
                dict(http_response.headers),
                http_response.content,
            )
        )

    hooks: list[tuple[str, Callable[..., Any]]] = [
        ("provide-client-params.dynamodb", ask_for_capacity),
        ("before-send.dynamodb", count),
        ("after-call.dynamodb", read_capacity),
    ]
    with hooked(hooks):
        yield found


@contextmanager
def hooked(hooks: list[tuple[str, Callable[..., Any]]]) -> Iterator[None]:
    """Register event hooks on the shared DynamoDB client, and take them off again."""
    events = aws.dynamodb().meta.events
    for event, hook in hooks:
        events.register(event, hook)
    try:
        yield
    finally:
        for event, hook in hooks:
            events.unregister(event, hook)


class _Body:
    """A response body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def answered(request: Any, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> AWSResponse:
    """A response that never crossed a network, for a `before-send` hook to return."""
    return AWSResponse(request.url, status, HTTPHeaders.from_dict(dict(headers or {})), _Body(body))


def canned(exchanges: list[Exchange]) -> list[tuple[str, Callable[..., Any]]]:
    """Hooks that answer each operation as it was answered before, with no network and no engine."""
    by_operation = {exchange.operation: exchange for exchange in exchanges}

    def answer_with(exchange: Exchange) -> Callable[..., AWSResponse]:
        def answer(request: Any, **_: Any) -> AWSResponse:
            return answered(request, exchange.body, exchange.status, exchange.headers)

        return answer

    return [(f"before-send.dynamodb.{name}", answer_with(exchange)) for name, exchange in by_operation.items()]
