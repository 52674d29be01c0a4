"""What the books read in raw items: entries, lines and holds, without the bank's own code."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from simulation.engine import Image


@dataclass(frozen=True, slots=True)
class Posted:
    """A journal entry as the journal itself has it; amounts in fen. `deferred` accounts get their legs later."""

    entry_id: str
    kind: str
    customer_id: str
    purpose: str
    business_date: str
    legs: tuple[tuple[str, int, str], ...]
    deferred: frozenset[str] = frozenset()

    def legs_of(self, account_id: str) -> list[tuple[str, int, str]]:
        """The legs on one account, in order."""
        return [leg for leg in self.legs if leg[0] == account_id]


@dataclass(frozen=True, slots=True)
class Line:
    """A statement line that must be written, from the ledger's own write."""

    seq: int
    business_date: str
    amount_fen: int
    balance_fen: int
    kind: str
    entry_id: str
    value_date: str = ""


def text(image: Image, name: str, default: str = "") -> str:
    """A text attribute of a raw item."""
    return str(image[name]["S"]) if name in image else default


def whole(image: Image, name: str) -> int:
    """A number attribute of a raw item."""
    return int(image[name]["N"])


def booked(image: Image) -> int:
    """Available and held, in fen."""
    return whole(image, "available_fen") + whole(image, "held_fen")


def is_house(account_id: str) -> bool:
    """The bank's own accounts, whose legs no customer's write posts."""
    return account_id.startswith("H-")


def lines_due(account: Image, day: str, entries: list[Posted]) -> list[Line]:
    """The statement lines that entries stand for which come to an account together; `account` is as it was before."""
    found: list[Line] = []
    balance, seq = booked(account), whole(account, "seq")
    for entry in entries:
        valued = entry.business_date if entry.business_date != day else ""
        for _, fen, kind in entry.legs_of(text(account, "account_id")):
            balance, seq = balance + fen, seq + 1
            found.append(Line(seq, day, fen, balance, kind, entry.entry_id, valued))
    return found


@dataclass(slots=True)
class Held:
    """A hold: what it set aside, and what it took from the limits of which day."""

    account_id: str
    amount_fen: int
    counted_fen: int
    held_on: str
    state: str


def binary(image: Image, name: str) -> bytes:
    """A binary attribute of a raw item."""
    return base64.b64decode(image[name]["B"])
