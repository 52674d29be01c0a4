"""The fonts of documents: loaded when a document needs them, and each embedded with the characters it shows alone.

What they are and where they come from: bank_fonts/README.md. A function that makes no documents has none.
"""

from __future__ import annotations

import functools
import io
import itertools
import lzma
import re
from collections.abc import Iterator
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import PDFDocument, PDFStream
from reportlab.pdfbase.ttfonts import TTFont

import bank_fonts

# A package of its own, found wherever a layer puts it.
FOLDER = Path(bank_fonts.__path__[0])
MAIN = "NotoSerifSC-Regular"
RARE = "HanaMinB"
# An entry of a map from a font's codes to Unicode: the code, and a character of five or six hexadecimal digits.
_BEYOND_THE_FIRST_PLANE = re.compile(r"(<[0-9A-F]{2}>) <([0-9A-F]{5,6})>")


class _Font(TTFont):
    """ReportLab's font, whose text can be read back where a character lies beyond U+FFFF, too."""

    def addObjects(self, doc: PDFDocument) -> None:  # noqa: N802  # ReportLab's name
        before = set(doc.idToObject)
        super().addObjects(doc)
        for name in set(doc.idToObject) - before:
            stream = doc.idToObject[name]
            if name.startswith("toUnicodeCMap:") and isinstance(stream, PDFStream):
                # ReportLab writes the code point as it is; what readers take there is UTF-16.
                stream.content = _BEYOND_THE_FIRST_PLANE.sub(_in_utf_16, stream.content)


def _in_utf_16(entry: re.Match[str]) -> str:
    return f"{entry[1]} <{chr(int(entry[2], 16)).encode('utf-16-be').hex().upper()}>"


@functools.cache
def _loaded(name: str) -> TTFont:
    font = _Font(name, io.BytesIO(lzma.decompress((FOLDER / f"{name}.ttf.xz").read_bytes())))
    pdfmetrics.registerFont(font)
    return font


@functools.lru_cache(maxsize=4096)
def _font_of(character: str) -> str | None:
    """The font that has a character, or None. The rare one is opened for what the main one lacks, and then only."""
    for name in (MAIN, RARE):
        if ord(character) in _loaded(name).face.charToGlyph:
            return name
    return None


def shown(text: str) -> str:
    """The text as a document shows it: for a character that no font has stands its code, 〔U+31350〕.

    So nothing is left out in silence, and whoever reads it can look the character up.
    """
    return "".join(char if _font_of(char) is not None else f"〔U+{ord(char):04X}〕" for char in text)


def runs(text: str) -> Iterator[tuple[str, str]]:
    """Font and piece, in order, of a text that `shown` has answered."""
    for name, characters in itertools.groupby(text, lambda character: _font_of(character) or MAIN):
        yield name, "".join(characters)


def width(text: str, size: float) -> float:
    """How wide a text that `shown` has answered is at a size, both in points."""
    return sum(_loaded(name).stringWidth(piece, size) for name, piece in runs(text))
