"""Tables as CSV that a spreadsheet opens as what they are: Chinese text, and no formula that somebody else wrote."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO

MEDIA_TYPE = "text/csv"
# What a spreadsheet takes a cell's text for a formula by, in both widths.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
# An amount below zero begins like a formula and is none.
_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{2}")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table as `write_csv` writes it, as a whole."""
    out = io.BytesIO()
    write_csv(out, header, rows)
    return out.getvalue().decode()


def write_csv(sink: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """The table as RFC 4180 has it, row by row; text that would be run is set behind an apostrophe."""
    # Without the mark that this encoding begins with, Excel reads UTF-8 as the machine's own code page.
    out = io.TextIOWrapper(sink, encoding="utf-8-sig", newline="")
    writer = csv.writer(out)
    try:
        writer.writerow(header)
        writer.writerows([_harmless(cell) for cell in row] for row in rows)
    finally:
        # The sink is the caller's; one that is not taken off is closed with what wraps it.
        out.detach()


def _harmless(cell: str) -> str:
    # What stands before it may be cut off when the file is opened.
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) and not _AMOUNT.fullmatch(cell) else cell
