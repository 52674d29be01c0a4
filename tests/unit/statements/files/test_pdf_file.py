"""PDF: its text read back page by page, by another library; the signature is tests/chain/test_statements.py's."""

from __future__ import annotations

import re
import shutil
from typing import Any, BinaryIO

import pypdfium2
import pytest

from chalicelib.platform.money import grouped_text
from chalicelib.platform.pdf import signing
from chalicelib.platform.pdf.pages import Document
from chalicelib.statements.files import pdf_file
from chalicelib.statements.files.pdf_file import write
from tests.unit.statements.papers import CASES, HUGE_FEN, Listed, Told, bill, statement, written


@pytest.fixture(autouse=True)
def _unsigned(monkeypatch: pytest.MonkeyPatch) -> None:
    def copy(pdf: BinaryIO, sink: BinaryIO, *_: Any) -> None:
        shutil.copyfileobj(pdf, sink)

    monkeypatch.setattr(signing, "sign", copy)


def pages(data: bytes) -> list[str]:
    """The text of each page, without what separates its pieces."""
    with pypdfium2.PdfDocument(data) as document:
        return [re.sub(r"\s+", "", page.get_textpage().get_text_bounded()) for page in document]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("case", CASES)
def test_every_line_and_balance_is_there(case: str, language: str) -> None:
    listed = Listed(*CASES[case])
    (text,) = pages(written(write, statement(listed, language=language), listed))
    figures = listed.figures
    for fen in (figures.opening_fen, figures.closing_fen, figures.in_fen, figures.out_fen):
        assert grouped_text(fen) in text
    for row in listed.rows:
        assert grouped_text(abs(row.amount_fen)) in text
        assert grouped_text(row.balance_fen) in text
        assert row.entry_id in text
        assert re.sub(r"\s+", "", row.time) in text
    assert "9000010000000000017" in text
    assert ("第1页/共1页" if language == "zh" else "Page1of1") in text


@pytest.mark.requirement("NB-5.1.6-3")
@pytest.mark.parametrize(
    ("number", "language", "mark"),
    [(1, "zh", "首次打印"), (1, "en", "Firstprint"), (2, "zh", "补打第2次打印"), (113, "en", "Reprint,print113")],
)
def test_each_page_of_a_print_says_which_print_it_is(number: int, language: str, mark: str) -> None:
    listed = Listed([Told(seq) for seq in range(1, 18)])
    found = pages(written(write, statement(listed, language=language, print_number=number), listed))
    assert len(found) == 2
    assert all(mark in text for text in found)
    # and one that is none says nothing of it
    plain = pages(written(write, statement(listed, language=language), listed))
    assert not any(mark in text for text in plain)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 100])
@pytest.mark.parametrize("is_bill", [False, True])
def test_each_page_says_which_of_how_many_it_is(count: int, is_bill: bool) -> None:
    listed = Listed([Told(seq) for seq in range(1, count + 1)])
    found = pages(written(write, (bill if is_bill else statement)(listed), listed))
    for number, text in enumerate(found, start=1):
        assert f"第{number}页/共{len(found)}页" in text
        assert "赵小明" in text
    assert "合计及期末余额" in found[-1]
    assert "期初余额" in found[int(is_bill)]


def test_a_bill_begins_with_its_sums_and_bars_by_category() -> None:
    listed = Listed(*CASES["in, out, fee and cash"])
    summary, _ = pages(written(write, bill(listed), listed))
    for said in (
        "月度账单",
        "收入（2笔）102.00",
        "支出（3笔）40.33",
        "住房33.3382.6%",
        "取现5.0012.3%",
        "手续费2.004.9%",
    ):
        assert said in summary
    empty = Listed(*CASES["empty"])
    assert "本月无支出" in pages(written(write, bill(empty), empty))[0]


def test_bars_are_as_long_as_their_part_of_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes: list[float] = []
    box = Document.box

    def noted(self: Any, x: float, y: float, width: float, height: float, *rest: Any) -> None:
        if height == pdf_file._BAR_HEIGHT:
            boxes.append(width)
        box(self, x, y, width, height, *rest)

    monkeypatch.setattr(Document, "box", noted)
    listed = Listed([Told(HUGE_FEN), Told(-HUGE_FEN // 2, "房租"), Told(-HUGE_FEN // 4, "税"), Told(-1, "x")])
    written(write, bill(listed), listed)
    assert boxes == [150.0, 75.0, 0.2]


def test_what_is_long_is_set_smaller_and_never_cut_off() -> None:
    listed = Listed([Told(-1, "长" * 140), Told(-1, "W" * 140)], 2)
    (text,) = pages(written(write, statement(listed), listed))
    assert "长" * 140 in text
    assert "W" * 140 in text
