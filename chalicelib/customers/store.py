"""CustomersTable (expressions), ProfilesTable and ContractsTable (models)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import DoesNotExist

from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import Image, Item, ItemDelete, ItemPut, ItemUpdate, s, to_raw
from chalicelib.platform.errors import NotFound

MAX_CONTRACTS = 50
# A change of phone writes them all in one transaction, which holds a hundred items.
MAX_HOLDINGS = 90
MAX_SCAN_PAGE = 100


class ContractItem(Item):
    class Meta:
        logical_name = "contracts"

    customer_id = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute(range_key=True)
    right = UnicodeAttribute()


class HoldingItem(Item):
    class Meta:
        logical_name = "holdings"

    customer_id = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute(range_key=True)
    reserved_phone = UnicodeAttribute()


class IdentityItem(Item):
    class Meta:
        logical_name = "identities"

    document_hash = UnicodeAttribute(hash_key=True)
    customer_id = UnicodeAttribute()


def profile_update(customer_id: str) -> ItemUpdate:
    """A conditional update of a customer's profile."""
    return ItemUpdate(settings.table("profiles"), {"customer_id": s(customer_id)}, missing=NotFound)


def profile_put(item: Mapping[str, Any]) -> ItemPut:
    """A new profile; nothing that is absent is stored."""
    return ItemPut(settings.table("profiles"), "customer_id", to_raw(item))


def read_profile(customer_id: str) -> Image | None:
    """The profile as it is now (consistent), or None."""
    return reading.item(settings.table("profiles"), {"customer_id": s(customer_id)})


def identity_put(document_hash: str, customer_id: str) -> ItemPut:
    """Claim a document for its one customer."""
    item = {"document_hash": document_hash, "customer_id": customer_id}
    return ItemPut(settings.table("identities"), "document_hash", to_raw(item))


def customer_with(document_hash: str) -> str | None:
    """Whose document this is."""
    try:
        return IdentityItem.get(document_hash, consistent_read=True).customer_id
    except DoesNotExist:
        return None


def holding_put(customer_id: str, account_id: str, reserved_phone: str) -> ItemPut:
    """Note that a customer holds an account, and the phone reserved for it."""
    item = {"customer_id": customer_id, "account_id": account_id, "reserved_phone": reserved_phone}
    return ItemPut(settings.table("holdings"), "customer_id", to_raw(item))


def holding_update(customer_id: str, account_id: str) -> ItemUpdate:
    """A conditional update of what a customer holds."""
    key = {"customer_id": s(customer_id), "account_id": s(account_id)}
    return ItemUpdate(settings.table("holdings"), key, missing=NotFound)


def contract_put(customer_id: str, account_id: str, right: str) -> ItemPut:
    """A new contract."""
    item = {"customer_id": customer_id, "account_id": account_id, "right": right}
    return ItemPut(settings.table("contracts"), "customer_id", to_raw(item))


def contract_update(customer_id: str, account_id: str) -> ItemUpdate:
    """A conditional update of a contract."""
    key = {"customer_id": s(customer_id), "account_id": s(account_id)}
    return ItemUpdate(settings.table("contracts"), key, missing=NotFound)


def contract_delete(customer_id: str, account_id: str) -> ItemDelete:
    """The end of a contract."""
    key = {"customer_id": s(customer_id), "account_id": s(account_id)}
    return ItemDelete(settings.table("contracts"), key, missing=NotFound)


def customer_put(item: Mapping[str, Any]) -> ItemPut:
    """A new customer's record."""
    return ItemPut(settings.table("customers"), "customer_id", to_raw(item))


def customer_update(customer_id: str) -> ItemUpdate:
    """A conditional update (or mere check) of a customer's record."""
    return ItemUpdate(settings.table("customers"), {"customer_id": s(customer_id)}, missing=NotFound)


def put_customer(item: Mapping[str, Any]) -> bool:
    """Write a new customer record; False when there is one."""
    try:
        aws.dynamodb().put_item(**customer_put(item).parameters())
    except aws.dynamodb().exceptions.ConditionalCheckFailedException:
        return False
    return True


def read_customer(customer_id: str) -> Image | None:
    """The record as it is now (consistent), or None."""
    return reading.item(settings.table("customers"), {"customer_id": s(customer_id)})


def scan_ids(after: str | None) -> tuple[list[str], str | None]:
    """One page of all customers' ids: (ids, the id to go on after, None at the end)."""
    start: dict[str, Any] = {"ExclusiveStartKey": {"customer_id": s(after)}} if after else {}
    answer = aws.dynamodb().scan(
        TableName=settings.table("customers"),
        Limit=MAX_SCAN_PAGE,
        ProjectionExpression="customer_id",
        **start,
    )
    last = answer.get("LastEvaluatedKey")
    return [item["customer_id"]["S"] for item in answer["Items"]], last["customer_id"]["S"] if last else None
