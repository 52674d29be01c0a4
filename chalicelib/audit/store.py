"""SecurityEventsTable, a customer's log by time; StaffActionsTable, the staff's by day; StaffActionLinksTable, the
links of those by day and place, and beside them which link each row has. All are only ever added to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chalicelib.audit.links import PLACE, Link, place_of
from chalicelib.platform import aws, clock, reading, settings
from chalicelib.platform.dynamo import Image, ItemPut, s, to_image, to_raw

KEY = "customer_id"
RANGE = "event"
STAFF_KEY = "business_date"
STAFF_RANGE = "action_key"
LINK_RANGE = "place"
_FIRST, _LAST = "0", "9"
# Sorts after everything that begins alike.
_AFTER = "~"
PAGE = 500
# One answer looks at so many rows at most; the cursor goes on from there.
MAX_ROUNDS = 10

Page = tuple[list[Image], Mapping[str, Any] | None]
Placed = tuple[str, Link]


def put_of(row: Mapping[str, Any]) -> ItemPut:
    """The put of one row, alone or as a part of a transaction."""
    return ItemPut(settings.table("security_events"), KEY, to_raw(row))


def staff_put_of(row: Mapping[str, Any]) -> ItemPut:
    """The put of one row of what staff did, alone or as a part of a transaction."""
    return ItemPut(settings.table("staff_actions"), STAFF_KEY, to_raw(row))


def link_puts(link: Link) -> tuple[ItemPut, ItemPut]:
    """A link at its place, and the mark that says where what it is of is linked: both or none are written."""
    table, seq = settings.table("staff_action_links"), link.seq
    row = {name: getattr(link, name) for name in link.__dataclass_fields__}
    mark = {STAFF_KEY: link.business_date, LINK_RANGE: link.of, "seq": seq}
    return ItemPut(table, STAFF_KEY, to_raw({**row, LINK_RANGE: link.place})), ItemPut(table, STAFF_KEY, to_raw(mark))


def newest_link(business_date: str) -> Link | None:
    """The head of a date's chain."""
    pages = _days(_links_table(), LINK_RANGE, business_date, (PLACE, PLACE + _AFTER), is_newest_first=True, limit=1)
    images, _ = next(pages)
    return _link(images[0]) if images else None


def is_linked(business_date: str, of: str) -> bool:
    """Whether a date's chain has a link of it."""
    pages = _days(_links_table(), LINK_RANGE, business_date, (of, of), limit=1)
    return bool(next(pages)[0])


def marks(business_date: str, first: str, last: str) -> Iterator[tuple[str, int]]:
    """What from `first` to `last` a date's chain has links of, in order, and which."""
    for images, _ in _days(_links_table(), LINK_RANGE, business_date, (first, last)):
        yield from ((image[LINK_RANGE], image["seq"]) for image in images)


def link_pages(business_date: str, after: Mapping[str, Any] | None = None) -> Iterator[tuple[list[Placed], Any]]:
    """Pages of (place, link) of a date, in order of place, each with the key to go on after."""
    between = (PLACE, PLACE + _AFTER)
    for images, key in _days(_links_table(), LINK_RANGE, business_date, between, after=after):
        yield [(image[LINK_RANGE], _link(image)) for image in images], key


def link_at(business_date: str, seq: int) -> Link | None:
    """One link, or None."""
    place = place_of(seq)
    images, _ = next(_days(_links_table(), LINK_RANGE, business_date, (place, place), limit=1))
    return _link(images[0]) if images else None


def _link(image: Image) -> Link:
    return Link(**{name: image[name] for name in Link.__dataclass_fields__ if name in image})


def _links_table() -> str:
    return settings.table("staff_action_links")


def staff_rows(business_date: str, between: tuple[str, str] | None = None) -> Iterator[Image]:
    """What staff did on a date, or between two keys of it, oldest first, a page in memory at a time."""
    for images, _ in _days(settings.table("staff_actions"), STAFF_RANGE, business_date, between):
        yield from images


