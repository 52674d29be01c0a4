"""When a suspension disturbs few: the bank's own entries by hour of the day (NB-5.1.8-5: at a suitable time)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.reports import service as reports


@dataclass(frozen=True, slots=True)
class Start:
    """An hour of the Shanghai day to begin in, and how many entries past days had from then on, for as long."""

    hour: int
    entries: int


@dataclass(frozen=True, slots=True)
class Hint:
    """Over how many days was counted, how many entries each hour had, and where to begin: the quietest first."""

    days: int
    entries: Sequence[int]
    starts: Sequence[Start]


def suitable_times(hours: int, now: dt.datetime) -> Hint:
    """Where in the day a suspension of so many hours (1 to 24) meets the fewest entries, by the days before `now`."""
    days = parameters.value(parameters.NOTICE_HINT_D, now)
    dates = [clock.business_date(now - dt.timedelta(days=back)) for back in range(1, days + 1)]
    entries = reports.entries_by_hour(dates)
    # A suspension may reach into the next day.
    twice = [*entries, *entries]
    starts = [Start(hour, sum(twice[hour : hour + hours])) for hour in range(len(entries))]
    return Hint(days, entries, sorted(starts, key=lambda start: (start.entries, start.hour)))
