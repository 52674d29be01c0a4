"""ES256 signatures and X.509 certificates as data: no key of the bank, no table, no clock (NB-5.3.3-cert).

What is checked offline years later is checked by this same code.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.factors.errors import FactorMalformed

SIGNATURE_BYTES = 64
_HALF = SIGNATURE_BYTES // 2
REGISTRATION_VERSION = "rural-bank-registration-1"
_NOT_PROVED = "签名无效 / its signature is not valid"
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Jwk:
    """The coordinates of a P-256 point as RFC 7517 writes them: base64url, 43 characters each."""

    x: str
    y: str


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` (r and s, 32 bytes each, as in JWS) is ES256 over `message` by the compressed point `key`."""
    if len(signature) != SIGNATURE_BYTES:
        return False
    der = encode_dss_signature(int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:]))
    try:
        public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), key)
        public.verify(der, message, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def sign(key: EllipticCurvePrivateKey, message: bytes) -> bytes:
    """ES256 over `message`: r and s."""
    r, s = decode_dss_signature(key.sign(message, ECDSA(SHA256())))
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)


def key_of(certificate: x509.Certificate) -> bytes:
    """A certificate's public key as a compressed point, 33 bytes. Raises ValueError for any other kind of key."""
    return compressed(certificate.public_key())


def compressed(key: object) -> bytes:
    """A P-256 key as a compressed point, 33 bytes; raises ValueError for any other."""
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("not a P-256 key")  # noqa: TRY004  # a value of the wrong kind, not a wrong argument
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether the authority's key signed the certificate, and it names the authority as its issuer."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def is_valid_at(certificate: x509.Certificate, moment: dt.datetime) -> bool:
    """Whether `moment` is in the certificate's time; its last second is included."""
    return certificate.not_valid_before_utc <= moment < certificate.not_valid_after_utc + dt.timedelta(seconds=1)


def requested_key(pem: str) -> EllipticCurvePublicKey:
    """The key of a PKCS#10 request, whose sender holds the private half; raises FactorMalformed for anything else."""
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), compressed(request.public_key()))
        is_signed_by_itself = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise FactorMalformed(reason="须为 P-256 密钥的 PKCS#10 PEM / a PKCS#10 PEM with a P-256 key") from None
    if not is_signed_by_itself:
        raise FactorMalformed(reason=_NOT_PROVED)
    return key


def registration_form(jwk: Jwk, customer_id: str, factor_id: str, code: str) -> bytes:
    """What the key itself signs to be registered, in the form of docs/instruction.md; at renewal `code` is empty."""
    bound = {"customer_id": customer_id, "factor_id": factor_id, "code": code}
    return _encoder.encode(
        {"version": REGISTRATION_VERSION, "kty": "EC", "crv": "P-256", "x": jwk.x, "y": jwk.y, **bound}
    ).encode()


def proved_key(jwk: Jwk, proof: bytes, form: bytes) -> EllipticCurvePublicKey:
    """The key of a JWK that signed its registration form; raises FactorMalformed for anything else."""
    try:
        key = EllipticCurvePublicNumbers(_coordinate(jwk.x), _coordinate(jwk.y), SECP256R1()).public_key()
    except ValueError:
        raise FactorMalformed(reason="须为 P-256 公钥的 JWK / a JWK of a P-256 public key") from None
    if not is_signed(compressed(key), proof, form):
        raise FactorMalformed(reason=_NOT_PROVED)
    return key


def _coordinate(text: str) -> int:
    raw = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    # Written in one way only, as the form has it.
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != text or len(raw) != _HALF:
        raise ValueError("not a coordinate")
    return int.from_bytes(raw)
