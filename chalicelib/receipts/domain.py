"""What a receipt says, its number and code, and the form that is signed. Pure; no I/O, no clock."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, fields
from typing import Any

from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from chalicelib.platform.money import Money, decimal_text
from chalicelib.platform.money_words import in_words

# The form that is signed, and what the JWS says it is; a change of the form is another version beside this one.
VERSION = "rural-bank-receipt-1"
JWS_TYPE = "receipt+jws"
TRANSFER, REVERSAL = "transfer", "reversal"
TITLES = {
    TRANSFER: ("网上银行电子回单", "E-receipt"),
    REVERSAL: ("网上银行电子回单（冲正）", "E-receipt of a reversal"),
}
MOBILE, SCANNED, ORDER, BATCH, BANK = "mobile", "scanned", "order", "batch", "bank"
CHANNELS = {
    MOBILE: ("手机银行", "mobile banking"),
    SCANNED: ("手机银行（收款码）", "mobile banking, receive code"),
    ORDER: ("手机银行（约定转账）", "mobile banking, standing order"),
    BATCH: ("手机银行（批量转账）", "mobile banking, transfers to several payees"),
    BANK: ("银行", "the bank"),
}
# What an instruction is confirmed with, as people call it; others may come, and then their code stands.
FACTORS = {
    "sms": ("短信验证码", "SMS code"),
    "token": ("动态令牌", "token"),
    "certificate": ("数字证书", "digital certificate"),
    "small": ("小额免密", "small amount, no factor"),
    "none": ("无", "none"),
}

_NUMBER_DIGITS = 16
_NUMBER = re.compile(r"[0-9]{26}")
# Ten random bytes in base 32: 80 bits, which nobody guesses, in what a person can still type.
CODE_BYTES = 10
# How people write numbers and codes down.
_GROUPING = re.compile(r"[\s-]")


class ReceiptMalformed(ValueError):
    """What was signed is no receipt of this form, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that a receipt says. Amounts in fen, times as text (UTC); `reverses` is another receipt's number.

    `digest` is the instruction's (docs/instruction.md), of a reversal that of what it reverses; `channel` is how the
    customer asked for the entry; `code` is what whoever has the receipt verifies it by.
    """

    number: str
    issuer: str
    kind: str
    entry_id: str
    business_date: str
    posted_at: str
    issued_at: str
    payer_name: str
    payer_account: str
    payer_bank: str
    payee_name: str
    payee_account: str
    payee_bank: str
    currency: str
    amount_fen: int
    fee_fen: int
    purpose: str
    channel: str
    factor: str
    digest: str
    code: str
    reverses: str = ""

    def payload(self) -> bytes:
        """What is signed: JSON, UTF-8, sorted keys, no spaces, all values text.

        What can be derived stands in it too, so that a reader needs no rule to print it: title, local time, words.
        """
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        facts["amount"] = decimal_text(facts.pop("amount_fen"))
        facts["fee"] = decimal_text(facts.pop("fee_fen"))
        derived = {
            "version": VERSION,
            "title": TITLES[self.kind][0],
            "local_time": local_time(self.posted_at),
            "amount_in_words": in_words(self.amount_fen),
        }
        return json.dumps({**facts, **derived}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def from_payload(cls, payload: bytes) -> Receipt:
        """The receipt that was signed; raises ReceiptMalformed for anything that `payload` does not write."""
        try:
            facts: dict[str, Any] = json.loads(payload)
            amounts = {f"{name}_fen": Money.parse(facts[name]).amount_fen for name in ("amount", "fee")}
            stated: dict[str, Any] = {field.name: facts.get(field.name) for field in fields(cls)}
            receipt = cls(**{**stated, **amounts})
            is_same = set(map(type, facts.values())) == {str} and receipt.payload() == payload
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, Refusal):
            raise ReceiptMalformed("not a receipt of this form") from None
        # So none is missing or added, and what is derived agrees with what it is derived from.
        if not is_same:
            raise ReceiptMalformed("not a receipt of this form")
        if receipt.number != receipt_number(receipt.business_date, receipt.entry_id):
            raise ReceiptMalformed("the number is not its entry's")
        return receipt


def local_time(posted_at: str) -> str:
    """`2026-11-21 10:00:05`, Asia/Shanghai."""
    return clock.to_local_text(clock.from_text(posted_at))


def receipt_number(business_date: str, entry_id: str) -> str:
    """26 digits: business date, 16 digits of the entry's SHA-256, and two check digits (ISO 7064 MOD 97-10).

    Derived from the entry, so there is no counter that every receipt would wait for.
    """
    number = int.from_bytes(hashlib.sha256(entry_id.encode()).digest()) % 10**_NUMBER_DIGITS
    body = f"{business_date}{number:0{_NUMBER_DIGITS}d}"
    from stdnum.iso7064 import mod_97_10  # noqa: PLC0415  # who seals days, and settles, numbers none

    return body + mod_97_10.calc_check_digits(body)


def is_receipt_number(text: str) -> bool:
    """Whether it can be a receipt's number: what was mistyped is not looked up."""
    from stdnum.iso7064 import mod_97_10  # noqa: PLC0415  # as above

    return _NUMBER.fullmatch(text) is not None and bool(mod_97_10.is_valid(text))


def ungrouped(text: str) -> str:
    """A number or code as it is stored, however a person grouped it."""
    return _GROUPING.sub("", text).upper()


def grouped(code: str) -> str:
    """A code as it is printed, in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def verification_address(base: str, number: str, code: str) -> str:
    """Where anybody verifies that receipt: the public page, told number and code, of the bank found at `base`."""
    return f"{base}/verify?number={number}&code={code}"
