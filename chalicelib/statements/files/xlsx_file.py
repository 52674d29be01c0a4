"""XLSX: amounts are numbers, everything else is text; rows go to disk as they come (XlsxWriter's constant memory).

A bill has a second sheet: its sums, and where the money went as a chart.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, BinaryIO

from xlsxwriter import Workbook

from chalicelib.platform.money import FEN_PER_YUAN
from chalicelib.statements.categories import WORDS
from chalicelib.statements.domain import Figures
from chalicelib.statements.files.csv_file import COLUMNS, cells_of
from chalicelib.statements.paper import Rows, Statement

# Of COLUMNS, by number.
_IN, _OUT, _BALANCE = 4, 5, 6
_WIDTHS = (7, 12, 20, 12, 16, 16, 18, 14, 22, 32, 30, 34)
_CHART_PIXELS = {"width": 720, "height": 420}


def write(statement: Statement, rows: Rows, sink: BinaryIO) -> None:
    """The workbook."""
    # Nothing that a customer wrote is ever a formula or a link.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    workbook = Workbook(sink, options)
    try:
        workbook.set_properties(
            {"title": statement.title, "author": statement.bank, "created": statement.made_at.replace(tzinfo=None)}
        )
        _write_lines(workbook, statement, rows)
        if statement.figures is not None:
            _write_sums(workbook, statement, statement.figures)
    finally:
        # Also where it is thrown away: what it has on disk goes with it.
        workbook.close()


def yuan(amount_fen: int) -> Decimal:
    """Fen as a decimal of yuan, exactly."""
    return Decimal(amount_fen) / FEN_PER_YUAN


def _write_lines(workbook: Any, statement: Statement, rows: Rows) -> None:
    sheet = workbook.add_worksheet(statement.say("明细", "Lines"))
    bold, money = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "#,##0.00"})
    sheet.set_landscape()
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    head = (
        (f"{statement.bank} {statement.title}", bold),
        (f"{statement.holder} {statement.account_id} {statement.branch}", None),
        (statement.say(f"{statement.period} 币种：人民币元", f"{statement.period} in CNY"), None),
    )
    for line, (text, form) in enumerate(head):
        sheet.write_string(line, 0, text, form)
    at = len(head)
    for column, names in enumerate(COLUMNS):
        sheet.write_string(at, column, statement.say(*names), bold)
    sheet.freeze_panes(at + 1, 0)
    sheet.repeat_rows(at)
    at = _balance(sheet, at + 1, statement.say("期初余额", "Opening"), statement.opening_fen, bold, money)
    for row in rows:
        amounts = {_IN if row.amount_fen > 0 else _OUT: abs(row.amount_fen), _BALANCE: row.balance_fen}
        for column, cell in enumerate(cells_of(row, statement)):
            if column in amounts:
                sheet.write_number(at, column, yuan(amounts[column]), money)
            elif cell:
                sheet.write_string(at, column, cell)
        at += 1
    _balance(sheet, at, statement.say("期末余额", "Closing"), statement.closing_fen, bold, money)


def _balance(sheet: Any, at: int, name: str, balance_fen: int, bold: Any, money: Any) -> int:
    sheet.write_string(at, _IN - 1, name, bold)
    sheet.write_number(at, _BALANCE, yuan(balance_fen), money)
    return at + 1


def _write_sums(workbook: Any, statement: Statement, figures: Figures) -> None:
    name = statement.say("汇总", "Summary")
    sheet = workbook.add_worksheet(name)
    bold, money = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "#,##0.00"})
    sheet.set_column(0, 1, 22)
    sums = (
        (statement.say("期初余额", "Opening"), figures.opening_fen),
        (statement.say(f"收入 {figures.in_count} 笔", f"In, {figures.in_count}"), figures.in_fen),
        (statement.say(f"支出 {figures.out_count} 笔", f"Out, {figures.out_count}"), figures.out_fen),
        (statement.say("期末余额", "Closing"), figures.closing_fen),
    )
    spent = [(statement.say(*WORDS[category]), fen) for category, fen in figures.spending]
    at = 0
    for title, lines in ((statement.period, sums), (statement.say("支出分类", "Spending by category"), spent)):
        sheet.write_string(at, 0, title, bold)
        for at, (words, amount_fen) in enumerate(lines, start=at + 1):  # noqa: B020  # goes on below
            sheet.write_string(at, 0, words)
            sheet.write_number(at, 1, yuan(amount_fen), money)
        at += 2  # leaves a row free
    if spent:
        _chart(workbook, sheet, statement, name, len(sums) + 3, len(spent))


def _chart(workbook: Any, sheet: Any, statement: Statement, sheet_name: str, first: int, count: int) -> None:
    last = first + count - 1
    chart = workbook.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": statement.say("支出分类", "Spending by category"),
            "categories": [sheet_name, first, 0, last, 0],
            "values": [sheet_name, first, 1, last, 1],
            "data_labels": {"value": True},
        }
    )
    # The largest on top, as in the table beside it.
    chart.set_y_axis({"reverse": True})
    chart.set_legend({"none": True})
    chart.set_size(_CHART_PIXELS)
    sheet.insert_chart("D2", chart)
