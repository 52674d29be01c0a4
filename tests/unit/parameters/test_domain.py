"""How a parameter's values follow each other: at once, at moments to come, and in whatever order they are decided."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.parameters.domain import (
    MAX_AHEAD,
    MAX_SCHEDULED,
    MAX_STALENESS,
    UNTOUCHED,
    Row,
    Version,
    changed,
    is_within,
)
from chalicelib.parameters.errors import ParameterEffectiveDateRefused, ParameterScheduleFull
from tests.unit.samples import NOW

MS = dt.timedelta(milliseconds=1)


def hours(count: int) -> dt.timedelta:
    return dt.timedelta(hours=count)


def test_a_change_at_once_is_in_force_from_then_on() -> None:
    row = changed(UNTOUCHED, 7, None, NOW)
    assert (row.value_at(NOW), row.revision) == (7, 1)


@pytest.mark.requirement("NB-5.2.2")
def test_a_change_to_come_leaves_the_default_in_force_until_its_moment() -> None:
    row = changed(UNTOUCHED, 7, NOW + hours(5), NOW)
    assert row.value is None
    assert row.value_at(NOW + hours(5) - MS) is None
    assert row.value_at(NOW + hours(5)) == 7


def test_changes_are_in_order_of_their_moments_not_of_their_decisions() -> None:
    row = changed(UNTOUCHED, 3, NOW + hours(30), NOW)
    row = changed(row, 2, NOW + hours(20), NOW + MS)
    row = changed(row, 1, None, NOW + 2 * MS)
    assert [row.value_at(NOW + hours(h)) for h in (1, 20, 29, 30)] == [1, 2, 2, 3]
    assert row.revision == 3


def test_of_two_for_the_same_moment_the_one_decided_last_holds() -> None:
    moment = NOW + hours(3)
    row = changed(changed(UNTOUCHED, 1, moment, NOW), 2, moment, NOW + MS)
    assert row.scheduled == (Version(2, moment),)


def test_what_has_taken_force_is_folded_in_so_that_a_row_does_not_grow() -> None:
    row = UNTOUCHED
    for step in range(50):
        row = changed(row, step, NOW + hours(step + 1), NOW + hours(step))
        assert len(row.scheduled) <= 2
    assert row.value_at(NOW + hours(49)) == 48


@pytest.mark.parametrize(
    "offset",
    [dt.timedelta(0), -MS, MAX_STALENESS - MS, MAX_AHEAD + MS],
    ids=["now", "past", "too soon for all to know", "too far"],
)
def test_a_moment_that_is_over_or_too_far_is_refused(offset: dt.timedelta) -> None:
    with pytest.raises(ParameterEffectiveDateRefused):
        changed(UNTOUCHED, 1, NOW + offset, NOW)
    for moment in (NOW + MAX_AHEAD, NOW + MAX_STALENESS):
        assert changed(UNTOUCHED, 1, moment, NOW).scheduled


def test_so_many_changes_wait_and_no_more() -> None:
    row = UNTOUCHED
    for step in range(MAX_SCHEDULED):
        row = changed(row, step, NOW + hours(step + 1), NOW)
    with pytest.raises(ParameterScheduleFull):
        changed(row, 99, NOW + hours(99), NOW)
    # the same moment again, or at once, needs no more room
    assert changed(row, 99, NOW + hours(1), NOW).value_at(NOW + hours(1)) == 99
    assert changed(row, 99, None, NOW).value_at(NOW) == 99


decisions = st.lists(
    st.tuples(st.integers(0, 9), st.one_of(st.none(), st.integers(1, 40)), st.integers(0, 10)), max_size=MAX_SCHEDULED
)


@given(decisions)
def test_the_value_at_any_moment_is_what_a_plain_account_of_all_decisions_says(
    made: list[tuple[int, int | None, int]],
) -> None:
    row, at = UNTOUCHED, NOW
    seen: list[tuple[dt.datetime, int, int]] = []
    for value, ahead, pause in made:
        at += hours(pause) + MS
        since = None if ahead is None else at + hours(ahead)
        row = changed(row, value, since, at)
        seen.append((since or at, len(seen), value))
    for h in range(0, 150, 3):
        moment = at + hours(h)
        in_force = max(((since, order, value) for since, order, value in seen if since <= moment), default=None)
        assert row.value_at(moment) == (in_force[2] if in_force else None)
    assert row.revision == len(made)


def test_a_row_from_before_there_was_history_is_in_force() -> None:
    assert Row(5).value_at(NOW) == 5


@pytest.mark.parametrize(
    ("window", "at", "inside"),
    [
        ("09:00-21:00", "08:59:59.999", False),
        ("09:00-21:00", "09:00:00.000", True),
        ("09:00-21:00", "20:59:59.999", True),
        ("09:00-21:00", "21:00:00.000", False),
        ("22:00-06:00", "22:00:00.000", True),
        ("22:00-06:00", "00:00:00.000", True),
        ("22:00-06:00", "05:59:59.999", True),
        ("22:00-06:00", "06:00:00.000", False),
        ("22:00-06:00", "12:00:00.000", False),
    ],
)
def test_a_window_is_of_the_shanghai_day_also_over_midnight(window: str, at: str, inside: bool) -> None:
    moment = dt.datetime.fromisoformat(f"2026-11-21T{at}+08:00")
    assert is_within(window, moment.astimezone(dt.UTC)) is inside
