"""What a customer's phone, USB key or token does: keys, signing requests, signatures and codes."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from chalicelib.factors.commands.issue_certificate import apply_for_certificate
from chalicelib.notifications import providers
from tests.chain.bank import TELLER, Bank, Person, Reply


@dataclass
class Signer:
    """A private key that never leaves its carrier."""

    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    factor_id: str = ""

    def request_pem(self, common_name: str = "anybody") -> str:
        """A PKCS#10 request for this key."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self.key, SHA256())
        return request.public_bytes(Encoding.PEM).decode()

    def jwk(self) -> dict[str, str]:
        """The public half as RFC 7517 has it."""
        numbers = self.key.public_key().public_numbers()
        x, y = (base64.urlsafe_b64encode(n.to_bytes(32)).decode().rstrip("=") for n in (numbers.x, numbers.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

    def proof(self, customer_id: str, factor_id: str, code: str) -> str:
        """ES256 over the registration form, written by the rules of docs/instruction.md and by no code of the bank."""
        bound = {"customer_id": customer_id, "factor_id": factor_id, "code": code}
        facts = {**self.jwk(), **bound, "version": "rural-bank-registration-1"}
        form = "{" + ",".join(f'"{name}":"{facts[name]}"' for name in sorted(facts)) + "}"
        return self.sign(form.encode())

    def sign(self, message: bytes) -> str:
        """ES256 as JWS has it, in base64."""
        r, s = decode_dss_signature(self.key.sign(message, ECDSA(SHA256())))
        return base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()


def apply(bank: Bank, person: Person, method: str, device_serial: str = "") -> str:
    """At the counter; the factor's id. A USB key that is not named comes fresh from the stock."""
    if method == "usb_key" and not device_serial:
        device_serial = bank.blank("usb_key")
    return apply_for_certificate(
        person.customer_id,
        method,
        teller_id=TELLER,
        now=bank.clock.now(),
        device_serial=device_serial,
        correlation_id="counter-1",
    )


def download_code(bank: Bank, person: Person, factor_id: str) -> str:
    """The last code that came by SMS for that certificate."""
    bank.settle()
    items = providers.LocalMessageItem.query(person.phone)
    found = {item.message_id: item.text for item in items if f"#{factor_id}#download#" in item.message_id}
    last = max(found, key=lambda message_id: int(message_id.rpartition("#")[2]))
    return found[last].split("下载码")[1][:6]


def download(bank: Bank, token: str, factor_id: str, code: str, request: str) -> Reply:
    """The app downloads the certificate."""
    return download_with(bank, token, factor_id, {"code": code, "request": request})


def download_with(bank: Bank, token: str, factor_id: str, body: dict[str, Any]) -> Reply:
    """The same, with another offer than a signing request."""
    return bank.request("POST", f"/v1/factors/{factor_id}/certificate", body, token=token)


def certified(bank: Bank, person: Person, token: str, method: str = "phone") -> Signer:
    """All of it: apply, download; a signer whose certificate is active."""
    signer = Signer(factor_id=apply(bank, person, method))
    code = download_code(bank, person, signer.factor_id)
    reply = download(bank, token, signer.factor_id, code, signer.request_pem())
    assert reply.status == 201, reply
    return signer


def cloud_certified(bank: Bank, person: Person, token: str, pin: str) -> str:
    """Apply for a cloud certificate and download it; the factor's id."""
    factor_id = apply(bank, person, "cloud")
    code = download_code(bank, person, factor_id)
    reply = download_with(bank, token, factor_id, {"code": code, "pin": pin})
    assert reply.status == 201, reply
    return factor_id


def confirm_signed(bank: Bank, token: str, created: Reply, signature: str) -> Reply:
    """Confirm with a signature."""
    body: dict[str, Any] = {"factor": "certificate", "signature": signature}
    return bank.request("POST", f"/v1/transfers/{created.body['id']}/confirmation", body, token=token)


def signed(signer: Signer, created: Reply) -> str:
    """The signature over what the creation answered."""
    return signer.sign(base64.b64decode(created.body["canonical"]))
