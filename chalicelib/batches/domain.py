"""A batch and its lines: what is confirmed of them, and how each ends. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.batches.errors import BatchLineEnded
from chalicelib.platform.dynamo import Image, Rule, s
from chalicelib.platform.money import decimal_text

# Two are fewer than which one transfer is; as many are written together with what confirms them.
MIN_LINES, MAX_LINES = 2, 50
# How a line stands, and how it ends: once.
OPEN, PAID, REFUSED = "open", "paid", "refused"
# How a batch reads: while a line is open, and from then on.
EXECUTING, ENDED = "executing", "ended"
# A line's fact in what is confirmed: `line_01` and on.
LINE_FACT = "line_"
_DIGITS = 2
_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Line:
    """One payment of a batch, from 1 on; `fee_fen` is quoted by the bank. Own accounts (not `outward`) cost nothing.

    Of one that was paid there is `entry_id`; of one that was refused why, as the payer is told. `ended_at` is when.
    """

    number: int
    payee_account: str
    payee_name: str
    amount_fen: int
    purpose: str = ""
    fee_fen: int = 0
    outward: bool = True
    state: str = OPEN
    entry_id: str = ""
    code: str = ""
    zh: str = ""
    en: str = ""
    ended_at: str = ""

    def fact(self) -> str:
        """The line as it is shown and confirmed: JSON with sorted keys, no spaces, all values text."""
        return _encoder.encode(
            {
                "payee_account": self.payee_account,
                "payee_name": self.payee_name,
                "amount": decimal_text(self.amount_fen),
                "fee": decimal_text(self.fee_fen),
                "purpose": self.purpose,
                "own": "no" if self.outward else "yes",
            }
        )

    @property
    def fact_name(self) -> str:
        """What the fact is called."""
        return f"{LINE_FACT}{self.number:0{_DIGITS}d}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the customer asks for: nobody else's account is named as payer, and each line is one payment.

    `batch_id` is the same for the same request; `hint` is what the payer should think over, if anything.
    """

    batch_id: str
    payer_account: str
    lines: tuple[Line, ...]
    hint: str = ""

    def facts(self) -> dict[str, str]:
        """All of it as text: what is shown, line by line, and what a step-up's digest is of."""
        return {
            "batch": self.batch_id,
            "payer_account": self.payer_account,
            "count": str(len(self.lines)),
            "total": decimal_text(self.total_fen),
            "fee": decimal_text(self.fee_fen),
            **{line.fact_name: line.fact() for line in self.lines},
            **({"hint": self.hint} if self.hint else {}),
        }

    def digest(self) -> bytes:
        """The first 128 bits of the SHA-256 that tells this request from any other; fees are not the customer's."""
        stated = [
            [line.payee_account, line.payee_name, decimal_text(line.amount_fen), line.purpose] for line in self.lines
        ]
        return hashlib.sha256(_encoder.encode([self.payer_account, *stated]).encode()).digest()[:16]

    @property
    def total_fen(self) -> int:
        """All amounts, without fees."""
        return sum(line.amount_fen for line in self.lines)

    @property
    def fee_fen(self) -> int:
        """All fees."""
        return sum(line.fee_fen for line in self.lines)

    @property
    def outward(self) -> list[int]:
        """The amounts that go to others, in fen, one a payment."""
        return [line.amount_fen for line in self.lines if line.outward]

    @property
    def outward_fen(self) -> int:
        """Their sum: what the confirming factor's ceiling is asked for."""
        return sum(self.outward)


def repeated(lines: Sequence[Line]) -> tuple[int, int] | None:
    """The first line that is another's very repetition, and that other; None where there is none."""
    seen: dict[tuple[str, int, str], int] = {}
    for line in lines:
        what = (line.payee_account, line.amount_fen, line.purpose)
        if what in seen:
            return line.number, seen[what]
        seen[what] = line.number
    return None


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as confirmed: the head, which says nothing of how its lines end before all have (`ended_at`).

    `factor`, `factor_id` and `method` confirmed it, in a session and on a bound device (empty: on none). Nothing of it
    is paid from `valid_until` on.
    """

    batch_id: str
    customer_id: str
    payer_account: str
    count: int
    total_fen: int
    fee_fen: int
    outward_fen: int
    factor: str
    factor_id: str
    method: str
    session_id: str
    created_at: str
    valid_until: str
    request_digest: bytes
    correlation_id: str
    device_id: str = ""
    paid: int = 0
    refused: int = 0
    ended_at: str = ""

    @classmethod
    def from_image(cls, image: Image) -> Batch:
        """A batch from its stored head."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__ if name in image})


@dataclass(frozen=True, slots=True)
class Evidence:
    """What confirmed a batch: `form` is the step-up's canonical form, `proof` the signature or seal over it,
    `session_id` where, and `confirmed_at` when.
    """

    form: bytes
    proof: bytes
    session_id: str
    confirmed_at: str


def line_of(image: Image) -> Line:
    """A line from its stored row."""
    return Line(**{name: image[name] for name in Line.__dataclass_fields__ if name in image})


def stored(item: Batch | Line | Evidence) -> dict[str, Any]:
    """The fields that say something, by name; numbers and yes or no always do."""
    facts = {name: getattr(item, name) for name in item.__dataclass_fields__}
    return {name: value for name, value in facts.items() if value or isinstance(value, int)}


def open_rule() -> Rule:
    """The line has not ended: whoever ends it first has done so."""
    return Rule(
        "#state = :open",
        {":open": s(OPEN)},
        lambda image: bool(image.get("state") == OPEN),
        lambda _: BatchLineEnded(),
    )
