"""A device's key and what it signs. Pure; no I/O, no clock."""

from __future__ import annotations

import base64
import binascii

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

PROOF_VERSION = "rural-bank-device-1"
BOUND, REVOKED, LOST = "bound", "revoked", "lost"


def proof_text(login_name: str, signed_at: str) -> bytes:
    """What a device signs to log in: three lines, UTF-8, no line end after the last."""
    return f"{PROOF_VERSION}\n{login_name}\n{signed_at}".encode()


def key_from(text: str) -> EllipticCurvePublicKey | None:
    """A P-256 public key from base64 of its SubjectPublicKeyInfo (DER); None for anything else."""
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1) else None


def key_text(key: EllipticCurvePublicKey) -> str:
    """The one text of a key, however it was brought: points may be written in two ways."""
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def is_signed(key: EllipticCurvePublicKey, signature: str, text: bytes) -> bool:
    """Whether `signature` (base64 of DER, ECDSA with SHA-256) is the key's over `text`."""
    try:
        key.verify(base64.b64decode(signature, validate=True), text, ECDSA(SHA256()))
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True
