"""A PDF as who has it sees it: by PDFium and ZXing, which share no code with what writes it, and by its signature."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2
import zxingcpp
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from chalicelib.platform import clock
from chalicelib.platform.pdf import keys


@contextmanager
def _page(content: bytes) -> Iterator[Any]:
    document = pypdfium2.PdfDocument(content)
    try:
        assert len(document) == 1
        yield document[0]
    finally:
        document.close()


def text_of(content: bytes) -> str:
    """The text of its one page."""
    with _page(content) as page:
        return str(page.get_textpage().get_text_bounded())


def text_in(content: bytes, left: float, below: float, right: float, above: float) -> str:
    """The text in a part of its one page, in points from the lower left."""
    with _page(content) as page:
        return str(page.get_textpage().get_text_bounded(left, below, right, above))


def bare(text: str) -> str:
    """The text without white space: where lines end is for the eye."""
    return re.sub(r"\s|\ufffe", "", text)


def codes_in(content: bytes) -> list[str]:
    """What a telephone's camera reads in it, at 200 dots an inch."""
    with _page(content) as page:
        return [found.text for found in zxingcpp.read_barcodes(page.render(scale=200 / 72).to_pil().convert("L"))]


def outside(content: bytes, margin_points: float) -> list[str]:
    """Characters that reach beyond the margin of the page."""
    with _page(content) as page:
        text = page.get_textpage()
        width, height = page.get_size()
        boxes = [(text.get_text_range(place, 1), text.get_charbox(place)) for place in range(text.count_chars())]
    return [
        character
        for character, (left, bottom, right, top) in boxes
        if character.strip()
        and (
            left < margin_points
            or bottom < margin_points
            or right > width - margin_points
            or top > height - margin_points
        )
    ]


def pixels(content: bytes) -> bytes:
    """The page as a picture."""
    with _page(content) as page:
        return bytes(page.render(scale=1).to_pil().convert("L").tobytes())


def is_the_banks(content: bytes) -> bool:
    """Whether it has one signature, by the bank's certificate, over all of it."""
    (embedded,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
    root = asn1_x509.Certificate.load(keys.signing(clock.now()).certificates[-1].public_bytes(Encoding.DER))
    context = ValidationContext(trust_roots=[root], allow_fetching=False, moment=clock.now())
    return bool(validate_pdf_signature(embedded, context).bottom_line)
