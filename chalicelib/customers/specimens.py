"""Specimen pictures, which the local provider can read: made-up documents whose text stands in black and white cells.

A specimen has the proportions of an identity card, a portrait on the right and a strip of cells below. The cells hold
length, text and CRC-32; a portrait is known again by its shades. Both withstand JPEG and other sizes.
infra/local/specimens.py draws them.
"""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image as Images

CARD = (856, 540)
PORTRAIT = (600, 50, 820, 330)
CELL, COLUMNS, ROWS = 8, 97, 14
STRIP = (40, 400, 40 + COLUMNS * CELL, 400 + ROWS * CELL)
MAX_TEXT = COLUMNS * ROWS // 8 - 5
_SHADES = 16
# A correlation of 0.9, squared, in hundredths.
_ALIKE_PERCENT = 81


@dataclass(frozen=True, slots=True)
class Specimen:
    """What stands on a specimen."""

    kind: str
    number: str
    name: str


def cells_of(specimen: Specimen) -> list[bool]:
    """The strip's cells, row by row; True is white."""
    text = json.dumps([specimen.kind, specimen.number, specimen.name], ensure_ascii=False).encode()
    if len(text) > MAX_TEXT:
        raise ValueError("too long for a specimen")
    framed = (bytes([len(text)]) + text + zlib.crc32(text).to_bytes(4)).ljust(COLUMNS * ROWS // 8 + 1, b"\0")
    bits = [bool(byte >> shift & 1) for byte in framed for shift in range(7, -1, -1)]
    return bits[: COLUMNS * ROWS]


def read(jpeg: bytes) -> Specimen | None:
    """What stands on the specimen; None for any other picture."""
    from PIL import Image  # noqa: PLC0415  # few requests need it

    cells = _grey(jpeg).resize(CARD).resize((COLUMNS, ROWS), Image.Resampling.BOX, box=STRIP).tobytes()
    number = int("".join("1" if shade > 127 else "0" for shade in cells), 2)
    framed = (number << -len(cells) % 8).to_bytes((len(cells) + 7) // 8)
    text, check = framed[1 : 1 + framed[0]], framed[1 + framed[0] : 5 + framed[0]]
    if not text or zlib.crc32(text).to_bytes(4) != check:
        return None
    return Specimen(*json.loads(text))


def is_same_face(document_jpeg: bytes, face_jpeg: bytes) -> bool:
    """Whether the document's portrait and the face have the same shades (correlation of at least 0.9)."""
    portrait = _shades(_grey(document_jpeg).resize(CARD).crop(PORTRAIT))
    face = _shades(_grey(face_jpeg))
    together = sum(one * other for one, other in zip(portrait, face, strict=True))
    apart = sum(one * one for one in portrait) * sum(other * other for other in face)
    return together > 0 and 100 * together * together >= _ALIKE_PERCENT * apart


def _grey(jpeg: bytes) -> Images.Image:
    from PIL import Image  # noqa: PLC0415  # few requests need it

    return Image.open(io.BytesIO(jpeg)).convert("L")


def _shades(image: Images.Image) -> list[int]:
    """How much lighter than the whole each part is."""
    from PIL import Image  # noqa: PLC0415  # few requests need it

    shades = image.resize((_SHADES, _SHADES), Image.Resampling.BOX).tobytes()
    mean = sum(shades) // len(shades)
    return [shade - mean for shade in shades]
