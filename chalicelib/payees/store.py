"""PayeesTable: a customer's payees, one row that counts them, and one a day that counts look-ups (that one dies)."""

from __future__ import annotations

from dataclasses import asdict

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError

from chalicelib.payees.domain import Payee
from chalicelib.platform import aws, ids, reading, settings
from chalicelib.platform.dynamo import Image, Item, ItemDelete, ItemPut, ItemUpdate, is_refused, s, to_image, to_raw
from chalicelib.platform.errors import NotFound

KEY, RANGE = "customer_id", "payee_id"
# What is no payee sorts before all of them.
BOOK = "#book"
_FIRST = "$"


class LookupsItem(Item):
    """How many look-ups a customer made on a business date."""

    class Meta:
        logical_name = "payees"

    customer_id = UnicodeAttribute(hash_key=True)
    payee_id = UnicodeAttribute(range_key=True)
    lookups = NumberAttribute()
    expires_at = NumberAttribute()


def count_lookup(customer_id: str, business_date: str, most: int, expires_at: int) -> bool:
    """Count one more look-up of that day; False when there were `most` already."""
    try:
        LookupsItem(customer_id, f"#lookups#{business_date}").update(
            actions=[LookupsItem.lookups.add(1), LookupsItem.expires_at.set(expires_at)],
            condition=LookupsItem.lookups.does_not_exist() | (LookupsItem.lookups < most),
        )
    except UpdateError as error:
        if is_refused(error):
            return False
        raise
    return True


def id_of(customer_id: str, bank_code: str, account: str) -> str:
    """The row's id: the same account of the same bank is one row of a book."""
    return ids.derived_id("payee", customer_id, bank_code, account)


def put_of(payee: Payee) -> ItemPut:
    """The put of a new payee."""
    return ItemPut(settings.table("payees"), KEY, to_raw(asdict(payee)))


def update_of(customer_id: str, payee_id: str) -> ItemUpdate:
    """A conditional update of one payee."""
    return ItemUpdate(settings.table("payees"), {KEY: s(customer_id), RANGE: s(payee_id)}, missing=NotFound)


def delete_of(customer_id: str, payee_id: str) -> ItemDelete:
    """The end of one payee."""
    return ItemDelete(settings.table("payees"), {KEY: s(customer_id), RANGE: s(payee_id)}, missing=NotFound)


def book_put(customer_id: str) -> ItemPut:
    """The row that counts the payees of a book, which has none yet."""
    return ItemPut(settings.table("payees"), KEY, to_raw({KEY: customer_id, RANGE: BOOK, "payees": 0}))


def read(customer_id: str, row: str) -> Image | None:
    """A payee, or the book's own row, as it is now; or None."""
    return reading.item(settings.table("payees"), {KEY: s(customer_id), RANGE: s(row)})


def all_of(customer_id: str) -> list[Payee]:
    """All payees of a book: at most the parameter's bound, which is well within one answer (1 MB)."""
    answer = aws.dynamodb().query(
        TableName=settings.table("payees"),
        KeyConditionExpression="#customer_id = :customer AND #payee_id > :first",
        ExpressionAttributeNames={"#customer_id": KEY, "#payee_id": RANGE},
        ExpressionAttributeValues={":customer": s(customer_id), ":first": s(_FIRST)},
        ConsistentRead=True,
    )
    return [Payee.from_image(to_image(item)) for item in answer["Items"]]
