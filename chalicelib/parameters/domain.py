"""How the values of a parameter follow each other, and how people read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.parameters.errors import ParameterEffectiveDateRefused, ParameterScheduleFull
from chalicelib.parameters.shapes import Value
from chalicelib.platform import clock

# Changes of one parameter that wait for their moment. A row stays short: every instance reads all rows every 30 s.
MAX_SCHEDULED = 8
# How old what an instance knows may be. A change for a moment to come is decided at least so long before it, so
# that every instance knows it then.
MAX_STALENESS = dt.timedelta(seconds=30)
# What is to hold in over a year is not decided today.
MAX_AHEAD = dt.timedelta(days=366)


def is_within(window: str, now: dt.datetime) -> bool:
    """Whether `now` lies in a window of the Shanghai day: from its first minute to just before its last."""
    begins, _, ends = window.partition("-")
    minute = now.astimezone(clock.SHANGHAI).strftime("%H:%M")
    return begins <= minute < ends if begins < ends else minute >= begins or minute < ends


def to_text(value: Value) -> str:
    """A value as people read it in a comparison or a history."""
    return f"{value['zh']} / {value['en']}" if isinstance(value, dict) else str(value)


@dataclass(frozen=True, slots=True)
class Version:
    """A value and the moment from which it is in force."""

    value: Value
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Row:
    """What differs from a parameter's default: the value in force, those that wait for their moment in order of
    time, and how often it was changed.

    `revision` grows by one with each change: who changes it states the one they saw.
    """

    value: Value | None
    revision: int = 0
    scheduled: tuple[Version, ...] = ()

    def value_at(self, moment: dt.datetime) -> Value | None:
        """The value in force at `moment`; None where the default is."""
        for version in reversed(self.scheduled):
            if version.since <= moment:
                return version.value
        return self.value


UNTOUCHED = Row(None)


def changed(row: Row, value: Value, since: dt.datetime | None, now: dt.datetime) -> Row:
    """The row after a change decided at `now` that takes force then, or at `since`.

    What waits for a later moment stays; of two for the same moment the one decided last holds. Raises
    ParameterEffectiveDateRefused, ParameterScheduleFull.
    """
    if since is not None and not now + MAX_STALENESS <= since <= now + MAX_AHEAD:
        earliest, latest = clock.to_local_text(now + MAX_STALENESS), clock.to_local_text(now + MAX_AHEAD)
        raise ParameterEffectiveDateRefused(earliest=earliest, latest=latest)
    waiting = [version for version in row.scheduled if version.since > now and version.since != since]
    if since is None:
        return Row(value, row.revision + 1, tuple(waiting))
    if len(waiting) >= MAX_SCHEDULED:
        raise ParameterScheduleFull(most=str(MAX_SCHEDULED))
    scheduled = sorted([*waiting, Version(value, since)], key=lambda version: version.since)
    return replace(row, value=row.value_at(now), revision=row.revision + 1, scheduled=tuple(scheduled))


def scheduled_maps(versions: Sequence[Version]) -> list[dict[str, object]]:
    """Waiting values as a row keeps them."""
    return [{"value": version.value, "since": clock.to_text(version.since)} for version in versions]
