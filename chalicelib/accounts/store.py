"""MovementsTable: statement lines, append-only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pynamodb.attributes import BinaryAttribute, BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.accounts.domain import Movement, line_key
from chalicelib.platform.dynamo import Item, is_refused

PAGE = 100
# Sorts after every sequence of a day, and before the next day.
_AFTER_DAY = "~"


class MovementItem(Item):
    class Meta:
        logical_name = "movements"

    account_id = UnicodeAttribute(hash_key=True)
    line = UnicodeAttribute(range_key=True)
    seq = NumberAttribute()
    business_date = UnicodeAttribute()
    posted_at = UnicodeAttribute()
    entry_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    amount_fen = NumberAttribute()
    balance_fen = NumberAttribute()
    correlation_id = UnicodeAttribute()
    chain = BinaryAttribute(legacy_encoding=False)
    counterparty_account = UnicodeAttribute(null=True)
    counterparty_name = UnicodeAttribute(null=True)
    purpose = UnicodeAttribute(null=True)
    # Set on lines that the sweeper put in order of time, because the account no longer remembered the order.
    rebuilt = BooleanAttribute(null=True)
    value_date = UnicodeAttribute(null=True)

    def to_movement(self) -> Movement:
        """The line as the domain has it."""
        return Movement(
            account_id=self.account_id,
            seq=int(self.seq),
            business_date=self.business_date,
            posted_at=self.posted_at,
            entry_id=self.entry_id,
            kind=self.kind,
            amount_fen=int(self.amount_fen),
            balance_fen=int(self.balance_fen),
            correlation_id=self.correlation_id,
            chain=bytes(self.chain),
            value_date=self.value_date,
        )


def append(movement: Movement, *, counterparty: tuple[str, str] | None, purpose: str, rebuilt: bool = False) -> bool:
    """Write a line; False when it is there already."""
    account, name = counterparty or (None, None)
    item = MovementItem(
        movement.account_id,
        movement.line,
        seq=movement.seq,
        business_date=movement.business_date,
        posted_at=movement.posted_at,
        entry_id=movement.entry_id,
        kind=movement.kind,
        amount_fen=movement.amount_fen,
        balance_fen=movement.balance_fen,
        correlation_id=movement.correlation_id,
        chain=movement.chain,
        counterparty_account=account,
        counterparty_name=name,
        purpose=purpose or None,
        rebuilt=rebuilt or None,
        value_date=movement.value_date,
    )
    try:
        item.save(MovementItem.line.does_not_exist())
    except PutError as error:
        if not is_refused(error):
            raise
        return False
    return True


def last(account_id: str, before_date: str | None = None) -> Movement | None:
    """The account's newest line, or the newest dated before `before_date`."""
    condition = MovementItem.line < before_date if before_date else None
    rows = MovementItem.query(
        account_id, condition, scan_index_forward=False, limit=1, page_size=1, consistent_read=True
    )
    return next((row.to_movement() for row in rows), None)


def first_after(account_id: str, line: str) -> Movement | None:
    """The account's oldest line whose sort key is after `line`."""
    condition = MovementItem.line > line
    rows = MovementItem.query(account_id, condition, limit=1, page_size=1, consistent_read=True)
    return next((row.to_movement() for row in rows), None)


def get(account_id: str, business_date: str, seq: int) -> MovementItem | None:
    """One line with its texts, or None."""
    rows = MovementItem.query(
        account_id, MovementItem.line == line_key(business_date, seq), limit=1, consistent_read=True
    )
    return next(iter(rows), None)


def between(account_id: str, first_date: str, last_date: str) -> Iterator[Movement]:
    """All lines of the days from first to last, oldest first, a page in memory at a time."""
    return (item.to_movement() for item in items_between(account_id, first_date, last_date))


def items_between(account_id: str, first_date: str, last_date: str) -> Iterator[MovementItem]:
    """The same lines as stored, with their texts."""
    condition = MovementItem.line.between(first_date, last_date + _AFTER_DAY)
    return iter(MovementItem.query(account_id, condition, page_size=PAGE, consistent_read=True))


def all_lines(account_id: str) -> Iterator[MovementItem]:
    """Every line as stored, in order of its key, a page in memory at a time."""
    return iter(MovementItem.query(account_id, page_size=PAGE, consistent_read=True))


def newest(account_id: str, limit: int) -> Iterator[Movement]:
    """At most `limit` lines, newest first, a page in memory at a time."""
    rows = MovementItem.query(
        account_id, scan_index_forward=False, limit=limit, page_size=min(limit, PAGE), consistent_read=True
    )
    return (row.to_movement() for row in rows)


def page(
    account_id: str, first_date: str, last_date: str, limit: int, after: Mapping[str, Any] | None
) -> tuple[list[MovementItem], Mapping[str, Any] | None]:
    """One page of lines, newest first: one query whatever the account's age."""
    rows = MovementItem.query(
        account_id,
        MovementItem.line.between(first_date, last_date + _AFTER_DAY),
        scan_index_forward=False,
        limit=limit,
        page_size=limit,
        last_evaluated_key=dict(after) if after else None,
    )
    items = list(rows)
    return items, rows.last_evaluated_key
