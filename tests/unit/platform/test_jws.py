"""JWS by KMS (RFC 7515, 7518): what another library takes, and nothing that was not signed just so."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from moto import mock_aws

from chalicelib.platform import aws, jws
from chalicelib.platform.jws import BadSignature, PublicKey

KIND = "test+jws"
PAYLOAD = '{"says":"回单"}'.encode()


@pytest.fixture
def key() -> Iterator[PublicKey]:
    with mock_aws():
        aws.forget_clients()
        made = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
        yield jws.public_half(made["KeyMetadata"]["KeyId"])
    aws.forget_clients()


def headed(text: str, key: PublicKey, **changes: object) -> str:
    """The same under another head, which nobody signed."""
    head = {"alg": "ES256", "kid": key.kid, "typ": KIND, **changes}
    return ".".join([jws.encoded(json.dumps(head).encode()), *text.split(".")[1:]])


def test_what_kms_signs_another_library_verifies_with_the_published_numbers(key: PublicKey) -> None:
    text = jws.sign(key, KIND, PAYLOAD)
    public = jws.key_of(key.x, key.y)
    assert public == key.public
    assert jwt.PyJWS().decode(text, public, algorithms=["ES256"]) == PAYLOAD
    assert jwt.get_unverified_header(text) == {"alg": "ES256", "kid": key.kid, "typ": KIND}
    assert jws.verified(text, KIND, {key.kid: public}) == PAYLOAD


def test_what_another_library_signs_just_so_is_verified(key: PublicKey) -> None:
    own = generate_private_key(SECP256R1())
    text = jwt.PyJWS().encode(PAYLOAD, own, "ES256", headers={"typ": KIND, "kid": "k"})
    assert jws.verified(text, KIND, {"k": own.public_key()}) == PAYLOAD


def test_a_changed_character_anywhere_is_noticed(key: PublicKey) -> None:
    text = jws.sign(key, KIND, PAYLOAD)
    for place, character in enumerate(text):
        for other in {"A", "B", "_", ".", "=", "回"} - {character}:
            with pytest.raises(BadSignature):
                jws.verified(text[:place] + other + text[place + 1 :], KIND, {key.kid: key.public})


def test_what_is_not_of_this_kind_and_these_keys_is_refused(key: PublicKey) -> None:
    text = jws.sign(key, KIND, PAYLOAD)
    other = generate_private_key(SECP256R1())
    forged = jwt.PyJWS().encode(PAYLOAD, other, "ES256", headers={"typ": KIND, "kid": key.kid})
    keys = {key.kid: key.public}
    refused = {
        "another kind": jws.sign(key, "other+jws", PAYLOAD),
        "another's key by our kid": forged,
        "no algorithm": headed(text, key, alg="none"),
        "none and no signature": headed(text, key, alg="none").rpartition(".")[0] + ".",
        "a key in its head": jwt.PyJWS().encode(PAYLOAD, other, "ES256", headers={"typ": KIND, "kid": "x", "jwk": {}}),
        "a kid that is none": headed(text, key, kid=["x"]),
        "two parts": text.rpartition(".")[0],
        "four parts": text + ".",
        "nothing": "",
        "brackets": ".".join([jws.encoded(b"[" * 100_000), "e30", "e30"]),
        "a list for a head": ".".join([jws.encoded(b"[]"), *text.split(".")[1:]]),
        "padded": text + "=",
        "a line feed": text + "\n",
    }
    for why, wrong in refused.items():
        with pytest.raises(BadSignature):
            pytest.fail(f"{why}: {jws.verified(wrong, KIND, keys)!r}")
    with pytest.raises(BadSignature):
        jws.verified(text, KIND, {})


def test_numbers_that_are_no_point_of_the_curve_are_no_key(key: PublicKey) -> None:
    with pytest.raises(ValueError):  # cryptography's own words
        jws.key_of(key.x, key.x)
    with pytest.raises(ValueError, match="base64url"):
        jws.key_of(key.x + "=", key.y)
