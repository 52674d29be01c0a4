"""Read policy. Every function instance sees a change within 30 seconds (architecture rule 10)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from chalicelib.parameters import domain, known, store
from chalicelib.parameters.channels import Channel as Channel
from chalicelib.parameters.channels import channels_of as channels_of
from chalicelib.parameters.domain import UNTOUCHED, Row
from chalicelib.parameters.domain import Version as Version
from chalicelib.parameters.domain import is_within as is_within
from chalicelib.parameters.domain import to_text as to_text
from chalicelib.parameters.errors import ParameterUnknown
from chalicelib.parameters.known import *
from chalicelib.parameters.shapes import MAX_MESSAGE as MAX_MESSAGE
from chalicelib.parameters.shapes import AnyParameter as AnyParameter
from chalicelib.parameters.shapes import Choice as Choice
from chalicelib.parameters.shapes import MessageText as MessageText
from chalicelib.parameters.shapes import Parameter as Parameter
from chalicelib.parameters.shapes import Text as Text
from chalicelib.parameters.shapes import TimeWindow as TimeWindow
from chalicelib.parameters.shapes import Value as Value
from chalicelib.parameters.tables import CLOSED as CLOSED
from chalicelib.parameters.texts import *
from chalicelib.platform import log
from chalicelib.platform.dynamo import decode_cursor, encode_cursor

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

MAX_STALENESS = domain.MAX_STALENESS

_cached: dict[str, Row] = {}
_cached_at: dt.datetime | None = None


class Typed(Protocol[T_co]):
    """A parameter as its reader sees it: `value` answers what its default is."""

    @property
    def name(self) -> str: ...

    @property
    def default(self) -> T_co: ...

    def admits(self, value: object) -> bool: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """A parameter as it stands: the value in force, its revision, and what waits for its moment."""

    parameter: AnyParameter
    value: Value
    revision: int
    scheduled: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One change as its history keeps it (NB-5.2.2); `changed` is the time of approval and the approval's id."""

    name: str
    changed: str
    old: Value
    new: Value
    effective_from: str
    department: str
    approver: str
    maker: str
    checker: str
    reason: str
    approval_id: str


def value(parameter: Typed[T], now: dt.datetime) -> T:
    """The parameter's value in force at `now`, by what was decided up to 30 s before.

    A change that waits for its moment is known before it, so it takes force at that moment exactly. A row out of
    bounds is ignored and logged: the default is safer than a typing error.
    """
    row = _rows(now).get(parameter.name)
    found = row.value_at(now) if row is not None else None
    if found is None:
        return parameter.default
    if not parameter.admits(found):
        log.logger.error("parameter out of bounds ignored", extra={"parameter": parameter.name})
        return parameter.default
    return cast("T", found)


def rider(name: str, now: dt.datetime) -> str:
    """The text of a row that is no parameter and comes with the read of them, as decided up to 30 s before; empty
    where there is none.

    So every instance knows it and no request pays for it. It is changed by `parameters.commands.change_rider`.
    """
    row = _rows(now).get(name)
    return row.value if row is not None and isinstance(row.value, str) else ""


def _rows(now: dt.datetime) -> dict[str, Row]:
    """What this instance knows, read anew once it is 30 s old."""
    global _cached, _cached_at
    if _cached_at is None or not dt.timedelta(0) <= now - _cached_at < MAX_STALENESS:
        _cached, _cached_at = store.rows(), now
    return _cached


def standing(now: dt.datetime) -> list[Standing]:
    """Every known parameter, in order of name: what is in force at `now` and what waits for its moment."""
    rows = store.rows()
    return [_standing(parameter, rows.get(name, UNTOUCHED), now) for name, parameter in sorted(known.ALL.items())]


def standing_of(name: str, now: dt.datetime) -> Standing:
    """One parameter. Raises ParameterUnknown."""
    parameter = known.ALL.get(name)
    if parameter is None:
        raise ParameterUnknown(name=name)
    return _standing(parameter, store.row(name) or UNTOUCHED, now)


def _standing(parameter: AnyParameter, row: Row, now: dt.datetime) -> Standing:
    found = row.value_at(now)
    in_force = found if found is not None and parameter.admits(found) else parameter.default
    return Standing(parameter, in_force, row.revision, tuple(one for one in row.scheduled if one.since > now))


def history(name: str, limit: int, cursor: str | None) -> tuple[list[Change], str | None]:
    """Changes of a parameter, newest first, and the cursor of the next page.

    Raises ParameterUnknown, CursorMalformed.
    """
    if name not in known.ALL:
        raise ParameterUnknown(name=name)
    images, last = store.history(name, limit, decode_cursor(cursor, store.KEY, name, store.HISTORY_RANGE))
    return [Change(**image) for image in images], encode_cursor(last)


def set_value(name: str, new: Value) -> None:
    """Put a parameter at once and without history, for a bank that is being made: tests, benchmarks, simulation.

    A bank that serves customers changes one by an approval (`parameters.commands.change_parameter`). Raises
    ValueError for an unknown name or a value out of bounds.
    """
    parameter = known.ALL.get(name)
    if parameter is None or not parameter.admits(new):
        raise ValueError(f"no such parameter, or out of bounds: {name}={new}")
    store.put(name, new)
    forget()


def forget() -> None:
    """Drop what is cached, so that the next read is fresh."""
    global _cached_at
    _cached_at = None
