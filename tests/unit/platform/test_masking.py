"""Enough to recognise, not enough to use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.platform.masking import account_tail, mask_account, mask_name, mask_phone


@pytest.mark.parametrize(
    ("account_id", "masked"),
    [
        ("6217000000001234", "621700******1234"),
        ("9000010000000000017", "900001*********0017"),
        ("12345678901", "123456*8901"),
        ("1234567890", "******7890"),
        ("12345", "*2345"),
        ("123", "123"),
        ("", ""),
    ],
)
def test_accounts(account_id: str, masked: str) -> None:
    assert mask_account(account_id) == masked
    assert account_tail(account_id) == account_id[-4:]


@pytest.mark.parametrize(("phone", "masked"), [("13800000001", "138****0001"), ("12345678", "123*5678")])
def test_phones(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("", "*"),
        ("赵", "*"),
        ("赵明", "*明"),
        ("赵小明", "*小明"),
        ("欧阳小明", "**小明"),
        ("示范商贸公司", "****公司"),
    ],
)
def test_names(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@given(st.text(alphabet="0123456789", min_size=10, max_size=19))
def test_a_masked_account_hides_all_but_ten_digits(account_id: str) -> None:
    masked = mask_account(account_id)
    assert len(masked) == len(account_id)
    assert len(masked.replace("*", "")) <= 10


@given(st.text(alphabet="赵钱孙李周吴郑王明红", min_size=2, max_size=30))
def test_a_masked_name_never_starts_with_the_family_name(name: str) -> None:
    masked = mask_name(name)
    assert masked[0] == "*"
    assert len(masked) == len(name)
