"""The Python client's signing helper keeps to the published vectors (docs/instruction.md)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from chalicelib.devices import domain as devices
from chalicelib.factors.signatures import compressed, is_signed
from chalicelib.stepup import domain as stepup
from rural_bank import signing
from tests.unit.clients.published import INSTRUCTIONS, vectors

BY_NAME: dict[str, Any] = {"ids": lambda vector: vector["name"]}


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize("vector", vectors(*INSTRUCTIONS), **BY_NAME)
def test_an_instruction(vector: dict[str, Any]) -> None:
    form = signing.instruction_form(vector["fields"])
    assert (form.hex(), signing.digest(form)) == (vector["canonical_hex"], vector["sha256"])
    answered = base64.b64encode(form).decode()
    assert signing.read_form(answered, vector["sha256"], **vector["fields"]) == form
    key = compressed(load_pem_public_key(vector["public_key"].encode()))
    assert is_signed(key, base64.b64decode(vector["signature"]), form)


@pytest.mark.parametrize("vector", vectors("registration"), **BY_NAME)
def test_a_registration(vector: dict[str, Any]) -> None:
    form = signing.registration_form(vector["key"], vector["customer_id"], vector["factor_id"], vector["code"])
    assert (form.hex(), signing.digest(form)) == (vector["canonical_hex"], vector["sha256"])


@pytest.mark.parametrize("vector", vectors("step-up"), **BY_NAME)
def test_a_step_up(vector: dict[str, Any]) -> None:
    form = bytes.fromhex(vector["canonical_hex"])
    # the bank's own form, and what the client makes of it
    names = ("challenge_id", "customer_id", "operation", "facts", "valid_until")
    assert stepup.canonical_of(*(vector[name] for name in names)) == form
    assert vector["version"] == stepup.CANONICAL_VERSION
    assert signing.canonical({name: vector[name] for name in ("version", *names)}) == form
    answered = base64.b64encode(form).decode()
    read = signing.read_form(answered, vector["sha256"], operation=vector["operation"], **vector["facts"])
    assert read == form
    key = compressed(load_pem_public_key(vector["public_key"].encode()))
    assert is_signed(key, base64.b64decode(vector["signature"]), form)


@pytest.mark.parametrize("vector", vectors("device"), **BY_NAME)
def test_a_device(vector: dict[str, Any]) -> None:
    text = signing.device_text(vector["login_name"], vector["signed_at"])
    assert text.hex() == vector["text_hex"]
    assert text == devices.proof_text(vector["login_name"], vector["signed_at"])
    public = devices.key_from(vector["public_key"])
    assert public is not None
    assert devices.is_signed(public, vector["signature"], text)
    der = base64.b64decode(vector["signature"])
    raw = signing.raw_of(der)
    assert (len(raw), is_signed(compressed(public), raw, text)) == (64, True)


def test_what_a_key_signs_is_what_the_bank_verifies() -> None:
    key = signing.KeyInMemory(ec.derive_private_key(7, ec.SECP256R1()))
    form = signing.instruction_form({"amount": "1.00"})
    signed = base64.b64decode(signing.signature(key, form))
    assert is_signed(compressed(key.public_key()), signed, form)
    proof = signing.device_proof(key, "zhaoxiaoming", "2026-11-21T02:00:00.000Z")
    public = load_der_public_key(base64.b64decode(proof["public_key"]))
    assert isinstance(public, ec.EllipticCurvePublicKey)
    text = signing.device_text("zhaoxiaoming", proof["signed_at"])
    public.verify(base64.b64decode(proof["signature"]), text, ec.ECDSA(SHA256()))


@pytest.mark.parametrize("vector", vectors("registration"), **BY_NAME)
def test_a_key_as_a_registration_takes_it(vector: dict[str, Any]) -> None:
    x, y = (int.from_bytes(base64.urlsafe_b64decode(vector["key"][name] + "=")) for name in ("x", "y"))
    assert signing.jwk_of(ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()) == vector["key"]


@pytest.mark.requirement("XJ-4.2-wysiwys")
def test_what_is_not_what_was_wanted_is_not_signed() -> None:
    form = signing.instruction_form({"amount": "1.00", "payee_account": "9000010000000000025"})
    answered, digest = base64.b64encode(form).decode(), signing.digest(form)
    assert signing.read_form(answered, digest, amount="1.00") == form
    with pytest.raises(signing.FormAltered, match="amount, payee_account"):
        signing.read_form(answered, digest, amount="2.00", payee_account="9000010000000000017")
    with pytest.raises(signing.FormAltered, match="purpose"):
        signing.read_form(answered, digest, purpose="")
    with pytest.raises(signing.FormAltered, match="digest"):
        signing.read_form(answered, "00" * 32, amount="1.00")
    spaced = form.replace(b":", b": ", 1)
    with pytest.raises(signing.FormAltered, match="digest"):
        signing.read_form(base64.b64encode(spaced).decode(), signing.digest(spaced), amount="1.00")


def test_a_fact_cannot_pass_for_the_operation() -> None:
    form = signing.canonical({"operation": "limits.raise", "facts": {"operation": "transfers.switch_on"}})
    with pytest.raises(signing.FormAltered, match="operation"):
        signing.read_form(base64.b64encode(form).decode(), signing.digest(form), operation="transfers.switch_on")
