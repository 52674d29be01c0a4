"""Moving limits in the middle of a day, and which buckets are over: pure rules."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.limits import domain
from chalicelib.platform.dynamo import Image, ItemUpdate, s
from chalicelib.platform.errors import NotFound
from tests.unit.samples import account_image


def update() -> ItemUpdate:
    return ItemUpdate("accounts", {"account_id": s("a")}, missing=NotFound)


def counters(business_date: str) -> list[domain.Counter]:
    """All there are: a payment that nothing confirms takes from each."""
    return domain.account_counters(business_date, 1) + domain.customer_counters(business_date, 1, domain.Proof.NONE)


def test_every_counter_has_its_word() -> None:
    # a counter that is added to the rules but not here would be neither moved nor cleaned
    assert {c.limit for c in counters("20261121")} == domain.WORD_OF_LIMIT.keys()
    for counter in counters("20261121"):
        assert counter.bucket.startswith(domain.WORD_OF_LIMIT[counter.limit] + "_")
        assert domain.buckets_of({counter.bucket: 0}) == {counter.bucket}


def test_nothing_else_on_an_account_is_taken_for_a_bucket() -> None:
    assert domain.buckets_of(account_image(held_fen=1, legs=[], changed_at="", day_="", day_2026112=1)) == set()


@pytest.mark.parametrize(
    ("bucket", "last_kept", "first_expired"),
    [
        ("day_20261121", "20261123", "20261124"),
        ("count_20261231", "20270102", "20270103"),
        ("outward_20280228", "20280301", "20280302"),
        ("nocert_20270228", "20270302", "20270303"),
        ("nofactor_20270228", "20270302", "20270303"),
        ("month_202611", "20261202", "20261203"),
        ("month_202802", "20280302", "20280303"),
        ("month_202612", "20270102", "20270103"),
        ("year_2026", "20270102", "20270103"),
    ],
)
def test_a_bucket_expires_two_days_after_its_period(bucket: str, last_kept: str, first_expired: str) -> None:
    assert domain.expired_buckets({bucket: 0, "limit_day": 1}, last_kept) == []
    assert domain.expired_buckets({bucket: -5, "limit_day": 1}, first_expired) == [bucket]


@given(st.dates(dt.date(2026, 1, 1), dt.date(2032, 12, 31)), st.integers(0, 500))
def test_no_bucket_that_a_payment_may_name_is_ever_expired(day: dt.date, age: int) -> None:
    # given the buckets of a payment, `age` days later
    made = f"{day:%Y%m%d}"
    names = {c.bucket for c in counters(made)}
    now = f"{day + dt.timedelta(days=age):%Y%m%d}"
    expired = set(domain.expired_buckets(dict.fromkeys(names, 0), now))
    # then what a payment of that day, or of the two before, would take from is kept
    for back in range(3):
        then = f"{day + dt.timedelta(days=age - back):%Y%m%d}"
        assert not expired & {c.bucket for c in counters(then)}
    assert (age > 2) == any(name.startswith("day_") for name in expired)


def test_the_update_names_every_live_bucket_and_those_that_may_come() -> None:
    # given an account at the end of the year, used today and two days ago, with one bucket long over
    image = account_image(limit_day=500, day_20261231=20, day_20261229=-7, day_20261220=1)
    changes = domain.changed_limits(image, {"limit_day": 300, "limit_month": image["limit_month"], "limit_single": 9})
    assert changes == {"limit_day": (500, 300), "limit_single": (1_000_000, 9)}
    # when it is planned
    planned = domain.move_limits(update(), image, changes, "20261231").parameters()
    # then live buckets move by the delta, those another write may make must still be absent, the old one is left
    assert planned["UpdateExpression"] == (
        "SET #limit_day = :new_limit_day, #day_20261229 = #day_20261229 - :delta_limit_day, "
        "#day_20261231 = #day_20261231 - :delta_limit_day, #limit_single = :new_limit_single"
    )
    condition = planned["ConditionExpression"]
    assert "(attribute_exists(#day_20261231))" in condition
    assert "(attribute_not_exists(#day_20261230))" in condition
    assert "(attribute_not_exists(#day_20270101))" in condition
    assert "20261220" not in condition
    assert "month" not in condition
    # and, as DynamoDB demands, no condition calculates
    assert not set("+-") & set(condition)


@pytest.mark.parametrize(
    ("word", "around"),
    [
        ("day", {"day_20261231", "day_20270101", "day_20270102"}),
        ("month", {"month_202612", "month_202701"}),
        ("year", {"year_2026", "year_2027"}),
    ],
)
def test_the_buckets_around_new_year(word: str, around: set[str]) -> None:
    assert domain._buckets_around(word, "20270101") == around


def test_dropping_buckets_names_nothing_else() -> None:
    parameters = domain.drop_buckets(update(), ["day_20261121", "year_2025"]).parameters()
    assert parameters["UpdateExpression"] == "REMOVE #day_20261121, #year_2025"
    assert parameters["ExpressionAttributeNames"] == {
        "#account_id": "account_id",
        "#day_20261121": "day_20261121",
        "#year_2025": "year_2025",
    }
    assert "ExpressionAttributeValues" not in parameters


@given(st.integers(0, 1000), st.integers(-500, 1500), st.booleans())
def test_a_standing_adds_up_and_never_shows_less_than_nothing(limit: int, left: int, untouched: bool) -> None:
    (day, *_) = domain.account_counters("20261121", 0)
    image: Image = {"limit_day": limit} if untouched else {"limit_day": limit, "day_20261121": left}
    found = domain.standing(day, image)
    assert found.limit == limit
    assert found.used == (0 if untouched else limit - left)
    assert found.remaining == max(0, found.limit - found.used)
