"""BatchesTable: a head, a row a line, and what confirmed them, under the batch's id.

Lines end one by one, the head when all have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chalicelib.batches.domain import PAID, REFUSED, Batch, Evidence, Line, line_of, open_rule, stored
from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, Rule, n, s, to_image, to_raw
from chalicelib.platform.errors import NotFound, Refusal

KEY, PLACE, LISTED = "batch_id", "place", "listed"
HEAD, EVIDENCE = "head", "evidence"
WAITING = "Waiting"
OF_CUSTOMER = reading.Listing("ByCustomer", "customer_id", LISTED, KEY, {PLACE: s(HEAD)})
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
    image = reading.item(settings.table("batches"), _key(batch_id, EVIDENCE))
    if image is None:
        return None
    return Evidence(**{name: image[name] for name in Evidence.__dataclass_fields__})


def page(customer_id: str, limit: int, cursor: str | None) -> tuple[list[Batch], str | None]:
    """At most `limit` of a customer's batches, newest first; the next page's cursor, None at the end.

    One that was just confirmed, or has just ended, may be missing or unfinished there for a moment.
    """
    heads, following = OF_CUSTOMER.page(settings.table("batches"), customer_id, limit, cursor)
    return [Batch.from_image(head) for head in heads], following


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
