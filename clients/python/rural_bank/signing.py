"""What a customer signs, to the byte: instructions, step-ups, registrations of keys, log-ins (docs/instruction.md).

A phone's key store, a USB key or a key in memory signs; each is a Signer. Nothing here asks the network.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

INSTRUCTION, INSTRUCTION_MORE = "rural-bank-instruction-2", "rural-bank-instruction-3"
# With one of these an instruction says more than version 2 can.
MORE = frozenset({"arrives_at", "payee_bank", "speed"})
REGISTRATION, DEVICE = "rural-bank-registration-1", "rural-bank-device-1"
_HALF = 32

Facts = Mapping[str, "str | Mapping[str, str]"]


class FormAltered(Exception):
    """What is to be signed is not what its digest stands for, or not what the customer wanted: do not sign."""


class Signer(Protocol):
    """Whatever keeps a P-256 key."""

    def sign(self, form: bytes) -> bytes:
        """ES256 over `form`: r and s, 32 bytes each."""
        ...

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        ...


class KeyInMemory:
    """A key of this process: for tests and programs. A phone keeps its key in the key store."""

    def __init__(self, key: ec.EllipticCurvePrivateKey | None = None) -> None:
        self._key = key or ec.generate_private_key(ec.SECP256R1())

    def sign(self, form: bytes) -> bytes:
        """ES256 over `form`: r and s."""
        return raw_of(self._key.sign(form, ec.ECDSA(SHA256())))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._key.public_key()


def raw_of(der: bytes) -> bytes:
    """r and s, 32 bytes each, of a signature as key stores and USB keys give it (DER)."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)


def canonical(facts: Facts) -> bytes:
    """The canonical form (RFC 8785 of text values): names in order, no space, UTF-8."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(form: bytes) -> str:
    """SHA-256, in hexadecimal, as answers carry it."""
    return hashlib.sha256(form).hexdigest()


def instruction_form(fields: Mapping[str, str]) -> bytes:
    """The form of an instruction with these fields; the version follows from which there are."""
    return canonical({**fields, "version": INSTRUCTION_MORE if MORE & fields.keys() else INSTRUCTION})


def read_form(canonical_base64: str, digest_hex: str, **wanted: str) -> bytes:
    """The bytes to sign, of `canonical` and `digest` of a transfer or step-up as it was answered.

    `wanted` is what the customer typed: fields of an instruction; of a step-up its `operation` and facts. Raises
    FormAltered when the form is not of that digest, is not canonical, or says anything else than wanted.
    """
    form = base64.b64decode(canonical_base64, validate=True)
    facts = json.loads(form)
    if digest(form) != digest_hex or canonical(facts) != form:
        raise FormAltered("the form is not what its digest is of")
    said = {**facts.get("facts", {}), **facts}
    other = sorted(name for name, value in wanted.items() if said.get(name) != value)
    if other:
        raise FormAltered("the form says otherwise: " + ", ".join(other))
    return form


def signature(signer: Signer, form: bytes) -> str:
    """`signature` of a confirmation by certificate, and `proof` of a registration: base64 of r and s."""
    return base64.b64encode(signer.sign(form)).decode()


def jwk_of(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """A public key as RFC 7517 writes it, for `key` of a registration."""
    numbers = key.public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _base64url(numbers.x), "y": _base64url(numbers.y)}


def _base64url(coordinate: int) -> str:
    return base64.urlsafe_b64encode(coordinate.to_bytes(_HALF)).rstrip(b"=").decode()


def registration_form(key: Mapping[str, str], customer_id: str, factor_id: str, code: str) -> bytes:
    """What proves a new key to be the customer's; `code` came by SMS and is empty at renewal."""
    bound = {"code": code, "customer_id": customer_id, "factor_id": factor_id, "version": REGISTRATION}
    return canonical({**{name: key[name] for name in ("kty", "crv", "x", "y")}, **bound})


def device_text(login_name: str, signed_at: str) -> bytes:
    """What a device signs to log in. `signed_at` is its time, UTC with milliseconds: 2026-11-21T02:00:00.000Z."""
    return f"{DEVICE}\n{login_name}\n{signed_at}".encode()


def device_proof(signer: Signer, login_name: str, signed_at: str) -> dict[str, str]:
    """`public_key`, `signed_at` and `signature` of `device` in a log-in; good once."""
    raw = signer.sign(device_text(login_name, signed_at))
    der = encode_dss_signature(int.from_bytes(raw[:_HALF]), int.from_bytes(raw[_HALF:]))
    public = signer.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "public_key": base64.b64encode(public).decode(),
        "signed_at": signed_at,
        "signature": base64.b64encode(der).decode(),
    }
