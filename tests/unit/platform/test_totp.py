"""Token codes against the vectors of RFC 6238, and the window in which a code is taken."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512

from chalicelib.platform import totp

DIGITS = b"1234567890" * 7
SEEDS: dict[str, tuple[bytes, SHA1 | SHA256 | SHA512]] = {
    "SHA1": (DIGITS[:20], SHA1()),  # noqa: S303  # the RFC's own
    "SHA256": (DIGITS[:32], SHA256()),
    "SHA512": (DIGITS[:64], SHA512()),
}
# RFC 6238 appendix B: seconds, hash, code of eight digits, in steps of 30 s.
VECTORS = [
    (59, "SHA1", "94287082"),
    (59, "SHA256", "46119246"),
    (59, "SHA512", "90693936"),
    (1111111109, "SHA1", "07081804"),
    (1111111109, "SHA256", "68084774"),
    (1111111109, "SHA512", "25091201"),
    (1111111111, "SHA1", "14050471"),
    (1111111111, "SHA256", "67062674"),
    (1111111111, "SHA512", "99943326"),
    (1234567890, "SHA1", "89005924"),
    (1234567890, "SHA256", "91819424"),
    (1234567890, "SHA512", "93441116"),
    (2000000000, "SHA1", "69279037"),
    (2000000000, "SHA256", "90698825"),
    (2000000000, "SHA512", "38618901"),
    (20000000000, "SHA1", "65353130"),
    (20000000000, "SHA256", "77737706"),
    (20000000000, "SHA512", "47863826"),
]
SEED = DIGITS[:32]


@pytest.mark.requirement("NB-5.3.3-token")
@pytest.mark.parametrize(("seconds", "name", "code"), VECTORS)
def test_the_vectors_of_rfc_6238(seconds: int, name: str, code: str) -> None:
    seed, algorithm = SEEDS[name]
    assert totp.code_at(seed, seconds // 30, digits=8, algorithm=algorithm) == code


@pytest.mark.requirement("NB-5.3.3-token")
def test_the_banks_tokens_use_sha256_and_show_a_code_a_minute() -> None:
    # the vector of 59 s is the code of step 1, of which six digits are the last six
    assert totp.code_at(SEED, 1) == "119246"
    moment = dt.datetime.fromtimestamp(60, dt.UTC)
    assert (totp.step_at(moment), totp.step_at(moment - dt.timedelta(milliseconds=1))) == (1, 0)


@pytest.mark.parametrize(("minutes", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_is_taken_a_minute_early_or_late(minutes: int, taken: bool) -> None:
    now = dt.datetime(2026, 11, 21, 2, 0, 30, tzinfo=dt.UTC)
    step = totp.step_at(now) + minutes
    assert totp.accepted_step(SEED, totp.code_at(SEED, step), now) == (step if taken else None)


@pytest.mark.parametrize("code", ["", "1", "000000", "１２３４５６"[:6].encode().hex()[:6]])
def test_what_is_no_code_is_not_taken(code: str) -> None:
    now = dt.datetime(2026, 11, 21, 2, 0, 30, tzinfo=dt.UTC)
    assert totp.accepted_step(SEED, code, now) is None
