"""What opens and ends an outage: so many looks in a row, slips left out, silence counted as bad."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outages import watches
from chalicelib.outages.watches import Needed, Watch
from chalicelib.platform import clock

pytestmark = pytest.mark.requirement("XJ-4.3")

MINUTE = dt.timedelta(minutes=1)
NEEDED = Needed(bad=3, good=2, every=MINUTE)
T0 = dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC)


def played(looks: str, needed: Needed = NEEDED) -> list[tuple[int, str, int]]:
    """What a row of looks does, a minute each: `x` bad, `.` good, `_` none; (when, open or end, as of when)."""
    watch, found = Watch("all", clock.to_text(T0)), []
    for number, look in enumerate(looks, start=1):
        now = T0 + number * MINUTE
        if look == "_":
            continue
        watch = watches.looked(watch, now, needed, is_bad=look == "x")
        opens_at, ends_at = watch.opens_at(needed), watch.ends_at(needed)
        assert opens_at is None or ends_at is None
        if opens_at is not None:
            found.append((number, "open", minute(opens_at)))
            watch = watches.opened(watch, f"o{number}")
        if ends_at is not None:
            found.append((number, "end", minute(ends_at)))
            watch = watches.over(watch)
    return found


def minute(text: str) -> int:
    return int((clock.from_text(text) - T0) / MINUTE)


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ("....", []),
        ("xx.xx.xx.", []),
        ("..xxx", [(5, "open", 3)]),
        ("..xxxxxx", [(5, "open", 3)]),
        ("xxx.x.x.x", [(3, "open", 1)]),
        ("xxx..", [(3, "open", 1), (5, "end", 4)]),
        ("xxx.x..xx", [(3, "open", 1), (7, "end", 6)]),
        ("xxx..xxx..", [(3, "open", 1), (5, "end", 4), (8, "open", 6), (10, "end", 9)]),
        # a look or two that are missing are no silence; four are, and it began after the last look
        (".___.", []),
        (".____.", [(6, "open", 1), (7, "end", 6)][:1]),
        (".____..", [(6, "open", 1), (7, "end", 6)]),
        (".____x..", [(6, "open", 1), (8, "end", 7)]),
        # silence goes on from a bad look before it
        (".x____..", [(7, "open", 2), (8, "end", 7)]),
        # what is out when silence comes stays out, and good looks before it do not count
        ("xxx.____..", [(3, "open", 1), (10, "end", 9)]),
    ],
)
def test_looks(looks: str, expected: list[tuple[int, str, int]]) -> None:
    assert played(looks) == expected


@pytest.mark.parametrize(("after_s", "expected"), [(0, True), (29, True), (30, False), (60, False)])
def test_what_fires_twice_has_looked_once(after_s: int, expected: bool) -> None:  # a column
    watch = Watch("all", clock.to_text(T0))
    assert watches.is_same_look(watch, T0 + dt.timedelta(seconds=after_s), NEEDED) is expected


def test_silence_is_not_told_of_every_scope() -> None:
    needed = replace(NEEDED, is_silence_bad=False)
    assert played(".______..", needed) == []
    # looks before and after it are in one row
    assert played("xx______x", needed) == [(9, "open", 1)]


def test_an_outage_of_a_person_stands_in_place_of_the_probes_and_leaves_nothing_behind() -> None:
    # given enough bad looks while a person's outage has the scope, so that none is opened
    watch = Watch("all", clock.to_text(T0))
    for number in range(1, 6):
        watch = watches.looked(watch, T0 + number * MINUTE, NEEDED, is_bad=True)
    assert watch.opens_at(NEEDED) == clock.to_text(T0 + MINUTE)
    # when it is well for long enough, then those looks open nothing later
    for number in range(6, 8):
        watch = watches.looked(watch, T0 + number * MINUTE, NEEDED, is_bad=False)
    assert (watch.opens_at(NEEDED), watch.bad) == (None, 0)


@given(looks=st.text("x._", max_size=60), bad=st.integers(1, 4), good=st.integers(1, 4))
def test_an_outage_opens_and_ends_in_turn_and_never_before_it_began(looks: str, bad: int, good: int) -> None:
    found = played(looks, Needed(bad, good, MINUTE))
    assert [what for _, what, _ in found] == ["open", "end"] * (len(found) // 2) + ["open"] * (len(found) % 2)
    for number, what, since in found:
        assert since <= number
        if what == "end":
            # as many good looks as it takes, since the first of them
            assert [one for one in looks[since - 1 : number] if one != "_"] == ["."] * good
