"""Plan what a rider is to say: a row that is no parameter and that every instance reads with them."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.parameters import domain, known, store
from chalicelib.parameters.domain import Row
from chalicelib.platform.dynamo import ItemPut, ItemUpdate


@dataclass(frozen=True, slots=True)
class Rider:
    """A rider as it was read."""

    name: str
    seen: Row | None

    @property
    def text(self) -> str:
        """What it says; empty where it is not there."""
        return str(self.seen.value) if self.seen is not None else ""

    def write(self, text: str) -> ItemPut | ItemUpdate:
        """It says `text`, if nobody has changed it since it was read; else the whole is planned anew."""
        revision = (self.seen or domain.UNTOUCHED).revision + 1
        return store.change(self.name, self.seen, Row(text, revision))


def read_rider(name: str) -> Rider:
    """The rider as it is now. Raises ValueError for a name that is a parameter's."""
    if name in known.ALL:
        raise ValueError("a parameter is changed by its own command")
    return Rider(name, store.row(name))
