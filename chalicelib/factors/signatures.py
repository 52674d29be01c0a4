"""ES256 signatures and X.509 certificates as data: no key of the bank, no table, no clock (NB-5.3.3-cert).

What is checked offline years later is checked by this same code.
"""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.factors.errors import FactorMalformed

SIGNATURE_BYTES = 64
_HALF = SIGNATURE_BYTES // 2


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


def key_of(certificate: x509.Certificate) -> bytes:
    """A certificate's public key as a compressed point, 33 bytes. Raises ValueError for any other kind of key."""
    return _compressed(certificate.public_key())


def _compressed(key: object) -> bytes:
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


def signing_request(pem: str) -> x509.CertificateSigningRequest:
    """A PKCS#10 request whose sender holds the private key; raises FactorMalformed for anything else."""
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        _compressed(request.public_key())
        is_signed_by_itself = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise FactorMalformed(reason="须为 P-256 密钥的 PKCS#10 PEM / a PKCS#10 PEM with a P-256 key") from None
    if not is_signed_by_itself:
        raise FactorMalformed(reason="签名无效 / its signature is not valid")
    return request
