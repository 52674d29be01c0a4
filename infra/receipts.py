"""Verify a receipt's file with the bank's public keys alone: no bank, no table, no secret (YQ-4.2.2-receipt)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from chalicelib.platform import jws
from chalicelib.platform.money import grouped_text
from chalicelib.platform.money_words import in_words
from chalicelib.receipts.domain import CHANNELS, JWS_TYPE, TITLES, Receipt, ReceiptMalformed, grouped, local_time

# A receipt has some three thousand characters; what is much longer is none.
MAX_CHARACTERS = 10_000
_UNSIGNED = "签章不符：不是该公钥文件中任何密钥签发的回单 / no receipt that a key of that file has signed"
# Of a JWK: what the bank publishes. A key that says otherwise is not one of its keys for signatures.
_FIXED = {"kty": "EC", "crv": "P-256", "alg": jws.ALGORITHM, "use": "sig"}


class KeysUnreadable(ValueError):
    """The file is no JWK set of the bank's form."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The receipt where it is genuine, else why it is not, in Chinese and English."""

    receipt: Receipt | None
    wrong: str = ""


def keys_of(text: str) -> Mapping[str, EllipticCurvePublicKey]:
    """The keys of a JWK set by kid, which must be their thumbprints; raises KeysUnreadable."""
    try:
        found = {}
        for key in json.loads(text)["keys"]:
            if {name: key[name] for name in _FIXED} != _FIXED or key["kid"] != jws.thumbprint(key["x"], key["y"]):
                raise KeysUnreadable("a key that is none of the bank's form")
            found[key["kid"]] = jws.key_of(key["x"], key["y"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise KeysUnreadable(str(problem)) from None
    return found


def verify(text: str, keys: Mapping[str, EllipticCurvePublicKey]) -> Verdict:
    """Whether the text is a receipt, as one of the keys has signed it."""
    signed = text.strip()
    if len(signed) > MAX_CHARACTERS:
        return Verdict(None, "不是回单 / no receipt: too long")
    try:
        return Verdict(Receipt.from_payload(jws.verified(signed, JWS_TYPE, keys)))
    except jws.BadSignature:
        return Verdict(
            None, "签章不符：不是该公钥文件中任何密钥签发的回单 / no receipt that a key of that file has signed"
        )
    except ReceiptMalformed as problem:
        return Verdict(None, f"内容不符 / what was signed is no receipt of this form: {problem}")


def lines_of(receipt: Receipt) -> Iterator[str]:
    """What a receipt says, a line a fact, in Chinese and English."""
    yield " / ".join(TITLES[receipt.kind])
    rows = {
        "回单编号 / number": receipt.number,
        "交易时间（北京）/ date and time in Shanghai": local_time(receipt.posted_at),
        "会计日期 / business date": receipt.business_date,
        "付款人 / payer": receipt.payer_name,
        "付款账号 / payer's account": receipt.payer_account,
        "付款行 / payer's bank": receipt.payer_bank,
        "收款人 / payee": receipt.payee_name,
        "收款账号 / payee's account": receipt.payee_account,
        "收款行 / payee's bank": receipt.payee_bank,
        "币种 / currency": receipt.currency,
        "金额（小写）/ amount": grouped_text(receipt.amount_fen),
        "金额（大写）/ amount in words": in_words(receipt.amount_fen),
        "手续费 / fee": grouped_text(receipt.fee_fen),
        "用途 / purpose": receipt.purpose,
        "渠道 / channel": " / ".join(CHANNELS.get(receipt.channel, (receipt.channel,))),
        "确认方式 / factor": receipt.factor,
        "被冲正回单 / reverses": receipt.reverses,
        "分录编号 / journal entry": receipt.entry_id,
        "指令摘要 / instruction's digest": receipt.digest,
        "验证码 / code": grouped(receipt.code),
        "签发 / issued by": f"{receipt.issuer}, {receipt.issued_at}",
    }
    yield from (f"{label}: {value}" for label, value in rows.items() if value)
