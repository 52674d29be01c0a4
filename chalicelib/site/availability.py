"""How much of each day the service was there for its customers (YQ-4.1.1, XJ-4.3). Pure; no I/O, no clock.

A day is Shanghai's; the last one has lasted until now. What two causes share counts once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chalicelib.platform import clock

# XJ-4.3 asks for 99.9 %, YQ-4.1.1 for 99.5 %: the stricter one, in thousandths of a per cent.
TARGET = 99_900
_WHOLE = 100_000
_NOTHING = dt.timedelta(0)
_MINUTE = dt.timedelta(minutes=1)

Span = tuple[dt.datetime, dt.datetime]


class Day(NamedTuple):
    """A day, or several: its date, how long it has lasted, how long service was out without a plan, suspended by one,
    and away for either cause.
    """

    date: str
    lasted: dt.timedelta
    out: dt.timedelta
    suspended: dt.timedelta
    away: dt.timedelta

    @property
    def share(self) -> int:
        """How much of it service was there, in thousandths of a per cent, rounded down: all is all."""
        return _WHOLE - -(-self.away * _WHOLE // self.lasted) if self.lasted else _WHOLE

    @property
    def percent(self) -> str:
        """The same as text: `99.931`."""
        return f"{self.share // 1000}.{self.share % 1000:03d}"

    @property
    def is_met(self) -> bool:
        """Whether it is what the bank must reach."""
        return self.share >= TARGET


class Bar(NamedTuple):
    """A day in a chart: how high, of 40, and whether it met its aim."""

    height: int
    is_met: bool


def bar(*, is_empty: bool, is_whole: bool, is_met: bool) -> Bar:
    """A day with nothing to count is a line; one without a fault is full, one that missed its aim half as high."""
    if is_empty:
        return Bar(4, is_met)
    return Bar(40 if is_whole else (32 if is_met else 20), is_met)


def days(outages: Sequence[Span], suspensions: Sequence[Span], count: int, now: dt.datetime) -> list[Day]:
    """The `count` days until now, the first one first."""
    today = clock.start_of_day(clock.business_date(now))
    starts = [today - dt.timedelta(days=back) for back in reversed(range(count))]
    return [_day(start, min(start + dt.timedelta(days=1), now), outages, suspensions) for start in starts]


def together(found: Sequence[Day]) -> Day:
    """All days as one."""
    parts = [sum((getattr(day, name) for day in found), _NOTHING) for name in ("lasted", "out", "suspended", "away")]
    return Day("", *parts)


def _day(start: dt.datetime, end: dt.datetime, outages: Sequence[Span], suspensions: Sequence[Span]) -> Day:
    spans = (outages, suspensions, [*outages, *suspensions])
    out, suspended, away = (covered(one, start, end) for one in spans)
    return Day(clock.business_date(start), end - start, out, suspended, away)


def covered(spans: Iterable[Span], start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """How much of the time from `start` to just before `end` lies in any of the spans."""
    total, reached = _NOTHING, start
    for begins, ends in sorted(spans):
        first, last = max(begins, reached), min(ends, end)
        if first < last:
            total, reached = total + (last - first), last
    return total


def minutes(span: dt.timedelta) -> str:
    """A length of time as people read it, a begun minute as a whole: `75`."""
    return str(-(-span // _MINUTE))
