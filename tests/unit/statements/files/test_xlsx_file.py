"""XLSX: what stands in the workbook's own XML, cell by cell."""

from __future__ import annotations

import io
import zipfile
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from chalicelib.platform.money import decimal_text
from chalicelib.statements.files.xlsx_file import write
from tests.unit.statements.papers import CASES, FORMULA, RARE_SHOWN, Listed, bill, statement, written

MAIN = {None: "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
IN, OUT, BALANCE, PURPOSE, RECEIPT = "E", "F", "G", "J", "L"
FEN = Decimal("0.01")
# Title, whose, when, and the names of columns.
HEAD = 4


def sheet(data: bytes, number: int = 1) -> list[dict[str, str | Decimal]]:
    """The rows of a sheet, their cells by column: text, or a number as a spreadsheet shows it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = etree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
    assert root.findall(".//f", MAIN) == []  # no formula anywhere
    return [
        {cell.get("r").rstrip("0123456789"): _value(cell) for cell in row}
        for row in root.iterfind("sheetData/row", MAIN)
    ]


def _value(cell: Any) -> str | Decimal:
    if cell.get("t") == "inlineStr":
        return "".join(cell.itertext())
    # The nearest binary number to a decimal of 15 digits is that decimal, in what a spreadsheet shows.
    return Decimal(cell.findtext("v", namespaces=MAIN)).quantize(FEN)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("case", CASES)
def test_opening_and_amounts_lead_from_balance_to_balance(case: str, language: str) -> None:
    listed = Listed(*CASES[case])
    opening, *lines, closing = sheet(written(write, statement(listed, language=language), listed))[HEAD:]
    balance = opening[BALANCE]
    assert isinstance(balance, Decimal)
    for line, row in zip(lines, listed.rows, strict=True):
        amount = line[IN] if row.amount_fen > 0 else line[OUT]
        assert isinstance(amount, Decimal)
        assert amount == abs(Decimal(decimal_text(row.amount_fen)))
        balance += amount if row.amount_fen > 0 else -amount
        assert line[BALANCE] == balance == Decimal(decimal_text(row.balance_fen))
    assert closing[BALANCE] == balance


def test_texts_are_texts_whatever_they_look_like() -> None:
    run = Listed(*CASES["run by a spreadsheet"])
    found = sheet(written(write, statement(run), run))[HEAD + 1]
    assert (found[PURPOSE], found[RECEIPT]) == (FORMULA, "2026-1121-1234-5678-9012-3456-78")
    rare = Listed(*CASES["rare"])
    assert sheet(written(write, statement(rare), rare))[HEAD + 1][PURPOSE] == RARE_SHOWN


def test_it_names_whose_it_is_and_for_when() -> None:
    listed = Listed(*CASES["one line"])
    title, whose, period, names = (row["A"] for row in sheet(written(write, statement(listed), listed))[:HEAD])
    assert (title, names) == ("乡村银行 账户对账单", "序号")
    assert whose == "赵小明 9000010000000000017 乡村银行营业部"
    assert period == "2026-11-01 至 2026-11-30 币种：人民币元"


def test_a_bill_has_its_sums_and_a_chart_of_them() -> None:
    listed = Listed(*CASES["in, out, fee and cash"])
    data = written(write, bill(listed), listed)
    sums = {row["A"]: row["B"] for row in sheet(data, 2) if "B" in row}
    assert sums == {
        "期初余额": Decimal("50.00"),
        "收入 2 笔": Decimal("102.00"),
        "支出 3 笔": Decimal("40.33"),
        "期末余额": Decimal("111.67"),
        "住房": Decimal("33.33"),
        "取现": Decimal("5.00"),
        "手续费": Decimal("2.00"),
    }
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        chart = archive.read("xl/charts/chart1.xml").decode()
        rows = etree.fromstring(archive.read("xl/worksheets/sheet2.xml")).iterfind("sheetData/row", MAIN)
        places = [row[1].get("r") for row in rows if len(row) > 1]
    first, last = places[4][1:], places[-1][1:]
    assert f"$B${first}:$B${last}" in chart


def test_a_month_in_which_nothing_went_out_has_no_chart() -> None:
    listed = Listed(*CASES["empty"])
    with zipfile.ZipFile(io.BytesIO(written(write, bill(listed), listed))) as archive:
        assert not [name for name in archive.namelist() if "chart" in name]
