"""Business days are Asia/Shanghai's, whatever the machine's zone."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.platform import clock

# Milliseconds of this century.
moments = st.integers(min_value=946_684_800_000, max_value=4_102_358_400_000).map(
    lambda ms: dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=ms)
)


@pytest.mark.parametrize(
    ("utc", "date"),
    [
        ("2026-11-21T15:59:59.999Z", "20261121"),
        ("2026-11-21T16:00:00.000Z", "20261122"),
        ("2026-12-31T15:59:59.999Z", "20261231"),
        ("2026-12-31T16:00:00.000Z", "20270101"),
        ("2028-02-28T16:00:00.000Z", "20280229"),
    ],
)
def test_a_business_day_begins_at_shanghai_midnight(utc: str, date: str) -> None:
    assert clock.business_date(clock.from_text(utc)) == date


@pytest.mark.parametrize(
    ("utc", "month"),
    [
        ("2026-12-31T15:59:59Z", "2026-11"),
        pytest.param("2026-12-31T16:00:00Z", "2026-12", id="1st of January in Shanghai"),
        pytest.param("2027-01-01T10:00:00Z", "2026-12", id="1st of January"),
        pytest.param("2026-11-30T18:00:00Z", "2026-11", id="the bill schedule"),
        ("2027-02-28T15:59:59Z", "2027-01"),
        ("2027-02-28T16:00:00Z", "2027-02"),
        ("2027-03-31T12:00:00Z", "2027-02"),
    ],
)
def test_the_month_before(utc: str, month: str) -> None:
    assert clock.month_before(clock.from_text(utc)) == month


@given(moments)
def test_the_month_before_is_over_and_the_next_one_is_not(moment: dt.datetime) -> None:
    assert clock.month_before(moment) < clock.month_of(clock.business_date(moment))
    assert clock.is_month(clock.month_before(moment))


@pytest.mark.parametrize("text", ["2026-01", "2026-12", "0000-01"])
def test_a_calendar_month(text: str) -> None:
    assert clock.is_month(text)


@pytest.mark.parametrize("text", ["", "2026-13", "2026-00", "2026-1", "202611", "2026-11 ", "2026-11\n", "２０２６-11"])
def test_what_is_no_month(text: str) -> None:
    assert not clock.is_month(text)


@given(moments)
def test_times_as_text_read_back_and_order_alike(moment: dt.datetime) -> None:
    assert clock.from_text(clock.to_text(moment)) == moment
    later = moment + dt.timedelta(milliseconds=1)
    assert clock.to_text(moment) < clock.to_text(later)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without zone"):
        clock.from_text("2026-11-21T10:00:00")


def test_a_person_reads_shanghai_time() -> None:
    assert clock.to_local_text(clock.from_text("2026-11-21T15:59:59.999Z")) == "2026-11-21 23:59:59"


def test_a_fixed_clock_moves_only_when_told() -> None:
    # given a clock that stands still
    start = dt.datetime(2026, 11, 21, 10, 0, tzinfo=clock.SHANGHAI)
    fixed = clock.FixedClock(start)
    clock.use(fixed)
    assert (clock.now(), clock.now().tzinfo) == (start, dt.UTC)
    # when somebody waits on it
    began = clock.monotonic()
    clock.sleep(1.5)
    # then it has moved by that, at once
    assert clock.now() - start == dt.timedelta(seconds=1.5)
    assert clock.monotonic() - began == pytest.approx(1.5)
    fixed.set(start)
    assert clock.now() == start
