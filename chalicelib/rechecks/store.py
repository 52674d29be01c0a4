"""RechecksTable: samples by business date, and the marks on each; rows are added and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from chalicelib.platform import aws, ids, settings
from chalicelib.platform.dynamo import Image, ItemPut, s, to_image, to_raw
from chalicelib.rechecks.domain import Mark, Sample

# A page holds some hundreds of samples, or thousands of marks.
MAX_PAGES = 10


def sample_put(sample: Sample) -> ItemPut:
    """A new sample, as a part of the write that draws it."""
    key = {"book": sample.business_date, "line": sample.sample_id}
    return ItemPut(settings.table("rechecks"), "book", to_raw({**asdict(sample), **key}))


def mark_put(mark: Mark) -> ItemPut:
    """A new mark; the same one by the same person is one row, however often it is sent."""
    line = f"{mark.entry_id}#{ids.derived_id(mark.by, mark.result, mark.remark)}"
    key = {"book": mark.sample_id, "line": line}
    return ItemPut(settings.table("rechecks"), "book", to_raw({**asdict(mark), **key}))


def sample(business_date: str, sample_id: str) -> Sample | None:
    """A sample, or None."""
    answer = aws.dynamodb().get_item(
        TableName=settings.table("rechecks"),
        Key={"book": s(business_date), "line": s(sample_id)},
        ConsistentRead=True,
    )
    return Sample.from_image(to_image(answer["Item"])) if "Item" in answer else None


def samples_of(business_date: str) -> list[Sample]:
    """All samples of a business date, oldest first."""
    return sorted(map(Sample.from_image, _rows(business_date)), key=lambda one: one.drawn_at)


def marks_on(sample_id: str) -> list[Mark]:
    """All marks on a sample, oldest first."""
    return sorted(map(Mark.from_image, _rows(sample_id)), key=lambda mark: mark.at)


def _rows(book: str) -> Iterator[Image]:
    start: dict[str, Any] = {}
    for _ in range(MAX_PAGES):
        answer = aws.dynamodb().query(
            TableName=settings.table("rechecks"),
            KeyConditionExpression="#book = :recheck_book",
            ExpressionAttributeNames={"#book": "book"},
            ExpressionAttributeValues={":recheck_book": s(book)},
            ConsistentRead=True,
            **start,
        )
        yield from (to_image(item) for item in answer["Items"])
        if "LastEvaluatedKey" not in answer:
            return
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    raise AssertionError(f"over {MAX_PAGES} pages of samples or marks")
