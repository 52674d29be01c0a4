"""Issue and read receipts (NB-5.1.1, YQ-4.2.2-receipt)."""

from __future__ import annotations

import datetime as dt

from chalicelib.clearing import service as clearing
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, ids, jws
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import NotFound, Retryable
from chalicelib.platform.jws import PublicKey
from chalicelib.receipts import domain, keys, store
from chalicelib.receipts.domain import Receipt
from chalicelib.receipts.errors import ReceiptNotReady
from chalicelib.receipts.store import ReceiptItem
from chalicelib.staff import service as staff
from chalicelib.transfers import service as transfers

__all__ = [
    "ReceiptItem",
    "entries_numbered",
    "grouped",
    "is_receipt_number",
    "issue",
    "issued",
    "numbers_of",
    "public_keys",
    "receipt_numbered",
    "receipt_of",
    "reversal_receipt_of",
    "signed_of",
]

issued = store.get
entries_numbered = store.entries_numbered
numbers_of = store.numbers_of
signed_of = store.signed_of
grouped = domain.grouped
is_receipt_number = domain.is_receipt_number
# What an instruction keeps of how it was asked for; one that keeps nothing was typed.
_CHANNELS = {"order_id": domain.ORDER, "batch_id": domain.BATCH, "paycode": domain.SCANNED}


class InstructionAltered(ValueError):
    """A stored instruction does not say what its digest was made of: somebody wrote past the bank."""


def issue(entry_id: str, now: dt.datetime) -> bool:
    """Issue the receipt of a posted transfer or of its reversal, once; False when it has one.

    A repeat signs nothing: what was signed first is the receipt. Of two at once the first one's is kept. Raises
    Retryable while the entry is not posted, EntryUnbalanced and InstructionAltered when what is stored has been
    tampered with: it gets no voucher.
    """
    if store.get(entry_id) is not None:
        return False
    image = ledger.read_entry(entry_id)
    if image is None or image["state"] != ledger.POSTED:
        raise Retryable("the entry is not posted")
    ledger.entry_from_image(image)
    # A reversal says little of its own: the bank, not a customer, asked for it.
    instruction = ledger.read_entry(image["reverses"]) if "reverses" in image else image
    if instruction is None:
        raise Retryable("what the entry reverses is not there")
    if transfers.digest_of(instruction) != instruction["digest"]:
        raise InstructionAltered(instruction["entry_id"])
    receipt = _receipt_of(image, instruction, now)
    signed = keys.sign(receipt, int(now.timestamp()))
    return store.put_once(store.item_of(receipt, instruction["customer_id"], signed))


def _receipt_of(image: Image, instruction: Image, now: dt.datetime) -> Receipt:
    is_reversal = image is not instruction
    banks = _banks(instruction)
    payer, payee = ("payee", "payer") if is_reversal else ("payer", "payee")
    return Receipt(
        number=domain.receipt_number(image["business_date"], image["entry_id"]),
        issuer=jws.issuer(),
        kind=domain.REVERSAL if is_reversal else domain.TRANSFER,
        entry_id=image["entry_id"],
        business_date=image["business_date"],
        posted_at=image["posted_at"],
        issued_at=clock.to_text(now),
        payer_name=instruction[f"{payer}_name"],
        payer_account=instruction[f"{payer}_account"],
        payer_bank=banks[payer],
        payee_name=instruction[f"{payee}_name"],
        payee_account=instruction[f"{payee}_account"],
        payee_bank=banks[payee],
        currency=image["currency"],
        amount_fen=image["amount_fen"],
        fee_fen=instruction["fee_fen"],
        purpose=instruction["purpose"],
        channel=domain.BANK if is_reversal else _channel(instruction),
        factor=instruction["factor"],
        digest=instruction["digest"].hex(),
        code=ids.random_id(domain.CODE_BYTES).upper(),
        reverses=_number_of(instruction) if is_reversal else "",
    )


def _number_of(image: Image) -> str:
    return domain.receipt_number(image["business_date"], image["entry_id"])


def _channel(instruction: Image) -> str:
    return next((channel for name, channel in _CHANNELS.items() if name in instruction), domain.MOBILE)


def _banks(instruction: Image) -> dict[str, str]:
    """The bank of each side of a transfer, by its name."""
    other = instruction.get("payee_bank")
    here = ["payer"] if other is not None else ["payer", "payee"]
    accounts = ledger.read_accounts([instruction[f"{side}_account"] for side in here])
    names = {side: staff.branch_of(accounts[instruction[f"{side}_account"]].branch_id).name for side in here}
    return names if other is None else {**names, "payee": clearing.name_of(other)}


def receipt_of(customer_id: str, entry_id: str) -> ReceiptItem:
    """The receipt of a customer's own transfer. Raises NotFound, ReceiptNotReady."""
    transfers.transfer_of(customer_id, entry_id)
    return _ready(entry_id)


def reversal_receipt_of(customer_id: str, entry_id: str) -> ReceiptItem:
    """The receipt of what reversed a customer's own transfer. Raises NotFound (also: nothing did), ReceiptNotReady."""
    image = transfers.transfer_of(customer_id, entry_id)
    if "reversed_by" not in image:
        raise NotFound()
    return _ready(image["reversed_by"])


def _ready(entry_id: str) -> ReceiptItem:
    receipt = store.get(entry_id)
    if receipt is None:
        raise ReceiptNotReady()
    return receipt


def receipt_numbered(number: str) -> ReceiptItem | None:
    """The receipt with that number, or None. For the bank's own side: it may be anybody's."""
    entry_id = store.entry_numbered(number) if domain.is_receipt_number(number) else None
    return store.get(entry_id) if entry_id is not None else None


def public_keys(now: dt.datetime) -> list[PublicKey]:
    """The public keys of all receipts that there are, and of the next ones."""
    return list(keys.RING.verifying(int(now.timestamp())).values())
