"""Make an e-receipt a PDF: the page as banks print it, the signed receipt in it, and the bank's signature over both.

What is printed is what the receipt's JWS says, never what a row says (YQ-4.2.2-receipt, XJ-3.5).
"""

from __future__ import annotations

import io
from typing import BinaryIO

from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.pdf import signing
from chalicelib.platform.pdf.pages import Document
from chalicelib.platform.pdf.signing import Attachment
from chalicelib.receipts import keys, printing
from chalicelib.receipts.domain import TITLES, ReceiptMalformed
from chalicelib.receipts.errors import ReceiptNotSigned
from chalicelib.receipts.printing import Edition, Language
from chalicelib.receipts.store import ReceiptItem

ATTACHED = "receipt.jws"


def print_receipt(receipt: ReceiptItem, sink: BinaryIO, *, print_number: int, language: Language) -> None:
    """Write the receipt's PDF to `sink`; `print_number` is 1 for the first print, and each further one is a reprint.

    The same receipt, print number and language look the same, whenever they are printed. Raises ReceiptNotSigned
    for a receipt of before there were signatures; BadSignature and ReceiptMalformed where a row is not what was
    signed; NoCertificateInForce where the bank cannot sign documents.
    """
    if print_number < 1:
        raise ValueError("prints are counted from 1")
    if receipt.signed is None:
        raise ReceiptNotSigned()
    now = clock.now()
    said = keys.verified(receipt.signed, int(now.timestamp()))
    if said.entry_id != receipt.entry_id:
        raise ReceiptMalformed("it is another entry's receipt")
    bank = parameters.value(parameters.BANK_NAME, now)
    edition = Edition(language, print_number, bank, parameters.value(parameters.PUBLIC_ADDRESS, now))
    page = io.BytesIO()
    document = Document(page, f"{TITLES[said.kind][0]} {said.number}", bank["zh"], printing.SIZE_MM)
    printing.draw(document, said, edition)
    document.finish()
    attached = Attachment(ATTACHED, "application/jose", receipt.signed.encode("ascii"), "签名回单 / signed receipt")
    signing.sign(page, sink, bank["zh"], now, (attached,))
