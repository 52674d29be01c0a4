"""What the bank signs: JWS, compact, ES256 (RFC 7515, 7518), by KMS, so that no signing key is ever in our memory.

Cryptography is loaded by the first signature or check: many a worker knows who signs and never does.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.platform import aws, settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

ALGORITHM = "ES256"
# What KMS signs whole at most, in bytes; longer texts would have to be hashed first.
MAX_SIGNED = 4096
_NUMBER_BYTES = 32


class BadSignature(ValueError):
    """The text is no JWS of this kind that one of these keys has signed."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key's public half; `kid` is its RFC 7638 thumbprint, so that nobody chooses it."""

    key_id: str
    kid: str
    x: str
    y: str
    public: EllipticCurvePublicKey


@functools.lru_cache(maxsize=64)
def public_half(key_id: str) -> PublicKey:
    """A KMS key's public half, which never changes; raises TypeError when it is no key of curve P-256."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  # see above
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415  # see above

    public = load_der_public_key(aws.kms().get_public_key(KeyId=key_id)["PublicKey"])
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256R1):
        raise TypeError("the bank signs with keys of curve P-256")
    numbers = public.public_numbers()
    x, y = (encoded(number.to_bytes(_NUMBER_BYTES, "big")) for number in (numbers.x, numbers.y))
    return PublicKey(key_id, thumbprint(x, y), x, y, public)


def thumbprint(x: str, y: str) -> str:
    """RFC 7638: SHA-256 of the required members in order of name, without white space."""
    members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    return encoded(hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest())


def key_of(x: str, y: str) -> EllipticCurvePublicKey:
    """The key with these coordinates, as a JWK has them; raises ValueError when it is none of the curve."""
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  # see above

    across, up = (int.from_bytes(decoded(number), "big") for number in (x, y))
    return ec.EllipticCurvePublicNumbers(across, up, ec.SECP256R1()).public_key()


def issuer() -> str:
    """Who signs, in what is signed: this stage's bank, so that no stage takes another's."""
    return f"rural-bank-{settings.get('STAGE')}"


def sign(key: PublicKey, kind: str, payload: bytes) -> str:
    """The payload as a JWS of this kind (`typ`); it has two thirds of MAX_SIGNED at most, else KMS refuses."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: PLC0415  # see above

    head = {"alg": ALGORITHM, "kid": key.kid, "typ": kind}
    signed = f"{encoded(json.dumps(head, separators=(',', ':')).encode())}.{encoded(payload)}"
    answer = aws.kms().sign(
        KeyId=key.key_id,
        Message=signed.encode(),
        MessageType="RAW",  # moto hashes a DIGEST once more
        SigningAlgorithm="ECDSA_SHA_256",
    )
    numbers = decode_dss_signature(answer["Signature"])
    return f"{signed}.{encoded(b''.join(number.to_bytes(_NUMBER_BYTES, 'big') for number in numbers))}"


def verified(text: str, kind: str, keys: Mapping[str, EllipticCurvePublicKey]) -> bytes:
    """The payload of a JWS of this kind, signed by the one of `keys` that its kid names; raises BadSignature.

    The algorithm is fixed here, and the head must be just the one that `sign` writes: nothing else in it is heeded,
    neither a key nor an address of one. Each part must be written the one way that it is written, so that no other
    text stands for the same.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # see above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  # see above
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature  # noqa: PLC0415  # see above
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  # see above

    try:
        head_part, payload_part, signature_part = text.split(".")
        head = json.loads(decoded(head_part))
        if not isinstance(head, dict) or head != {"alg": ALGORITHM, "kid": head.get("kid"), "typ": kind}:
            raise BadSignature
        signature = decoded(signature_part)
        if len(signature) != 2 * _NUMBER_BYTES:
            raise BadSignature
        r, s = (int.from_bytes(half, "big") for half in (signature[:_NUMBER_BYTES], signature[_NUMBER_BYTES:]))
        signed = f"{head_part}.{payload_part}".encode("ascii")
        keys[head["kid"]].verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
        return decoded(payload_part)
    except (ValueError, KeyError, TypeError, RecursionError, InvalidSignature):
        raise BadSignature from None


def encoded(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """What `encoded` wrote; raises ValueError for anything else, other ways to write the same included."""
    raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if encoded(raw) != text:
        raise ValueError("not base64url")
    return raw
