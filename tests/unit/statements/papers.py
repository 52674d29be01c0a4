"""Statements and lines for the formats' tests to vary."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.accounts.service import Line, Movement
from chalicelib.platform import clock
from chalicelib.statements.domain import Figures, add_up
from chalicelib.statements.paper import Row, Statement, Writer, row_of
from tests.unit.samples import PAYEE, PAYER

HOLDER = "赵小明"
ENTRY_IDS = [f"mzxw6ytboi2dkmrrgu4tembx{letter}{other}" for letter in "abcd" for other in "abcd"]
RECEIPT = "20261121123456789012345678"
MADE_AT = dt.datetime(2026, 12, 1, 9, 30, tzinfo=clock.SHANGHAI)
HUGE_FEN = 10**15
# A family with joiners, a character beyond the first plane, what XML cannot hold, and what would reorder a line.
RARE = "👨‍👩‍👧 𠀾 \x00\x01\x1f\ufffe\u202e 换\n行"
RARE_SHOWN = "👨‍👩‍👧 𠀾 \ufffd\ufffd\ufffd\ufffd\ufffd 换 行"
FORMULA = '=HYPERLINK("http://example.com","查看")'


@dataclass(frozen=True, slots=True)
class Told:
    """A line to be: signed fen, and what it says."""

    amount_fen: int
    purpose: str = "货款"
    kind: str = "principal"
    other: str | None = "钱红"
    posted_at: str = "2026-11-21T02:00:00.000Z"
    business_date: str = "20261121"
    receipt: str = RECEIPT


class Listed:
    """Rows as a format gets them, and their figures."""

    def __init__(self, told: Sequence[Told], opening_fen: int = 0) -> None:
        self.lines: list[Line] = []
        balance_fen = opening_fen
        for seq, one in enumerate(told, start=1):
            balance_fen += one.amount_fen
            movement = Movement(
                PAYER,
                seq,
                one.business_date,
                one.posted_at,
                ENTRY_IDS[seq % len(ENTRY_IDS)],
                one.kind,
                one.amount_fen,
                balance_fen,
                "c",
            )
            self.lines.append(Line(movement, PAYEE if one.other else None, one.other, one.purpose))
        before = Movement(PAYER, 0, "20261031", "t", "e", "cash", opening_fen, opening_fen, "c")
        self.figures: Figures = add_up(before, self.lines, None, HOLDER)
        self.rows = [row_of(line, one.receipt) for line, one in zip(self.lines, told, strict=True)]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)


def statement(listed: Listed, **changes: Any) -> Statement:
    """November's statement of these lines, made in December."""
    made = Statement(
        language="zh",
        account_id=PAYER,
        holder=HOLDER,
        branch="乡村银行营业部",
        bank="乡村银行",
        bank_code="999000000011",
        first_date=dt.date(2026, 11, 1),
        last_date=dt.date(2026, 11, 30),
        made_at=MADE_AT,
        is_over=True,
        opening_fen=listed.figures.opening_fen,
        closing_fen=listed.figures.closing_fen,
        count=len(listed.rows),
    )
    return replace(made, **changes)


def bill(listed: Listed, **changes: Any) -> Statement:
    """The same as the month's bill."""
    return statement(listed, **{"month": "2026-11", "figures": listed.figures, **changes})


def written(writer: Writer, said: Statement, listed: Listed) -> bytes:
    """The file."""
    sink = io.BytesIO()
    writer(said, listed, sink)
    return sink.getvalue()


# What every format has to write, by what it is about: lines and opening balance.
CASES: dict[str, tuple[list[Told], int]] = {
    "empty": ([], 700),
    "empty, nothing ever": ([], 0),
    "one line": ([Told(12_345)], 0),
    "in, out, fee and cash": (
        [
            Told(100_00, "", "cash", None, receipt=""),
            Told(-33_33, "房租"),
            Told(-2_00, "房租", "fee", None),
            Told(-5_00, "", "cash", None, receipt=""),
            Told(2_00, "", "fee", None),
        ],
        50_00,
    ),
    "the largest": ([Told(HUGE_FEN - 1), Told(-HUGE_FEN + 2), Told(1, "", other=None)], 1),
    "below zero": ([Told(-500_00, "司法扣划"), Told(100_01)], 200_00),
    "rare": ([Told(-1, RARE, other="𠀾小👍"), Told(-1, "长" * 300)], 2),
    "run by a spreadsheet": ([Told(-1, FORMULA), Told(-1, "+1"), Told(-1, "-1"), Told(-1, "@SUM(A1)")], 4),
    "midnight": (
        [
            Told(1, posted_at="2026-10-31T16:00:00.000Z", business_date="20261101"),
            Told(1, posted_at="2026-11-30T15:59:59.999Z", business_date="20261130"),
        ],
        0,
    ),
}
