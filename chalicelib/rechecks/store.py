"""RechecksTable: samples by business date, and the marks on each; rows are added and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from chalicelib.platform import aws, ids, reading, settings
from chalicelib.platform.dynamo import Image, ItemPut, s, to_raw
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
    image = reading.item(settings.table("rechecks"), {"book": s(business_date), "line": s(sample_id)})
    return Sample.from_image(image) if image is not None else None


def samples_of(business_date: str) -> list[Sample]:
    """All samples of a business date, oldest first."""
    return sorted(map(Sample.from_image, _rows(business_date)), key=lambda one: one.drawn_at)


def marks_on(sample_id: str) -> list[Mark]:
    """All marks on a sample, oldest first."""
    return sorted(map(Mark.from_image, _rows(sample_id)), key=lambda mark: mark.at)


def _rows(book: str) -> Iterator[Image]:
    return reading.rows(
        aws.dynamodb().query,
        MAX_PAGES,
        TableName=settings.table("rechecks"),
        KeyConditionExpression="#book = :recheck_book",
        ExpressionAttributeNames={"#book": "book"},
        ExpressionAttributeValues={":recheck_book": s(book)},
        ConsistentRead=True,
    )
