"""An instruction, its canonical form and digest. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import KW_ONLY, dataclass
from typing import Any

from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image
from chalicelib.platform.money import decimal_text
from chalicelib.transfers.states import EXPIRE

CANONICAL_VERSION = "rural-bank-instruction-2"
# The form of what says more: when it arrives, at which bank the payee's account is.
CANONICAL_VERSION_MORE = "rural-bank-instruction-3"
# A risk hint: what is paid to others on this day is more than the bank's mark.
DAY_SUM_HIGH = "day_sum_high"
REALTIME, NORMAL, NEXT_DAY = "realtime", "normal", "next_day"
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
    speed: str | None = None  # None: at once
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
    # Only of what arrives later: how the payer asked for it, and when it does.
    speed: str | None = None
    arrives_at: str | None = None
    payee_bank: str | None = None

    def canonical(self) -> bytes:
        """The instruction's canonical form: JSON with sorted keys, no spaces, UTF-8, all values text.

        Amounts are decimal strings. Any language can build it; any changed byte gives another digest. It is
        RFC 8785 of such an object; docs/instruction.md has the rules and test vectors.
        """
        facts = facts_of(self)
        facts["amount"] = decimal_text(facts.pop("amount_fen"))
        facts["fee"] = decimal_text(facts.pop("fee_fen"))
        more = {name: facts.pop(name) for name in _MORE}
        stated = {name: value for name, value in more.items() if value is not None}
        return _canonical({"version": CANONICAL_VERSION_MORE if stated else CANONICAL_VERSION, **facts, **stated})

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
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image or name not in _MORE})


# A name that says nothing is not in the form.
_MORE = ("speed", "arrives_at", "payee_bank")


def arrival(speed: str, latest: dt.datetime, *, normal_min: int, next_day_at_min: int) -> dt.datetime:
    """When a transfer of that speed arrives which is confirmed at `latest` at the latest (PBoC notice 261).

    So who confirms it, however late, has the whole time to revoke it, and what was quoted does not move.
    """
    if speed == NORMAL:
        return latest + dt.timedelta(minutes=normal_min)
    today = clock.start_of_day(clock.business_date(latest))
    return today + dt.timedelta(days=1, minutes=next_day_at_min)


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
    if image["state"] == EXPIRE.before and image["valid_until"] <= now_text:
        return EXPIRE.after
    return str(image["state"])
