"""BillsTable: one row an account and month, never changed."""

from __future__ import annotations

from dataclasses import asdict, fields

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError

from chalicelib.platform.dynamo import Item, is_refused
from chalicelib.statements.domain import Figures

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
    # Not on bills that were issued before they had it.
    by_category = JSONAttribute(null=True)

    @property
    def figures(self) -> Figures:
        """What the bill says."""
        stated = self.attribute_values
        return Figures(
            **{field.name: stated[field.name] for field in fields(Figures) if stated.get(field.name) is not None}
        )

    def says(self, figures: Figures) -> bool:
        """Whether the bill says just that."""
        stated = self.attribute_values
        return all(stated[name] == value for name, value in asdict(figures).items() if stated.get(name) is not None)


def put_once(account_id: str, month: str, figures: Figures, issued_at: str) -> bool:
    """False when the month has its bill already."""
    item = BillItem(account_id, month, issued_at=issued_at, **asdict(figures))
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
