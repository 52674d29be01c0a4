"""A parameter that is a table, as one text that two people compare: what the public site shows of the bank.

Rows are separated by `; `, cells by ` | `. A text without a row says that nothing is published.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

# Every instance reads all parameters every 30 seconds.
MAX_ROWS = 40
MAX_LENGTH = 4_000
CLOSED = "-"

_PHONE = re.compile(r"[0-9+][0-9 -]{4,23}")
_RATE = re.compile(r"[0-9]{1,2}\.[0-9]{2,4}")
_HOURS = re.compile(r"(?P<opens>([01][0-9]|2[0-3]):[0-5][0-9])-(?P<closes>([01][0-9]|2[0-3]):[0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Column:
    """A cell's name, which of its texts are admitted, and what those look like."""

    name: str
    admits: Callable[[str], bool]
    form: str


@dataclass(frozen=True, slots=True)
class Table:
    """A parameter that is a table; the first cell of a row is its own among the rows."""

    name: str
    columns: tuple[Column, ...]
    source: str
    default: str = ""

    def admits(self, value: object) -> bool:
        """Whether `value` says such a table, of at most MAX_ROWS rows and MAX_LENGTH characters."""
        if not isinstance(value, str) or len(value) > MAX_LENGTH:
            return False
        rows = _cells(value)
        return (
            len(rows) <= MAX_ROWS
            and len({row[0] for row in rows}) == len(rows)
            and all(len(row) == len(self.columns) for row in rows)
            and all(column.admits(cell) for row in rows for column, cell in zip(self.columns, row, strict=True))
        )

    @property
    def bounds(self) -> str:
        """What a value must be."""
        forms = " | ".join(f"{column.name} {column.form}" for column in self.columns)
        return f"0..{MAX_ROWS} rows, '; ' between, ≤ {MAX_LENGTH}: {forms}"

    def rows(self, value: str) -> list[dict[str, str]]:
        """The rows that a value says, each cell by its column's name."""
        names = [column.name for column in self.columns]
        return [dict(zip(names, row, strict=True)) for row in _cells(value)]


def _cells(value: str) -> list[list[str]]:
    return [row.split(" | ") for row in value.split("; ")] if value else []


def words(name: str, longest: int) -> Column:
    """A cell that people read: printable, without what separates cells and rows."""

    def admits(cell: str) -> bool:
        plain = cell.isprintable() and cell == cell.strip() and not set(cell) & set("|;")
        return plain and 0 < len(cell) <= longest

    return Column(name, admits, f"1..{longest}")


def phone(name: str) -> Column:
    """A telephone number: digits, spaces and hyphens."""
    return Column(name, lambda cell: _PHONE.fullmatch(cell) is not None, "0123-4567890")


def rate(name: str) -> Column:
    """A rate a year in per cent."""
    return Column(name, lambda cell: _RATE.fullmatch(cell) is not None, "1.2500")


def opening(name: str) -> Column:
    """A time of the day from which to which it is open, or CLOSED."""

    def admits(cell: str) -> bool:
        found = _HOURS.fullmatch(cell)
        return cell == CLOSED or (found is not None and found["opens"] < found["closes"])

    return Column(name, admits, f"HH:MM-HH:MM or {CLOSED}")


def date(name: str) -> Column:
    """A day of the calendar."""

    def admits(cell: str) -> bool:
        try:
            return _DATE.fullmatch(cell) is not None and bool(dt.date.fromisoformat(cell))
        except ValueError:
            return False

    return Column(name, admits, "YYYY-MM-DD")
