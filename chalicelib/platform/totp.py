"""Token codes: TOTP of RFC 6238 with SHA-256, a new code a minute; the library's HOTP does the arithmetic."""

from __future__ import annotations

import datetime as dt
import hmac

from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA512
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

CODE_DIGITS = 6
STEP_S = 60
# A code is accepted a minute early or late: clocks drift, and people type (RFC 6238 section 5.2).
DRIFT_STEPS = 1
SEED_BYTES = 32


def code_at(
    seed: bytes, step: int, *, digits: int = CODE_DIGITS, algorithm: SHA1 | SHA256 | SHA512 | None = None
) -> str:
    """The code that the token shows in the minute `step` since 1970."""
    return HOTP(seed, digits, algorithm or SHA256()).generate(step).decode()


def step_at(now: dt.datetime) -> int:
    """The minute since 1970."""
    return int(now.timestamp()) // STEP_S


def accepted_step(seed: bytes, code: str, now: dt.datetime) -> int | None:
    """The minute whose code was given, or None; whether it was used before is the write's to judge."""
    current = step_at(now)
    found = None
    # All are compared, so that time tells nothing.
    for step in range(current - DRIFT_STEPS, current + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_at(seed, step), code):
            found = step
    return found
