"""Fonts of documents: what they have, what stands for what they lack, and that it is read back."""

from __future__ import annotations

import hashlib
import io
import lzma
import re

import pytest

from chalicelib.platform.pdf import fonts
from chalicelib.platform.pdf.pages import Document
from tests.printed import bare, text_of

# GB 18030-2022 level 3: first and last of the blocks that it has wholly, but for what came later.
LEVEL_3 = "㐀䶵一龥龯鿯𠀀𪛖𪜀𫜴𫝀𫠝𫠠𬺡𬺰𮯠"


def page_with(text: str) -> bytes:
    sink = io.BytesIO()
    document = Document(sink, "字", "行")
    document.text(20, 20, text)
    document.finish()
    return sink.getvalue()


def test_what_the_fonts_have_stands_as_it_is() -> None:
    assert fonts.shown(f"赵小明 Zhào {LEVEL_3} 𬱖䶮") == f"赵小明 Zhào {LEVEL_3} 𬱖䶮"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("王\U00031350", "王〔U+31350〕"),
        ("\U0001f600", "〔U+1F600〕"),
        ("a\u0e01b", "a〔U+0E01〕b"),
        ("\u2067", "〔U+2067〕"),
    ],
)
def test_a_character_that_no_font_has_stands_as_its_code(text: str, shown: str) -> None:
    assert fonts.shown(text) == shown
    assert shown in bare(text_of(page_with(text)))


def test_rare_characters_are_of_the_second_font_and_the_rest_of_the_first() -> None:
    assert list(fonts.runs("王𠮷䶮")) == [(fonts.MAIN, "王"), (fonts.RARE, "𠮷"), (fonts.MAIN, "䶮")]


def test_text_is_read_back_beyond_the_first_plane_too() -> None:
    assert f"王𬱖䶮{LEVEL_3}" in bare(text_of(page_with(f"王𬱖䶮{LEVEL_3}")))


def test_a_document_has_just_the_letters_that_it_shows() -> None:
    assert len(page_with("人民币 123.45")) < 20_000


def test_the_fonts_are_those_that_were_looked_at() -> None:
    table = (fonts.FOLDER / "README.md").read_text(encoding="utf-8")
    for name, stated in zip((fonts.MAIN, fonts.RARE), re.findall(r"`([0-9a-f]{64})`", table), strict=True):
        packed = (fonts.FOLDER / f"{name}.ttf.xz").read_bytes()
        assert hashlib.sha256(lzma.decompress(packed)).hexdigest() == stated
