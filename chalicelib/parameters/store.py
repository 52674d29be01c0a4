"""ParametersTable: one row a parameter that was changed. ParameterHistoryTable: every change, only added to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.parameters.domain import Row, Version, scheduled_maps
from chalicelib.parameters.shapes import Value
from chalicelib.platform import aws, clock, reading, settings
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, Rule, n, s, to_image, to_raw
from chalicelib.platform.errors import NotFound

MAX_PARAMETERS = 500
KEY, HISTORY_RANGE = "name", "changed"


def rows() -> dict[str, Row]:
    """All rows, as they are now; one page, as the table holds at most a few hundred short rows."""
    answer = aws.dynamodb().scan(TableName=settings.table("parameters"), Limit=MAX_PARAMETERS, ConsistentRead=True)
    return {image[KEY]: _row(image) for image in map(to_image, answer["Items"])}


def row(name: str) -> Row | None:
    """One row as it is now, or None."""
    image = reading.item(settings.table("parameters"), {KEY: s(name)})
    return _row(image) if image is not None else None


def _row(image: Image) -> Row:
    scheduled = tuple(Version(one["value"], clock.from_text(one["since"])) for one in image.get("scheduled", []))
    return Row(image.get("value"), image.get("revision", 0), scheduled)


def change(name: str, seen: Row | None, after: Row) -> ItemPut | ItemUpdate:
    """The write of a change that was planned on `seen`: whoever changed the parameter meanwhile makes it fail."""
    if seen is None:
        return ItemPut(settings.table("parameters"), KEY, _raw(name, after))
    update = ItemUpdate(settings.table("parameters"), {KEY: s(name)}, missing=NotFound).require(
        revision_rule(seen.revision)
    )
    scheduled = _raw_value(scheduled_maps(after.scheduled))
    update.set("#revision = :revision, #scheduled = :scheduled", revision=n(after.revision), scheduled=scheduled)
    return (
        update.remove("value") if after.value is None else update.set("#value = :value", value=_raw_value(after.value))
    )


def revision_rule(revision: int) -> Rule:
    """Nobody has changed the parameter since it was read; a row without revision was written before there were any."""
    if revision == 0:
        return Rule("attribute_not_exists(#revision)", {}, lambda image: "revision" not in image, None)
    return Rule(
        "#revision = :seen", {":seen": n(revision)}, lambda image: bool(image.get("revision") == revision), None
    )


def put(name: str, value: Value) -> None:
    """Put a row as it never was before, whatever it held: for a bank that is being made."""
    aws.dynamodb().put_item(TableName=settings.table("parameters"), Item=_raw(name, Row(value)))


def _raw(name: str, after: Row) -> dict[str, Any]:
    facts: dict[str, object] = {KEY: name, "value": after.value}
    if after.revision:
        facts |= {"revision": after.revision, "scheduled": scheduled_maps(after.scheduled)}
    return to_raw(facts)


def _raw_value(value: object) -> Mapping[str, Any]:
    raw: Mapping[str, Any] = to_raw({"value": value})["value"]
    return raw


def history_put(change_: Mapping[str, Any]) -> ItemPut:
    """The row of one change, as a part of the write that makes it."""
    return ItemPut(settings.table("parameter_history"), KEY, to_raw(change_))


def history(name: str, limit: int, after: Mapping[str, Any] | None) -> tuple[list[Image], Mapping[str, Any] | None]:
    """Changes of a parameter, newest first, and the key to go on after; None at the end."""
    start: dict[str, Any] = {"ExclusiveStartKey": dict(after)} if after else {}
    answer = aws.dynamodb().query(
        TableName=settings.table("parameter_history"),
        KeyConditionExpression="#name = :name",
        ExpressionAttributeNames={"#name": KEY},
        ExpressionAttributeValues={":name": s(name)},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=limit,
        **start,
    )
    return [to_image(item) for item in answer["Items"]], answer.get("LastEvaluatedKey")
