"""How much of a day service was there: what overlaps counts once, and not a second is rounded away."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.platform import clock
from chalicelib.site import availability

MIDNIGHT = dt.datetime(2026, 11, 23, tzinfo=clock.SHANGHAI)
HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)


def span(first: float, last: float) -> availability.Span:
    return MIDNIGHT + first * HOUR, MIDNIGHT + last * HOUR


@pytest.mark.parametrize(
    ("spans", "hours"),
    [
        ([], 0),
        ([(1, 2)], 1),
        ([(1, 2), (2, 3)], 2),
        ([(1, 4), (2, 3)], 3),
        ([(2, 5), (1, 3)], 4),
        ([(1, 2), (1, 2)], 1),
        ([(-5, 1), (23, 40)], 2),
        ([(-5, 40)], 24),
        ([(-5, 0), (24, 40)], 0),
        ([(1, 10), (2, 3), (9, 11)], 10),
    ],
)
def test_what_overlaps_counts_once_and_only_inside_the_day(spans: list[tuple[float, float]], hours: float) -> None:
    found = availability.covered([span(*one) for one in spans], MIDNIGHT, MIDNIGHT + 24 * HOUR)
    assert found == hours * HOUR


def test_a_second_shows_and_the_aim_is_met_at_the_aim() -> None:
    now = MIDNIGHT + 24 * HOUR - SECOND
    (day,) = availability.days([(MIDNIGHT, MIDNIGHT + SECOND)], [], 1, now)
    assert (day.percent, day.is_met) == ("99.998", True)
    bound = (24 * HOUR) / 1000
    for over, is_met in ((0 * SECOND, True), (SECOND, False)):
        day = availability.Day("20261123", 24 * HOUR, bound + over, 0 * HOUR, bound + over)
        assert day.is_met == is_met


def test_the_moment_a_day_begins_it_has_lasted_nothing_and_all_of_it_was_served() -> None:
    (day,) = availability.days([], [], 1, MIDNIGHT)
    assert (day.lasted, day.percent) == (0 * HOUR, "100.000")


def test_several_days_are_weighed_by_how_long_they_lasted() -> None:
    days = availability.days([span(0, 12)], [span(12, 24)], 2, MIDNIGHT + 36 * HOUR)
    assert [(day.date, day.percent) for day in days] == [("20261123", "0.000"), ("20261124", "100.000")]
    whole = availability.together(days)
    assert (whole.lasted, whole.out, whole.suspended, whole.percent) == (36 * HOUR, 12 * HOUR, 12 * HOUR, "33.333")


def test_minutes_are_begun_ones() -> None:
    assert [availability.minutes(length) for length in (0 * HOUR, SECOND, HOUR, HOUR + SECOND)] == [
        "0",
        "1",
        "60",
        "61",
    ]


@pytest.mark.parametrize(
    ("is_empty", "is_whole", "is_met", "expected"),
    [
        (True, True, True, (4, True)),
        (False, True, True, (40, True)),
        (False, False, True, (32, True)),
        (False, False, False, (20, False)),
    ],
)
def test_a_day_in_a_chart(*, is_empty: bool, is_whole: bool, is_met: bool, expected: tuple[int, bool]) -> None:
    assert availability.bar(is_empty=is_empty, is_whole=is_whole, is_met=is_met) == expected
