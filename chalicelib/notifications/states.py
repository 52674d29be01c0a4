"""The head of an inbox: how many messages came, which of them are read, how their owner wants to be told. Pure.

Messages are numbered as they arrive, from 1. Read are all up to a mark, and some beyond it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.notifications.channels import Channel, Settings

# A customer who opened so many, each by itself, has seen what lies before them: the head stays a small item.
MOST_BEYOND_MARK = 1000


@dataclass(frozen=True, slots=True)
class Bound:
    """Where a channel reaches a customer, and since when."""

    to: str = field(repr=False)
    at: str


@dataclass(frozen=True, slots=True)
class Head:
    """`revision` counts what became of the head: 0 where there is none yet."""

    customer_id: str
    revision: int = 0
    arrived: int = 0
    read_to: int = 0
    read: frozenset[int] = frozenset()
    settings: Settings = field(default_factory=Settings)
    # Where channels reach the customer that need an address of their own.
    addresses: Mapping[Channel, Bound] = field(default_factory=dict)

    @classmethod
    def from_image(cls, image: Mapping[str, Any]) -> Head:
        """The head that a stored item holds."""
        return cls(
            image["customer_id"],
            image["revision"],
            image["arrived"],
            image["read_to"],
            frozenset(image.get("read", ())),
            Settings.from_image(image.get("settings")),
            {channel: Bound(**one) for channel, one in image.get("addresses", {}).items()},
        )

    @property
    def unread(self) -> int:
        """How many messages are not read."""
        return self.arrived - self.read_to - len(self.read)

    def is_read(self, number: int | None) -> bool:
        """Whether the message is read; one from before messages were numbered counts as read."""
        return number is None or number <= self.read_to or number in self.read

    def with_arrival(self) -> Head:
        """The head with one message more, whose number is `arrived`."""
        return dataclasses.replace(self, revision=self.revision + 1, arrived=self.arrived + 1)

    def with_read(self, numbers: Iterable[int]) -> Head:
        """The head once these are read as well; itself where they are."""
        return self._marked(self.read_to, self.read | {number for number in numbers if not self.is_read(number)})

    def with_read_to(self, number: int) -> Head:
        """The head once all up to that one are read; itself where they are."""
        return self._marked(max(self.read_to, number), self.read)

    def _marked(self, read_to: int, read: frozenset[int]) -> Head:
        read_to = max([read_to, *sorted(read, reverse=True)[MOST_BEYOND_MARK:]])
        while read_to + 1 in read:
            read_to += 1
        beyond = frozenset(number for number in read if number > read_to)
        if (read_to, beyond) == (self.read_to, self.read):
            return self
        return dataclasses.replace(self, revision=self.revision + 1, read_to=read_to, read=beyond)

    def with_settings(self, settings: Settings) -> Head:
        """The head with other settings; itself where they are the same."""
        if settings == self.settings:
            return self
        return dataclasses.replace(self, revision=self.revision + 1, settings=settings)

    def with_address(self, channel: Channel, bound: Bound) -> Head:
        """The head with an address of that channel."""
        addresses = {**self.addresses, channel: bound}
        return dataclasses.replace(self, revision=self.revision + 1, addresses=addresses)

    def without_address(self, channel: Channel) -> Head:
        """The head without it, and what was to go there goes by what else was chosen; itself where there is none."""
        if channel not in self.addresses:
            return self
        addresses = {name: one for name, one in self.addresses.items() if name != channel}
        settings = self.settings.without(channel)
        return dataclasses.replace(self, revision=self.revision + 1, addresses=addresses, settings=settings)
