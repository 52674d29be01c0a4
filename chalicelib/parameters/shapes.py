"""What the value of a parameter may be: a number, a word, a window of the day, a text, a table. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib.parameters.channels import ChannelTable

# What a parameter may be, as stored: a whole number, a word or a window, or the same words in Chinese and English.
Value = int | str | dict[str, str]

MAX_TEXT = 200
_WINDOW = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A whole-number parameter; `low <= value <= high` always holds for what a reader gets."""

    name: str
    default: int
    low: int
    high: int
    source: str

    def admits(self, value: object) -> bool:
        """Whether `value` is a whole number inside the bounds."""
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    @property
    def bounds(self) -> str:
        """What a value must be."""
        return f"{self.low}..{self.high}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A parameter that is one of a few words."""

    name: str
    default: str
    options: tuple[str, ...]
    source: str

    def admits(self, value: object) -> bool:
        """Whether `value` is one of the words."""
        return isinstance(value, str) and value in self.options

    @property
    def bounds(self) -> str:
        """What a value must be."""
        return "|".join(self.options)


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A parameter that is a part of each Shanghai day, `HH:MM-HH:MM`; one that ends before it starts spans midnight."""

    name: str
    default: str
    source: str

    def admits(self, value: object) -> bool:
        """Whether `value` is two different times of a day."""
        return isinstance(value, str) and _WINDOW.fullmatch(value) is not None and value[:5] != value[6:]

    @property
    def bounds(self) -> str:
        """What a value must be."""
        return "HH:MM-HH:MM"


@dataclass(frozen=True, slots=True)
class Text:
    """A parameter that customers read: one text in Chinese and in English."""

    name: str
    default: dict[str, str]
    source: str

    def admits(self, value: object) -> bool:
        """Whether `value` has both languages, each printable and of at most MAX_TEXT characters."""
        return (
            isinstance(value, dict)
            and value.keys() == {"zh", "en"}
            and all(
                isinstance(text, str) and 0 < len(text) <= MAX_TEXT and text.isprintable() for text in value.values()
            )
        )

    @property
    def bounds(self) -> str:
        """What a value must be."""
        return f'{{"zh": 1..{MAX_TEXT}, "en": 1..{MAX_TEXT}}}'


AnyParameter = Parameter | Choice | TimeWindow | Text | ChannelTable
