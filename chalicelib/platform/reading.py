"""Reading from the engine: one item as it is now, all rows of an answer that has pages, and a list page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.platform import aws
from chalicelib.platform.dynamo import Image, decode_cursor, encode_cursor, s, to_image

# A key as the engine has it.
Key = Mapping[str, Any]


class TooManyPages(RuntimeError):
    """There is more than the pages that the reader takes."""


def item(table: str, key: Key) -> Image | None:
    """The item with this key as it is now (consistent), or None."""
    answer = aws.dynamodb().get_item(TableName=table, Key=key, ConsistentRead=True)
    return to_image(answer["Item"]) if "Item" in answer else None


def pages(read: Callable[..., Any], most_pages: int | None = None, **request: Any) -> Iterator[list[Image]]:
    """What a query or scan finds, a page in memory at a time.

    `read` is the client's `query` or `scan`, `request` what it takes. After `most_pages` pages TooManyPages is raised
    where there are more; each is at most 1 MB.
    """
    start: dict[str, Any] = {}
    read_pages = 0
    while most_pages is None or read_pages < most_pages:
        answer = read(**request, **start)
        yield [to_image(found) for found in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        read_pages += 1
    raise TooManyPages(f"over {most_pages} pages of {request['TableName']}")


def rows(read: Callable[..., Any], most_pages: int | None = None, **request: Any) -> Iterator[Image]:
    """The same row by row."""
    for page in pages(read, most_pages, **request):
        yield from page


@dataclass(frozen=True, slots=True)
class Listing:
    """An index whose rows are listed in order of a sort key that ends in the row's own key: `<time>#<key>`.

    A place in the list is the index's two keys: the table's own key follows from the second, so a cursor says no more
    than what its list and its place are.
    """

    index: str
    hash_name: str
    range_name: str
    key: str
    # What else the key of the row's table has, the same in every row.
    more_key: Key = field(default_factory=dict)

    def page(
        self, table: str, value: str, limit: int, cursor: str | None, *, newest_first: bool = True, begins: str = ""
    ) -> tuple[list[Image], str | None]:
        """At most `limit` rows of a table's list `value` whose sort key begins so; the next page's cursor, None at the
        end. Raises CursorMalformed for a cursor of another list.
        """
        names, values = {"#list": self.hash_name}, {":list": s(value)}
        condition = "#list = :list"
        if begins:
            condition += " AND begins_with(#listed, :begins)"
            names["#listed"], values[":begins"] = self.range_name, s(begins)
        start: dict[str, Any] = {}
        after = decode_cursor(cursor, self.hash_name, value, self.range_name)
        if after is not None:
            own = {self.key: s(after[self.range_name]["S"].rpartition("#")[2])}
            start["ExclusiveStartKey"] = {**after, **own, **self.more_key}
        answer = aws.dynamodb().query(
            TableName=table,
            IndexName=self.index,
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ScanIndexForward=not newest_first,
            Limit=limit,
            **start,
        )
        last = answer.get("LastEvaluatedKey")
        place = {name: last[name] for name in (self.hash_name, self.range_name)} if last else None
        return [to_image(found) for found in answer["Items"]], encode_cursor(place)
