"""Money in and out: exact, or refused."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.platform.errors import AmountMalformed, AmountOutOfRange, CurrencyUnsupported, Refusal
from chalicelib.platform.money import MAX_FEN, Money, decimal_text, grouped_text

any_fen = st.integers(min_value=0, max_value=MAX_FEN)


@given(any_fen)
def test_what_is_written_reads_back_as_the_same_money(amount_fen: int) -> None:
    # given any amount, when it is written and read, then not a fen is lost
    assert Money.parse(str(Money(amount_fen))) == Money(amount_fen)


@given(any_fen)
def test_the_text_is_the_exact_decimal(amount_fen: int) -> None:
    assert Decimal(decimal_text(amount_fen)) * 100 == amount_fen
    assert grouped_text(amount_fen).replace(",", "") == decimal_text(amount_fen)


@given(st.integers(min_value=-MAX_FEN, max_value=-1))
def test_a_debit_is_written_with_one_sign(amount_fen: int) -> None:
    assert decimal_text(amount_fen) == "-" + decimal_text(-amount_fen)
    assert grouped_text(amount_fen) == "-" + grouped_text(-amount_fen)


@given(st.text())
def test_any_text_is_read_exactly_or_refused(text: str) -> None:
    # given text from anywhere, when it is read as money
    try:
        money = Money.parse(text)
    except Refusal:
        return
    # then what was accepted means that very number
    assert Fraction(money.amount_fen, 100) == Fraction(text)


@pytest.mark.parametrize(
    ("text", "amount_fen"),
    [
        ("0", 0),
        ("0.0", 0),
        ("0.01", 1),
        ("0.1", 10),
        ("1", 100),
        ("1234.5", 123_450),
        ("1234.56", 123_456),
        ("10000000000000", MAX_FEN),
        ("10000000000000.00", MAX_FEN),
        ("9999999999999.99", MAX_FEN - 1),
    ],
)
def test_well_formed_amounts(text: str, amount_fen: int) -> None:
    assert Money.parse(text).amount_fen == amount_fen


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" ", id="space"),
        pytest.param(" 1", id="leading space"),
        pytest.param("1 ", id="trailing space"),
        pytest.param("1\n", id="trailing newline"),
        pytest.param("1e5", id="exponent"),
        pytest.param("1E5", id="capital exponent"),
        pytest.param("+1", id="plus"),
        pytest.param("-1", id="minus"),
        pytest.param("-0", id="minus zero"),
        pytest.param("1.", id="no fraction"),
        pytest.param(".5", id="no integer"),
        pytest.param(".", id="point only"),
        pytest.param("1.234", id="three decimals"),
        pytest.param("1.000", id="three zeros"),
        pytest.param("1..2", id="two points"),
        pytest.param("01", id="leading zero"),
        pytest.param("00", id="two zeros"),
        pytest.param("1,234.56", id="thousands separator"),
        pytest.param("1_000", id="underscore"),
        pytest.param("1,5", id="decimal comma"),
        pytest.param("¥1", id="currency sign"),
        pytest.param("１２", id="full-width digits"),
        pytest.param("1．5", id="full-width point"),
        pytest.param("١٢", id="Arabic digits"),
        pytest.param("१", id="Devanagari digit"),
        pytest.param("²", id="superscript"),
        pytest.param("壹", id="Chinese numeral"),
        pytest.param("NaN", id="not a number"),
        pytest.param("Infinity", id="infinity"),
        pytest.param("0x10", id="hexadecimal"),
        pytest.param("1" * 19, id="19 digits"),
    ],
)
def test_malformed_amounts_are_refused(text: str) -> None:
    with pytest.raises(AmountMalformed):
        Money.parse(text)


@pytest.mark.parametrize("text", ["10000000000000.01", "10000000000001", "9" * 18])
def test_one_fen_over_the_largest_amount_is_out_of_range(text: str) -> None:
    with pytest.raises(AmountOutOfRange):
        Money.parse(text)


@pytest.mark.parametrize("amount", [1.0, True, False, Decimal(1), "1", None], ids=repr)
def test_money_is_whole_fen_and_nothing_else(amount: object) -> None:
    with pytest.raises(TypeError, match=f"^amount_fen must be int, not {type(amount).__name__}$"):
        Money(amount)  # type: ignore[arg-type]  # that is what is tested


@pytest.mark.parametrize("amount_fen", [MAX_FEN + 1, -MAX_FEN - 1])
def test_a_figure_has_a_largest_size_on_both_sides(amount_fen: int) -> None:
    assert Money(-MAX_FEN).amount_fen == -MAX_FEN
    with pytest.raises(AmountOutOfRange):
        Money(amount_fen)


@pytest.mark.parametrize("currency", ["USD", "cny", "", "CNY "])
def test_other_currencies_are_refused(currency: str) -> None:
    with pytest.raises(CurrencyUnsupported):
        Money.parse("1", currency)
