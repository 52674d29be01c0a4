"""Pictures from outside: bounded before they are decoded, written anew, and refused by name whatever they are."""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib

import pytest
from PIL import Image

from chalicelib.customers import pictures
from chalicelib.customers.errors import PictureUnfit
from chalicelib.customers.pictures import MAX_PICTURE_BYTES, SENT_SIDE, picture_of
from infra.local.specimens import face, jpeg


def sent(data: bytes) -> bytes:
    return picture_of(base64.b64encode(data).decode()).jpeg


def encoded(image: Image.Image, form: str, **more: object) -> bytes:
    written = io.BytesIO()
    image.save(written, form, **more)
    return written.getvalue()


def png_of(width: int, height: int, body: bytes = b"") -> bytes:
    """A PNG that says of itself how large it is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK", "1", "I;16"])
def test_usual_pictures_become_jpeg_of_bounded_size(mode: str) -> None:
    form = "JPEG" if mode in ("RGB", "CMYK") else "PNG"
    made = sent(encoded(Image.new(mode, (2000, 900)), form))
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (SENT_SIDE, 720))


@pytest.mark.requirement("YQ-4.1.2")
def test_where_and_when_it_was_taken_is_not_sent_on() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by the phone
    exif[0x010F] = "MAKER-OF-THE-PHONE"
    exif.get_ifd(0x8825)[1] = "N-OF-THE-EQUATOR"
    made = sent(encoded(face("x").convert("RGB"), "JPEG", exif=exif, comment=b"SECRET-COMMENT"))
    with Image.open(io.BytesIO(made)) as image:
        assert image.size == (560, 440)  # upright
        assert not image.getexif()
    assert b"MAKER" not in made
    assert b"EQUATOR" not in made
    assert b"SECRET" not in made
    # nor what hides behind the picture
    assert b"<script>" not in sent(jpeg(face("x")) + b"<script>")


HUGE = png_of(60_000, 60_000, zlib.compress(bytes(1000)))
BOMB = png_of(13_001, 1000, zlib.compress(bytes(13_002_000)))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "1 to"),
        (b"\0" * (MAX_PICTURE_BYTES + 1), "1 to"),
        (HUGE, "cannot be read"),
        (BOMB, "sides of"),
        (png_of(2**31 - 1, 2**31 - 1), "cannot be read"),
        (encoded(Image.new("L", (199, 400)), "PNG"), "sides of"),
        (encoded(Image.new("L", (400, 400)), "GIF"), "cannot be read"),
        (encoded(Image.new("RGB", (400, 400)), "BMP"), "cannot be read"),
        (encoded(Image.new("RGB", (400, 400)), "TIFF"), "cannot be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "cannot be read"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 400 400\n", "cannot be read"),
        (jpeg(face("x"))[:2000], "cannot be read"),
        (png_of(400, 400, zlib.compress(bytes(100))), "cannot be read"),
        (png_of(400, 400, b"no zlib"), "cannot be read"),
        (
            encoded(face("x"), "PNG", save_all=True, append_images=[face("y")]),
            "one JPEG or PNG",
        ),
        (encoded(face("x"), "MPO", save_all=True, append_images=[face("y")]), "one JPEG or PNG"),
    ],
)
def test_what_will_not_do_is_refused_and_named(data: bytes, why: str) -> None:
    with pytest.raises(PictureUnfit) as refused:
        sent(data)
    assert why in refused.value.facts["reason"]


def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    for data in (HUGE, BOMB):
        assert len(data) < 20_000
        with pytest.raises(PictureUnfit):
            sent(data)


@pytest.mark.parametrize("text", ["", "*", "AAA", "AAAA\n", "é", "data:image/png;base64,AAAA"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    with pytest.raises(PictureUnfit):
        picture_of(text)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_damaged_file_is_a_picture_or_refused_and_nothing_else(form: str) -> None:
    good = encoded(face("x"), form)
    chance = random.Random(7)  # noqa: S311  # damage, no secret
    for _ in range(300):
        damaged = bytearray(good)
        for _ in range(chance.randrange(1, 12)):
            # The front has the headers, whose readers have the most ways to fail.
            end = len(damaged) if chance.randrange(2) else min(700, len(damaged))
            damaged[chance.randrange(2, end)] = chance.randrange(256)
        try:
            made = sent(bytes(damaged))
        except PictureUnfit:
            continue
        assert made.startswith(b"\xff\xd8")


def test_a_picture_does_not_show_itself() -> None:
    assert repr(pictures.Picture(b"face")) == "Picture()"
