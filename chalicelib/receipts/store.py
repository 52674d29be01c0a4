"""ReceiptsTable: one row an entry, never changed."""

from __future__ import annotations

from collections.abc import Sequence

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError

from chalicelib.platform import aws, settings
from chalicelib.platform.dynamo import Item, is_refused, s


class ReceiptItem(Item):
    class Meta:
        logical_name = "receipts"

    entry_id = UnicodeAttribute(hash_key=True)
    number = UnicodeAttribute()
    customer_id = UnicodeAttribute()
    issued_at = UnicodeAttribute()
    business_date = UnicodeAttribute()
    posted_at = UnicodeAttribute()
    payer_name = UnicodeAttribute()
    payer_account = UnicodeAttribute()
    payer_bank = UnicodeAttribute()
    payee_name = UnicodeAttribute()
    payee_account = UnicodeAttribute()
    payee_bank = UnicodeAttribute()
    currency = UnicodeAttribute()
    amount_fen = NumberAttribute()
    fee_fen = NumberAttribute()
    amount_in_words = UnicodeAttribute()
    purpose = UnicodeAttribute()
    factor = UnicodeAttribute()
    digest = UnicodeAttribute()


def put_once(item: ReceiptItem) -> bool:
    """False when the entry has its receipt already."""
    try:
        item.save(ReceiptItem.entry_id.does_not_exist())
    except PutError as error:
        if not is_refused(error):
            raise
        return False
    return True


def get(entry_id: str) -> ReceiptItem | None:
    """The entry's receipt, or None when it is not issued yet."""
    try:
        return ReceiptItem.get(entry_id, consistent_read=True)
    except DoesNotExist:
        return None


def entry_numbered(number: str) -> str | None:
    """Whose receipt has this number: an entry's id, or None."""
    answer = aws.dynamodb().query(
        TableName=settings.table("receipts"),
        IndexName="ByNumber",
        KeyConditionExpression="#number = :receipt_number",
        ExpressionAttributeNames={"#number": "number"},
        ExpressionAttributeValues={":receipt_number": s(number)},
        Limit=1,
    )
    return next((item["entry_id"]["S"] for item in answer["Items"]), None)


def issued_of(entry_ids: Sequence[str]) -> set[str]:
    """Those of at most 100 entries that have their receipt."""
    rows = ReceiptItem.batch_get(entry_ids, consistent_read=True, attributes_to_get=["entry_id"])
    return {row.entry_id for row in rows}
