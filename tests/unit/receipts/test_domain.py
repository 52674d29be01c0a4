"""Receipt numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from chalicelib.receipts.domain import receipt_number


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26))
def test_a_receipt_number_is_26_digits_that_check_themselves(entry_id: str) -> None:
    number = receipt_number("20261121", entry_id)
    assert len(number) == 26
    assert number.isascii()
    assert number.isdigit()
    assert number.startswith("20261121")
    assert mod_97_10.is_valid(number)
    assert number == receipt_number("20261121", entry_id)


@pytest.mark.parametrize("position", range(26))
def test_one_wrong_digit_in_a_receipt_number_is_noticed(position: int) -> None:
    number = receipt_number("20261121", "mzxw6ytboi2dkmrrgu4tembxge")
    for digit in set("0123456789") - {number[position]}:
        assert not mod_97_10.is_valid(number[:position] + digit + number[position + 1 :])


def test_entries_and_days_have_their_own_numbers() -> None:
    numbers = {receipt_number(day, f"entry-{i}") for day in ("20261121", "20261122") for i in range(500)}
    assert len(numbers) == 1000
