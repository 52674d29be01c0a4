"""Phones, log-in names and account numbers."""

from __future__ import annotations

import pytest
from stdnum import luhn

from chalicelib.customers.commands.open_account import new_account_number
from chalicelib.customers.domain import is_login_name, is_phone


@pytest.mark.parametrize("text", ["13800000001", "19999999999", "13000000000"])
def test_a_mainland_mobile_number(text: str) -> None:
    assert is_phone(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12800000001",
        "1380000000",
        "138000000011",
        "+8613800000001",
        "138 0000 0001",
        "１３８００００0001",
        "13800000001\n",
    ],
)
def test_what_is_no_mobile_number(text: str) -> None:
    assert not is_phone(text)


@pytest.mark.parametrize("text", ["zhao", "zhao.xiaoming_88", "a" * 32])
def test_a_login_name(text: str) -> None:
    assert is_login_name(text)


@pytest.mark.parametrize(
    "text", ["", "abc", "a" * 33, "1abc", "Zhao", "zhao xm", "赵小明", "9000010000000000017", "zhao\n"]
)
def test_what_is_no_login_name(text: str) -> None:
    assert not is_login_name(text)


def test_account_numbers_check_themselves_and_name_their_branch() -> None:
    for _ in range(50):
        number = new_account_number("0001")
        assert len(number) == 19
        assert number.startswith("900001")
        assert luhn.is_valid(number)
        wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
        assert not luhn.is_valid(wrong)
