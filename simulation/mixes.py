"""What the people of a seed are busy with. Every other seed has the everyday mix; the others have a kind of transfer
each, in turn, so that each kind is dense enough somewhere to meet its races, and the everyday ones stay what they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

EVERYDAY = "everyday"
LATER = "later"
CLEARING = "clearing"
ORDERS = "orders"
CODES = "codes"
RECALLS = "recalls"
BATCHES = "batches"
KINDS = (LATER, CLEARING, ORDERS, CODES, RECALLS, BATCHES)
# Of a hundred things that people do in a seed with a kind of its own; the rest is the everyday mix.
OF_ITS_KIND, OF_OTHER_KINDS = 50, 15


def mix_of(seed: int) -> str:
    """The mix of a seed: everyday for odd ones, the kinds in turn for even ones."""
    return EVERYDAY if seed % 2 else KINDS[seed // 2 % len(KINDS)]


def seeds_of(mix: str, first_seed: int, most: int) -> Iterator[int]:
    """The first seeds of that mix, from `first_seed` on."""
    return islice((seed for seed in count(first_seed) if mix_of(seed) == mix), most)
