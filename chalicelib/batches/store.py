"""BatchesTable: a head, a row a line, and what confirmed them, under the batch's id.

Lines end one by one, the head when all have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.batches.domain import PAID, REFUSED, Batch, Evidence, Line, line_of, open_rule, stored
from chalicelib.platform import aws, settings
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, Rule, n, s, to_image, to_raw
from chalicelib.platform.errors import NotFound, Refusal

KEY, PLACE, LISTED = "batch_id", "place", "listed"
HEAD, EVIDENCE = "head", "evidence"
OF_CUSTOMER, WAITING = "ByCustomer", "Waiting"
# Under what the heads that have not ended stand together; a head that has stands there no more.
_YES = "yes"
_DIGITS = 4


def puts_of(batch: Batch, lines: Sequence[Line], evidence: Evidence) -> list[ItemPut]:
    """The puts of a new batch: its head, which its customer's list has, its lines, and what confirmed them."""
    rows = [
        {**stored(batch), PLACE: HEAD, LISTED: f"{batch.created_at}#{batch.batch_id}", "waiting": _YES},
        {**stored(evidence), PLACE: EVIDENCE},
        *({**stored(line), PLACE: _place(line.number)} for line in lines),
    ]
    return [ItemPut(settings.table("batches"), KEY, to_raw({**row, KEY: batch.batch_id})) for row in rows]


def paid_update(batch_id: str, number: int, entry_id: str, at: str) -> ItemUpdate:
    """The line's end as a part of the payment's own write. Raises BatchLineEnded when it has ended."""
    update = _line_update(batch_id, number)
    return update.set("#state = :paid, #entry_id = :entry, #ended_at = :at", paid=s(PAID), entry=s(entry_id), at=s(at))


def refused_update(batch_id: str, number: int, refusal: Refusal, at: str) -> ItemUpdate:
    """The line's end where it cannot be paid, with why. Raises BatchLineEnded when it has ended."""
    update = _line_update(batch_id, number)
    return update.set(
        "#state = :refused, #code = :code, #zh = :zh, #en = :en, #ended_at = :at",
        refused=s(REFUSED),
        code=s(refusal.code),
        zh=s(refusal.text("zh")),
        en=s(refusal.text("en")),
        at=s(at),
    )


def ended_update(batch_id: str, paid: int, refused: int, at: str) -> ItemUpdate:
    """The head's end, once; `paid` and `refused` are how its lines ended."""
    update = ItemUpdate(settings.table("batches"), _key(batch_id, HEAD), missing=NotFound)
    update.require(not_ended_rule()).remove("waiting")
    return update.set("#paid = :paid, #refused = :refused, #ended_at = :at", paid=n(paid), refused=n(refused), at=s(at))


def not_ended_rule() -> Rule:
    """The batch is not noted as ended; where it is, somebody else was quicker and nothing is lost."""
    return Rule("attribute_not_exists(#ended_at)", {}, lambda image: "ended_at" not in image, None)


def read(batch_id: str) -> tuple[Batch, list[Line]] | None:
    """A batch and its lines in their order, as they are now (consistent), or None. One query: they are MAX_LINES."""
    answer = aws.dynamodb().query(
        TableName=settings.table("batches"),
        KeyConditionExpression="#batch_id = :batch",
        ExpressionAttributeNames={"#batch_id": KEY},
        ExpressionAttributeValues={":batch": s(batch_id)},
        ConsistentRead=True,
    )
    rows = {image[PLACE]: image for image in map(to_image, answer["Items"])}
    if HEAD not in rows:
        return None
    places = sorted(rows.keys() - {HEAD, EVIDENCE})
    return Batch.from_image(rows[HEAD]), [line_of(rows[place]) for place in places]


def evidence_of(batch_id: str) -> Evidence | None:
    """What confirmed a batch, or None."""
    answer = aws.dynamodb().get_item(
        TableName=settings.table("batches"), Key=_key(batch_id, EVIDENCE), ConsistentRead=True
    )
    if "Item" not in answer:
        return None
    image = to_image(answer["Item"])
    return Evidence(**{name: image[name] for name in Evidence.__dataclass_fields__})


def page(customer_id: str, limit: int, after: Mapping[str, Any] | None) -> tuple[list[Batch], Mapping[str, Any] | None]:
    """At most `limit` of a customer's batches, newest first; the key to go on after, None at the end.

    One that was just confirmed, or has just ended, may be missing or unfinished there for a moment.
    """
    start: dict[str, Any] = {}
    if after is not None:
        # A position in a list is also the table's own key.
        batch_id = after[LISTED]["S"].rpartition("#")[2]
        start["ExclusiveStartKey"] = {**after, **_key(batch_id, HEAD)}
    answer = aws.dynamodb().query(
        TableName=settings.table("batches"),
        IndexName=OF_CUSTOMER,
        KeyConditionExpression="#customer_id = :customer",
        ExpressionAttributeNames={"#customer_id": "customer_id"},
        ExpressionAttributeValues={":customer": s(customer_id)},
        ScanIndexForward=False,
        Limit=limit,
        **start,
    )
    last = answer.get("LastEvaluatedKey")
    heads = [Batch.from_image(to_image(item)) for item in answer["Items"]]
    return heads, {name: last[name] for name in ("customer_id", LISTED)} if last else None


def waiting_before(at: str, most: int) -> list[str]:
    """Ids of batches made before `at` that have not ended, oldest first, `most` at most; one may just have ended."""
    answer = aws.dynamodb().query(
        TableName=settings.table("batches"),
        IndexName=WAITING,
        KeyConditionExpression="#waiting = :yes AND #created_at < :at",
        ExpressionAttributeNames={"#waiting": "waiting", "#created_at": "created_at"},
        ExpressionAttributeValues={":yes": s(_YES), ":at": s(at)},
        Limit=most,
    )
    return [to_image(item)[KEY] for item in answer["Items"]]


def _line_update(batch_id: str, number: int) -> ItemUpdate:
    update = ItemUpdate(settings.table("batches"), _key(batch_id, _place(number)), missing=NotFound)
    return update.require(open_rule())


def _place(number: int) -> str:
    return f"{number:0{_DIGITS}d}"


def _key(batch_id: str, place: str) -> dict[str, Any]:
    return {KEY: s(batch_id), PLACE: s(place)}
