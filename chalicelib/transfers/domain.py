"""An instruction, its canonical form and digest. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
import json
from dataclasses import KW_ONLY, dataclass
from typing import Any

from chalicelib.platform.dynamo import Image
from chalicelib.platform.money import decimal_text

CANONICAL_VERSION = "rural-bank-instruction-2"
# The form of a transfer to another bank: the same fields, and `payee_bank`.
INTERBANK_VERSION = "rural-bank-instruction-3"
AWAITING = "awaiting"
POSTED = "posted"
EXPIRED = "expired"
SMS = "sms"
NO_FACTOR = "none"
CERTIFICATE = "certificate"
MAX_NAME = 30
MAX_PURPOSE = 40
FIRST_ATTEMPT = 1
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Request:
    """What the customer asked for, with the idempotency key's reading: the same key must bring the same.

    `valid_until` (UTC text) is stated for a transfer at once; the bank sets it where a code confirms.
    """

    payer_account: str
    payee_account: str
    payee_name: str
    amount_fen: int
    currency: str
    purpose: str
    _: KW_ONLY
    factor: str = SMS
    factor_id: str = ""  # empty: the strongest that the customer holds
    valid_until: str | None = None
    payee_bank: str | None = None  # another bank's code; None: an account of this bank

    def digest(self) -> bytes:
        """The first 128 bits of the SHA-256 that tells this request from any other."""
        stated = {name: value for name, value in facts_of(self).items() if value is not None}
        return hashlib.sha256(_canonical(stated)).digest()[:16]


@dataclass(frozen=True, slots=True)
class Instruction:
    """A transfer as quoted. Everything here is covered by the digest that the code confirms."""

    entry_id: str
    customer_id: str
    payer_account: str
    payee_account: str
    payee_name: str
    amount_fen: int
    fee_fen: int
    currency: str
    purpose: str
    factor: str
    factor_id: str
    created_at: str
    valid_until: str
    payee_bank: str | None = None

    def canonical(self) -> bytes:
        """The instruction's canonical form: JSON with sorted keys, no spaces, UTF-8, all values text.

        Amounts are decimal strings. Any language can build it; any changed byte gives another digest. It is
        RFC 8785 of such an object; docs/instruction.md has the rules and test vectors.
        """
        facts = facts_of(self)
        facts["amount"] = decimal_text(facts.pop("amount_fen"))
        facts["fee"] = decimal_text(facts.pop("fee_fen"))
        if self.payee_bank is None:
            del facts["payee_bank"]
            return _canonical({"version": CANONICAL_VERSION, **facts})
        return _canonical({"version": INTERBANK_VERSION, **facts})

    def digest(self) -> bytes:
        """SHA-256 of the canonical form: in the code, the entry and the receipt (XJ-4.2-wysiwys)."""
        return hashlib.sha256(self.canonical()).digest()

    @property
    def debit_fen(self) -> int:
        """What leaves the payer's account."""
        return self.amount_fen + self.fee_fen

    @classmethod
    def from_image(cls, image: Image) -> Instruction:
        """The instruction a journal item holds."""
        stored = {"payee_bank": None, **image}
        return cls(**{name: stored[name] for name in cls.__dataclass_fields__})


def facts_of(stated: Request | Instruction) -> dict[str, Any]:
    """The fields by name. All are text or whole numbers: dataclasses.asdict would copy each one deeply."""
    return {name: getattr(stated, name) for name in stated.__dataclass_fields__}


def _canonical(facts: dict[str, Any]) -> bytes:
    return _encoder.encode(facts).encode()


# What is counted, or moves on, while an instruction waits; and the seal itself.
_UNSEALED = frozenset({"state", "tries", "attempt", "seal"})


def sealed_form(image: Image) -> bytes:
    """All that an instruction was stored with, but for what moves while it waits.

    Beside the canonical form, which the customer sees, that is what the bank decided when it was made: whether the
    payment goes to somebody else, how the payee is credited, the payer's name, a certificate's key.
    """
    kept = {name: value for name, value in image.items() if name not in _UNSEALED and value is not None}
    return _canonical({name: f"0x{value.hex()}" if isinstance(value, bytes) else value for name, value in kept.items()})


def state_at(image: Image, now_text: str) -> str:
    """The instruction's state as a reader sees it: one that waited too long reads `expired`."""
    if image["state"] == AWAITING and image["valid_until"] <= now_text:
        return EXPIRED
    return str(image["state"])
