"""Banks that can be paid, what clearing is told and what it answers. Pure; no I/O, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from chalicelib.clearing.errors import PaymentNotOpen
from chalicelib.platform.dynamo import Image, Rule, s

DUE, SENT, SETTLED, RETURNED = "due", "sent", "settled", "returned"
ENDED = (SETTLED, RETURNED)
_OUTCOMES = frozenset(ENDED)
# ISO 20022 external status reasons are one to four letters and digits.
_REASON = re.compile(r"([A-Z0-9]{1,4})?")

# The directory of banks (行名行号表), by clearing code. Codes and names are invented: no bank has the prefix 999.
BANKS: dict[str, str] = {
    "999100000018": "示例工商银行",
    "999200000025": "示例农业银行",
    "999300000032": "示例建设银行",
    "999400000049": "示例邮储银行",
    "999500000056": "示例城市商业银行",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What the network is told. `entry_id` is the end-to-end id: the network takes each once. Amount in fen."""

    entry_id: str
    amount_fen: int
    payer_account: str
    payer_name: str
    payee_bank: str
    payee_account: str
    payee_name: str
    purpose: str
    correlation_id: str

    @classmethod
    def from_image(cls, image: Image) -> Order:
        """The order of a posted journal item."""
        return cls(**{name: image[name] for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the network says of a payment: `settled`, or `returned` with an ISO 20022 reason."""

    outcome: str
    reason: str = ""

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Answer:
        """An answer as a message carries it; raises ValueError for what is none."""
        outcome, reason = data["outcome"], data["reason"]
        if outcome not in _OUTCOMES or not _REASON.fullmatch(reason):
            raise ValueError("not an answer of clearing")
        return cls(outcome, reason)

    @property
    def text(self) -> str:
        """As a row or a list has it: `settled`, `returned AC04`."""
        return f"{self.outcome} {self.reason}".strip()


def state_rule(state: str) -> Rule:
    """The payment is still in `state`: it is sent once, and ends once."""
    return Rule(
        "#state = :before",
        {":before": s(state)},
        lambda image: bool(image["state"] == state),
        lambda image: PaymentNotOpen(state=image["state"]),
    )
