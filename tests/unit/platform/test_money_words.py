"""Amounts in words by the central bank's rules for vouchers."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.platform.errors import AmountOutOfRange
from chalicelib.platform.money import MAX_FEN
from chalicelib.platform.money_words import in_words

DIGITS = {character: value for value, character in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


def fen_of(words: str) -> int:
    """Read the words back, by another way than they are written: the way a cashier reads them."""
    assert words.startswith("人民币")
    integer, has_yuan, fraction = words.removeprefix("人民币").removesuffix("整").rpartition("元")
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


# 《支付结算办法》（银发〔1997〕393号）附一《正确填写票据和结算凭证的基本规定》, clause four: every example that it
# gives, in its order; of two ways the bank's own first, and what else would be right.
OFFICIAL = [
    ("1,409.50", "人民币壹仟肆佰零玖元伍角", None),
    ("6,007.14", "人民币陆仟零柒元壹角肆分", None),
    ("1,680.32", "人民币壹仟陆佰捌拾元零叁角贰分", "人民币壹仟陆佰捌拾元叁角贰分"),
    ("107,000.53", "人民币壹拾万柒仟元零伍角叁分", "人民币壹拾万零柒仟元伍角叁分"),
    ("16,409.02", "人民币壹万陆仟肆佰零玖元零贰分", None),
    ("325.04", "人民币叁佰贰拾伍元零肆分", None),
]


@pytest.mark.requirement("YQ-4.2.2-receipt")
@pytest.mark.parametrize(("figures", "ours", "also_right"), OFFICIAL)
def test_the_central_banks_own_examples(figures: str, ours: str, also_right: str | None) -> None:
    amount_fen = int(figures.replace(",", "").replace(".", ""))
    assert in_words(amount_fen) == ours
    # and the reader of these tests reads what the central bank wrote, the other way too
    assert fen_of(ours) == amount_fen
    assert also_right is None or fen_of(also_right) == amount_fen


@pytest.mark.requirement("YQ-4.2.2-receipt")
@pytest.mark.parametrize(
    ("yuan", "words"),
    [
        ("0.00", "零元整"),
        ("0.05", "伍分"),
        ("0.10", "壹角"),
        ("0.15", "壹角伍分"),
        ("1.00", "壹元整"),
        ("1.05", "壹元零伍分"),
        ("10.00", "壹拾元整"),
        ("10.50", "壹拾元零伍角"),
        ("10.05", "壹拾元零伍分"),
        ("0.50", "伍角"),
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
def test_edges(yuan: str, words: str) -> None:
    assert in_words(int(yuan.replace(".", ""))) == f"人民币{words}"


@given(st.integers(min_value=0, max_value=MAX_FEN))
@example(MAX_FEN)
@example(1_000_000_000_000_01)
def test_words_read_back_as_the_same_amount_and_no_zero_is_out_of_place(amount_fen: int) -> None:
    # given any amount a receipt can have, when it is written in words
    words = in_words(amount_fen)
    # then a cashier reads the same amount
    assert fen_of(words) == amount_fen
    # and zeros stand between digits only
    assert "零零" not in words
    if amount_fen:
        assert words.removeprefix("人民币")[0] in "壹贰叁肆伍陆柒捌玖"
        for character in "元万亿拾佰仟角分整":
            assert f"零{character}" not in words
    # and it ends as the rules say: 整 after yuan only
    assert words[-1] in "整角分"
    assert words.endswith("整") == (amount_fen % 100 == 0)


@given(st.integers(min_value=0, max_value=99_999_999), st.integers(min_value=0, max_value=99))
def test_small_amounts_read_back_too(yuan: int, rest: int) -> None:
    # Zeros are many among round amounts, which wide ranges hardly ever draw.
    for amount_fen in (yuan * 100 + rest, (yuan // 1000) * 100_000 + rest, (yuan % 10_000) * 10**10 + rest):
        assert fen_of(in_words(amount_fen)) == amount_fen


@pytest.mark.parametrize("amount_fen", [-1, MAX_FEN + 1])
def test_words_end_where_money_ends(amount_fen: int) -> None:
    with pytest.raises(AmountOutOfRange):
        in_words(amount_fen)
