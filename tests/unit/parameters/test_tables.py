"""A table as a parameter: what is one, and what is not."""

from __future__ import annotations

import pytest

from chalicelib.parameters.known import SITE_BRANCHES, SITE_DEPOSIT_RATES
from chalicelib.parameters.tables import MAX_LENGTH, MAX_ROWS

BRANCH = "城关支行 | Town branch | 东街8号 | 8 East Street | 0990-0000002 | 09:00-17:00 | -"
RATE = "活期 | Demand | 0.0500 | 2026-11-01"


def test_a_row_is_read_as_it_says() -> None:
    assert SITE_BRANCHES.rows("") == []
    (row,) = SITE_BRANCHES.rows(BRANCH)
    assert row == {
        "name_zh": "城关支行",
        "name_en": "Town branch",
        "address_zh": "东街8号",
        "address_en": "8 East Street",
        "phone": "0990-0000002",
        "weekdays": "09:00-17:00",
        "weekend": "-",
    }
    other = RATE.replace("活期", "一年")
    assert [one["zh"] for one in SITE_DEPOSIT_RATES.rows(f"{RATE}; {other}")] == ["活期", "一年"]


def test_what_is_one_is_taken() -> None:
    many = "; ".join(RATE.replace("活期", f"存期{number}") for number in range(MAX_ROWS))
    for value in ("", RATE, many):
        assert SITE_DEPOSIT_RATES.admits(value)
    assert SITE_BRANCHES.admits(BRANCH)
    assert "YYYY-MM-DD" in SITE_DEPOSIT_RATES.bounds


@pytest.mark.parametrize(
    "value",
    [
        " ",
        RATE + "; ",
        f"{RATE}; {RATE}",
        "; ".join(RATE.replace("活期", f"存期{number}") for number in range(MAX_ROWS + 1)),
        RATE + " | more",
        RATE.replace("0.0500", "5"),
        RATE.replace("0.0500", "-1.00"),
        RATE.replace("0.0500", "0.05%"),
        RATE.replace("11-01", "02-30"),
        RATE.replace("2026-11-01", "20261101"),
        RATE.replace("Demand", ""),
        RATE.replace("Demand", "De|mand"),
        RATE.replace("Demand", "De;mand"),
        RATE.replace("Demand", "De\u202emand"),
        RATE.replace("Demand", "D" * 61),
        RATE + "\n",
        None,
        1,
        {"zh": RATE, "en": RATE},
    ],
)
def test_what_is_no_table_of_rates_is_refused(value: object) -> None:
    assert not SITE_DEPOSIT_RATES.admits(value)


@pytest.mark.parametrize(
    "value",
    [
        BRANCH.replace("0990-0000002", "call us"),
        BRANCH.replace("0990-0000002", "0990"),
        BRANCH.replace("09:00-17:00", "17:00-09:00"),
        BRANCH.replace("09:00-17:00", "09:00-24:00"),
        BRANCH.replace("09:00-17:00", "all day"),
        "; ".join(BRANCH.replace("城关", "城" * 30 + str(number)) for number in range(MAX_ROWS)),
    ],
)
def test_what_is_no_table_of_branches_is_refused(value: str) -> None:
    assert not SITE_BRANCHES.admits(value)


def test_the_longest_table_is_bounded() -> None:
    longest = "; ".join(f"{number:060} | {'D' * 60} | 0.05 | 2026-11-01" for number in range(MAX_ROWS))
    assert (len(longest) > MAX_LENGTH, SITE_DEPOSIT_RATES.admits(longest)) == (True, False)
