"""A sample, the marks on it, and how it is drawn. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.platform.dynamo import Image

IN_ORDER, DOUBTFUL = "in_order", "doubtful"
MAX_SAMPLE = 100


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn of a business date: `entries` of `population`, by `seed`; who draws it again gets the same."""

    business_date: str
    sample_id: str
    seed: str
    size: int
    population: int
    entries: list[str]
    drawn_by: str
    drawn_at: str

    @classmethod
    def from_image(cls, image: Image) -> Sample:
        """A sample from its stored row."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Mark:
    """What an auditor found of one entry; never changed, a later opinion is another mark."""

    sample_id: str
    entry_id: str
    result: str
    remark: str
    by: str
    at: str

    @classmethod
    def from_image(cls, image: Image) -> Mark:
        """A mark from its stored row."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__})


def drawn(seed: str, entry_ids: Iterable[str], size: int) -> list[str]:
    """The `size` entries whose hash with the seed is the least, in that order.

    Whoever knows seed and entries can check it, and their order does not matter; nobody who writes an entry knows
    the seed.
    """
    return heapq.nsmallest(size, entry_ids, key=lambda entry_id: hashlib.sha256(f"{seed}:{entry_id}".encode()).digest())
