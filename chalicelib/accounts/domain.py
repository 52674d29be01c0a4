"""Statement lines from an account's change. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from chalicelib.platform.dynamo import Image

FIRST_HASH = b"\x00" * 32
_SEQ_DIGITS = 12
# What a line of each kind is called: where it raises the balance, and where it lowers it.
_WORDS = {
    "principal": (("转入", "transfer in"), ("转出", "transfer out")),
    "fee": (("手续费退回", "fee refunded"), ("手续费", "fee")),
    "cash": (("现金存入", "cash deposit"), ("现金支取", "cash withdrawal")),
}


class LineGap(Exception):
    """A change does not follow the last line: lines between are missing."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One statement line. `amount_fen` is signed; `balance_fen` is the booked balance after it.

    `chain` = SHA-256 over the previous line's chain and this line's facts: a changed, dropped or inserted
    line breaks every later one (NB-5.1.3). `value_date` is the business date of the entry where that is not
    the line's own: a payment of the last second before midnight that reached a deferred account after it.
    """

    account_id: str
    seq: int
    business_date: str
    posted_at: str
    entry_id: str
    kind: str
    amount_fen: int
    balance_fen: int
    correlation_id: str
    chain: bytes = field(default=b"")
    value_date: str | None = None

    @property
    def valued_on(self) -> str:
        """The business date of the entry: what a trial balance sorts by."""
        return self.value_date or self.business_date

    @property
    def line(self) -> str:
        """The sort key: business date # sequence. Dates never run backwards, so both order alike."""
        return line_key(self.business_date, self.seq)

    def chained_to(self, previous: bytes) -> Movement:
        """This line with its chain value."""
        unchained = ("chain", "correlation_id") if self.value_date else ("chain", "correlation_id", "value_date")
        facts = {name: value for name, value in asdict(self).items() if name not in unchained}
        canonical = json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
        return Movement(**{**self._fields(), "chain": hashlib.sha256(previous + canonical).digest()})

    def _fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def words_of(kind: str, amount_fen: int) -> tuple[str, str]:
    """What a line is called, in Chinese and in English; `amount_fen` is signed."""
    credited, debited = _WORDS[kind]
    return credited if amount_fen > 0 else debited


def line_key(business_date: str, seq: int) -> str:
    """`20261121#000000000042`."""
    return f"{business_date}#{seq:0{_SEQ_DIGITS}d}"


def booked_fen(image: Image) -> int:
    """The balance in the books of an account image: available and held."""
    return int(image["available_fen"] + image["held_fen"])


def lines_of(old: Image | None, new: Image) -> list[Movement]:
    """The lines one change of an account stands for, unchained, oldest first.

    An image whose sequence is unchanged (a limit, a state, a hold) stands for none. Raises LineGap when
    the legs do not account for the sequence or the balance. A change from the stream of deferred legs has
    legs of several entries, each of which names its entry (`e`) and, where it differs, its date (`d`).
    """
    before = old or {"seq": 0, "available_fen": 0, "held_fen": 0}
    if new["seq"] == before["seq"]:
        return []
    legs = new["legs"]
    if new["seq"] - before["seq"] != len(legs):
        raise LineGap(f"{len(legs)} legs for sequence {before['seq']} to {new['seq']}")
    balance_fen = booked_fen(before)
    movements = []
    for offset, leg in enumerate(legs, start=1):
        balance_fen += leg["f"]
        movements.append(
            Movement(
                account_id=new["account_id"],
                seq=before["seq"] + offset,
                business_date=new["business_date"],
                posted_at=new["changed_at"],
                entry_id=leg.get("e", new["e0"]),
                kind=leg["k"],
                amount_fen=leg["f"],
                balance_fen=balance_fen,
                correlation_id=new["correlation_id"],
                value_date=leg.get("d"),
            )
        )
    if balance_fen != booked_fen(new):
        raise LineGap("the legs do not lead to the new balance")
    return movements
