"""A parameter that is a table of channels to other banks, in the order in which its rows are asked.

A channel may have several rows: its hours span midnight, or differ by amount.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CHANNELS = 8
SPEEDS = ("realtime", "normal", "next_day")
_MIDNIGHT_MIN = 24 * 60
_ROW = re.compile(
    r"(?P<name>[a-z0-9]{2,10}) (?P<least>[1-9][0-9]{0,12})-(?P<most>[1-9][0-9]{0,12}) "
    r"(?P<speeds>[a-z_]+(?:,[a-z_]+)*) (?P<days>every|working) "
    r"(?P<opens>[0-2][0-9]:[0-5][0-9])-(?P<closes>[0-2][0-9]:[0-5][0-9]) (?P<arrives>[0-9]{1,4})"
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A row: amounts in fen, both included; minutes of the Shanghai day, the last not included; `arrives_min` after."""

    name: str
    least_fen: int
    most_fen: int
    speeds: tuple[str, ...]
    is_on_working_days: bool
    opens_min: int
    closes_min: int
    arrives_min: int

    def takes(self, amount_fen: int, speed: str) -> bool:
        """Whether the channel takes an amount at a speed, whenever it is open."""
        return self.least_fen <= amount_fen <= self.most_fen and speed in self.speeds

    def is_open_at(self, minute: int) -> bool:
        """Whether a minute of the day is within its hours."""
        return self.opens_min <= minute < self.closes_min


def channels_of(text: str) -> tuple[Channel, ...]:
    """The table that a text says; raises ValueError for one that is none.

    Rows are separated by `; `, each `name least-most speeds every|working HH:MM-HH:MM minutes`.
    """
    rows = tuple(_row(part) for part in text.split("; "))
    if len(rows) > MAX_CHANNELS or len(set(rows)) < len(rows):
        raise ValueError("too many rows, or one twice")
    return rows


def _row(text: str) -> Channel:
    found = _ROW.fullmatch(text)
    if found is None:
        raise ValueError("not a row")
    speeds = tuple(found["speeds"].split(","))
    row = Channel(
        found["name"],
        int(found["least"]),
        int(found["most"]),
        speeds,
        found["days"] == "working",
        _minute(found["opens"]),
        _minute(found["closes"]),
        int(found["arrives"]),
    )
    hours_hold = 0 <= row.opens_min < row.closes_min <= _MIDNIGHT_MIN
    if not hours_hold or row.least_fen > row.most_fen or len(set(speeds)) < len(speeds) or not set(speeds) <= {*SPEEDS}:
        raise ValueError("a row that says nothing")
    return row


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


@dataclass(frozen=True, slots=True)
class ChannelTable:
    """A parameter that is a table of channels, as one text."""

    name: str
    default: str
    source: str

    def admits(self, value: object) -> bool:
        """Whether `value` says such a table."""
        try:
            return isinstance(value, str) and bool(channels_of(value))
        except ValueError:
            return False

    @property
    def bounds(self) -> str:
        """What a value must be."""
        return (
            f"1..{MAX_CHANNELS} rows, '; ' between: name least_fen-most_fen {','.join(SPEEDS)} every|working "
            "HH:MM-HH:MM arrives_min"
        )
