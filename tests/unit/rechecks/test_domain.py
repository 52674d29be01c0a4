"""How a sample is drawn."""

from __future__ import annotations

import hashlib
import random
from collections import Counter

import pytest

from chalicelib.rechecks.domain import drawn

IDS = [f"entry{number:03d}" for number in range(50)]


def test_a_sample_is_those_whose_hash_is_the_least() -> None:
    by_hash = sorted(IDS, key=lambda id_: hashlib.sha256(b"seed:" + id_.encode()).hexdigest())
    assert drawn("seed", IDS, 7) == by_hash[:7]


def test_the_order_in_which_entries_come_does_not_matter() -> None:
    shuffled = IDS.copy()
    random.Random(1).shuffle(shuffled)  # noqa: S311  # the same order each time
    assert drawn("seed", iter(shuffled), 7) == drawn("seed", IDS, 7)


@pytest.mark.parametrize(("size", "expected"), [(0, 0), (1, 1), (50, 50), (100, 50)])
def test_no_more_than_there_are(size: int, expected: int) -> None:
    assert len(drawn("seed", IDS, size)) == expected


def test_over_many_seeds_every_entry_has_its_turn() -> None:
    times = Counter(id_ for seed in range(1000) for id_ in drawn(f"seed {seed}", IDS, 5))
    # 100 each are to be expected; 50 and 160 are five and six standard deviations away
    assert len(times) == 50
    assert 50 < min(times.values()) <= max(times.values()) < 160
