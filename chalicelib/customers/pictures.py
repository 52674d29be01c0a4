"""Pictures as customers send them, made safe: bounded before they are decoded, and written anew without metadata.

A picture is biometric data (C3): it goes to the provider and nowhere else.
"""

from __future__ import annotations

import base64
import binascii
import io
import struct
import warnings
import zlib
from dataclasses import dataclass, field

from chalicelib.customers.errors import PictureUnfit

FORMATS = ("JPEG", "PNG")
MAX_PICTURE_BYTES = 1024 * 1024
# What a phone's camera makes; decoded, three bytes a pixel.
MAX_PIXELS = 13_000_000
MIN_SIDE = 200
# Enough to read a document and to know a face.
SENT_SIDE = 1600
_QUALITY = 90
# What Pillow raises for files that are none; a warning of a decompression bomb counts as one.
_BROKEN = (OSError, EOFError, ValueError, SyntaxError, TypeError, LookupError, ArithmeticError)
_BROKEN_FORMAT = (struct.error, zlib.error)
_SIZES = f"边长至少 {MIN_SIDE}，像素至多 {MAX_PIXELS} / sides of {MIN_SIDE} or more, {MAX_PIXELS} pixels at most"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the bank sends it on: JPEG, sides of at most 1,600 pixels, nothing of the file that came."""

    jpeg: bytes = field(repr=False)


def picture_of(text: str) -> Picture:
    """The picture that came as base64; raises PictureUnfit and says why, of the file alone."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PictureUnfit(reason="须为 Base64 / not base64") from None
    if not 0 < len(data) <= MAX_PICTURE_BYTES:
        raise PictureUnfit(reason=f"须为 1 至 {MAX_PICTURE_BYTES} 字节 / 1 to {MAX_PICTURE_BYTES} bytes")
    return Picture(_written_anew(data))


def _written_anew(data: bytes) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415  # its import takes a while, and few requests need it

    try:
        # Only the header is read here: how large the picture will be is known before it is.
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(data), formats=FORMATS)
        if opened.format not in FORMATS or getattr(opened, "n_frames", 1) != 1:
            raise PictureUnfit(reason="须为单幅 JPEG 或 PNG / one JPEG or PNG")
        if opened.width * opened.height > MAX_PIXELS or min(opened.size) < MIN_SIDE:
            raise PictureUnfit(reason=_SIZES)
        opened.draft("RGB", (SENT_SIDE, SENT_SIDE))  # a JPEG is decoded no larger than it is wanted
        upright = ImageOps.exif_transpose(opened).convert("RGB")
        upright.thumbnail((SENT_SIDE, SENT_SIDE))
        written = io.BytesIO()
        # A copy of the pixels: what else the file had is not in it.
        Image.frombytes("RGB", upright.size, upright.tobytes()).save(written, "JPEG", quality=_QUALITY)
    except (*_BROKEN, *_BROKEN_FORMAT, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureUnfit(reason="无法读取 / cannot be read") from None
    return written.getvalue()
