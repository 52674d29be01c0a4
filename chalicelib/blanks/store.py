"""BlanksTable (a row a blank), BlankStepsTable (its history, added to only) and BlankCountsTable (by branch)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chalicelib.blanks.domain import COUNTERS, blank_id
from chalicelib.blanks.errors import BlankNotInStock
from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, n, s, to_image, to_raw
from chalicelib.platform.errors import TryAgain

_READ_AT_ONCE = 100
_MAX_READS = 8
# At most 1 MB each: an operator waits where a function may not.
MAX_PAGES = 100_000


def read(kind: str, serial: str) -> Image | None:
    """One blank as it is now, or None."""
    return reading.item(settings.table("blanks"), {"blank_id": s(blank_id(kind, serial))})


def read_many(kind: str, serials: Sequence[str]) -> dict[str, Image]:
    """Those that are known, by serial number. Raises TryAgain when the engine does not give them all."""
    found: dict[str, Image] = {}
    for start in range(0, len(serials), _READ_AT_ONCE):
        keys = [{"blank_id": s(blank_id(kind, one))} for one in serials[start : start + _READ_AT_ONCE]]
        wanted: Any = {settings.table("blanks"): {"Keys": keys, "ConsistentRead": True}}
        for _ in range(_MAX_READS):
            answer = aws.dynamodb().batch_get_item(RequestItems=wanted)
            for item in answer["Responses"].get(settings.table("blanks"), []):
                image = to_image(item)
                found[image["serial"]] = image
            wanted = answer.get("UnprocessedKeys", {})
            if not wanted:
                break
        else:
            raise TryAgain()
    return found


def blank_put(image: Image) -> ItemPut:
    """A blank that nobody has received before."""
    return ItemPut(settings.table("blanks"), "blank_id", to_raw(image))


def blank_update(kind: str, serial: str) -> ItemUpdate:
    """A conditional update (or mere check) of a blank."""
    key = {"blank_id": s(blank_id(kind, serial))}
    return ItemUpdate(settings.table("blanks"), key, missing=lambda: BlankNotInStock(serial=serial))


def step_put(image: Image) -> ItemPut:
    """A line of a blank's history. There is no update and no delete of one."""
    return ItemPut(settings.table("blank_steps"), "blank_id", to_raw(image))


def steps_of(kind: str, serial: str) -> list[Image]:
    """A blank's history, oldest first: one page, as a blank has a few steps in its life."""
    answer = aws.dynamodb().query(
        TableName=settings.table("blank_steps"),
        KeyConditionExpression="#blank_id = :blank",
        ExpressionAttributeNames={"#blank_id": "blank_id"},
        ExpressionAttributeValues={":blank": s(blank_id(kind, serial))},
        ConsistentRead=True,
    )
    return [to_image(item) for item in answer["Items"]]


def open_counts(branch_id: str, kind: str) -> None:
    """Let a branch count a kind, from nothing, unless it does already."""
    row = {"branch_id": branch_id, "kind": kind, **dict.fromkeys(COUNTERS, 0)}
    put = ItemPut(settings.table("blank_counts"), "branch_id", to_raw(row))
    try:
        aws.dynamodb().put_item(**put.parameters())
    except aws.dynamodb().exceptions.ConditionalCheckFailedException:
        return


def counts_update(branch_id: str, kind: str, changes: Mapping[str, int]) -> ItemUpdate:
    """Add to a branch's counters, in the write of the steps that they count."""
    key = {"branch_id": s(branch_id), "kind": s(kind)}
    update = ItemUpdate(settings.table("blank_counts"), key, missing=TryAgain)
    for name, change in changes.items():
        update.set(f"#{name} = #{name} + :add_{name}", **{f"add_{name}": n(change)})
    return update


def counts_of(branch_id: str) -> list[Image]:
    """A branch's counters, a row a kind."""
    answer = aws.dynamodb().query(
        TableName=settings.table("blank_counts"),
        KeyConditionExpression="#branch_id = :branch",
        ExpressionAttributeNames={"#branch_id": "branch_id"},
        ExpressionAttributeValues={":branch": s(branch_id)},
        ConsistentRead=True,
    )
    return [to_image(item) for item in answer["Items"]]


def all_blanks() -> Iterator[Image]:
    """Every blank, page by page."""
    return _scan(settings.table("blanks"))


def all_steps() -> Iterator[Image]:
    """Every line of every history."""
    return _scan(settings.table("blank_steps"))


def all_counts() -> Iterator[Image]:
    """Every branch's counters."""
    return _scan(settings.table("blank_counts"))


def _scan(table: str) -> Iterator[Image]:
    return reading.rows(aws.dynamodb().scan, MAX_PAGES, TableName=table, ConsistentRead=True)
