"""Access tokens: JWS ES256 (RFC 7515, 7519), signed by KMS so that no signing key is ever in our memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jwt

from chalicelib.identity.errors import NotLoggedIn, TokenExpired
from chalicelib.identity.keys import RING
from chalicelib.platform import jws
from chalicelib.platform.callers import Caller

TYPE = "at+jwt"
# A token of ours has some 400 characters; nothing longer is even parsed.
MAX_LENGTH = 2048
_REQUIRED = ["iss", "aud", "sub", "sid", "iat", "exp"]


# Who issues tokens and whom they are for.
issuer = jws.issuer


def issue(
    customer_id: str, session_id: str, edition: str, issued_at: int, expires_at: int, device_id: str | None = None
) -> str:
    """A signed access token; times in epoch seconds."""
    claims: dict[str, Any] = {
        "sub": customer_id,
        "sid": session_id,
        "edn": edition,
        "iat": issued_at,
        "exp": expires_at,
    }
    if device_id is not None:
        claims["did"] = device_id
    return sign(claims, TYPE, issuer())


def sign(claims: Mapping[str, Any], kind: str, audience: str) -> str:
    """A token of one kind (`typ`) for one audience, by the key that signs at its `iat`."""
    payload = json.dumps({"iss": issuer(), "aud": audience, **claims}, separators=(",", ":")).encode()
    return jws.sign(RING.signing(claims["iat"]), kind, payload)


def read(token: str, now_epoch_s: int) -> Caller:
    """Which customer the token speaks for. Raises NotLoggedIn, TokenExpired."""
    claims = verified(token, TYPE, issuer(), now_epoch_s, "edn")
    return Caller(claims["sub"], claims["sid"], claims["edn"], claims.get("did"))


def verified(token: str, kind: str, audience: str, now_epoch_s: int, *required: str) -> dict[str, Any]:
    """The claims of a token of this kind for this audience; `required` are those beyond what every token has.

    The algorithm is fixed here and the key is one of ours that the kid names: nothing else of the token's head is
    heeded, neither a key in it nor an address of one. Raises NotLoggedIn for anything but such a token,
    TokenExpired for one that was.
    """
    if len(token) > MAX_LENGTH:
        raise NotLoggedIn()
    try:
        head = jwt.get_unverified_header(token)
        key = RING.verifying(now_epoch_s).get(head.get("kid", ""))
        if key is None or head.get("typ") != kind:
            raise NotLoggedIn()
        claims = jwt.decode(
            token,
            key.public,
            algorithms=[jws.ALGORITHM],
            issuer=issuer(),
            audience=audience,
            # Times are judged below, by the clock that was passed in.
            options={"require": [*_REQUIRED, *required], "verify_exp": False, "verify_iat": False},
        )
    except (jwt.InvalidTokenError, RecursionError):  # a head of a thousand brackets is none either
        raise NotLoggedIn() from None
    if not isinstance(claims["exp"], int) or claims["exp"] <= now_epoch_s:
        raise TokenExpired()
    return dict(claims)
