"""OrdersTable: one item an order. OrderDuesTable: what is due when, in parts. OrderHistoryTable: what happened.

An order that can pay has just one row among what is due, and each of its changes has a row in its history: all of it is
written together with the order or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.orders.domain import OPEN, Event, Order, list_of, unchanged_rule
from chalicelib.platform import aws, due, reading, settings
from chalicelib.platform.due import Due
from chalicelib.platform.dynamo import Image, ItemDelete, ItemPut, ItemUpdate, s, to_image, to_raw
from chalicelib.platform.errors import NotFound, TryAgain

KEY, LISTED = "order_id", "listed"
# A list of all of a customer's orders, and one of those in a state.
OF_CUSTOMER = reading.Listing("ByCustomer", "customer_id", LISTED, KEY)
OF_STATE = reading.Listing("ByState", "customer_state", LISTED, KEY)
MAX_BATCH_READS = 5
MAX_HISTORY = 100
_REVISION_DIGITS = 9


@dataclass(frozen=True, slots=True)
class OrderDue(Due):
    """A row of what is due: which order, and for which of its dates."""

    order_id: str
    date: str


def put_of(order: Order) -> ItemPut:
    """The put of a new order."""
    return ItemPut(settings.table("orders"), KEY, to_raw(order.to_item()))


def update_of(before: Order, after: Order) -> ItemUpdate:
    """The update that makes one of the other, if nobody changed it since it was read."""
    update = ItemUpdate(settings.table("orders"), {KEY: s(before.order_id)}, missing=NotFound)
    update.require(unchanged_rule(before.revision))
    return update.become(to_raw(before.to_item()), to_raw(after.to_item()))


def due_writes(before: Order | None, after: Order) -> list[ItemPut | ItemUpdate]:
    """What the table of what is due needs where an order's next try comes, moves or goes."""
    old, new = _due_of(before) if before else None, _due_of(after)
    if old == new:
        return []
    writes: list[ItemPut | ItemUpdate] = []
    if old is not None:
        writes.append(ItemDelete(settings.table("order_dues"), old.key, missing=NotFound))
    if new is not None:
        writes.append(due.put_of(settings.table("order_dues"), new))
    return writes


def _due_of(order: Order) -> OrderDue | None:
    if not order.due_at:
        return None
    return OrderDue(*due.place_of(order.order_id, order.due_at), order.order_id, order.next_due)


def event_put(event: Event) -> ItemPut:
    """A row of an order's history, as a part of the write that makes it true."""
    facts = {name: value for name, value in asdict(event).items() if value or name == "revision"}
    row = {**facts, "place": f"{event.revision:0{_REVISION_DIGITS}d}"}
    return ItemPut(settings.table("order_history"), KEY, to_raw(row))


def read(order_id: str) -> Order | None:
    """An order as it is now (consistent), or None."""
    image = reading.item(settings.table("orders"), {KEY: s(order_id)})
    return Order.from_image(image) if image is not None else None


def page(customer_id: str, state: str | None, limit: int, cursor: str | None) -> tuple[list[Order], str | None]:
    """At most `limit` of a customer's orders, newest first, each as it is now; the next page's cursor, None at the end.

    One that has just come into a state, or left it, may be missing or there for a moment.
    """
    listing, value = (OF_STATE, list_of(customer_id, state)) if state else (OF_CUSTOMER, customer_id)
    listed, following = listing.page(settings.table("orders"), value, limit, cursor)
    ids = [image[KEY] for image in listed]
    found = _read_many(ids)
    return [found[id_] for id_ in ids if id_ in found], following


def has_open(customer_id: str, most: int) -> bool:
    """Whether a customer has so many orders that have not ended; one of this moment may not be counted yet."""
    found = 0
    for state in OPEN:
        answer = aws.dynamodb().query(
            TableName=settings.table("orders"),
            IndexName=OF_STATE.index,
            KeyConditionExpression="#list = :list",
            ExpressionAttributeNames={"#list": OF_STATE.hash_name},
            ExpressionAttributeValues={":list": s(list_of(customer_id, state))},
            Select="COUNT",
            Limit=most,
        )
        found += answer["Count"]
    return found >= most


def _read_many(order_ids: Sequence[str]) -> dict[str, Order]:
    if not order_ids:
        return {}
    table = settings.table("orders")
    wanted: dict[str, Any] = {table: {"Keys": [{KEY: s(id_)} for id_ in order_ids], "ConsistentRead": True}}
    found: list[Image] = []
    for _ in range(MAX_BATCH_READS):
        if not wanted:
            break
        answer = aws.dynamodb().batch_get_item(RequestItems=wanted)
        found.extend(to_image(item) for item in answer["Responses"].get(table, []))
        wanted = dict(answer.get("UnprocessedKeys", {}))
    if wanted:
        raise TryAgain()
    return {image[KEY]: Order.from_image(image) for image in found}


def due_pages(now_text: str, rows_a_page: int, pages_a_part: int) -> Iterator[list[OrderDue]]:
    """What is due, the oldest of each part first, a page in memory at a time."""
    return due.pages(settings.table("order_dues"), OrderDue, now_text, rows_a_page, pages_a_part)


def history(order_id: str) -> list[Event]:
    """What happened to an order lately, newest first."""
    answer = aws.dynamodb().query(
        TableName=settings.table("order_history"),
        KeyConditionExpression="#order_id = :order",
        ExpressionAttributeNames={"#order_id": KEY},
        ExpressionAttributeValues={":order": s(order_id)},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=MAX_HISTORY,
    )
    return [_event(to_image(item)) for item in answer["Items"]]


def event_at(order_id: str, revision: int) -> Event | None:
    """One row of an order's history, or None."""
    key = {KEY: s(order_id), "place": s(f"{revision:0{_REVISION_DIGITS}d}")}
    image = reading.item(settings.table("order_history"), key)
    return _event(image) if image is not None else None


def _event(image: Image) -> Event:
    return Event(**{name: value for name, value in image.items() if name != "place"})