def staff_row_pages(business_date: str, after: Mapping[str, Any] | None = None) -> Iterator[Page]:
    """The same in pages, each with the key to go on after."""
    return _days(settings.table("staff_actions"), STAFF_RANGE, business_date, after=after)


def staff_page(business_date: str, wanted: Mapping[str, str], limit: int, after: Mapping[str, Any] | None) -> Page:
    """At most `limit` rows of a day with all of the `wanted` values, newest first; the key to go on after.

    Reads MAX_ROUNDS times `limit` rows at most, whatever share of them is wanted.
    """

    def page_after(start: Mapping[str, Any] | None) -> Page:
        table = settings.table("staff_actions")
        return next(_days(table, STAFF_RANGE, business_date, is_newest_first=True, limit=limit, after=start))

    return _picked(page_after, wanted, (STAFF_KEY, STAFF_RANGE), limit, after)


def put_once(put: ItemPut) -> None:
    """Write a row unless it is there."""
    try:
        aws.dynamodb().put_item(**put.parameters())
    except aws.dynamodb().exceptions.ConditionalCheckFailedException:
        return


def read(customer_id: str, event: str) -> Image | None:
    """One row as it is now, or None."""
    return reading.item(settings.table("security_events"), {KEY: s(customer_id), RANGE: s(event)})


def bounds(since: dt.datetime | None, before: dt.datetime | None) -> tuple[str, str]:
    """The keys between which the rows of a period lie; keys begin with the time as text, whose order is time's."""
    return (clock.to_text(since) if since else _FIRST, clock.to_text(before) if before else _LAST)


def page(
    customer_id: str, first: str, last: str, category: str | None, limit: int, after: Mapping[str, Any] | None
) -> Page:
    """At most `limit` rows, newest first; the key to go on after, None at the end.

    Reads MAX_ROUNDS times `limit` rows at most, whatever share of them is of the category.
    """
    return _picked(
        lambda start: _query(customer_id, first, last, limit, start),
        {} if category is None else {"category": category},
        (KEY, RANGE),
        limit,
        after,
    )


def _picked(
    page_after: Callable[[Mapping[str, Any] | None], Page],
    wanted: Mapping[str, str],
    key_names: tuple[str, str],
    limit: int,
    after: Mapping[str, Any] | None,
) -> Page:
    found: list[Image] = []
    for _ in range(MAX_ROUNDS):
        images, after = page_after(after)
        for image in images:
            if all(image[name] == value for name, value in wanted.items()):
                found.append(image)
            if len(found) == limit:
                key = {name: s(image[name]) for name in key_names}
                return found, (None if after is None and image is images[-1] else key)
        if after is None:
            break
    return found, after


def _days(
    table: str,
    range_name: str,
    business_date: str,
    between: tuple[str, str] | None = None,
    *,
    is_newest_first: bool = False,
    limit: int | None = None,
    after: Mapping[str, Any] | None = None,
) -> Iterator[Page]:
    """Pages of `limit` rows (else PAGE) of a date, or of what lies between two keys of it, both included.

    Each comes with the key to go on after.
    """
    condition, names, values = "#business_date = :date", {"#business_date": STAFF_KEY}, {":date": s(business_date)}
    if between is not None:
        condition += " AND #range BETWEEN :first AND :last"
        names["#range"] = range_name
        values |= {":first": s(between[0]), ":last": s(between[1])}
    while True:
        start: dict[str, Any] = {"ExclusiveStartKey": dict(after)} if after else {}
        answer = aws.dynamodb().query(
            TableName=table,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ScanIndexForward=not is_newest_first,
            ConsistentRead=True,
            Limit=PAGE if limit is None else limit,
            **start,
        )
        after = answer.get("LastEvaluatedKey")
        yield [to_image(item) for item in answer["Items"]], after
        if after is None:
            return


def _query(customer_id: str, first: str, last: str, limit: int, after: Mapping[str, Any] | None) -> Page:
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
