"""A private key that is in KMS, in the form in which the library of certificates asks for one."""

from __future__ import annotations

import copy
from typing import Any, NoReturn

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, EllipticCurvePublicKey

from chalicelib.platform import aws, jws


class KmsKey(EllipticCurvePrivateKey):
    """The library signs with a private key object; this one asks KMS, which never gives the key away."""

    def __init__(self, key_id: str) -> None:
        self._key_id = key_id

    def sign(self, data: Any, signature_algorithm: Any = None) -> bytes:  # noqa: ARG002  # KMS is told the only one there is
        """ECDSA with SHA-256, in DER; of at most 4,096 bytes."""
        answer = aws.kms().sign(
            KeyId=self._key_id, Message=bytes(data), MessageType="RAW", SigningAlgorithm="ECDSA_SHA_256"
        )
        return answer["Signature"]

    def public_key(self) -> EllipticCurvePublicKey:
        """Its public half; raises TypeError when it is no key of curve P-256."""
        return jws.public_half(self._key_id).public

    @property
    def curve(self) -> SECP256R1:
        return SECP256R1()

    @property
    def key_size(self) -> int:
        return self.curve.key_size

    def exchange(self, *_: Any) -> NoReturn:
        raise TypeError("the key signs and does nothing else")

    def private_numbers(self) -> NoReturn:
        raise TypeError("the key stays in KMS")

    def private_bytes(self, *_: Any) -> NoReturn:
        raise TypeError("the key stays in KMS")

    def __copy__(self) -> KmsKey:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> KmsKey:
        return copy.copy(self)


def key_usage(*, ca: bool) -> x509.KeyUsage:
    """What a certificate is for: an authority signs certificates, everybody else signs data."""
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=not ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
