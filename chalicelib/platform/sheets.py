"""Tables as CSV that a spreadsheet opens as what they are: Chinese text, and no formula that somebody else wrote."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

MEDIA_TYPE = "text/csv"
# Without it Excel reads UTF-8 as the machine's own code page.
_BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet takes a cell's text for a formula by.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table as RFC 4180 has it; text that would be run is set behind an apostrophe."""
    out = io.StringIO()
    out.write(_BYTE_ORDER_MARK)
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
