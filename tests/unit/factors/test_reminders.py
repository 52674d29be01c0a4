"""When the end of a token or certificate is near: months are Shanghai's, and have different lengths."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.factors.domain import first_not_open, opens_at
from chalicelib.platform.clock import SHANGHAI

MS = dt.timedelta(milliseconds=1)
DAY = dt.timedelta(days=1)


def midnight(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.requirement("NB-5.3.4")
@pytest.mark.parametrize(
    ("ends", "months", "opens"),
    [
        ("2028-11-21", 1, "2028-10-21"),
        ("2029-03-31", 1, "2029-02-28"),
        ("2029-03-28", 1, "2029-02-28"),
        ("2028-03-31", 1, "2028-02-29"),
        ("2029-01-31", 2, "2028-11-30"),
        ("2029-01-01", 1, "2028-12-01"),
        ("2028-02-29", 12, "2027-02-28"),
    ],
)
def test_a_factor_is_open_from_that_midnight_on(ends: str, months: int, opens: str) -> None:
    end, open_ = midnight(ends), midnight(opens)
    assert opens_at(end, months) == open_
    # in the instant before, it is not among what is due; at midnight it is
    assert first_not_open(open_ - MS, months) <= end
    assert first_not_open(open_, months) > end


@pytest.mark.requirement("NB-5.3.4")
@given(st.integers(0, 7 * 366 * 24 * 60), st.integers(1, 12))
def test_what_is_due_is_what_is_open_and_nothing_else(minutes: int, months: int) -> None:
    now = midnight("2026-01-01") + dt.timedelta(minutes=minutes)
    bound = first_not_open(now, months)
    assert opens_at(bound, months) > now
    assert all(opens_at(bound - day * DAY, months) <= now for day in range(1, 40))
