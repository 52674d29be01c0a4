"""What people type into pages, and how service stands in a word. Pure; no I/O, no clock."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

# Longer than a number or a code is with spaces between all its characters.
MAX_TYPED = 80


class Asked(NamedTuple):
    """A receipt's number and code as somebody typed or scanned them."""

    number: str
    code: str

    def missing(self) -> tuple[str, ...]:
        """Names of what was left empty."""
        return tuple(name for name, value in self._asdict().items() if not value)


def shown(text: str) -> str:
    """What was typed as a page shows it again: without what nobody sees, at most as long as it may be typed."""
    return "".join(filter(str.isprintable, text)).strip()[:MAX_TYPED]


class Standing(Enum):
    """How service stands."""

    UP = "up"
    SUSPENDED = "suspended"
    OUT = "out"


def standing_of(is_out: bool, is_suspended: bool) -> Standing:
    """What is out without a plan counts for more than what is suspended by one."""
    if is_out:
        return Standing.OUT
    return Standing.SUSPENDED if is_suspended else Standing.UP
