"""What the people of a seed are busy with. Every other seed has the everyday mix; the others have a kind of transfer
each, or suspensions, in turn, so that each is dense enough somewhere to meet its races, and the everyday ones stay what
they are.
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
# Payments of all kinds, while service is suspended again and again.
SUSPENSIONS = "suspensions"
OWN = (*KINDS, SUSPENSIONS)
# Of a hundred things that people do in a seed with a kind of its own; the rest is the everyday mix. Suspensions are of
# all kinds, and what they stop must be under way.
OF_ITS_KIND, OF_OTHER_KINDS, OF_SUSPENSIONS = 50, 15, 90


def mix_of(seed: int) -> str:
    """The mix of a seed: everyday for odd ones, the others in turn for even ones."""
    return EVERYDAY if seed % 2 else OWN[seed // 2 % len(OWN)]


def seeds_of(mix: str, first_seed: int, most: int) -> Iterator[int]:
    """The first seeds of that mix, from `first_seed` on."""
    return islice((seed for seed in count(first_seed) if mix_of(seed) == mix), most)
