"""PDF: landscape pages of rows with the account above and the page's number below, sealed and signed.

A bill begins with a page of its sums and of where the money went, as bars. Lengths are in millimetres.
"""

from __future__ import annotations

import tempfile
from typing import BinaryIO, cast

from reportlab.lib.colors import HexColor

from chalicelib.platform import clock
from chalicelib.platform.money import grouped_text
from chalicelib.platform.pdf import seals, signing
from chalicelib.platform.pdf.pages import FAINT, RED, Document
from chalicelib.platform.pdf.prints import mark_of
from chalicelib.statements.categories import WORDS
from chalicelib.statements.domain import Figures
from chalicelib.statements.paper import ZH, Row, Rows, Statement

_SIZE = (297, 210)
_LEFT, _RIGHT = 10.0, 287.0
_BODY_TOP, _BODY_BOTTOM = 32.0, 194.0
_ROW = 9.0
_PER_PAGE = int((_BODY_BOTTOM - _BODY_TOP) / _ROW) - 1  # the first is the names of columns
# Names and widths of the columns; amounts stand at the right edge of theirs.
_COLUMNS = (
    ("序号", "No.", 12.0),
    ("交易时间", "Time", 29.0),
    ("摘要", "Kind", 19.0),
    ("收入", "In", 31.0),
    ("支出", "Out", 31.0),
    ("余额", "Balance", 32.0),
    ("对方", "Counterparty", 38.0),
    ("用途", "Purpose", 40.0),
    ("回单号 / 凭证号", "Receipt / entry", 45.0),
)
_AMOUNTS = range(3, 6)
_TEXT, _SMALLEST, _GAP = 7.0, 2.5, 1.0
_BAR, _BAND = HexColor("#3b6ea5"), HexColor("#eef2f7")
_BAR_LEFT, _BAR_WIDTH, _BAR_HEIGHT, _BAR_STEP = 50.0, 150.0, 4.6, 6.8
# A file is as large as its pages; small ones need no disk.
_MEMORY_BYTES = 1024 * 1024


def write(statement: Statement, rows: Rows, sink: BinaryIO) -> None:
    """The document, signed."""
    with tempfile.SpooledTemporaryFile(_MEMORY_BYTES) as file:
        drawn = cast("BinaryIO", file)
        _Pages(statement, drawn).write(rows)
        drawn.seek(0)
        signing.sign(drawn, sink, statement.bank, statement.made_at)


