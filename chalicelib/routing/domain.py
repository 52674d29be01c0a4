"""The choice of a channel. Pure; no I/O, no clock.

Rows are asked in the table's order, and the first that takes the payment has it. Whether a day is a working day is
asked only where a row needs to know, so a channel that is open every day works beyond the years that are known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.parameters.service import Channel
from chalicelib.platform import clock
from chalicelib.routing.errors import AmountUnroutable, CalendarUnknown, NoChannelOpen

# The longest row of days off in the calendar is shorter; beyond it, no row of the table is ever open.
MOST_DAYS_AHEAD = 31


@dataclass(frozen=True, slots=True)
class Route:
    """By which channel a payment goes, and when it arrives there as a rule."""

    channel: str
    arrives_at: dt.datetime


def is_working_day(day: dt.date) -> bool:
    """Whether banks work on a day in China, moved holidays and working weekends included. Raises CalendarUnknown."""
    # Only what routes needs it, and it is a long list of dates.
    import chinese_calendar  # noqa: PLC0415

    # A year without a single holiday is one that the calendar does not know.
    if day.year not in {holiday.year for holiday in chinese_calendar.holidays}:
        raise CalendarUnknown(day=day.isoformat())
    return bool(chinese_calendar.is_workday(day))


def choose(table: Sequence[Channel], amount_fen: int, when: dt.datetime, speed: str) -> Route:
    """The first channel of the table that takes the amount at that speed and is open at `when`.

    Raises AmountUnroutable; NoChannelOpen, which says when one opens; CalendarUnknown where that hangs on a day whose
    kind is not known.
    """
    taking = [row for row in table if row.takes(amount_fen, speed)]
    if not taking:
        raise AmountUnroutable()
    local = when.astimezone(clock.SHANGHAI)
    for row in taking:
        if row.is_open_at(local.hour * 60 + local.minute) and _works_on(row, local.date()):
            return Route(row.name, when + dt.timedelta(minutes=row.arrives_min))
    raise NoChannelOpen(opens=clock.to_local_text(min(_opening(row, local) for row in taking)))


def _works_on(row: Channel, day: dt.date) -> bool:
    return not row.is_on_working_days or is_working_day(day)


def _opening(row: Channel, local: dt.datetime) -> dt.datetime:
    """When a channel that is closed at a Shanghai time opens next."""
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(MOST_DAYS_AHEAD):
        opens = midnight + dt.timedelta(days=ahead, minutes=row.opens_min)
        if opens > local and _works_on(row, opens.date()):
            return opens
    raise AmountUnroutable()
