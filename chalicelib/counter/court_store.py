"""CourtOrdersTable: an account's orders in their turn, and when each is over; an order's row is never deleted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from chalicelib.counter.court import Order
from chalicelib.platform import aws, settings
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s, to_image, to_raw
from chalicelib.platform.errors import NotFound

# Orders are few: one part of the table has the dates on which they end.
DUE = "due"
MAX_ORDERS = 200
_PLACES = 4


def order_put(order: Order) -> ItemPut:
    """A new order at its place; the write fails when another took that."""
    return ItemPut(
        settings.table("court_orders"), "book", to_raw({**_key(order.account_id, order.place), **asdict(order)})
    )


def order_update(order: Order) -> ItemUpdate:
    """A conditional update of one order."""
    key = {name: s(value) for name, value in _key(order.account_id, order.place).items()}
    return ItemUpdate(settings.table("court_orders"), key, missing=NotFound)


def orders_of(account_id: str) -> list[Order]:
    """An account's orders, in the order in which they came."""
    answer = aws.dynamodb().query(
        TableName=settings.table("court_orders"),
        KeyConditionExpression="#book = :book",
        ExpressionAttributeNames={"#book": "book"},
        ExpressionAttributeValues={":book": s(account_id)},
        ConsistentRead=True,
        Limit=MAX_ORDERS,
    )
    return [Order.from_image(to_image(item)) for item in answer["Items"]]


def due_put(order: Order, until: str) -> ItemPut:
    """By what an order is found when it is over."""
    row = {"book": DUE, "line": f"{until}#{order.account_id}#{order.place}", "account_id": order.account_id}
    return ItemPut(settings.table("court_orders"), "book", to_raw({**row, "place": order.place}))


def due_before(business_date: str, most: int) -> Iterator[tuple[str, str, int]]:
    """(line, account, place) of orders whose last date is before `business_date`, oldest first."""
    answer = aws.dynamodb().query(
        TableName=settings.table("court_orders"),
        KeyConditionExpression="#book = :book AND #line < :date",
        ExpressionAttributeNames={"#book": "book", "#line": "line"},
        ExpressionAttributeValues={":book": s(DUE), ":date": s(business_date)},
        ConsistentRead=True,
        Limit=most,
    )
    for item in answer["Items"]:
        image = to_image(item)
        yield image["line"], image["account_id"], image["place"]


def forget_due(line: str) -> None:
    """Take a row away whose order was looked at; the order itself stays."""
    aws.dynamodb().delete_item(TableName=settings.table("court_orders"), Key={"book": s(DUE), "line": s(line)})


def _key(account_id: str, place: int) -> dict[str, Any]:
    return {"book": account_id, "line": f"{place:0{_PLACES}d}"}
