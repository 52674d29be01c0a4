"""Hand out a receipt's file as it was signed, for whoever verifies it without the bank (docs/receipts.md)."""

from __future__ import annotations

from typing import BinaryIO

from chalicelib.receipts.errors import ReceiptNotSigned
from chalicelib.receipts.store import ReceiptItem


def write_receipt(receipt: ReceiptItem, sink: BinaryIO, *, language: str) -> None:  # noqa: ARG001  # one form for all
    """Write the receipt's JWS, compact, without a line's end. Raises ReceiptNotSigned."""
    if receipt.signed is None:
        raise ReceiptNotSigned()
    sink.write(receipt.signed.encode())
