"""Issue and read receipts (NB-5.1.1, YQ-4.2.2-receipt)."""

from __future__ import annotations

import datetime as dt

from chalicelib.clearing import service as clearing
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.errors import Retryable
from chalicelib.platform.money_words import in_words
from chalicelib.receipts import domain, store
from chalicelib.receipts.errors import ReceiptNotReady
from chalicelib.receipts.store import ReceiptItem
from chalicelib.staff import service as staff
from chalicelib.transfers import service as transfers

__all__ = ["ReceiptItem", "issue", "issued", "receipt_numbered", "receipt_of"]

issued = store.get


def issue(entry_id: str, now: dt.datetime) -> bool:
    """Issue the receipt of a posted transfer, once; False when it has one.

    Raises Retryable while the entry is not posted, EntryUnbalanced when the stored entry has been tampered
    with: such an entry gets no voucher.
    """
    image = ledger.read_entry(entry_id)
    if image is None or image["state"] != ledger.POSTED:
        raise Retryable("the entry is not posted")
    ledger.entry_from_image(image)
    bank = image.get("payee_bank")
    here = [image["payer_account"]] if bank is not None else [image["payer_account"], image["payee_account"]]
    accounts = ledger.read_accounts(here)
    return store.put_once(
        ReceiptItem(
            entry_id,
            number=domain.receipt_number(image["business_date"], entry_id),
            customer_id=image["customer_id"],
            issued_at=clock.to_text(now),
            business_date=image["business_date"],
            posted_at=image["posted_at"],
            payer_name=image["payer_name"],
            payer_account=image["payer_account"],
            payer_bank=_bank(accounts[image["payer_account"]]),
            payee_name=image["payee_name"],
            payee_account=image["payee_account"],
            payee_bank=clearing.name_of(bank) if bank is not None else _bank(accounts[image["payee_account"]]),
            currency=image["currency"],
            amount_fen=image["amount_fen"],
            fee_fen=image["fee_fen"],
            amount_in_words=in_words(image["amount_fen"]),
            purpose=image["purpose"],
            factor=image["factor"],
            digest=image["digest"].hex(),
        )
    )


def _bank(account: ledger.Account) -> str:
    return staff.branch_of(account.branch_id).name


def receipt_of(customer_id: str, entry_id: str) -> ReceiptItem:
    """The receipt of a customer's own transfer. Raises NotFound, ReceiptNotReady."""
    transfers.transfer_of(customer_id, entry_id)
    receipt = store.get(entry_id)
    if receipt is None:
        raise ReceiptNotReady()
    return receipt


def receipt_numbered(number: str) -> ReceiptItem | None:
    """The receipt with that number, or None. For the bank's own side: it may be anybody's."""
    entry_id = store.entry_numbered(number) if domain.is_receipt_number(number) else None
    return store.get(entry_id) if entry_id is not None else None
