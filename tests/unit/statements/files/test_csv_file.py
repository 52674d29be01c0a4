"""CSV: read back by a reader of its own, it is the statement; nothing in it is run."""

from __future__ import annotations

import csv
import io

import pytest

from chalicelib.platform.money import Money, decimal_text
from chalicelib.statements.files.csv_file import COLUMNS, write
from tests.unit.statements.papers import CASES, MADE_AT, RARE_SHOWN, Listed, bill, statement, written


def table(data: bytes) -> list[dict[str, str]]:
    """Its rows by the Chinese names of columns."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("case", CASES)
def test_opening_and_amounts_lead_from_balance_to_balance(case: str) -> None:
    # given the file of a statement
    listed = Listed(*CASES[case])
    data = written(write, statement(listed), listed)
    assert data.startswith("\ufeff序号,".encode())
    # then its rows are the opening, the lines and the closing, each balance the one before and the amount
    opening, *lines, closing = table(data)
    assert (opening["摘要"], closing["摘要"]) == ("期初余额", "期末余额")
    balance = opening["余额"]
    for line, row in zip(lines, listed.rows, strict=True):
        assert bool(line["收入"]) != bool(line["支出"])
        assert (line["收入"] or line["支出"]) == decimal_text(abs(row.amount_fen))
        assert decimal_text(fen(balance) + fen(line["收入"]) - fen(line["支出"])) == line["余额"]
        balance = line["余额"]
    assert closing["余额"] == balance == decimal_text(listed.figures.closing_fen)


def fen(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    return sign * Money.parse(text.removeprefix("-")).amount_fen if text else 0


def test_a_line_says_all_that_it_has_to() -> None:
    listed = Listed(*CASES["in, out, fee and cash"])
    _, _, out, *_ = table(written(write, statement(listed), listed))
    assert out == {
        "序号": "2",
        "入账日期": "2026-11-21",
        "交易时间": "2026-11-21 10:00:00",
        "摘要": "转出",
        "收入": "",
        "支出": "33.33",
        "余额": "116.67",
        "对方户名": "*红",
        "对方账号": "900001*********0025",
        "用途": "房租",
        "凭证号": listed.rows[1].entry_id,
        "电子回单号": "2026-1121-1234-5678-9012-3456-78",
    }


@pytest.mark.parametrize("cell", [row.purpose for row in Listed(*CASES["run by a spreadsheet"])])
def test_a_purpose_that_a_spreadsheet_would_run_is_text(cell: str) -> None:
    listed = Listed(*CASES["run by a spreadsheet"])
    said = [row["用途"] for row in table(written(write, statement(listed), listed))]
    assert f"'{cell}" in said
    assert cell not in said


def test_characters_stay_or_leave_a_sign_and_midnight_is_shanghais() -> None:
    rare = Listed(*CASES["rare"])
    assert table(written(write, statement(rare), rare))[1]["用途"] == RARE_SHOWN
    midnight = Listed(*CASES["midnight"])
    _, first, last, _ = table(written(write, statement(midnight), midnight))
    assert (first["交易时间"], last["交易时间"]) == ("2026-11-01 00:00:00", "2026-11-30 23:59:59")


def test_it_names_whose_it_is_and_up_to_when() -> None:
    listed = Listed(*CASES["one line"])
    opening, *_, closing = table(written(write, statement(listed, is_over=False), listed))
    assert opening["用途"] == ("账户对账单 乡村银行 赵小明 9000010000000000017 2026-11-01 起，截至 2026-12-01 09:30:00")
    assert closing["入账日期"] == MADE_AT.date().isoformat()
    assert table(written(write, bill(listed), listed))[0]["用途"].startswith("月度账单 ")


def test_english_has_the_same_columns() -> None:
    listed = Listed(*CASES["in, out, fee and cash"])
    rows = list(csv.reader(io.StringIO(written(write, statement(listed, language="en"), listed).decode("utf-8-sig"))))
    assert rows[0] == [en for _, en in COLUMNS]
    assert [row[3] for row in rows[1:]] == [
        "Opening",
        "cash deposit",
        "transfer out",
        "fee",
        "cash withdrawal",
        "fee refunded",
        "Closing",
    ]
