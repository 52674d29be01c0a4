"""Ceilings by policy, and when factors end: months in Shanghai."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.factors.domain import METHODS, Policy, expired_counts, months_after, strict_policy
from chalicelib.platform import clock

STANDARD = Policy(
    "standard", {"sms": 50_000, "token": 60_000, "phone": 500_000, "cloud": 500_000, "usb_key": 5_000_000}, None
)


def shanghai(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)


@pytest.mark.requirement("NB-5.3.4")
@pytest.mark.parametrize(
    ("issued", "months", "ends"),
    [
        ("2026-11-21T10:00", 24, "2028-11-21T00:00"),
        ("2026-11-21T00:00", 36, "2029-11-21T00:00"),
        ("2026-11-21T23:59", 36, "2029-11-21T00:00"),
        ("2026-12-31T12:00", 2, "2027-02-28T00:00"),
        ("2024-02-29T12:00", 24, "2026-02-28T00:00"),
        ("2028-11-21T00:00", -1, "2028-10-21T00:00"),
        ("2029-03-31T00:00", -1, "2029-02-28T00:00"),
        ("2028-01-15T00:00", -1, "2027-12-15T00:00"),
    ],
)
def test_a_factor_ends_at_a_shanghai_midnight(issued: str, months: int, ends: str) -> None:
    assert months_after(shanghai(issued), months) == shanghai(ends)


def test_the_day_is_shanghais() -> None:
    # 16:30 in UTC is half past midnight of the next day in Shanghai
    assert months_after(dt.datetime(2026, 11, 20, 16, 30, tzinfo=dt.UTC), 12) == shanghai("2027-11-21T00:00")


@pytest.mark.requirement("XJ-4.2-limit")
@pytest.mark.parametrize("method", METHODS)
def test_a_ceiling_is_exact(method: str) -> None:
    ceiling_fen = STANDARD.ceiling_fen(method)
    assert method in STANDARD.methods_for(ceiling_fen)
    assert method not in STANDARD.methods_for(ceiling_fen + 1)


def test_the_strict_policy_lowers_what_is_no_certificate() -> None:
    strict = strict_policy(STANDARD, 1_000, 5_000)
    assert dict(strict.ceilings_fen) == {**STANDARD.ceilings_fen, "sms": 1_000, "token": 1_000}
    assert (strict.name, strict.no_certificate_day_fen) == ("strict", 5_000)
    # and raises nothing
    assert strict_policy(STANDARD, 10**9, 5_000).ceilings_fen == STANDARD.ceilings_fen


def test_counts_of_days_long_over_go() -> None:
    image = {"wrong_20261119": 1, "codes_20261120": 1, "nocert_20261101": 1, "state": "active"}
    assert expired_counts(image, "20261121") == ["wrong_20261119"]
    assert expired_counts(image, "20270101") == ["codes_20261120", "wrong_20261119"]
