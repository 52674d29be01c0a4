"""Pages of a document: text stays in its place or is refused, and the same calls are the same document."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.platform.pdf import fonts
from chalicelib.platform.pdf.pages import POINTS_PER_MM, Document, DoesNotFit, lines_of
from tests.printed import bare, text_of

LETTERS = st.text(alphabet="汉字，。 ab-X1\U0001f600𬱖", max_size=120)


def page_of(text: str, width: float = 60, height: float = 30) -> bytes:
    sink = io.BytesIO()
    document = Document(sink, "页", "行")
    document.wrapped(20, 20, width, height, text)
    document.finish()
    return sink.getvalue()


@given(LETTERS, st.integers(20, 80), st.integers(4, 12))
def test_lines_are_no_wider_than_their_place_and_lose_nothing(text: str, width_mm: int, size: int) -> None:
    lines = lines_of(text, width_mm, size)
    assert bare("".join(lines)) == bare(fonts.shown(text))
    assert all(fonts.width(line, size) <= width_mm * POINTS_PER_MM for line in lines)


def test_words_stay_whole_where_they_fit() -> None:
    assert lines_of("付款 one two three", 15, 9) == ["付款 one", "two three"]
    assert len(lines_of("ab" * 40, 20, 9)) > 1


def test_text_is_set_smaller_where_it_must_and_refused_where_it_cannot() -> None:
    assert bare(text_of(page_of("长" * 150))) == "长" * 150
    with pytest.raises(DoesNotFit):
        page_of("长" * 2000)


def test_the_same_calls_make_the_same_document() -> None:
    assert page_of("同一页") == page_of("同一页")
    assert page_of("同一页") != page_of("另一页")
