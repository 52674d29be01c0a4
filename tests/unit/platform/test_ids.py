"""Random ids come from one source; derived ids are the same for the same parts."""

from __future__ import annotations

import random
import re

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.platform import ids

parts = st.lists(st.text(max_size=12), min_size=1, max_size=4)


@given(parts, parts)
def test_derived_ids_are_the_same_just_for_the_same_parts(one: list[str], other: list[str]) -> None:
    assert (ids.derived_id(*one) == ids.derived_id(*other)) == (one == other)
    assert re.fullmatch(r"[a-z2-7]{26}", ids.derived_id(*one))


def test_parts_do_not_run_together() -> None:
    assert len({ids.derived_id(*p) for p in (["ab", "c"], ["a", "bc"], ["abc"], ["ab", "c", ""], ["1:a", "b"])}) == 5


def test_random_ids_come_from_the_source_in_use() -> None:
    before = ids.use(random.Random(7))  # noqa: S311  # a seeded source, for a test
    first = (ids.random_id(), ids.random_digits(12))
    ids.use(random.Random(7))  # noqa: S311  # the same
    assert (ids.random_id(), ids.random_digits(12)) == first
    ids.use(before)
    assert ids.random_id() != first[0]
    assert re.fullmatch(r"[a-z2-7]{20}", first[0])
    assert re.fullmatch(r"[0-9]{12}", first[1])
