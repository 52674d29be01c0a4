"""Adding up a month. Pure; no I/O, no clock."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.accounts.service import Movement


class BillUnbalanced(Exception):
    """Opening + movements is not closing, or a line is missing: no bill is issued, and an alarm says so."""


@dataclass(frozen=True, slots=True)
class Bill:
    """A month of one account: amounts in fen, `out_fen` and `in_fen` both positive."""

    account_id: str
    month: str
    opening_fen: int
    closing_fen: int
    in_fen: int
    out_fen: int
    in_count: int
    out_count: int
    first_seq: int
    last_seq: int
    by_kind: dict[str, int] = field(default_factory=dict)


def days_of(month: str) -> tuple[str, str]:
    """First and last business date of `2026-11`: `20261101`, `20261130`."""
    year, number = int(month[:4]), int(month[5:])
    last = calendar.monthrange(year, number)[1]
    return f"{year:04d}{number:02d}01", f"{year:04d}{number:02d}{last:02d}"


def add_up(
    account_id: str,
    month: str,
    before: Movement | None,
    movements: Iterable[Movement],
    after: Movement | None = None,
) -> Bill:
    """The bill of a month from its lines, oldest first, in one pass.

    `before` is the last line before the month, `after` the first one after it. Raises BillUnbalanced when a
    sequence number is missing (also the month's last, which only the line after it shows) or a running
    balance does not follow from the one before.
    """
    opening_fen = balance_fen = before.balance_fen if before else 0
    seq = first_seq = before.seq if before else 0
    in_fen = out_fen = in_count = out_count = 0
    by_kind: dict[str, int] = {}
    for movement in movements:
        balance_fen += movement.amount_fen
        if movement.seq != seq + 1 or movement.balance_fen != balance_fen:
            raise BillUnbalanced(f"line {movement.seq} does not follow line {seq}")
        seq = movement.seq
        by_kind[movement.kind] = by_kind.get(movement.kind, 0) + movement.amount_fen
        if movement.amount_fen > 0:
            in_fen, in_count = in_fen + movement.amount_fen, in_count + 1
        else:
            out_fen, out_count = out_fen - movement.amount_fen, out_count + 1
    if after is not None and (after.seq != seq + 1 or after.balance_fen != balance_fen + after.amount_fen):
        raise BillUnbalanced(f"line {after.seq} does not follow line {seq}")
    if opening_fen + in_fen - out_fen != balance_fen:
        raise BillUnbalanced("opening and movements do not lead to closing")
    return Bill(
        account_id,
        month,
        opening_fen,
        balance_fen,
        in_fen,
        out_fen,
        in_count,
        out_count,
        first_seq + 1 if seq > first_seq else 0,
        seq if seq > first_seq else 0,
        by_kind,
    )
