"""Identifiers: random ones from one source (which the simulation seeds), derived ones from what they name."""

from __future__ import annotations

import base64
import hashlib
import random
import secrets

_DERIVED_BYTES = 16

_source: random.Random = secrets.SystemRandom()


def use(source: random.Random) -> random.Random:
    """Draw random ids from `source`; returns the one it replaces. Only tests and the simulation call it."""
    global _source
    previous, _source = _source, source
    return previous


def random_id(length_bytes: int = 12) -> str:
    """A random id of lower-case letters and digits; 12 bytes give 20 characters."""
    return _base32(_source.randbytes(length_bytes))


def random_bytes(count: int) -> bytes:
    """`count` random bytes, for seeds."""
    return _source.randbytes(count)


def random_digits(count: int) -> str:
    """`count` random decimal digits."""
    return "".join(_source.choice("0123456789") for _ in range(count))


def derived_id(*parts: str) -> str:
    """26 lower-case letters and digits (128 bits of SHA-256), the same for the same parts, in this order."""
    # Lengths go in, so that ("ab", "c") and ("a", "bc") differ.
    joined = "".join(f"{len(part)}:{part}" for part in parts)
    digest = hashlib.sha256(joined.encode()).digest()[:_DERIVED_BYTES]
    return _base32(digest)


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()
