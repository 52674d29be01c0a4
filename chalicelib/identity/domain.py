"""Codes and refresh tokens. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

CODE_DIGITS = 6


def derive_code(secret: bytes, digest: bytes, attempt: int) -> str:
    """The confirmation code for one instruction digest and sending attempt: 6 digits.

    HMAC-SHA256 with the dynamic truncation of RFC 4226 section 5.3. The code is nowhere stored: who sends
    it and who checks it both compute it (NB-5.3.3-sms).
    """
    mac = hmac.digest(secret, digest + attempt.to_bytes(4, "big"), "sha256")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def is_same(given: str, expected: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`<session id>.<secret>`; only the secret's hash is stored."""

    session_id: str
    secret: str

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """None for what cannot be one."""
        session_id, dot, secret = text.partition(".")
        if not dot or not text.isascii() or not session_id.isalnum() or not secret.isalnum():
            return None
        return cls(session_id, secret)

    def hash(self) -> bytes:
        """SHA-256 of the secret: it has 256 random bits, so a slow hash would add nothing."""
        return hashlib.sha256(self.secret.encode()).digest()

    def __str__(self) -> str:
        return f"{self.session_id}.{self.secret}"