class _Pages:
    """The pages of a statement; how many there are follows from its number of lines, before any is drawn."""

    def __init__(self, statement: Statement, sink: BinaryIO) -> None:
        self._statement = statement
        self._document = Document(sink, f"{statement.bank} {statement.title}", statement.bank, _SIZE)
        # Opening and closing balance are rows, too.
        self._row_pages = -(-(statement.count + 2) // _PER_PAGE)
        self._pages = self._row_pages + (statement.figures is not None)
        self._used = 0

    def write(self, rows: Rows) -> None:
        statement = self._statement
        self._frame()
        if statement.figures is not None:
            self._summary(statement.figures)
            self._next_page()
        self._names()
        self._row(
            [*[""] * 5, grouped_text(statement.opening_fen), "", statement.say("期初余额", "Opening"), ""], bold=True
        )
        for row in rows:
            self._row(self._cells(row))
        figures = rows.figures
        sums = (figures.in_fen, figures.out_fen, figures.closing_fen)
        self._row(
            ["", "", "", *map(grouped_text, sums), "", statement.say("合计及期末余额", "Totals, closing"), ""],
            bold=True,
        )
        self._document.finish()

    def _cells(self, row: Row) -> list[str]:
        amount = grouped_text(abs(row.amount_fen))
        return [
            str(row.seq),
            row.time,
            self._statement.say(*row.words),
            amount if row.amount_fen > 0 else "",
            amount if row.amount_fen < 0 else "",
            grouped_text(row.balance_fen),
            f"{row.counterparty_name} {row.counterparty_account}".strip(),
            row.purpose,
            f"{row.grouped_receipt} {row.entry_id}".strip(),
        ]

    def _row(self, cells: list[str], *, bold: bool = False) -> None:
        if self._used == _PER_PAGE:
            self._next_page()
            self._names()
        self._used += 1
        top = _BODY_TOP + self._used * _ROW
        self._draw(cells, top, bold=bold)
        self._document.line(_LEFT, top + _ROW, _RIGHT, top + _ROW, 0.1)

    def _draw(self, cells: list[str], top: float, *, bold: bool) -> None:
        left = _LEFT
        for number, ((_, _, width), cell) in enumerate(zip(_COLUMNS, cells, strict=True)):
            if cell and number in _AMOUNTS:
                middle = top + (_ROW - _TEXT * 0.45) / 2
                self._document.text(left + width - _GAP, middle, cell, _TEXT, align="right", bold=bold)
            elif cell:
                self._document.wrapped(
                    left + _GAP, top, width - 2 * _GAP, _ROW, cell, _TEXT, smallest=_SMALLEST, bold=bold
                )
            left += width

    def _names(self) -> None:
        self._document.box(_LEFT, _BODY_TOP, _RIGHT - _LEFT, _ROW, 0, _BAND)
        self._draw([self._statement.say(zh, en) for zh, en, _ in _COLUMNS], _BODY_TOP, bold=True)

    def _next_page(self) -> None:
        self._document.next_page()
        self._used = 0
        self._frame()

    def _frame(self) -> None:
        """What every page has: whose account, for when, and which page of how many."""
        statement, document = self._statement, self._document
        document.text(_LEFT, 10, statement.bank, 11, bold=True)
        document.text((_LEFT + _RIGHT) / 2, 9, statement.title, 15, align="centre", bold=True)
        facts = (
            (f"户名：{statement.holder}", f"Holder: {statement.holder}"),
            (f"账号：{statement.account_id}", f"Account: {statement.account_id}"),
            (f"开户行：{statement.branch}", f"Branch: {statement.branch}"),
        )
        document.wrapped(_LEFT, 18, 180, 7, "    ".join(statement.say(*fact) for fact in facts), 9, smallest=_SMALLEST)
        if statement.print_number:
            is_first = statement.print_number == 1
            mark = statement.say(*mark_of(statement.print_number))
            document.text(_RIGHT, 11, mark, 9, align="right", colour=FAINT if is_first else RED, bold=not is_first)
        period = statement.say(f"期间：{statement.period}", f"Period: {statement.period}")
        document.text(_RIGHT, 20, period, 9, align="right")
        document.line(_LEFT, 27, _RIGHT, 27, 0.4)
        made_at = clock.to_local_text(statement.made_at)
        document.text(
            _LEFT,
            199,
            statement.say(
                f"币种：人民币元　打印时间：{made_at}（北京时间）　对方信息已脱敏，电子签名有效",
                f"In CNY. Made at {made_at} (Beijing). The other side is masked; valid by its electronic signature.",
            ),
            8,
            colour=FAINT,
        )
        page = statement.say(f"第 {document.pages} 页 / 共 {self._pages} 页", f"Page {document.pages} of {self._pages}")
        document.text(_RIGHT, 199, page, 8, align="right", colour=FAINT)
        if document.pages == 1:
            seals.draw(document, 255, 175, 15, statement.bank_names[ZH], "电子账单专用章")

    def _summary(self, figures: Figures) -> None:
        statement, document = self._statement, self._document
        sums = (
            (statement.say("期初余额", "Opening"), figures.opening_fen),
            (statement.say(f"收入（{figures.in_count} 笔）", f"In ({figures.in_count})"), figures.in_fen),
            (statement.say(f"支出（{figures.out_count} 笔）", f"Out ({figures.out_count})"), figures.out_fen),
            (statement.say("期末余额", "Closing"), figures.closing_fen),
        )
        each = (_RIGHT - _LEFT) / len(sums)
        for number, (name, amount_fen) in enumerate(sums):
            left = _LEFT + number * each
            document.box(left, _BODY_TOP, each, 18, 0.2, _BAND)
            document.text(left + each / 2, _BODY_TOP + 3, name, 9, align="centre", colour=FAINT)
            document.text(left + each / 2, _BODY_TOP + 9, grouped_text(amount_fen), 12, align="centre", bold=True)
        document.text(_LEFT, 58, statement.say("支出分类（元）", "Spending by category (CNY)"), 11, bold=True)
        self._bars(figures.spending, figures.out_fen)

    def _bars(self, spent: list[tuple[str, int]], out_fen: int) -> None:
        """A bar a category, as long as its part of the largest; its amount and its part of all beside it."""
        document = self._document
        if not spent:
            document.text(_LEFT, 68, self._statement.say("本月无支出", "Nothing went out this month"), 9, colour=FAINT)
        for number, (category, amount_fen) in enumerate(spent):
            top = 67 + number * _BAR_STEP
            document.text(_BAR_LEFT - 2, top + 0.8, self._statement.say(*WORDS[category]), 9, align="right")
            # In whole hundredths of a millimetre: a figure of money is in no binary fraction.
            length = amount_fen * int(_BAR_WIDTH * 100) // spent[0][1] / 100
            document.box(_BAR_LEFT, top, max(length, 0.2), _BAR_HEIGHT, 0, _BAR)
            permille = amount_fen * 1000 // out_fen
            said = f"{grouped_text(amount_fen)}  {permille // 10}.{permille % 10}%"
            document.text(_BAR_LEFT + length + 2, top + 0.8, said, 8)
