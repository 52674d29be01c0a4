"""Counters of remaining amounts: which bucket, how much is left, what is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.limits.domain import Proof, account_counters, customer_counters, single_rule
from chalicelib.limits.service import limit_account, limit_customer
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemUpdate, s
from chalicelib.platform.errors import NotFound
from tests.unit.samples import account_image, customer_image


@pytest.mark.requirement("NB-5.4.1-daily")
@pytest.mark.parametrize(
    ("utc", "buckets"),
    [
        pytest.param(
            "2026-11-21T15:59:59.999Z",
            ["day_20261121", "month_202611", "year_2026", "count_20261121"],
            id="before midnight",
        ),
        pytest.param(
            "2026-11-21T16:00:00.000Z",
            ["day_20261122", "month_202611", "year_2026", "count_20261122"],
            id="midnight in Shanghai",
        ),
        pytest.param(
            "2026-11-30T16:00:00.000Z",
            ["day_20261201", "month_202612", "year_2026", "count_20261201"],
            id="a new month",
        ),
        pytest.param(
            "2026-12-31T15:59:59.999Z",
            ["day_20261231", "month_202612", "year_2026", "count_20261231"],
            id="the year's last moment",
        ),
        pytest.param(
            "2026-12-31T16:00:00.000Z",
            ["day_20270101", "month_202701", "year_2027", "count_20270101"],
            id="a new year",
        ),
        pytest.param(
            "2028-02-28T16:00:00.000Z",
            ["day_20280229", "month_202802", "year_2028", "count_20280229"],
            id="leap day",
        ),
    ],
)
def test_each_period_has_its_own_bucket(utc: str, buckets: list[str]) -> None:
    date = clock.business_date(clock.from_text(utc))
    assert [counter.bucket for counter in account_counters(date, 1)] == buckets
    assert [counter.bucket for counter in customer_counters(date, 1, Proof.NONE)] == [
        f"outward_{date}",
        f"nocert_{date}",
        f"nofactor_{date}",
    ]


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        (Proof.CERTIFICATE, ["outward"]),
        (Proof.FACTOR, ["outward", "nocert"]),
        (Proof.NONE, ["outward", "nocert", "nofactor"]),
    ],
)
def test_the_less_a_payment_is_confirmed_by_the_more_counters_it_takes_from(proof: Proof, words: list[str]) -> None:
    counters = customer_counters("20261121", 500, proof)
    assert [counter.bucket for counter in counters] == [f"{word}_20261121" for word in words]
    assert {counter.take for counter in counters} == {500}


@pytest.mark.requirement("NB-5.4.1-daily")
def test_two_moments_around_midnight_share_no_day_bucket_and_one_month() -> None:
    before = dt.datetime(2026, 11, 21, 23, 59, 59, tzinfo=clock.SHANGHAI)
    buckets = [
        {counter.bucket for counter in account_counters(clock.business_date(at), 1)}
        for at in (before, before + dt.timedelta(seconds=1))
    ]
    assert buckets[0] & buckets[1] == {"month_202611", "year_2026"}


def test_an_account_takes_its_amount_thrice_and_one_from_the_count() -> None:
    assert [counter.take for counter in account_counters("20261121", 500)] == [500, 500, 500, 1]


@pytest.mark.requirement("XJ-5.3-limit")
@pytest.mark.parametrize(
    ("bucket", "remaining", "told"),
    [
        pytest.param(None, 1_000, "10.00", id="untouched"),
        pytest.param(300, 300, "3.00", id="touched"),
        pytest.param(0, 0, "0.00", id="used up"),
        pytest.param(-200, -200, "0.00", id="limit lowered below what is used"),
    ],
)
def test_what_remains_is_never_told_below_zero(bucket: int | None, remaining: int, told: str) -> None:
    # given a day's bucket
    counter = account_counters("20261121", 1_001)[0]
    image = account_image(limit_day=1_000) | ({} if bucket is None else {counter.bucket: bucket})
    # when too much is asked for
    assert counter.remaining(image) == remaining
    rule = counter.rule()
    assert not rule.holds(image)
    assert rule.refuse is not None
    # then limit and remainder are told
    assert rule.refuse(image).facts == {"limit": "10.00", "remaining": told}


def test_a_count_is_told_as_a_number() -> None:
    counter = account_counters("20261121", 1)[3]
    rule = counter.rule()
    assert rule.refuse is not None
    assert rule.refuse(account_image(limit_count=20, count_20261121=0)).facts == {"limit": "20", "remaining": "0"}


@pytest.mark.parametrize(("limit", "holds"), [(999, False), (1_000, True), (1_001, True)])
def test_the_ceiling_of_one_transfer(limit: int, holds: bool) -> None:
    assert single_rule(1_000).holds(account_image(limit_single=limit)) == holds


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"limit_single": 499}, "single_limit_exceeded"),
        ({"limit_day": 499}, "account_day_limit_exceeded"),
        ({"limit_month": 499}, "account_month_limit_exceeded"),
        ({"limit_year": 499}, "account_year_limit_exceeded"),
        ({"limit_count": 0}, "account_day_count_exceeded"),
    ],
)
def test_each_limit_of_an_account_has_its_own_refusal(broken: dict[str, Any], code: str) -> None:
    update = ItemUpdate("accounts", {"account_id": s("a")}, missing=NotFound)
    limit_account(update, "20261121", 500)
    assert update.breaches(account_image()) == []
    assert [refusal.code for refusal in update.breaches(account_image(**broken))] == [code]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"limit_outward": 499}, "customer_day_limit_exceeded"),
        ({"limit_nocert": 499}, "no_certificate_day_limit_exceeded"),
        ({"limit_nofactor": 499}, "no_factor_day_limit_exceeded"),
    ],
)
def test_each_limit_of_a_customer_has_its_own_refusal(broken: dict[str, Any], code: str) -> None:
    update = ItemUpdate("customers", {"customer_id": s("c")}, missing=NotFound)
    limit_customer(update, "20261121", 500, Proof.NONE, no_certificate_day_fen=None)
    assert update.breaches(customer_image()) == []
    assert [refusal.code for refusal in update.breaches(customer_image(**broken))] == [code]


@pytest.mark.parametrize(
    ("proof", "used", "most", "refused"),
    [
        (Proof.FACTOR, None, 500, False),
        (Proof.FACTOR, None, 499, True),
        (Proof.FACTOR, 200, 700, False),
        (Proof.FACTOR, 201, 700, True),
        (Proof.NONE, 201, 700, True),
        (Proof.FACTOR, 900, None, False),
        (Proof.CERTIFICATE, 900, 700, False),
    ],
)
def test_a_policys_total_counts_what_was_used_whether_or_not_it_is_in_force(
    proof: Proof, used: int | None, most: int | None, refused: bool
) -> None:
    update = ItemUpdate("customers", {"customer_id": s("c")}, missing=NotFound)
    limit_customer(update, "20261121", 500, proof, no_certificate_day_fen=most)
    image = customer_image() | ({} if used is None else {"uncertified_20261121": used})
    assert [refusal.code for refusal in update.breaches(image)] == ["strict_day_limit_exceeded"] * refused
    assert any("#uncertified_20261121" in clause for clause in update.sets) == (proof is not Proof.CERTIFICATE)
