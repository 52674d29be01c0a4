"""Access tokens: JWS ES256 (RFC 7515, 7519), signed by KMS so that no signing key is ever in our memory."""

from __future__ import annotations

import functools
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from jwt.algorithms import ECAlgorithm
from jwt.utils import der_to_raw_signature

from chalicelib.identity.errors import NotLoggedIn, TokenExpired
from chalicelib.platform import aws, settings
from chalicelib.platform.http import Caller

ISSUER = "rural-bank"
ALGORITHM = "ES256"
_REQUIRED = ["iss", "sub", "sid", "edn", "iat", "exp"]


class _KmsEs256(ECAlgorithm):
    """PyJWT's ES256 with the private half in KMS: the key is a KMS key id."""

    def __init__(self) -> None:
        super().__init__(ECAlgorithm.SHA256)

    def prepare_key(self, key: Any) -> Any:
        return key

    def sign(self, msg: bytes, key: Any) -> bytes:
        answer = aws.kms().sign(
            KeyId=key,
            Message=msg,
            MessageType="RAW",  # a token is far below KMS's 4 KB; moto hashes a DIGEST once more
            SigningAlgorithm="ECDSA_SHA_256",
        )
        return der_to_raw_signature(answer["Signature"], _public_key(key).curve)


_signer = jwt.PyJWS(algorithms=[])
_signer.register_algorithm(ALGORITHM, _KmsEs256())


@functools.lru_cache(maxsize=4)
def _public_key(key_id: str) -> EllipticCurvePublicKey:
    key = load_der_public_key(aws.kms().get_public_key(KeyId=key_id)["PublicKey"])
    if not isinstance(key, EllipticCurvePublicKey):
        raise TypeError("the token key must be an elliptic curve key")
    return key


def issue(customer_id: str, session_id: str, edition: str, issued_at: int, expires_at: int) -> str:
    """A signed access token; times in epoch seconds."""
    claims = {
        "iss": ISSUER,
        "sub": customer_id,
        "sid": session_id,
        "edn": edition,
        "iat": issued_at,
        "exp": expires_at,
    }
    payload = json.dumps(claims, separators=(",", ":")).encode()
    return _signer.encode(payload, settings.get("TOKEN_KEY_ID"), algorithm=ALGORITHM, headers={"typ": "at+jwt"})


def read(token: str, now_epoch_s: int) -> Caller:
    """Who the token speaks for.

    Raises NotLoggedIn for anything but a token of ours (the algorithm is fixed here, never read from the
    token), TokenExpired for one that was.
    """
    try:
        claims = jwt.decode(
            token,
            _public_key(settings.get("TOKEN_KEY_ID")),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            # Times are judged below, by the clock that was passed in.
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        raise NotLoggedIn() from None
    if not isinstance(claims["exp"], int) or claims["exp"] <= now_epoch_s:
        raise TokenExpired()
    return Caller(claims["sub"], claims["sid"], claims["edn"])
