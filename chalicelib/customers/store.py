"""CustomersTable (expressions), ProfilesTable and ContractsTable (models)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.attributes import UnicodeAttribute
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

from chalicelib.platform import aws, clock, settings
from chalicelib.platform.dynamo import Image, Item, ItemPut, ItemUpdate, n, s, to_image, to_raw
from chalicelib.platform.errors import NotFound

MAX_CONTRACTS = 50
MAX_REVOKE_ATTEMPTS = 12
LONGEST_PAUSE = dt.timedelta(milliseconds=200)
MAX_SCAN_PAGE = 100


class ProfileItem(Item):
    class Meta:
        logical_name = "profiles"

    customer_id = UnicodeAttribute(hash_key=True)
    name = UnicodeAttribute()
    phone = UnicodeAttribute()
    branch_id = UnicodeAttribute()
    push_address = UnicodeAttribute(null=True)


class ContractItem(Item):
    class Meta:
        logical_name = "contracts"

    customer_id = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute(range_key=True)
    right = UnicodeAttribute()


def customer_update(customer_id: str) -> ItemUpdate:
    """A conditional update (or mere check) of a customer's record."""
    return ItemUpdate(settings.table("customers"), {"customer_id": s(customer_id)}, missing=NotFound)


def put_customer(item: Mapping[str, Any]) -> bool:
    """Write a new customer record; False when there is one."""
    put = ItemPut(settings.table("customers"), "customer_id", to_raw(item))
    try:
        aws.dynamodb().put_item(**put.parameters())
    except aws.dynamodb().exceptions.ConditionalCheckFailedException:
        return False
    return True


def read_customer(customer_id: str) -> Image | None:
    """The record as it is now (consistent), or None."""
    answer = aws.dynamodb().get_item(
        TableName=settings.table("customers"), Key={"customer_id": s(customer_id)}, ConsistentRead=True
    )
    return to_image(answer["Item"]) if "Item" in answer else None


def note_revoked(customer_id: str, session_id: str, until_epoch_s: int, forget: Sequence[str]) -> None:
    """Note an ended session until its last access token has died; drop those whose tokens are dead already."""
    for attempt in Retrying(
        stop=stop_after_attempt(MAX_REVOKE_ATTEMPTS),
        wait=wait_random(max=LONGEST_PAUSE),
        retry=retry_if_exception(_is_conflict),
        sleep=clock.sleep,
        reraise=True,
    ):
        with attempt:
            _note_revoked(customer_id, session_id, until_epoch_s, forget)


def _is_conflict(error: BaseException) -> bool:
    """A payment of this customer has the record in its transaction: it is over in a moment."""
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "TransactionConflictException"


def _note_revoked(customer_id: str, session_id: str, until_epoch_s: int, forget: Sequence[str]) -> None:
    names = {"#revoked": "revoked", "#added": session_id}
    removals = []
    for i, old in enumerate(forget):
        names[f"#old{i}"] = old
        removals.append(f"#revoked.#old{i}")
    aws.dynamodb().update_item(
        TableName=settings.table("customers"),
        Key={"customer_id": s(customer_id)},
        UpdateExpression="SET #revoked.#added = :until" + (" REMOVE " + ", ".join(removals) if removals else ""),
        ConditionExpression="attribute_exists(#revoked)",
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={":until": n(until_epoch_s)},
    )


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
