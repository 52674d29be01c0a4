"""Where what is being done comes from, for the rows of the logs: set at an edge for the time of one request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# IPv4 or IPv6 as the gateway writes it.
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_origin: ContextVar[str | None] = ContextVar("origin", default=None)


@contextmanager
def of(origin: str | None) -> Iterator[None]:
    """What is written inside comes from there; None where nobody asked, as in a worker."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def address() -> str | None:
    """The source address of the request under way, or the shell that a command was given in; None outside of both."""
    return _origin.get()


def of_gateway(context: Mapping[str, Any]) -> str | None:
    """The address that API Gateway saw the request come from, whatever headers claim; None if it names none."""
    seen = (context.get("identity") or {}).get("sourceIp")
    return seen if isinstance(seen, str) and _ADDRESS.fullmatch(seen) else None
