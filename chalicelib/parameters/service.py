"""Read policy. Every function instance sees a change within 30 seconds (architecture rule 10)."""

from __future__ import annotations

import datetime as dt

from chalicelib.parameters import domain, store
from chalicelib.parameters.domain import (
    ACCESS_TOKEN_S,
    LOGIN_LOCK_S,
    LOGIN_TRIES,
    NO_CERTIFICATE_DAY_FEN,
    NOTICE_LEAD_H,
    REFRESH_TOKEN_S,
    SESSION_MAX_S,
    SMS_CEILING_FEN,
    SMS_CODE_TRIES,
    SMS_CODE_VALID_S,
    TRANSFER_FEE_FEN,
    Parameter,
)
from chalicelib.platform import log

__all__ = [
    "ACCESS_TOKEN_S",
    "LOGIN_LOCK_S",
    "LOGIN_TRIES",
    "NOTICE_LEAD_H",
    "NO_CERTIFICATE_DAY_FEN",
    "REFRESH_TOKEN_S",
    "SESSION_MAX_S",
    "SMS_CEILING_FEN",
    "SMS_CODE_TRIES",
    "SMS_CODE_VALID_S",
    "TRANSFER_FEE_FEN",
    "Parameter",
    "forget",
    "set_value",
    "value",
]

MAX_STALENESS = dt.timedelta(seconds=30)

_cached: dict[str, int] = {}
_cached_at: dt.datetime | None = None


def value(parameter: Parameter, now: dt.datetime) -> int:
    """The parameter's value in force, at most 30 s old.

    A row out of bounds is ignored and logged: the default is safer than a typing error.
    """
    global _cached, _cached_at
    if _cached_at is None or not dt.timedelta(0) <= now - _cached_at < MAX_STALENESS:
        _cached, _cached_at = store.overrides(), now
    found = _cached.get(parameter.name, parameter.default)
    if not parameter.admits(found):
        log.logger.error("parameter out of bounds ignored", extra={"parameter": parameter.name})
        return parameter.default
    return found


def set_value(name: str, new: int) -> None:
    """Write a parameter; raises ValueError for an unknown name or a value out of bounds."""
    parameter = domain.ALL.get(name)
    if parameter is None or not parameter.admits(new):
        raise ValueError(f"no such parameter, or out of bounds: {name}={new}")
    store.put(name, new)
    forget()


def forget() -> None:
    """Drop what is cached, so that the next read is fresh."""
    global _cached_at
    _cached_at = None
