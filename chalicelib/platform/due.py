"""Rows by which work is found once its time has come: each is written with what waits, and its key is its time.

A table's rows are in eight parts, so that no one of them takes the writes of all that waits. A part's rows have the
order of time: to find what is due costs by what is due, however much waits. A row may outlive what it is for.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TypeVar

from chalicelib.platform import aws, reading
from chalicelib.platform.dynamo import ItemPut, s, to_raw

PARTS = 8
# Sorts after every id that follows a time.
_AFTER_TIME = "~"


@dataclass(frozen=True, slots=True)
class Due:
    """The key of a row; what else it says is its context's own."""

    part: str
    due: str

    @property
    def key(self) -> dict[str, dict[str, str]]:
        """The row's key, raw."""
        return {"part": s(self.part), "due": s(self.due)}


R = TypeVar("R", bound=Due)


def place_of(id_: str, at: str) -> tuple[str, str]:
    """`part` and `due` of what has the id and is due `at` a time (as text)."""
    return str(zlib.crc32(id_.encode()) % PARTS), f"{at}#{id_}"


def put_of(table: str, row: Due) -> ItemPut:
    """The put of a new row, as a part of the write that makes it wait."""
    return ItemPut(table, "part", to_raw(asdict(row)))


def pages(table: str, kind: type[R], until: str, rows_a_page: int, pages_a_part: int) -> Iterator[list[R]]:
    """What is due `until` a time (as text), it included, the oldest of each part first, a page in memory at a time."""
    for part in range(PARTS):
        found = reading.pages(
            aws.dynamodb().query,
            TableName=table,
            KeyConditionExpression="#part = :part AND #due <= :until",
            ExpressionAttributeNames={"#part": "part", "#due": "due"},
            ExpressionAttributeValues={":part": s(str(part)), ":until": s(until + _AFTER_TIME)},
            ConsistentRead=True,
            Limit=rows_a_page,
        )
        for page in islice(found, pages_a_part):
            yield [kind(**row) for row in page]


def oldest(table: str, kind: type[R], until: str, most_a_part: int) -> Iterator[R]:
    """The same by one query a part: at most so many rows of each."""
    for rows in pages(table, kind, until, most_a_part, 1):
        yield from rows


def drop(table: str, row: Due) -> None:
    """Take a row away; one that is gone stays so."""
    aws.dynamodb().delete_item(TableName=table, Key=row.key)
