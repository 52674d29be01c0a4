"""The time inside working hours and outside, to the second: the table of docs/outages.md, and what holds always."""

from __future__ import annotations

import datetime as dt
import functools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outages import domain, hours, service
from chalicelib.outages.domain import APART, WHOLE, Terms
from chalicelib.outages.hours import NOTHING, Split
from chalicelib.platform import clock

pytestmark = pytest.mark.requirement("NB-5.1.8-7")

DOCS = Path(__file__).resolve().parents[3] / "docs" / "outages.md"
# The calendar answers a day alike however often it is asked.
kind_of_day = functools.cache(service.kind_of_day)
HOURS, OVERNIGHT = "09:00-17:00", "22:00-06:00"
SECOND = dt.timedelta(seconds=1)


def terms(reading: str = APART, hours_: str = HOURS) -> Terms:
    return Terms(hours_, 240, 480, 24, 72, reading)


def rows() -> list[list[str]]:
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    first = lines.index("| case | from | to | inside | outside | unknown | apart | whole |") + 2
    last = next(number for number in range(first, len(lines)) if not lines[number].startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[first:last]]


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)


def span(text: str) -> dt.timedelta:
    hours_, minutes, seconds = map(int, text.split(":"))
    return dt.timedelta(hours=hours_, minutes=minutes, seconds=seconds)


def verdict(split: Split, reading: str) -> str:
    if not domain.is_reached(split, terms(reading)):
        return "no"
    return "assumed" if domain.is_assumed(split, terms(reading)) else "yes"


def test_the_table_has_its_cases() -> None:
    found = rows()
    assert len(found) == 24
    assert {row[6] for row in found} == {"no", "yes", "assumed"}
    # the readings differ somewhere, and the stricter one never lets go what the other does not
    assert {(row[6], row[7]) for row in found} == {("no", "no"), ("no", "yes"), ("yes", "yes"), ("assumed", "assumed")}


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]} {row[1]}")
def test_a_case_of_the_table(row: list[str]) -> None:
    _, start, end, inside, outside, unknown, apart, whole = row
    # given a span as the table has it, when it is told apart, then the sums and the verdicts are those of the table
    split = hours.split(moment(start), moment(end), HOURS, kind_of_day)
    assert split == Split(span(inside), span(outside), span(unknown))
    assert split.whole == moment(end) - moment(start)
    assert (verdict(split, APART), verdict(split, WHOLE)) == (apart, whole)
    # and the zone in which the times come does not matter
    utc = hours.split(moment(start).astimezone(dt.UTC), moment(end).astimezone(dt.UTC), HOURS, kind_of_day)
    assert utc == split


def test_a_span_that_ends_before_it_starts_is_none() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        hours.split(moment("2026-11-23 10:00:01"), moment("2026-11-23 10:00:00"), HOURS, kind_of_day)


@pytest.mark.parametrize(
    ("start", "end", "inside", "outside"),
    [
        ("2026-11-23 21:00:00", "2026-11-24 07:00:00", "8:00:00", "2:00:00"),
        # on a Saturday that nobody works, what is left of Friday's night counts as Saturday's
        ("2026-11-27 21:00:00", "2026-11-28 07:00:00", "2:00:00", "8:00:00"),
    ],
)
def test_hours_over_midnight_belong_to_the_day_they_are_on(start: str, end: str, inside: str, outside: str) -> None:
    split = hours.split(moment(start), moment(end), OVERNIGHT, kind_of_day)
    assert split == Split(span(inside), span(outside))


BEGIN = moment("2026-09-01 00:00:00")
moments = st.integers(min_value=0, max_value=200 * 86_400_000).map(lambda ms: BEGIN + dt.timedelta(milliseconds=ms))
windows = st.sampled_from([HOURS, OVERNIGHT, "00:00-00:01", "00:01-00:00", "23:59-00:00", "08:30-17:15"])


@given(times=st.lists(moments, min_size=3, max_size=3).map(sorted), window=windows)
def test_the_parts_are_the_whole_and_a_cut_anywhere_changes_no_sum(times: list[dt.datetime], window: str) -> None:
    first, cut, last = times
    split = hours.split(first, last, window, kind_of_day)
    assert split.whole == last - first
    assert min(split.inside, split.outside, split.unknown) >= NOTHING
    parts = hours.split(first, cut, window, kind_of_day) + hours.split(cut, last, window, kind_of_day)
    assert parts == split


@given(first=moments, length_s=st.integers(min_value=0, max_value=4000))
def test_the_sums_are_those_of_a_count_second_by_second(first: dt.datetime, length_s: int) -> None:
    first = first.replace(microsecond=0)
    counted = {True: 0, False: 0, None: 0}
    for number in range(length_s):
        local = (first + number * SECOND).astimezone(clock.SHANGHAI)
        kind = kind_of_day(local.date())
        counted[kind if 9 <= local.hour < 17 else False] += 1
    split = hours.split(first, first + length_s * SECOND, HOURS, kind_of_day)
    assert split == Split(counted[True] * SECOND, counted[False] * SECOND, counted[None] * SECOND)


@given(first=moments, lengths=st.tuples(st.integers(0, 86_400), st.integers(0, 86_400)))
def test_what_lasts_longer_is_never_less_to_report(first: dt.datetime, lengths: tuple[int, int]) -> None:
    short, long = (hours.split(first, first + length * SECOND, HOURS, kind_of_day) for length in sorted(lengths))
    for reading in (APART, WHOLE):
        assert domain.is_reached(long, terms(reading)) or not domain.is_reached(short, terms(reading))
    # and the stricter reading takes in all that the other does
    assert domain.is_reached(long, terms(WHOLE)) or not domain.is_reached(long, terms(APART))


@given(first=moments)
def test_twelve_hours_are_over_one_of_the_bounds_wherever_they_lie(first: dt.datetime) -> None:
    split = hours.split(first, first + dt.timedelta(hours=12) + SECOND, HOURS, kind_of_day)
    assert domain.is_reached(split, terms())
