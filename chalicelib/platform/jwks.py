"""Public keys over HTTP: a JWK set (RFC 7517), for whoever verifies what the bank signed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from chalicelib.platform.http import Answer, View
from chalicelib.platform.jws import PublicKey
from chalicelib.platform.key_ring import JWKS_MAX_AGE_S


class Jwk(View):
    """A public key of curve P-256 (RFC 7517); `kid` is its RFC 7638 thumbprint."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    alg: Literal["ES256"]
    use: Literal["sig"]


class JwkSet(View):
    keys: list[Jwk]


def answer_of(keys: Iterable[PublicKey]) -> Answer:
    """The keys as a set that may be kept for JWKS_MAX_AGE_S: a new key is published longer before it signs."""
    views = [Jwk(kty="EC", crv="P-256", x=key.x, y=key.y, kid=key.kid, alg="ES256", use="sig") for key in keys]
    return Answer(JwkSet(keys=views), headers={"Cache-Control": f"public, max-age={JWKS_MAX_AGE_S}"})
