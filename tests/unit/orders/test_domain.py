"""The calendar of standing orders: dates, month-ends, ends, and what asks for a confirmation anew."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.orders import domain
from chalicelib.orders.domain import Event, Order, Schedule, Terms
from chalicelib.orders.errors import OrderDatesUnfit
from chalicelib.platform import clock
from chalicelib.platform.dynamo import to_image, to_raw

TODAY = dt.date(2026, 11, 27)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def schedule(kind: str, of: int, first: str, until: str | None = None, count: int | None = None) -> Schedule:
    return Schedule(kind, of, day(first), day(until) if until else None, count)


def dates(one: Schedule, most: int = 40) -> list[str]:
    found = [one.date_at(place) for place in range(most)]
    return [date.isoformat() for date in found if date is not None]


@pytest.mark.requirement("YQ-4.2.2-sched")
@pytest.mark.parametrize(
    ("one", "expected"),
    [
        # 28 to 31 January, monthly: each month's last day stands for what it lacks, and the order keeps its own day
        (schedule("monthly", 28, "2027-01-28", count=4), ["2027-01-28", "2027-02-28", "2027-03-28", "2027-04-28"]),
        (schedule("monthly", 29, "2027-01-29", count=4), ["2027-01-29", "2027-02-28", "2027-03-29", "2027-04-29"]),
        (schedule("monthly", 30, "2027-01-30", count=4), ["2027-01-30", "2027-02-28", "2027-03-30", "2027-04-30"]),
        (schedule("monthly", 31, "2027-01-31", count=4), ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        # a leap year's February
        (schedule("monthly", 29, "2028-01-29", count=3), ["2028-01-29", "2028-02-29", "2028-03-29"]),
        (schedule("monthly", 31, "2028-01-31", count=3), ["2028-01-31", "2028-02-29", "2028-03-31"]),
        # one that begins on a short month's last day is of the day it states, not of that one
        (schedule("monthly", 31, "2027-02-28", count=3), ["2027-02-28", "2027-03-31", "2027-04-30"]),
        (schedule("monthly", 28, "2027-02-28", count=3), ["2027-02-28", "2027-03-28", "2027-04-28"]),
        (schedule("monthly", 1, "2026-12-01", count=3), ["2026-12-01", "2027-01-01", "2027-02-01"]),
        (schedule("weekly", 1, "2026-12-28", count=3), ["2026-12-28", "2027-01-04", "2027-01-11"]),
        (schedule("weekly", 7, "2028-02-27", count=2), ["2028-02-27", "2028-03-05"]),
        (schedule("once", 0, "2028-02-29"), ["2028-02-29"]),
        (schedule("monthly", 31, "2026-11-30", until="2027-01-30"), ["2026-11-30", "2026-12-31"]),
        (schedule("monthly", 31, "2026-11-30", until="2026-11-30"), ["2026-11-30"]),
        (schedule("weekly", 5, "2026-11-27", until="2026-12-04"), ["2026-11-27", "2026-12-04"]),
    ],
    ids=lambda value: f"{value.kind}-{value.day}-{value.first}" if isinstance(value, Schedule) else "",
)
def test_the_dates_of_a_schedule(one: Schedule, expected: list[str]) -> None:
    assert dates(one) == expected


@given(st.integers(1, 31), st.integers(1, 12), st.integers(2026, 2036), st.integers(0, 600))
def test_a_month_after_month_is_the_day_or_the_months_last(of: int, month: int, year: int, place: int) -> None:
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).day
    one = Schedule("monthly", of, dt.date(year, month, min(of, last)))
    found, following = one.date_at(place), one.date_at(place + 1)
    assert found is not None
    assert following is not None
    assert (found.year * 12 + found.month) == year * 12 + month + place
    assert found.day == of or (found.day < of and (found + dt.timedelta(days=1)).day == 1)
    assert 28 <= (following - found).days <= 31


@pytest.mark.parametrize(
    "one",
    [
        schedule("once", 0, "2026-11-27"),
        schedule("once", 0, "2027-11-27"),
        schedule("weekly", 5, "2026-11-27"),
        schedule("monthly", 27, "2026-11-27", until="2036-11-27"),
        schedule("monthly", 30, "2026-11-30", count=1),
        schedule("monthly", 30, "2026-11-30", count=121),
        schedule("monthly", 31, "2027-02-28"),
    ],
    ids=str,
)
def test_what_an_order_can_begin_with(one: Schedule) -> None:
    one.require(TODAY)
    # and its first date is the one that it says
    assert one.date_at(0) == one.first


@pytest.mark.parametrize(
    "one",
    [
        schedule("once", 0, "2026-11-26"),
        schedule("once", 0, "2027-11-28"),
        schedule("once", 1, "2026-11-30"),
        schedule("once", 0, "2026-11-30", count=1),
        schedule("once", 0, "2026-11-30", until="2026-11-30"),
        schedule("weekly", 4, "2026-11-27"),
        schedule("weekly", 0, "2026-11-27"),
        schedule("monthly", 31, "2027-01-30"),
        schedule("monthly", 28, "2026-11-30"),
        schedule("monthly", 29, "2026-11-30"),
        schedule("monthly", 27, "2026-11-27", until="2026-11-26"),
        schedule("monthly", 27, "2026-11-27", until="2036-11-28"),
        schedule("monthly", 30, "2026-11-30", count=122),
        schedule("monthly", 27, "2026-11-27", until="2027-11-27", count=2),
    ],
    ids=str,
)
def test_what_no_order_can_begin_with(one: Schedule) -> None:
    with pytest.raises(OrderDatesUnfit):
        one.require(TODAY)


@pytest.mark.parametrize(
    ("today", "place", "expected"),
    [("2026-11-30", 0, 0), ("2026-12-01", 0, 1), ("2027-01-31", 0, 2), ("2027-02-01", 0, 3), ("2026-11-30", 2, 2)],
)
def test_where_an_order_goes_on(today: str, place: int, expected: int) -> None:
    assert schedule("monthly", 31, "2026-11-30", count=3).place_from(day(today), place) == expected


@pytest.mark.parametrize(
    ("new", "old", "further"),
    [
        ({"count": 4}, {"count": 3}, True),
        ({"count": 3}, {"count": 4}, False),
        ({"count": 3}, {"count": 3}, False),
        ({"count": 3}, {}, False),
        ({}, {"count": 3}, True),
        ({"until": "2027-01-31"}, {"until": "2027-01-30"}, True),
        ({"until": "2027-01-30"}, {"until": "2027-01-31"}, False),
        # the third date is 31 January
        ({"count": 3}, {"until": "2027-01-30"}, True),
        ({"count": 3}, {"until": "2027-01-31"}, False),
        ({"until": "2027-02-01"}, {"count": 3}, True),
    ],
)
def test_which_end_is_the_later_one(new: dict[str, Any], old: dict[str, Any], further: bool) -> None:
    one, other = (schedule("monthly", 31, "2026-11-30", **end) for end in (new, old))
    assert one.goes_further_than(other) == further


TERMS = Terms(
    "9000010000000000017", "9000010000000000025", "钱红", 20_00, 0, "房租", schedule("monthly", 31, "2026-11-30")
)


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"amount_fen": 20_01}, True),
        ({"amount_fen": 19_99}, False),
        ({"purpose": "货款"}, False),
        ({"payee_account": "9000010000000000033"}, True),
        ({"payee_name": "李四"}, True),
        ({"schedule": schedule("monthly", 31, "2026-11-30", count=2)}, False),
    ],
)
def test_what_is_confirmed_again(change: dict[str, Any], more: bool) -> None:
    assert replace(TERMS, **change).asks_more_than(TERMS) == more


@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 20_01},
        {"purpose": "房"},
        {"payee_name": "李四"},
        {"payer_account": "9000010000000000033"},
        {"schedule": schedule("monthly", 30, "2026-11-30")},
        {"schedule": schedule("monthly", 31, "2026-11-30", count=2)},
        {"schedule": schedule("once", 0, "2026-11-30")},
    ],
)
def test_a_request_that_differs_has_another_digest_and_a_fee_is_none_of_it(change: dict[str, Any]) -> None:
    assert replace(TERMS, **change).digest() != TERMS.digest()
    assert replace(TERMS, fee_fen=1).digest() == TERMS.digest()


def order(**more: Any) -> Order:
    made: dict[str, Any] = {
        "order_id": "o" * 26,
        "customer_id": "c" * 20,
        "state": "active",
        "revision": 3,
        "terms": TERMS,
        "confirmation": domain.Confirmation("sms", "sms", "sms", 1),
        "outward": True,
        "place": 1,
        "tries": 0,
        "next_due": "20261231",
        "due_at": "2026-12-31T00:00:00.000Z",
        "created_at": "2026-11-27T00:00:00.000Z",
        "request_digest": b"d" * 16,
        "correlation_id": "test",
    }
    return Order(**made | more)


@pytest.mark.parametrize("end", [{}, {"count": 2}, {"until": "2027-11-30"}])
def test_an_order_is_read_as_it_was_written(end: dict[str, Any]) -> None:
    one = order(terms=replace(TERMS, schedule=schedule("monthly", 31, "2026-11-30", **end)))
    assert Order.from_image(to_image(to_raw(one.to_item()))) == one


def test_an_order_moves_on_to_its_next_date_or_ends() -> None:
    following = order(tries=2).moved_to(2, "2027-01-31T00:00:00.000Z")
    assert (following.next_due, following.due_at, following.tries) == ("20270131", "2027-01-31T00:00:00.000Z", 0)
    ending = order(terms=replace(TERMS, schedule=schedule("monthly", 31, "2026-11-30", count=2))).moved_to(2, "")
    assert (ending.state, ending.place, ending.next_due, ending.due_at) == ("ended", 2, "", "")


@pytest.mark.parametrize(
    ("at", "tries", "expected"),
    [
        ("2026-11-30 08:00:00", 1, "2026-11-30T04:00:00.000Z"),
        ("2026-11-30 12:00:00", 2, "2026-11-30T08:00:00.000Z"),
        ("2026-11-30 16:00:00", 3, None),
        # the last try is a millisecond before midnight in Shanghai
        ("2026-11-30 19:59:59.999", 1, "2026-11-30T15:59:59.999Z"),
        ("2026-11-30 20:00:00", 1, None),
        ("2026-11-30 23:59:59.999", 1, None),
    ],
)
def test_when_a_refused_date_is_tried_again(at: str, tries: int, expected: str | None) -> None:
    now = dt.datetime.fromisoformat(at).replace(tzinfo=clock.SHANGHAI)
    assert domain.retry_at(now, tries, 3, 240) == expected


@pytest.mark.parametrize(
    ("minute", "text"),
    [(0, "2026-11-29T16:00:00.000Z"), (480, "2026-11-30T00:00:00.000Z"), (1439, "2026-11-30T15:59:00.000Z")],
)
def test_a_dates_first_try_is_at_its_minute_in_shanghai(minute: int, text: str) -> None:
    assert domain.due_text(day("2026-11-30"), minute) == text


@pytest.mark.parametrize(
    ("kind", "number", "told"),
    [("failed", 3, True), ("missed", 2, True), ("retrying", 1, True), ("retrying", 2, False), ("executed", 1, False)],
)
def test_what_its_owner_is_told(kind: str, number: int, told: bool) -> None:
    assert Event("o" * 26, 2, kind, "2026-11-30T00:00:00.000Z", number=number).is_told == told
