"""Adding up a period. Pure; no I/O, no clock."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chalicelib.statements.categories import category_of

if TYPE_CHECKING:
    from chalicelib.accounts.service import Line, Movement


class BillUnbalanced(Exception):
    """Opening + movements is not closing, or a line is missing: nothing is issued, and an alarm says so."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a period of one account adds up to: amounts in fen, `out_fen` and `in_fen` both positive.

    `by_kind` is net and signed; `by_category` is what went out, positive, and adds up to `out_fen`.
    """

    opening_fen: int
    closing_fen: int
    in_fen: int
    out_fen: int
    in_count: int
    out_count: int
    first_seq: int
    last_seq: int
    by_kind: dict[str, int] = field(default_factory=dict)
    by_category: dict[str, int] = field(default_factory=dict)

    @property
    def spending(self) -> list[tuple[str, int]]:
        """What went out by category, the most first."""
        return sorted(self.by_category.items(), key=lambda item: (-item[1], item[0]))


class Adding:
    """Adds up a period line by line, oldest first, whoever reads the lines.

    `before` is the last line before the period; `holder` is whose the account is. Each line is held against the one
    before it: `add` raises BillUnbalanced when a sequence number is missing or a balance does not follow.
    """

    def __init__(self, before: Movement | None, holder: str) -> None:
        self._holder = holder
        self._opening_fen = self._balance_fen = before.balance_fen if before else 0
        self._opening_seq = self._seq = before.seq if before else 0
        self._amounts_fen: Counter[str] = Counter(out=0, **{"in": 0})
        self._counts: Counter[str] = Counter()
        self._by_kind: Counter[str] = Counter()
        self._by_category: Counter[str] = Counter()

    def add(self, line: Line) -> None:
        """The next line; raises BillUnbalanced."""
        movement = line.movement
        self._follow(movement)
        side = "in" if movement.amount_fen > 0 else "out"
        self._amounts_fen[side] += abs(movement.amount_fen)
        self._counts[side] += 1
        self._by_kind[movement.kind] += movement.amount_fen
        if movement.amount_fen < 0:
            self._by_category[category_of(line, self._holder)] -= movement.amount_fen

    def _follow(self, movement: Movement) -> None:
        if movement.seq != self._seq + 1 or movement.balance_fen != self._balance_fen + movement.amount_fen:
            raise BillUnbalanced(f"line {movement.seq} does not follow line {self._seq}")
        self._seq, self._balance_fen = movement.seq, movement.balance_fen

    def end(self, after: Movement | None) -> Figures:
        """The figures of the whole period; `after` is the first line after it, which shows that none was its last.

        Raises BillUnbalanced.
        """
        in_fen, out_fen, closing_fen, last_seq = (
            self._amounts_fen["in"],
            self._amounts_fen["out"],
            self._balance_fen,
            self._seq,
        )
        if after is not None:
            self._follow(after)
        if self._opening_fen + in_fen - out_fen != closing_fen:
            raise BillUnbalanced("opening and movements do not lead to closing")
        has_lines = last_seq > self._opening_seq
        return Figures(
            self._opening_fen,
            closing_fen,
            in_fen,
            out_fen,
            self._counts["in"],
            self._counts["out"],
            self._opening_seq + 1 if has_lines else 0,
            last_seq if has_lines else 0,
            dict(self._by_kind),
            dict(self._by_category),
        )


def days_of(month: str) -> tuple[str, str]:
    """First and last business date of `2026-11`: `20261101`, `20261130`."""
    year, number = int(month[:4]), int(month[5:])
    last = calendar.monthrange(year, number)[1]
    return f"{year:04d}{number:02d}01", f"{year:04d}{number:02d}{last:02d}"


def add_up(before: Movement | None, lines: Iterable[Line], after: Movement | None, holder: str) -> Figures:
    """The figures of a period from its lines, in one pass; raises BillUnbalanced."""
    adding = Adding(before, holder)
    for line in lines:
        adding.add(line)
    return adding.end(after)
