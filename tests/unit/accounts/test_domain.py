"""Statement lines come from an account's change, numbered and chained, or not at all."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.accounts.domain import FIRST_HASH, LineGap, Movement, line_key, lines_of, words_of
from chalicelib.platform.dynamo import Image
from tests.unit.samples import ENTRY, account_change, account_image


@pytest.mark.requirement("YQ-4.2.2-query")
def test_a_payment_with_a_fee_is_two_lines_with_running_balance() -> None:
    # given a change that carries principal and fee
    old, new = account_change([-12_345, -200], kinds=["principal", "fee"])
    # when it becomes lines
    lines = lines_of(old, new)
    # then sequence and booked balance run through them
    assert [(line.seq, line.kind, line.amount_fen, line.balance_fen) for line in lines] == [
        (8, "principal", -12_345, 100_500 - 12_345),
        (9, "fee", -200, 100_500 - 12_545),
    ]
    assert {(line.entry_id, line.business_date, line.posted_at) for line in lines} == {
        (ENTRY, "20261121", "2026-11-21T02:00:00.000Z")
    }


def test_the_first_line_of_an_account_starts_from_nothing() -> None:
    _, new = account_change([300])
    (line,) = lines_of(None, {**new, "available_fen": 300, "held_fen": 0, "seq": 1})
    assert (line.seq, line.balance_fen) == (1, 300)


@pytest.mark.parametrize(
    "changed", [{}, {"limit_day": 5}, {"state": "frozen"}, {"available_fen": 99_000, "held_fen": 1_500}]
)
def test_a_change_without_a_new_sequence_is_no_line(changed: Image) -> None:
    old = account_image(available_fen=100_000, held_fen=500)
    assert lines_of(old, {**old, **changed}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"seq": 9}, id="a leg too few for the sequence"),
        pytest.param({"seq": 6}, id="the sequence runs backwards"),
        pytest.param({"available_fen": 100_001}, id="the legs do not lead to the balance"),
    ],
)
def test_a_change_that_does_not_add_up_is_a_gap(wrong: dict[str, Any]) -> None:
    with pytest.raises(LineGap):
        lines_of(*account_change([-100], **wrong))


@given(st.lists(st.integers(min_value=-1000, max_value=1000).filter(bool), min_size=1, max_size=6))
def test_lines_follow_each_other(legs: list[int]) -> None:
    old, new = account_change(legs)
    lines = lines_of(old, new)
    assert [line.seq for line in lines] == list(range(8, 8 + len(legs)))
    assert lines[-1].balance_fen == new["available_fen"] + new["held_fen"]
    balances = [100_500, *(line.balance_fen for line in lines)]
    assert [after - before for before, after in pairwise(balances)] == legs


def chained(lines: list[Movement]) -> list[bytes]:
    chain, found = FIRST_HASH, []
    for line in lines:
        chain = line.chained_to(chain).chain
        found.append(chain)
    return found


LINES = lines_of(*account_change([-100, 200, -300, 400]))


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize(
    "tampered",
    [
        pytest.param([LINES[0], replace(LINES[1], amount_fen=201), *LINES[2:]], id="an amount"),
        pytest.param([LINES[0], replace(LINES[1], balance_fen=1), *LINES[2:]], id="a balance"),
        pytest.param([LINES[0], replace(LINES[1], entry_id="other"), *LINES[2:]], id="an entry"),
        pytest.param([LINES[0], replace(LINES[1], kind="fee"), *LINES[2:]], id="a kind"),
        pytest.param([LINES[0], replace(LINES[1], posted_at="2026-11-21T02:00:00.001Z"), *LINES[2:]], id="a time"),
        pytest.param([LINES[0], replace(LINES[1], business_date="20261122"), *LINES[2:]], id="a date"),
        pytest.param([LINES[0], *LINES[2:]], id="a line dropped"),
        pytest.param([LINES[0], LINES[0], *LINES[1:]], id="a line inserted"),
        pytest.param([LINES[0], LINES[2], LINES[1], LINES[3]], id="two lines swapped"),
    ],
)
def test_tampering_breaks_the_chain_from_there_on(tampered: list[Movement]) -> None:
    honest, broken = chained(LINES), chained(tampered)
    assert honest[0] == broken[0]
    assert not set(honest[1:]) & set(broken[1:])


def test_the_chain_does_not_depend_on_who_asked() -> None:
    # A rebuilt line has no request, so the correlation id is not in the chain.
    rebuilt = [replace(line, correlation_id="sweeper") for line in LINES]
    assert chained(rebuilt) == chained(LINES)


@given(st.integers(min_value=1, max_value=10**11), st.integers(min_value=1, max_value=10**11))
def test_sort_keys_order_as_the_sequence_does(one: int, other: int) -> None:
    assert (line_key("20261121", one) < line_key("20261121", other)) == (one < other)
    assert line_key("20261121", one) < line_key("20261122", other)


def test_every_kind_of_leg_the_code_posts_has_its_words() -> None:
    words = [words_of(kind, amount_fen) for kind in ("principal", "fee", "cash") for amount_fen in (1, -1)]
    assert all(zh and en for zh, en in words)
    assert len(set(words)) == len(words)
