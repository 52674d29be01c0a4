"""Codes that are computed and never stored."""

from __future__ import annotations

import hashlib
import hmac
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.factors.domain import derive_code, is_same

digests = st.binary(min_size=32, max_size=32)
secrets = st.binary(min_size=16, max_size=64)
attempts = st.integers(min_value=0, max_value=2**32 - 1)


# RFC 6238 appendix B, SHA-256: the last six of its eight digits. Its counter of eight bytes is, to us, four
# bytes of digest and an attempt.
@pytest.mark.parametrize(
    ("counter", "code"),
    [
        (0x00000001, "119246"),
        (0x023523EC, "084774"),
        (0x023523ED, "062674"),
        (0x0273EF07, "819424"),
        (0x03F940AA, "698825"),
        (0x27BC86AA, "737706"),
    ],
)
def test_the_code_of_published_vectors(counter: int, code: str) -> None:
    assert derive_code(b"12345678901234567890123456789012", b"\x00" * 4, counter) == code


@pytest.mark.requirement("NB-5.3.3-sms")
@given(secrets, digests, attempts)
def test_a_code_is_six_digits_truncated_as_the_standard_says(secret: bytes, digest: bytes, attempt: int) -> None:
    code = derive_code(secret, digest, attempt)
    assert len(code) == 6
    assert code.isascii()
    assert code.isdigit()
    mac = hmac.new(secret, digest + struct.pack(">I", attempt), hashlib.sha256).digest()
    (word,) = struct.unpack_from(">I", mac, mac[31] % 16)
    assert int(code) == word % 2**31 % 1_000_000


def test_codes_differ_by_digest_attempt_and_secret() -> None:
    # given one instruction, its second sending, another instruction and another bank's secret
    digest = hashlib.sha256(b"one").digest()
    codes = {
        derive_code(b"secret", digest, 1),
        derive_code(b"secret", digest, 2),
        derive_code(b"secret", hashlib.sha256(b"other").digest(), 1),
        derive_code(b"another secret", digest, 1),
    }
    # then no code confirms anything else
    assert len(codes) == 4
    assert derive_code(b"secret", digest, 1) in codes


def test_codes_spread_over_all_of_six_digits() -> None:
    codes = [derive_code(b"secret", hashlib.sha256(bytes([i, j])).digest(), 1) for i in range(40) for j in range(50)]
    assert len(set(codes)) > 1_980
    assert {code[0] for code in codes} == set("0123456789")


@pytest.mark.parametrize(
    ("given_code", "same"),
    [("123456", True), ("123457", False), ("", False), ("１２３４５６", False), ("12345", False)],
)
def test_codes_are_compared_as_text(given_code: str, same: bool) -> None:
    assert is_same(given_code, "123456") == same
