"""Receipts, singly and as an archive: each in every format that there is of it."""

from __future__ import annotations

import datetime as dt
import shutil
import zipfile
from collections import Counter
from typing import BinaryIO

from chalicelib.documents import file_store, formats
from chalicelib.documents.commands.count_print import count_print
from chalicelib.documents.domain import Document, receipt_paper
from chalicelib.documents.formats import Format
from chalicelib.platform import clock
from chalicelib.receipts import service as receipts
from chalicelib.receipts.errors import ReceiptNotReady


def receipt_for(entry_id: str) -> receipts.ReceiptItem:
    """An entry's receipt. Raises ReceiptNotReady."""
    receipt = receipts.issued(entry_id)
    if receipt is None:
        raise ReceiptNotReady()
    return receipt


def write_one(document: Document, receipt: receipts.ReceiptItem, how: Format, sink: BinaryIO, now: dt.datetime) -> None:
    """Write a receipt in a format; where that is a print, with its number."""
    print_number = {"print_number": count_print(document, receipt_paper(receipt.entry_id), now)} if how.is_print else {}
    how.make()(receipt, sink, language=document.language, **print_number)


def zip_receipts(document: Document, sink: BinaryIO, now: dt.datetime) -> None:
    """Write the receipts of a document's entries as a ZIP, one member in memory or on disk at a time.

    A member is named by its receipt's number; should two receipts have one number, the second's name says 2. Its time
    is that of the posting, in Shanghai. Raises ReceiptNotReady, DocumentTooLarge, what a format's maker refuses.
    """
    seen = Counter[str]()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry_id in document.entry_ids:
            receipt = receipt_for(entry_id)
            seen[receipt.number] += 1
            place = seen[receipt.number]
            stem = receipt.number if place == 1 else f"{receipt.number}-{place}"
            at = clock.from_text(receipt.posted_at).astimezone(clock.SHANGHAI)
            for how in formats.OF_RECEIPT.values():
                member = zipfile.ZipInfo(f"{stem}.{how.suffix}", at.timetuple()[:6])
                member.compress_type = zipfile.ZIP_DEFLATED
                with file_store.scratch_file() as file:
                    write_one(document, receipt, how, file, now)
                    file.seek(0)
                    with archive.open(member, "w", force_zip64=True) as into:
                        shutil.copyfileobj(file, into)
