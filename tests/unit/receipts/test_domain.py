"""Amount in words by the central bank's rules for vouchers, and receipt numbers."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from chalicelib.platform.money import MAX_FEN
from chalicelib.receipts.domain import amount_in_words, receipt_number

DIGITS = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


def fen_of(words: str) -> int:
    """Read the words back, by another way than they are written: the way a cashier reads them."""
    integer, has_yuan, fraction = words.removesuffix("整").rpartition("元")
    jiao = fen = 0
    previous = ""
    for character in fraction:
        if character == "角":
            jiao = DIGITS[previous]
        elif character == "分":
            fen = DIGITS[previous]
        previous = character
    return (_integer_of(integer) if has_yuan else 0) * 100 + jiao * 10 + fen


def _integer_of(words: str) -> int:
    total = section = digit = 0
    for character in words:
        if character in DIGITS:
            digit = DIGITS[character]
        elif character in PLACES:
            section, digit = section + digit * PLACES[character], 0
        elif character == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        else:
            assert character == "亿"
            # 亿 lifts everything before it: 壹万贰仟亿 is 12,000 亿.
            total, section, digit = (total + section + digit) * 100_000_000, 0, 0
    return total + section + digit


@pytest.mark.requirement("YQ-4.2.2-receipt")
@pytest.mark.parametrize(
    ("yuan", "words"),
    [
        # The central bank's own examples.
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1680.32", "壹仟陆佰捌拾元零叁角贰分"),
        ("107000.53", "壹拾万柒仟元零伍角叁分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        # Edges.
        ("0.00", "零元整"),
        ("0.05", "伍分"),
        ("0.10", "壹角"),
        ("0.15", "壹角伍分"),
        ("1.00", "壹元整"),
        ("1.05", "壹元零伍分"),
        ("10.00", "壹拾元整"),
        ("10.50", "壹拾元零伍角"),
        ("11.50", "壹拾壹元伍角"),
        ("100.00", "壹佰元整"),
        ("1010.00", "壹仟零壹拾元整"),
        ("10001.00", "壹万零壹元整"),
        ("10010.00", "壹万零壹拾元整"),
        ("100000.00", "壹拾万元整"),
        ("1000100.00", "壹佰万零壹佰元整"),
        ("10000000.00", "壹仟万元整"),
        ("100000000.00", "壹亿元整"),
        ("100000001.00", "壹亿零壹元整"),
        ("100010000.00", "壹亿零壹万元整"),
        ("1000000000000.00", "壹万亿元整"),
        ("1200000000000.00", "壹万贰仟亿元整"),
        ("1020000000000.00", "壹万零贰佰亿元整"),
        ("1000000010000.00", "壹万亿零壹万元整"),
        ("9999999999999.99", "玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        ("10000000000000.00", "壹拾万亿元整"),
    ],
)
def test_amounts_in_words(yuan: str, words: str) -> None:
    assert amount_in_words(int(yuan.replace(".", ""))) == words


@given(st.integers(min_value=0, max_value=MAX_FEN))
@example(MAX_FEN)
@example(1_000_000_000_000_01)
def test_words_read_back_as_the_same_amount_and_no_zero_is_out_of_place(amount_fen: int) -> None:
    # given any amount a receipt can have, when it is written in words
    words = amount_in_words(amount_fen)
    # then a cashier reads the same amount
    assert fen_of(words) == amount_fen
    # and zeros stand between digits only
    assert "零零" not in words
    if amount_fen:
        assert words[0] in "壹贰叁肆伍陆柒捌玖"
        for character in "元万亿拾佰仟角分整":
            assert "零" + character not in words
    # and it ends as the rules say: 整 after yuan only
    assert words[-1] in "整角分"
    assert words.endswith("整") == (amount_fen % 100 == 0)


@given(st.integers(min_value=0, max_value=99_999_999), st.integers(min_value=0, max_value=99))
def test_small_amounts_read_back_too(yuan: int, rest: int) -> None:
    # Zeros are many among round amounts, which wide ranges hardly ever draw.
    for amount_fen in (yuan * 100 + rest, (yuan // 1000) * 100_000 + rest, (yuan % 10_000) * 10**10 + rest):
        assert fen_of(amount_in_words(amount_fen)) == amount_fen


@pytest.mark.parametrize("amount_fen", [-1, MAX_FEN + 1])
def test_words_end_where_money_ends(amount_fen: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        amount_in_words(amount_fen)


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
