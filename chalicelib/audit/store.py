"""SecurityEventsTable, a customer's log by time, and StaffActionsTable, the staff's by day: only ever added to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from chalicelib.platform import aws, clock, settings
from chalicelib.platform.dynamo import Image, ItemPut, s, to_image, to_raw

KEY = "customer_id"
RANGE = "event"
STAFF_KEY = "business_date"
STAFF_RANGE = "action_key"
_FIRST, _LAST = "0", "9"
# One answer looks at so many rows at most; the cursor goes on from there.
MAX_ROUNDS = 10


def put_of(row: Mapping[str, Any]) -> ItemPut:
    """The put of one row, alone or as a part of a transaction."""
    return ItemPut(settings.table("security_events"), KEY, to_raw(row))


def staff_put_of(row: Mapping[str, Any]) -> ItemPut:
    """The put of one row of what staff did, alone or as a part of a transaction."""
    return ItemPut(settings.table("staff_actions"), STAFF_KEY, to_raw(row))


def staff_page(business_date: str, limit: int, after: Mapping[str, Any] | None) -> tuple[list[Image], Any]:
    """At most `limit` rows of a day, newest first; the key to go on after, None at the end."""
    start: dict[str, Any] = {"ExclusiveStartKey": dict(after)} if after else {}
    answer = aws.dynamodb().query(
        TableName=settings.table("staff_actions"),
        KeyConditionExpression="#business_date = :date",
        ExpressionAttributeNames={"#business_date": STAFF_KEY},
        ExpressionAttributeValues={":date": s(business_date)},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=limit,
        **start,
    )
    return [to_image(item) for item in answer["Items"]], answer.get("LastEvaluatedKey")


def put_once(put: ItemPut) -> None:
    """Write a row unless it is there."""
    try:
        aws.dynamodb().put_item(**put.parameters())
    except aws.dynamodb().exceptions.ConditionalCheckFailedException:
        return


def read(customer_id: str, event: str) -> Image | None:
    """One row as it is now, or None."""
    answer = aws.dynamodb().get_item(
        TableName=settings.table("security_events"), Key={KEY: s(customer_id), RANGE: s(event)}, ConsistentRead=True
    )
    return to_image(answer["Item"]) if "Item" in answer else None


def bounds(since: dt.datetime | None, before: dt.datetime | None) -> tuple[str, str]:
    """The keys between which the rows of a period lie; keys begin with the time as text, whose order is time's."""
    return (clock.to_text(since) if since else _FIRST, clock.to_text(before) if before else _LAST)


def page(
    customer_id: str, first: str, last: str, category: str | None, limit: int, after: Mapping[str, Any] | None
) -> tuple[list[Image], Mapping[str, Any] | None]:
    """At most `limit` rows, newest first; the key to go on after, None at the end.

    Reads MAX_ROUNDS times `limit` rows at most, whatever share of them is of the category.
    """
    found: list[Image] = []
    for _ in range(MAX_ROUNDS):
        images, after = _query(customer_id, first, last, limit, after)
        for image in images:
            if category in (None, image["category"]):
                found.append(image)
            if len(found) == limit:
                return found, (None if after is None and image is images[-1] else _key(image))
        if after is None:
            break
    return found, after


def _query(
    customer_id: str, first: str, last: str, limit: int, after: Mapping[str, Any] | None
) -> tuple[list[Image], Mapping[str, Any] | None]:
    start: dict[str, Any] = {"ExclusiveStartKey": dict(after)} if after else {}
    answer = aws.dynamodb().query(
        TableName=settings.table("security_events"),
        KeyConditionExpression="#customer_id = :customer AND #event BETWEEN :first AND :last",
        ExpressionAttributeNames={"#customer_id": KEY, "#event": RANGE},
        ExpressionAttributeValues={":customer": s(customer_id), ":first": s(first), ":last": s(last)},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=limit,
        **start,
    )
    return [to_image(item) for item in answer["Items"]], answer.get("LastEvaluatedKey")


def _key(image: Image) -> dict[str, Any]:
    return {KEY: s(image[KEY]), RANGE: s(image[RANGE])}
