"""Session ids and refresh tokens."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.identity.domain import RefreshToken, session_id

alphanumeric = st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=1, max_size=60)


@given(alphanumeric, alphanumeric, alphanumeric)
def test_a_refresh_token_reads_back(customer_id: str, session_id: str, secret: str) -> None:
    token = RefreshToken(customer_id, session_id, secret)
    assert RefreshToken.parse(str(token)) == token
    assert token.hash() == hashlib.sha256(secret.encode()).digest()


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a",
        "a.",
        ".b",
        "a.b",
        "a.b.",
        "a..c",
        ".b.c",
        "a.b.c.d",
        "a.b c.d",
        "a.b.c ",
        "a.b/../b.c",
        "a.b.c\n",
        "a.b_b.c",
    ],
)
def test_what_cannot_be_a_refresh_token(text: str) -> None:
    assert RefreshToken.parse(text) is None


@given(st.integers(0, 3 * 10**12), st.integers(1, 10**11), alphanumeric)
def test_session_ids_order_by_when_they_began(began_ms: int, later_ms: int, unique: str) -> None:
    first = dt.datetime(1971, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=began_ms)
    second = first + dt.timedelta(milliseconds=later_ms)
    assert session_id(first, "z" * 7) < session_id(second, "")
    assert session_id(first, unique)[:7] == session_id(first, "")
    assert session_id(first, unique).isalnum()


@given(st.integers(0, 3 * 10**12), st.integers(-(10**11), 10**11), alphanumeric)
def test_a_session_id_orders_after_the_one_it_follows_whatever_the_clock_says(
    began_ms: int, ahead_ms: int, unique: str
) -> None:
    now = dt.datetime(1980, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=began_ms)
    other = session_id(now + dt.timedelta(milliseconds=ahead_ms), unique)
    assert session_id(now, "", after=other) > other
    if ahead_ms < 0:
        assert session_id(now, unique, after=other) == session_id(now, unique)
