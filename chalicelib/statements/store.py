"""BillsTable: one row an account and month, never changed."""

from __future__ import annotations

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError

from chalicelib.platform.dynamo import Item, is_refused
from chalicelib.statements.domain import Bill

MAX_BILLS = 120


class BillItem(Item):
    class Meta:
        logical_name = "bills"

    account_id = UnicodeAttribute(hash_key=True)
    month = UnicodeAttribute(range_key=True)
    issued_at = UnicodeAttribute()
    opening_fen = NumberAttribute()
    closing_fen = NumberAttribute()
    in_fen = NumberAttribute()
    out_fen = NumberAttribute()
    in_count = NumberAttribute()
    out_count = NumberAttribute()
    first_seq = NumberAttribute()
    last_seq = NumberAttribute()
    by_kind = JSONAttribute()


def put_once(bill: Bill, issued_at: str) -> bool:
    """False when the month has its bill already."""
    item = BillItem(
        bill.account_id,
        bill.month,
        issued_at=issued_at,
        opening_fen=bill.opening_fen,
        closing_fen=bill.closing_fen,
        in_fen=bill.in_fen,
        out_fen=bill.out_fen,
        in_count=bill.in_count,
        out_count=bill.out_count,
        first_seq=bill.first_seq,
        last_seq=bill.last_seq,
        by_kind=bill.by_kind,
    )
    try:
        item.save(BillItem.month.does_not_exist())
    except PutError as error:
        if not is_refused(error):
            raise
        return False
    return True


def get(account_id: str, month: str) -> BillItem | None:
    """The month's bill, or None."""
    try:
        return BillItem.get(account_id, month, consistent_read=True)
    except DoesNotExist:
        return None


def newest(account_id: str) -> list[BillItem]:
    """The account's bills, newest first; ten years of them at most."""
    return list(BillItem.query(account_id, scan_index_forward=False, limit=MAX_BILLS))
