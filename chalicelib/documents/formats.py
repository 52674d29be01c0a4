"""Which formats there are, and what makes each: one entry a format is all of its wiring.

A maker is named by its module and function and imported when a document is made. By kind it is called as

    receipt            make(receipt, sink, *, language)                     receipt: receipts.service.ReceiptItem
    the same, printed  make(receipt, sink, *, language, print_number)       1 is the first print
    receipts           make(document, sink, now)                            document: documents.domain.Document
    statement, bill    make(account_id, first_date, last_date, format, sink, language)
    the same, printed  make(account_id, first_date, last_date, format, sink, language, *, print_number)

where `sink` is a binary file that can be sought in and read. What a maker refuses ends the document with the refusal's
code and sentence; whatever else it raises is tried again.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.documents.domain import BILL, RECEIPT, RECEIPTS, STATEMENT
from chalicelib.documents.errors import DocumentFormatUnavailable


@dataclass(frozen=True, slots=True)
class Format:
    """A format of a kind: what its files are, how their names end, and `maker` as `context.module:function`.

    Files of one with `is_print` are prints, of a receipt or of an account's lines: they are counted, and say which one
    they are (NB-5.1.6-3).
    """

    media_type: str
    suffix: str
    maker: str
    is_print: bool = False

    def make(self) -> Callable[..., Any]:
        """What makes it, which this imports."""
        module, _, function = self.maker.partition(":")
        made: Callable[..., Any] = getattr(importlib.import_module(f"chalicelib.{module}"), function)
        return made


OF_RECEIPT: dict[str, Format] = {
    "jws": Format("application/jose", "jws", "receipts.commands.write_receipt:write_receipt"),
    "pdf": Format("application/pdf", "pdf", "receipts.commands.print_receipt:print_receipt", is_print=True),
}
OF_RECEIPTS: dict[str, Format] = {
    "zip": Format("application/zip", "zip", "documents.commands.zip_receipts:zip_receipts"),
}
_PRINTED = "pdf"
_OF_LINES = {
    _PRINTED: ("application/pdf", "pdf"),
    "csv": ("text/csv", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "ofx": ("application/x-ofx", "ofx"),
    "camt053": ("application/xml", "xml"),
}


def _made_by(function: str) -> dict[str, Format]:
    maker = f"statements.commands.write_statement:{function}"
    return {name: Format(*kind, maker, is_print=name == _PRINTED) for name, kind in _OF_LINES.items()}


OF_STATEMENT = _made_by("write_statement")
OF_BILL = _made_by("write_bill")
FORMATS: Mapping[str, Mapping[str, Format]] = {
    RECEIPT: OF_RECEIPT,
    RECEIPTS: OF_RECEIPTS,
    STATEMENT: OF_STATEMENT,
    BILL: OF_BILL,
}


def chosen(kind: str, name: str) -> Format:
    """The format of that name for a kind of document. Raises DocumentFormatUnavailable."""
    of_kind = FORMATS[kind]
    if name not in of_kind:
        raise DocumentFormatUnavailable(formats=", ".join(of_kind) or "-")
    return of_kind[name]
