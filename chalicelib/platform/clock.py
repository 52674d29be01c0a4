"""Time. `now` is read once at the edge and passed in; business days are Asia/Shanghai.

The clock is a seam with two sides: the system's, and one that tests and the simulation set.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """A source of time: `now` is aware and in UTC; `monotonic` counts seconds and never runs backwards."""

    def now(self) -> dt.datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class FixedClock:
    """A clock that stands still until it is moved; sleeping moves it."""

    def __init__(self, start: dt.datetime) -> None:
        self._now = start.astimezone(dt.UTC)

    def now(self) -> dt.datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.advance(dt.timedelta(seconds=seconds))

    def advance(self, by: dt.timedelta) -> None:
        self._now += by

    def set(self, to: dt.datetime) -> None:
        self._now = to.astimezone(dt.UTC)


_clock: Clock = SystemClock()


def use(clock: Clock) -> Clock:
    """Make `clock` this process's clock; returns the one it replaces."""
    global _clock
    previous, _clock = _clock, clock
    return previous


def now() -> dt.datetime:
    """The present moment, aware, UTC."""
    return _clock.now()


def monotonic() -> float:
    """Seconds on this process's clock, for measuring how long something takes."""
    return _clock.monotonic()


def sleep(seconds: float) -> None:
    """Wait, on this process's clock."""
    _clock.sleep(seconds)


def machine_ns() -> int:
    """Nanoseconds of the machine's own clock, whichever this process has: they order what is of one instant."""
    return time.time_ns()


def to_text(moment: dt.datetime) -> str:
    """ISO 8601 in UTC with milliseconds; text order is time order."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> dt.datetime:
    """The moment that `to_text` wrote; raises ValueError on anything without a zone."""
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time without zone: {text!r}")
    return moment


def from_epoch(epoch_s: int) -> dt.datetime:
    """The moment so many seconds after 1970 began, in UTC."""
    return dt.datetime.fromtimestamp(epoch_s, dt.UTC)


def to_local_text(moment: dt.datetime) -> str:
    """As a customer reads it: `2026-11-21 23:59:59`, Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def business_date(moment: dt.datetime) -> str:
    """The Shanghai calendar day of `moment`, as `20261121`."""
    return moment.astimezone(SHANGHAI).strftime("%Y%m%d")


def start_of_day(business_date_text: str) -> dt.datetime:
    """The first moment of a business date, in Shanghai."""
    return dt.datetime.strptime(business_date_text, "%Y%m%d").replace(tzinfo=SHANGHAI)


def day_after(business_date_text: str) -> str:
    """The next business date; the bank has one every calendar day."""
    return (dt.date.fromisoformat(business_date_text) + dt.timedelta(days=1)).strftime("%Y%m%d")


_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def is_month(text: str) -> bool:
    """Whether `text` is a calendar month as `2026-11`."""
    return _MONTH.fullmatch(text) is not None


def month_of(business_date_text: str) -> str:
    """`20261121` -> `2026-11`."""
    return f"{business_date_text[:4]}-{business_date_text[4:6]}"


def month_before(moment: dt.datetime) -> str:
    """The last Shanghai month that was over at `moment`, as `2026-10`."""
    first = moment.astimezone(SHANGHAI).replace(day=1)
    return (first - dt.timedelta(days=1)).strftime("%Y-%m")
