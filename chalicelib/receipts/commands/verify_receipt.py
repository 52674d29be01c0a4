"""Tell anybody who has a receipt's number and code whether it is genuine (YQ-4.2.2-receipt)."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass

from chalicelib.ledger import service as ledger
from chalicelib.platform import log
from chalicelib.platform.jws import BadSignature
from chalicelib.platform.masking import mask_name
from chalicelib.platform.money_words import in_words
from chalicelib.receipts import domain, keys, store
from chalicelib.receipts.domain import Receipt, ReceiptMalformed
from chalicelib.receipts.errors import ReceiptNotVerified
from chalicelib.receipts.store import ReceiptItem

# A number that no receipt has, and an entry that there is not: looked up in place of what cannot be one.
_NO_NUMBER, _NO_ENTRY = "0" * 26, "nobody's"
# What nobody can give: a code is given without signs.
_NO_CODE = "-"


@dataclass(frozen=True, slots=True)
class Verified:
    """What anybody is told of a genuine receipt, as it was signed: enough to compare with the one at hand.

    `title` in Chinese and English, `local_time` in Shanghai; names are masked. `gone_back`: its money has since gone
    back, by a reversal or a return.
    """

    number: str
    title: tuple[str, str]
    business_date: str
    local_time: str
    payer_name: str
    payee_name: str
    currency: str
    amount_fen: int
    amount_in_words: str
    gone_back: bool


def verify(number: str, code: str, now: dt.datetime) -> Verified:
    """What was signed under that number and code; either may be grouped by spaces or hyphens.

    A wrong check digit, an unknown number, a wrong code and a receipt of before there were codes are refused alike,
    after the same requests for as many keys. Raises ReceiptNotVerified.
    """
    wanted, given = domain.ungrouped(number), domain.ungrouped(code)
    rows = store.numbered(wanted if domain.is_receipt_number(wanted) else _NO_NUMBER)
    found = _with_code(rows, given)
    image = ledger.read_entry(found.entry_id if found is not None else _NO_ENTRY)
    if found is None or found.signed is None or image is None:
        raise ReceiptNotVerified()
    try:
        # What is told is what was signed, not what a row says.
        receipt = keys.verified(found.signed, int(now.timestamp()))
    except (BadSignature, ReceiptMalformed):
        log.logger.exception("a receipt is not what was signed", extra={"entry_id": found.entry_id})
        raise ReceiptNotVerified() from None
    if (receipt.entry_id, receipt.number, receipt.code) != (found.entry_id, wanted, given):
        log.logger.error("a receipt is another's", extra={"entry_id": found.entry_id})
        raise ReceiptNotVerified()
    return _masked(receipt, gone_back=bool({"reversed_by", "returned_by"} & image.keys()))


def _masked(receipt: Receipt, *, gone_back: bool) -> Verified:
    return Verified(
        number=receipt.number,
        title=domain.TITLES[receipt.kind],
        business_date=receipt.business_date,
        local_time=domain.local_time(receipt.posted_at),
        payer_name=mask_name(receipt.payer_name),
        payee_name=mask_name(receipt.payee_name),
        currency=receipt.currency,
        amount_fen=receipt.amount_fen,
        amount_in_words=in_words(receipt.amount_fen),
        gone_back=gone_back,
    )


def _with_code(rows: list[ReceiptItem], given: str) -> ReceiptItem | None:
    """The receipt that has the code; each is compared, and as many as there may be."""
    found = None
    for place in range(store.MAX_SAME_NUMBER):
        row = rows[place] if place < len(rows) else None
        code = row.code if row is not None else None
        if hmac.compare_digest((code or _NO_CODE).encode(), given.encode()):
            found = row
    return found
