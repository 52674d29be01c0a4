"""Banks that can be paid, what clearing is told and what it answers. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from chalicelib.clearing.errors import AnswerRefused, PaymentNotOpen
from chalicelib.platform.dynamo import Image, Rule, s
from chalicelib.platform.money import CURRENCY, decimal_text

DUE, SENT, SETTLED, RETURNED = "due", "sent", "settled", "returned"
ENDED = (SETTLED, RETURNED)
_OUTCOMES = frozenset(ENDED)
# ISO 20022 external status reasons are one to four letters and digits.
_REASON = re.compile(r"([A-Z0-9]{1,4})?")
_ENTRY_ID = re.compile(r"[a-z2-7]{26}")
# A message asks for a status under the payment's id, a letter that no id has, and the hour (UTC).
_REQUEST_ID = re.compile(r"([a-z2-7]{26})Q[0-9]{8}")

# What a payment has come to, by ISO 20022's external status codes. Settled: with the payer's side, or the payee's.
_SETTLED_CODES = frozenset({"ACSC", "ACCC"})
# On its way: received, checked, being settled (ACSP), or not yet on the payee's account (ACWP). None is an end.
_OPEN_CODES = frozenset({"RCVD", "PDNG", "PATC", "ACTC", "ACCP", "ACFC", "ACWC", "ACSP", "ACWP"})
_REJECTED_CODE = "RJCT"
# Rejected because it was there before: says nothing of what became of the first, whose money may be with the payee.
_DUPLICATE_REASONS = frozenset({"AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"})

# The directory of banks (行名行号表), by clearing code. Codes and names are invented: no bank has the prefix 999.
BANKS: dict[str, str] = {
    "999100000018": "示例工商银行",
    "999200000025": "示例农业银行",
    "999300000032": "示例建设银行",
    "999400000049": "示例邮储银行",
    "999500000056": "示例城市商业银行",
}
# This bank in messages, and where it reaches clearing as another bank's customer. Invented, as the directory is.
OWN_BANK, OWN_NAME = "999000000011", "乡村银行"
SPONSOR_BANK, SPONSOR_ACCOUNT = "999100000018", "9991000000000000018"


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
    posted_at: str
    business_date: str

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


@dataclass(frozen=True, slots=True)
class Reported:
    """What a status report says of one payment; empty where it says nothing. `amount` in yuan, as ours are written."""

    ids: frozenset[str]
    status: str
    reason: str = ""
    amount: str = ""
    currency: str = ""
    payee_bank: str = ""
    payee_account: str = ""
    payee_name: str = ""

    @property
    def entry_id(self) -> str:
        """The payment that is meant; raises AnswerRefused where no payment of ours can be."""
        if len(self.ids) != 1:
            raise AnswerRefused("ambiguous")
        (found,) = self.ids
        if not is_entry_id(found):
            raise AnswerRefused("unknown")
        return found

    def answer(self) -> Answer | None:
        """Settled, returned, or None while it is on its way; raises AnswerRefused for a status that says neither."""
        if self.status in _SETTLED_CODES:
            return Answer(SETTLED)
        if self.status in _OPEN_CODES:
            return None
        if self.status != _REJECTED_CODE:
            raise AnswerRefused("status")
        if self.reason in _DUPLICATE_REASONS:
            raise AnswerRefused("duplicate")
        return Answer(RETURNED, self.reason if _REASON.fullmatch(self.reason) else "")

    def require(self, order: Order) -> None:
        """Raise AnswerRefused where it names another amount or payee than ours; what it does not name is not held."""
        ours = {
            "amount": decimal_text(order.amount_fen),
            "currency": CURRENCY,
            "payee_bank": order.payee_bank,
            "payee_account": order.payee_account,
            "payee_name": order.payee_name,
        }
        if any(getattr(self, name) not in ("", value) for name, value in ours.items()):
            raise AnswerRefused("differs")


def request_id(entry_id: str, now: dt.datetime) -> str:
    """The id of a message that asks for a payment's status: one an hour, in the 35 characters that there are."""
    return f"{entry_id}Q{now.astimezone(dt.UTC):%y%m%d%H}"


def meant_by(message_id: str) -> str:
    """The payment that a message of ours was about, by the message's id; the id itself where it is none of ours."""
    asked = _REQUEST_ID.fullmatch(message_id)
    return asked.group(1) if asked else message_id


def is_entry_id(text: str) -> bool:
    """Whether `text` can be an id of ours."""
    return _ENTRY_ID.fullmatch(text) is not None


def state_rule(state: str) -> Rule:
    """The payment is still in `state`: it is sent once, and ends once."""
    return Rule(
        "#state = :before",
        {":before": s(state)},
        lambda image: bool(image["state"] == state),
        lambda image: PaymentNotOpen(state=image["state"]),
    )
