"""CSV: one table, from the opening balance to the closing one, that spreadsheets open and bookkeeping reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from chalicelib.platform.money import decimal_text
from chalicelib.platform.sheets import write_csv
from chalicelib.statements.paper import Row, Rows, Statement

COLUMNS = (
    ("序号", "No."),
    ("入账日期", "Date"),
    ("交易时间", "Time"),
    ("摘要", "Kind"),
    ("收入", "In"),
    ("支出", "Out"),
    ("余额", "Balance"),
    ("对方户名", "Counterparty"),
    ("对方账号", "Counterparty account"),
    ("用途", "Purpose"),
    ("凭证号", "Entry"),
    ("电子回单号", "Receipt"),
)


def write(statement: Statement, rows: Rows, sink: BinaryIO) -> None:
    """The table; its first and last row carry the balances, and no amount."""
    write_csv(sink, [statement.say(*column) for column in COLUMNS], _cells(statement, rows))


def _cells(statement: Statement, rows: Rows) -> Iterator[list[str]]:
    whose = f"{statement.title} {statement.bank} {statement.holder} {statement.account_id} {statement.period}"
    yield _balance_row(
        statement.first_date.isoformat(), statement.say("期初余额", "Opening"), statement.opening_fen, whose
    )
    for row in rows:
        yield cells_of(row, statement)
    ends_on = statement.ends_at.date().isoformat()
    yield _balance_row(ends_on, statement.say("期末余额", "Closing"), statement.closing_fen, "")


def cells_of(row: Row, statement: Statement) -> list[str]:
    """A line's cells, in the order of COLUMNS; amounts as decimals."""
    amount = decimal_text(abs(row.amount_fen))
    is_in = row.amount_fen > 0
    return [
        str(row.seq),
        row.booked_on.isoformat(),
        row.time,
        statement.say(*row.words),
        amount if is_in else "",
        "" if is_in else amount,
        decimal_text(row.balance_fen),
        row.counterparty_name,
        row.counterparty_account,
        row.purpose,
        row.entry_id,
        row.grouped_receipt,
    ]


def _balance_row(date: str, name: str, balance_fen: int, about: str) -> list[str]:
    return ["", date, "", name, "", "", decimal_text(balance_fen), "", "", about, "", ""]
