"""A device's key: which are taken, and what a signature must be."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.devices.domain import is_signed, key_from, key_text, proof_text

KEY = ec.generate_private_key(ec.SECP256R1())
TEXT = proof_text("customer1", "2026-11-21T02:00:00.000Z")


def text_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, encoding: Encoding = Encoding.DER) -> str:
    return base64.b64encode(key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)).decode()


def signed(key: ec.EllipticCurvePrivateKey, text: bytes = TEXT) -> str:
    return base64.b64encode(key.sign(text, ec.ECDSA(SHA256()))).decode()


def test_what_is_signed_is_three_lines() -> None:
    assert TEXT == b"rural-bank-device-1\ncustomer1\n2026-11-21T02:00:00.000Z"


def test_a_key_and_its_signature() -> None:
    key = key_from(text_of(KEY))
    assert key is not None
    assert key_text(key) == text_of(KEY)
    assert is_signed(key, signed(KEY), TEXT)


def test_any_other_key_text_or_algorithm_is_refused() -> None:
    key = key_from(text_of(KEY))
    assert key is not None
    other = ec.generate_private_key(ec.SECP256R1())
    sha384 = base64.b64encode(KEY.sign(TEXT, ec.ECDSA(SHA384()))).decode()
    for signature in (signed(other), signed(KEY, TEXT + b"\n"), sha384, "", "x", "é", signed(KEY)[:-8]):
        assert not is_signed(key, signature, TEXT)
    assert not is_signed(key, signed(KEY), proof_text("customer2", "2026-11-21T02:00:00.000Z"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        text_of(KEY)[:-4],
        text_of(KEY, Encoding.PEM),
        text_of(ec.generate_private_key(ec.SECP384R1())),
        text_of(ec.generate_private_key(ec.SECP256K1())),
        text_of(rsa.generate_private_key(65537, 2048)),
    ],
)
def test_only_a_p256_key_is_taken(text: str) -> None:
    assert key_from(text) is None


def test_a_compressed_point_is_the_same_key() -> None:
    numbers = KEY.public_key().public_numbers()
    point = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    prefix = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    key = key_from(base64.b64encode(prefix + point).decode())
    assert key is not None
    assert key.public_numbers() == numbers
    assert key_text(key) == text_of(KEY)
