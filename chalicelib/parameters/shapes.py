"""What the value of a parameter may be: a number, a word, a window of the day, a text, a table. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from chalicelib.parameters.channels import ChannelTable
from chalicelib.parameters.errors import MessagePlaceholderMissing, MessagePlaceholderUnknown, MessageTextMalformed
from chalicelib.parameters.tables import Table
from chalicelib.platform.errors import Refusal
from chalicelib.platform.versions import is_version

# What a parameter may be, as stored: a whole number, a word or a window, or the same words in Chinese and English.
Value = int | str | dict[str, str]

MAX_TEXT = 200
# Of a message, before it is filled in: the longest there is, with room, and all of them at their longest still are one
# read of the table.
MAX_MESSAGE = 300
# What a code of small modules still carries, with a number and a code behind it.
MAX_ADDRESS = 100
_ADDRESS = re.compile(r"(https://[a-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*")
# Whose message it is stands first: carriers take no SMS without.
_SIGNATURE = re.compile(r"【[^【】{}]+】")
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
class Address:
    """A parameter that is where the bank is found: the address of its public pages, without a slash at the end."""

    name: str
    default: str
    source: str

    def admits(self, value: object) -> bool:
        """Whether `value` is an https address of host, port and path, or one of this machine, for a local bank."""
        return isinstance(value, str) and len(value) <= MAX_ADDRESS and _ADDRESS.fullmatch(value) is not None

    @property
    def bounds(self) -> str:
        """What a value must be."""
        return f"https://…, ≤ {MAX_ADDRESS}"


@dataclass(frozen=True, slots=True)
class Release:
    """A parameter that is the version of a program."""

    name: str
    default: str
    source: str

    def admits(self, value: object) -> bool:
        """Whether `value` is three numbers, as app stores know them."""
        return isinstance(value, str) and is_version(value)

    @property
    def bounds(self) -> str:
        """What a value must be."""
        return "MAJOR.MINOR.PATCH"


@dataclass(frozen=True, slots=True)
class Text:
    """A parameter that customers read: one text in Chinese and in English."""

    name: str
    default: dict[str, str]
    source: str
    longest: int = MAX_TEXT

    def admits(self, value: object) -> bool:
        """Whether `value` has both languages, each printable and of at most `longest` characters."""
        return (
            isinstance(value, dict)
            and value.keys() == {"zh", "en"}
            and all(
                isinstance(text, str) and 0 < len(text) <= self.longest and text.isprintable()
                for text in value.values()
            )
        )

    @property
    def bounds(self) -> str:
        """What a value must be."""
        return f'{{"zh": 1..{self.longest}, "en": 1..{self.longest}}}'


@dataclass(frozen=True, slots=True)
class MessageText:
    """A parameter that customers are sent: one text in Chinese and in English, with placeholders.

    `variables` says what may stand in it, by name, and what each is in Chinese and English; `required` must stand in
    both languages. A placeholder is `{name}` and nothing more, so that filling a text in can do nothing but that.
    """

    name: str
    default: dict[str, str]
    variables: Mapping[str, tuple[str, str]]
    required: frozenset[str]
    source: str
    longest: int = MAX_MESSAGE

    def admits(self, value: object) -> bool:
        """Whether `value` is such a text."""
        try:
            self.require(value)
        except Refusal:
            return False
        return True

    def require(self, value: object) -> None:
        """Raises MessageTextMalformed, MessagePlaceholderUnknown or MessagePlaceholderMissing for what is none."""
        malformed = MessageTextMalformed(name=self.name, longest=str(self.longest))
        if not isinstance(value, dict) or value.keys() != {"zh", "en"}:
            raise malformed
        for text in value.values():
            if not isinstance(text, str) or not 0 < len(text) <= self.longest or not text.isprintable():
                raise malformed
            try:
                parts = [part for part in Formatter().parse(text) if part[1] is not None]
            except ValueError:
                raise malformed from None
            self._require_placeholders(parts)
        if _SIGNATURE.match(value["zh"]) is None:
            raise malformed

    def _require_placeholders(self, parts: Sequence[tuple[str, str | None, str | None, str | None]]) -> None:
        for _, name, form, conversion in parts:
            if name not in self.variables or form or conversion:
                raise MessagePlaceholderUnknown(
                    name=self.name, placeholder=f"{{{name}}}", known=_braced(self.variables)
                )
        missing = [one for one in self.variables if one in self.required and one not in {name for _, name, *_ in parts}]
        if missing:
            raise MessagePlaceholderMissing(name=self.name, placeholder=_braced(missing))

    @property
    def bounds(self) -> str:
        """What a value must be: what must stand in it, and with a question mark what may."""
        both = f'{{"zh": 1..{self.longest}, "en": 1..{self.longest}}}'
        return " ".join([both, "with", *(f"{{{one}}}{'' if one in self.required else '?'}" for one in self.variables)])


def _braced(names: Iterable[str]) -> str:
    return " ".join(f"{{{name}}}" for name in names)


AnyParameter = Parameter | Choice | TimeWindow | Address | Release | Text | MessageText | ChannelTable | Table
