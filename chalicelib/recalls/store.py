"""RecallsTable: one item a recall, listed for who asked and for who is asked; its stream tells both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from chalicelib.platform import aws, ids, settings
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, s, to_image, to_raw
from chalicelib.platform.errors import NotFound
from chalicelib.recalls.domain import Recall

KEY = "recall_id"
# Both lists are sorted by time: `listed` is time#id.
RANGE = "listed"
OF_PAYER, OF_PAYEE = ("ByPayer", "payer_customer"), ("ByPayee", "payee_customer")


def id_of(transfer_id: str) -> str:
    """The recall's id: one a transfer, for ever."""
    return ids.derived_id("recall", transfer_id)


def put_of(recall: Recall) -> ItemPut:
    """The put of a new recall."""
    row = {**asdict(recall), RANGE: f"{recall.asked_at}#{recall.recall_id}"}
    return ItemPut(settings.table("recalls"), KEY, to_raw(row))


def update_of(recall_id: str) -> ItemUpdate:
    """A conditional update of one recall, to be given its rules."""
    return ItemUpdate(settings.table("recalls"), {KEY: s(recall_id)}, missing=NotFound)


def read(recall_id: str) -> Image | None:
    """A recall as it is now (consistent), or None."""
    answer = aws.dynamodb().get_item(TableName=settings.table("recalls"), Key={KEY: s(recall_id)}, ConsistentRead=True)
    return to_image(answer["Item"]) if "Item" in answer else None


def page(
    index: tuple[str, str], customer_id: str, limit: int, after: Mapping[str, Any] | None
) -> tuple[list[Recall], Mapping[str, Any] | None]:
    """At most `limit` recalls of one list, newest first; the key to go on after, None at the end."""
    name, hash_name = index
    start: dict[str, Any] = {}
    if after is not None:
        # A position in a list is also the table's own key.
        start["ExclusiveStartKey"] = {**after, KEY: s(after[RANGE]["S"].rpartition("#")[2])}
    answer = aws.dynamodb().query(
        TableName=settings.table("recalls"),
        IndexName=name,
        KeyConditionExpression="#customer = :customer",
        ExpressionAttributeNames={"#customer": hash_name},
        ExpressionAttributeValues={":customer": s(customer_id)},
        ScanIndexForward=False,
        Limit=limit,
        **start,
    )
    last = answer.get("LastEvaluatedKey")
    found = [Recall.from_image(to_image(item)) for item in answer["Items"]]
    return found, {part: last[part] for part in (hash_name, RANGE)} if last else None
