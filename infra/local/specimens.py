"""Draws specimens of identity documents and faces of made-up people, which the local identity provider can read.

python -m infra.local.specimens DIRECTORY NUMBER NAME      writes document.jpg and face.jpg
"""

import io
import random
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from chalicelib.customers.specimens import CARD, CELL, COLUMNS, PORTRAIT, STRIP, Specimen, cells_of

FACE_SIZE = (440, 560)
_PATCHES = (5, 6)


def face(person: str) -> Image.Image:
    """The face of that person: patches of grey that nobody else has, with eyes and a mouth."""
    chance = random.Random(person)  # noqa: S311  # a drawing, no secret
    image = Image.new("L", FACE_SIZE, 230)
    draw = ImageDraw.Draw(image)
    width, height = FACE_SIZE[0] // _PATCHES[0], FACE_SIZE[1] // _PATCHES[1]
    for column in range(_PATCHES[0]):
        for row in range(_PATCHES[1]):
            corner = (column * width, row * height)
            draw.ellipse((*corner, corner[0] + width, corner[1] + height), fill=chance.randrange(0, 256))
    for x in (140, 270):
        draw.ellipse((x, 210, x + 30, 235), fill=0)
    draw.arc((150, 360, 290, 440), 20, 160, fill=0, width=8)
    return image


def document(specimen: Specimen, person: str = "") -> Image.Image:
    """The document of a person; with the portrait of `person` where that is somebody else."""
    image = Image.new("L", CARD, 245)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(36)
    draw.text((40, 60), "SPECIMEN", fill=90, font=font)
    draw.text((40, 330), specimen.number, fill=40, font=font)
    portrait = face(person or specimen.number)
    image.paste(portrait.resize((PORTRAIT[2] - PORTRAIT[0], PORTRAIT[3] - PORTRAIT[1])), PORTRAIT[:2])
    for i, white in enumerate(cells_of(specimen)):
        x, y = STRIP[0] + i % COLUMNS * CELL, STRIP[1] + i // COLUMNS * CELL
        draw.rectangle((x, y, x + CELL - 1, y + CELL - 1), fill=255 if white else 0)
    return image


def jpeg(image: Image.Image, quality: int = 85) -> bytes:
    """As a phone would send it."""
    written = io.BytesIO()
    image.save(written, "JPEG", quality=quality)
    return written.getvalue()


def main(arguments: list[str]) -> int:
    """Write both pictures of a made-up person."""
    directory, number, name = arguments
    specimen = Specimen("resident_id", number, name)
    for file, image in (("document.jpg", document(specimen)), ("face.jpg", face(number))):
        Path(directory, file).write_bytes(jpeg(image))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
