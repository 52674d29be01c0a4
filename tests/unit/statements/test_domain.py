"""A bill adds up, or there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.accounts.service import Line, Movement
from chalicelib.statements.domain import BillUnbalanced, Figures, days_of
from chalicelib.statements.domain import add_up as added_up
from tests.unit.samples import ENTRY, PAYER


def lines(amounts_fen: list[int], *, opening_fen: int = 0, first_seq: int = 1) -> list[Movement]:
    """Lines that follow each other."""
    found, balance_fen = [], opening_fen
    for seq, amount_fen in enumerate(amounts_fen, start=first_seq):
        balance_fen += amount_fen
        kind = "principal" if seq % 2 else "fee"
        found.append(Movement(PAYER, seq, "20261121", "t", ENTRY, kind, amount_fen, balance_fen, "c"))
    return found


def add_up(before: Movement | None, month: list[Movement], after: Movement | None = None) -> Figures:
    """The figures of lines without words."""
    return added_up(before, [Line(movement, None, None, "货款") for movement in month], after, "赵小明")


amounts = st.lists(st.integers(min_value=-(10**9), max_value=10**9).filter(bool), max_size=20)


@pytest.mark.requirement("YQ-4.2.2-bill")
@given(amounts, amounts)
def test_opening_and_movements_lead_to_closing(before: list[int], month: list[int]) -> None:
    # given an account's life before the month, and in it
    earlier = lines(before)
    opening_fen = sum(before)
    bill = add_up(
        earlier[-1] if earlier else None,
        lines(month, opening_fen=opening_fen, first_seq=len(before) + 1),
    )
    # then the bill says how one leads to the other
    assert (bill.opening_fen, bill.closing_fen) == (opening_fen, opening_fen + sum(month))
    assert bill.in_fen == sum(amount for amount in month if amount > 0)
    assert bill.out_fen == -sum(amount for amount in month if amount < 0)
    assert bill.in_count + bill.out_count == len(month)
    assert bill.in_fen - bill.out_fen == sum(bill.by_kind.values())
    assert bill.out_fen == sum(bill.by_category.values())
    assert [fen for _, fen in bill.spending] == sorted(bill.by_category.values(), reverse=True)
    assert (bill.last_seq - bill.first_seq + 1 if month else bill.last_seq) == len(month)


def test_a_month_without_movements_has_a_bill_too() -> None:
    (before,) = lines([700])
    bill = add_up(before, [])
    assert (bill.opening_fen, bill.closing_fen, bill.first_seq, bill.last_seq) == (700, 700, 0, 0)


MONTH = lines([100, -30, 50, -20], opening_fen=1_000, first_seq=5)
BEFORE = replace(lines([1_000])[0], seq=4)


@pytest.mark.parametrize(
    ("before", "month"),
    [
        pytest.param(BEFORE, [MONTH[0], MONTH[2], MONTH[3]], id="a line is missing"),
        pytest.param(BEFORE, MONTH[1:], id="the first line is missing"),
        pytest.param(BEFORE, [MONTH[0], MONTH[0], *MONTH[1:]], id="a line is there twice"),
        pytest.param(BEFORE, [MONTH[1], MONTH[0], *MONTH[2:]], id="lines are out of order"),
        pytest.param(BEFORE, [MONTH[0], replace(MONTH[1], amount_fen=-31), *MONTH[2:]], id="an amount was changed"),
        pytest.param(BEFORE, [MONTH[0], replace(MONTH[1], balance_fen=1), *MONTH[2:]], id="a balance was changed"),
        pytest.param(None, MONTH, id="the month before is missing"),
        pytest.param(replace(BEFORE, balance_fen=999), MONTH, id="another opening"),
    ],
)
def test_no_bill_is_better_than_a_wrong_one(before: Movement | None, month: list[Movement]) -> None:
    assert add_up(BEFORE, MONTH).closing_fen == 1_100
    with pytest.raises(BillUnbalanced):
        add_up(before, month)


AFTER = replace(lines([-7], opening_fen=1_100, first_seq=9)[0], business_date="20261201")


@pytest.mark.parametrize(
    ("month", "after"),
    [
        pytest.param(MONTH[:-1], AFTER, id="the month's last line is missing"),
        pytest.param(MONTH, replace(AFTER, seq=10), id="a line between is missing"),
        pytest.param(MONTH, replace(AFTER, balance_fen=0), id="its balance does not follow"),
    ],
)
def test_the_line_after_the_month_shows_that_none_is_missing(month: list[Movement], after: Movement) -> None:
    assert add_up(BEFORE, MONTH, AFTER).last_seq == 8
    with pytest.raises(BillUnbalanced):
        add_up(BEFORE, month, after)


@pytest.mark.parametrize(
    ("month", "days"),
    [
        ("2026-11", ("20261101", "20261130")),
        ("2026-12", ("20261201", "20261231")),
        ("2027-02", ("20270201", "20270228")),
        ("2028-02", ("20280201", "20280229")),
    ],
)
def test_the_days_of_a_month(month: str, days: tuple[str, str]) -> None:
    assert days_of(month) == days
