"""ReceiptsTable: one row an entry, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, PutError

from chalicelib.platform import aws, settings
from chalicelib.platform.dynamo import Item, is_refused, s
from chalicelib.platform.money_words import in_words
from chalicelib.receipts.domain import Receipt

# Numbers have 16 digits of a hash: two receipts of one day may share one, and are told apart by their codes.
MAX_SAME_NUMBER = 2
# No entry's ids: what is read where fewer receipts than that have a number.
_NOBODYS = ("nobody's", "nobody else's")
# What the row has as its key, and what every row has alike.
_UNSTORED = ("entry_id", "issuer")


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
    # Not on receipts that were issued before these were.
    kind = UnicodeAttribute(null=True)
    channel = UnicodeAttribute(null=True)
    reverses = UnicodeAttribute(null=True)
    code = UnicodeAttribute(null=True)
    signed = UnicodeAttribute(null=True)


def item_of(receipt: Receipt, customer_id: str, signed: str) -> ReceiptItem:
    """The row of a receipt: whose it is, what it says, and the JWS that says it."""
    said = {field.name: getattr(receipt, field.name) for field in fields(receipt) if field.name not in _UNSTORED}
    words = in_words(receipt.amount_fen)
    more = {"reverses": receipt.reverses or None, "amount_in_words": words, "signed": signed}
    return ReceiptItem(receipt.entry_id, customer_id=customer_id, **{**said, **more})


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
    return next(iter(entries_numbered(number)), None)


def entries_numbered(number: str) -> list[str]:
    """The ids of the entries whose receipts have this number: none, one, or, hardly ever, two."""
    answer = aws.dynamodb().query(
        TableName=settings.table("receipts"),
        IndexName="ByNumber",
        KeyConditionExpression="#number = :receipt_number",
        ExpressionAttributeNames={"#number": "number"},
        ExpressionAttributeValues={":receipt_number": s(number)},
        Limit=MAX_SAME_NUMBER,
    )
    return [item["entry_id"]["S"] for item in answer["Items"]]


def numbered(number: str) -> list[ReceiptItem]:
    """The receipts with this number: none, one, or, once in many lives of a bank, two (docs/receipts.md).

    However many there are, this costs the same requests for as many keys. `number` is not empty.
    """
    entry_ids = [*entries_numbered(number), *_NOBODYS][:MAX_SAME_NUMBER]
    return list(ReceiptItem.batch_get(entry_ids, consistent_read=True))


def numbers_of(entry_ids: Sequence[str]) -> dict[str, str]:
    """Entry -> the number of its receipt, of at most 100 entries; those without one are left out."""
    # An entry may have several lines on one account, and a batch takes each key once.
    rows = ReceiptItem.batch_get(dict.fromkeys(entry_ids), attributes_to_get=["entry_id", "number"])
    return {row.entry_id: row.number for row in rows}


def issued_of(entry_ids: Sequence[str]) -> set[str]:
    """Those of at most 100 entries that have their receipt."""
    rows = ReceiptItem.batch_get(entry_ids, consistent_read=True, attributes_to_get=["entry_id"])
    return {row.entry_id for row in rows}


def signed_of(entry_ids: Sequence[str]) -> dict[str, str]:
    """The signed receipt (JWS) of those of at most 100 entries that have one."""
    rows = ReceiptItem.batch_get(entry_ids, consistent_read=True, attributes_to_get=["entry_id", "signed"])
    return {row.entry_id: row.signed for row in rows if row.signed is not None}
