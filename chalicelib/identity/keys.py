"""The keys of access tokens (RFC 7517): one signs, all that are not retired verify.

Which they are is decided by rows and the time alone, so that a rotation is one write, made well before the new key
signs: every function instance has seen the new key, at most 30 s after the write, before it meets a token of it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
import json
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from chalicelib.identity import key_store
from chalicelib.identity.key_store import KeyRow
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, settings

MAX_STALENESS_S = 30
# From the write of a new key's row until it signs. KMS says that a new key's tags, by which functions may use it,
# can take five minutes to count; copies of the JWK set live as long.
LEAD_S = 600
JWKS_MAX_AGE_S = 300
# A key verifies for the life of the longest token after its successor began to sign, and a minute for clocks.
OVERLAP_S = max(parameters.ACCESS_TOKEN_S.high, parameters.STAFF_SESSION_MAX_S.high) + 60
_COORDINATE_BYTES = 32

_cached: list[KeyRow] = []
_cached_at_s: int | None = None


class NoTokenKey(RuntimeError):
    """Every key has been withdrawn: an operator has to make one."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key's public half; `kid` is its RFC 7638 thumbprint, so that nobody chooses it."""

    key_id: str
    kid: str
    x: str
    y: str
    public: EllipticCurvePublicKey


def signing(now_epoch_s: int) -> TokenKey:
    """The key that signs now; raises NoTokenKey."""
    begun = [row for row in _in_force(now_epoch_s) if row.signs_from <= now_epoch_s]
    if not begun:
        raise NoTokenKey("no token key is in force")
    return public_half(begun[-1].key_id)


def verifying(now_epoch_s: int) -> dict[str, TokenKey]:
    """The keys whose tokens are good now, by kid; the next key is among them before it signs."""
    keys = [public_half(row.key_id) for row in _in_force(now_epoch_s)]
    return {key.kid: key for key in keys}


def rows(now_epoch_s: int) -> list[KeyRow]:
    """Every key there ever was, in the order in which they sign, at most 30 s old; the template's is the first."""
    global _cached, _cached_at_s
    if _cached_at_s is None or not 0 <= now_epoch_s - _cached_at_s < MAX_STALENESS_S:
        _cached, _cached_at_s = key_store.all_rows(), now_epoch_s
    first = settings.get("TOKEN_KEY_ID")
    known = [*_cached]
    if first not in {row.key_id for row in known}:
        known.append(KeyRow(first, 0))
    return sorted(known, key=lambda row: (row.signs_from, row.key_id))


def retires_at(all_rows: list[KeyRow]) -> dict[str, int | None]:
    """Key id -> epoch second from which its tokens are refused; None while nothing has succeeded it."""
    usable = [row for row in all_rows if not row.is_withdrawn]
    ends: dict[str, int | None] = {row.key_id: 0 for row in all_rows if row.is_withdrawn}
    ends |= {row.key_id: after.signs_from + OVERLAP_S for row, after in itertools.pairwise(usable)}
    return {row.key_id: ends.get(row.key_id) for row in all_rows}


def _in_force(now_epoch_s: int) -> list[KeyRow]:
    known = rows(now_epoch_s)
    ends = retires_at(known)
    return [row for row in known if (end := ends[row.key_id]) is None or end > now_epoch_s]


def forget() -> None:
    """Drop what is cached, so that the next use is fresh."""
    global _cached_at_s
    _cached_at_s = None


@functools.lru_cache(maxsize=16)
def public_half(key_id: str) -> TokenKey:
    """A KMS key's public half, which never changes; raises TypeError when it is no key of curve P-256."""
    public = load_der_public_key(aws.kms().get_public_key(KeyId=key_id)["PublicKey"])
    if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
        raise TypeError("the token key must be a P-256 key")
    numbers = public.public_numbers()
    x, y = (_base64url(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
    return TokenKey(key_id, thumbprint(x, y), x, y, public)


def thumbprint(x: str, y: str) -> str:
    """RFC 7638: SHA-256 of the required members in order of name, without white space."""
    members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    return _base64url(hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest())


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
