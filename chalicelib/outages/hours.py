"""How much of a span of time lies inside working hours, to the last instant. Pure; no I/O, no clock.

A day is Shanghai's. What kind of day it is, is asked of the caller: working, off, or not known because its year's
holidays are not decreed yet. Time inside the daily hours of such a day is counted apart, never guessed at.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chalicelib.platform import clock

# Whether a day is a working day; None where nobody can know it yet.
KindOfDay = Callable[[dt.date], bool | None]
NOTHING = dt.timedelta(0)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Split:
    """A span's time inside working hours, outside them, and on days of which that is not known."""

    inside: dt.timedelta = NOTHING
    outside: dt.timedelta = NOTHING
    unknown: dt.timedelta = NOTHING

    @property
    def whole(self) -> dt.timedelta:
        """All of it: nothing is lost and nothing counts twice."""
        return self.inside + self.outside + self.unknown

    def __add__(self, other: Split) -> Split:
        return Split(self.inside + other.inside, self.outside + other.outside, self.unknown + other.unknown)


def split(start: dt.datetime, end: dt.datetime, window: str, kind_of: KindOfDay) -> Split:
    """The time from `start` to just before `end`, told apart; `window` is a day's working hours, as `09:00-17:00`.

    Raises ValueError for a span that ends before it starts.
    """
    if end < start:
        raise ValueError("a span that ends before it starts")
    total = Split()
    for midnight in _midnights(start, end):
        first, last = max(start, midnight), min(end, midnight + _DAY)
        kind = kind_of(midnight.date())
        in_hours = sum((_shared(first, last, *hours) for hours in _hours(midnight, window)), NOTHING)
        rest = last - first - in_hours
        if kind is None:
            total += Split(outside=rest, unknown=in_hours)
        elif kind:
            total += Split(inside=in_hours, outside=rest)
        else:
            total += Split(outside=in_hours + rest)
    return total


def _midnights(start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    """The beginning of each Shanghai day that the span touches."""
    first = start.astimezone(clock.SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    days = (end.astimezone(clock.SHANGHAI).date() - first.date()).days + 1
    return (first + number * _DAY for number in range(days))


def _hours(midnight: dt.datetime, window: str) -> list[tuple[dt.datetime, dt.datetime]]:
    """A day's working hours; those of a window over midnight are its first and its last ones."""
    begins, ends = (midnight + _since_midnight(text) for text in window.split("-"))
    return [(begins, ends)] if begins < ends else [(midnight, ends), (begins, midnight + _DAY)]


def _since_midnight(text: str) -> dt.timedelta:
    hour, minute = text.split(":")
    return dt.timedelta(hours=int(hour), minutes=int(minute))


def _shared(first: dt.datetime, last: dt.datetime, begins: dt.datetime, ends: dt.datetime) -> dt.timedelta:
    return max(NOTHING, min(last, ends) - max(first, begins))
