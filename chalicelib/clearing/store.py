"""ClearingPaymentsTable: an item a payment, by business date; ClearingOpenTable: those that have no end yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.clearing.domain import DUE, SENT, Answer, state_rule
from chalicelib.platform import aws, due, reading, settings, updates
from chalicelib.platform.due import Due
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, s, to_raw
from chalicelib.platform.errors import NotFound

MAX_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Open(Due):
    """The row by which a payment without an end is found; it may outlive the end."""

    business_date: str
    entry_id: str


def take_on(image: Image, ask_at: str) -> None:
    """The rows of a posted payment, if they are not there; found by its open row from before the payment's own is."""
    put_open(image["entry_id"], image["business_date"], ask_at)
    row = {
        "business_date": image["business_date"],
        "entry_id": image["entry_id"],
        "state": DUE,
        "amount_fen": image["amount_fen"],
    }
    updates.put(ItemPut(settings.table("clearing_payments"), "entry_id", to_raw(row)))


def put_open(entry_id: str, business_date: str, ask_at: str) -> None:
    """A payment is to be asked for at `ask_at`; the same row again is harmless."""
    row = Open(*due.place_of(entry_id, ask_at), business_date, entry_id)
    updates.put(due.put_of(settings.table("clearing_open"), row))


def drop_open(row: Open) -> None:
    """Take a row away; one that is gone stays so."""
    due.drop(settings.table("clearing_open"), row)


def open_until(now_text: str, most_a_part: int) -> Iterator[Open]:
    """Rows to be asked for by `now_text`, the oldest of each part first: one query a part, however many have ended."""
    return due.oldest(settings.table("clearing_open"), Open, now_text, most_a_part)


def read(business_date: str, entry_id: str) -> Image | None:
    """A payment as it is now, or None."""
    return reading.item(settings.table("clearing_payments"), _key(business_date, entry_id))


def payments_of(business_date: str) -> Iterator[Image]:
    """All payments of a business date, a page in memory at a time."""
    return reading.rows(
        aws.dynamodb().query,
        MAX_PAGES,
        TableName=settings.table("clearing_payments"),
        KeyConditionExpression="#date = :date",
        ExpressionAttributeNames={"#date": "business_date"},
        ExpressionAttributeValues={":date": s(business_date)},
        ConsistentRead=True,
    )


def claim_update(business_date: str, entry_id: str, network: str, sent_at: str) -> ItemUpdate:
    """due -> sent by that network: whoever writes this sends it, nobody else."""
    update = _update(business_date, entry_id).require(state_rule(DUE))
    return update.set(
        "#state = :sent, #network = :network, #sent_at = :sent_at", sent=s(SENT), network=s(network), sent_at=s(sent_at)
    )


def end_update(business_date: str, entry_id: str, answer: Answer, ended_at: str) -> ItemUpdate:
    """sent -> settled or returned, once."""
    update = _update(business_date, entry_id).require(state_rule(SENT))
    return update.set(
        "#state = :after, #reason = :reason, #ended_at = :ended_at",
        after=s(answer.outcome),
        reason=s(answer.reason),
        ended_at=s(ended_at),
    )


def difference_update(business_date: str, entry_id: str, answer: Answer) -> ItemUpdate:
    """Keep what contradicts the payment's end, for the day's list; it is not applied."""
    return _update(business_date, entry_id).set("#contradicted = :answer", answer=s(answer.text))


def _update(business_date: str, entry_id: str) -> ItemUpdate:
    return ItemUpdate(settings.table("clearing_payments"), _key(business_date, entry_id), missing=NotFound)


def _key(business_date: str, entry_id: str) -> dict[str, dict[str, str]]:
    return {"business_date": s(business_date), "entry_id": s(entry_id)}
