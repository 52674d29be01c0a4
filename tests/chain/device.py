"""A phone with a key store: what an app does to bind itself and to log in."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.platform import clock
from tests.chain.bank import PASSWORD, Bank, Person, Reply


class Device:
    """One phone with the bank's app."""

    def __init__(self, bank: Bank, person: Person, name: str = "我的手机") -> None:
        self.bank, self.person, self.name = bank, person, name
        self.key = ec.generate_private_key(ec.SECP256R1())

    def proof(self, *, login_name: str | None = None, at: dt.datetime | None = None, **other: Any) -> dict[str, Any]:
        """What the app brings, signed now unless told otherwise."""
        signed_at = clock.to_text(at or self.bank.clock.now())
        text = f"rural-bank-device-1\n{login_name or self.person.login_name}\n{signed_at}".encode()
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {
            "name": self.name,
            "platform": "android",
            "public_key": base64.b64encode(public).decode(),
            "signed_at": signed_at,
            "signature": base64.b64encode(self.key.sign(text, ec.ECDSA(SHA256()))).decode(),
            **other,
        }

    def log_in(self, proof: dict[str, Any] | None = None, password: str = PASSWORD) -> Reply:
        """One log-in; the clock moves on, as no two are signed in the same millisecond."""
        body = {"login_name": self.person.login_name, "password": password, "device": proof or self.proof()}
        self.bank.clock.advance(dt.timedelta(milliseconds=1))
        return self.bank.request("POST", "/v1/sessions", body)

    def asked(self) -> str:
        """A log-in that asks for a code, and the code sent; the challenge's id."""
        refused = self.log_in()
        assert (refused.status, refused.code) == (403, "step_up_required"), refused
        self.bank.settle()
        return str(refused.body["facts"]["step_up"])

    def enter(self, step_up: str, code: str) -> Reply:
        """Enter the code."""
        return self.bank.request("POST", "/v1/sessions/devices", {"step_up": step_up, "code": code})

    def bind(self) -> Reply:
        """Bound and logged in."""
        step_up = self.asked()
        reply = self.enter(step_up, self.bank.code_for(self.person, step_up))
        assert reply.status == 201, reply
        return reply
