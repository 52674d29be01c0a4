"""Specimens are read and faces known again, after a phone's JPEG and at another size; nothing else is."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from chalicelib.customers import specimens
from chalicelib.customers.specimens import Specimen
from infra.local.specimens import document, face, jpeg, main

ZHAO = Specimen("resident_id", "110105199003074210", "赵小明")
PEOPLE = [str(number) for number in range(40)]


@pytest.mark.requirement("XJ-3.4")
@pytest.mark.parametrize("quality", [40, 60, 95])
@pytest.mark.parametrize("width", [700, 856, 1600])
@pytest.mark.parametrize("name", ["赵小明", "欧", "阿卜杜热西提·吐尔逊", "A" * 30])
def test_a_specimen_is_read_after_jpeg_and_at_other_sizes(quality: int, width: int, name: str) -> None:
    drawn = Specimen(ZHAO.kind, ZHAO.number, name)
    image = document(drawn).resize((width, width * 540 // 856))
    assert specimens.read(jpeg(image, quality)) == drawn


@pytest.mark.requirement("XJ-3.4")
def test_what_is_no_specimen_is_not_read() -> None:
    damaged = document(ZHAO)
    damaged.paste(0, (200, 410, 400, 440))
    upside_down = document(ZHAO).rotate(180)
    for image in (Image.new("L", (856, 540)), Image.new("L", (300, 900), 255), face("x"), damaged, upside_down):
        assert specimens.read(jpeg(image)) is None
    with pytest.raises(ValueError, match="too long"):
        document(Specimen(ZHAO.kind, ZHAO.number, "赵" * 50))


@pytest.mark.requirement("XJ-3.4")
def test_each_face_is_like_its_own_document_and_no_other() -> None:
    documents = [jpeg(document(ZHAO, person), 70) for person in PEOPLE]
    faces = [jpeg(face(person).resize((300, 380)), 60) for person in PEOPLE]
    alike = [(i, k) for i, one in enumerate(documents) for k, other in enumerate(faces) if _alike(one, other)]
    assert alike == [(i, i) for i in range(len(PEOPLE))]


def _alike(one: bytes, other: bytes) -> bool:
    return specimens.is_same_face(one, other)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_an_empty_picture_is_nobodys_face(shade: int) -> None:
    empty = jpeg(Image.new("L", (400, 500), shade))
    assert not _alike(jpeg(document(ZHAO)), empty)
    assert not _alike(jpeg(Image.new("L", (856, 540), shade)), empty)


def test_the_command_writes_both(tmp_path: object) -> None:
    assert main([str(tmp_path), ZHAO.number, ZHAO.name]) == 0
    read = [io.BytesIO((tmp_path / name).read_bytes()) for name in ("document.jpg", "face.jpg")]  # type: ignore[operator]
    assert specimens.read(read[0].getvalue()) == ZHAO
    assert _alike(read[0].getvalue(), read[1].getvalue())
