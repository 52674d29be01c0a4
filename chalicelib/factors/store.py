"""FactorsTable: what each customer can confirm with. A row's change of state goes with the customer's record.

FactorRemindersTable: what its owner is to be reminded of, by the end of the factor, so that what is due is found
without looking at what is not (NB-5.3.4).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from pynamodb.attributes import BinaryAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist

from chalicelib.factors.domain import LOST, STAGES, factor_of
from chalicelib.factors.errors import FactorStateUnfit, KeyCertifiedAlready
from chalicelib.platform import aws, clock, settings
from chalicelib.platform.dynamo import Image, Item, ItemPut, ItemUpdate, Rule, s, to_image, to_raw
from chalicelib.platform.errors import NotFound

MAX_FACTORS = 50
# What wrote a factor's first reminders.
ISSUING = "issuing"


class FactorItem(Item):
    """Times are text as `clock.to_text` writes them; `method` as in the domain; `serial` of the token or certificate.

    `seed` and `private_key` are encrypted by KMS; `certificate` is DER and `authority` names the row of who issued it.
    `device_serial` is a USB key's number, `device_id` the bound phone in which a phone's certificate was downloaded.
    The private key is a cloud certificate's, as are `pin_hash`, `pin_tries`, counted since the last right PIN, and
    `pin_at`, when the last try was claimed. `told_…` is when the owner was reminded. `lost_until` is when a loss last
    ended, by being lifted or by the factor's end: what was confirmed before stays void.
    `holder` is a place's: a row whose `factor_id` is a method, and which says who has it (`take_place`).
    """

    class Meta:
        logical_name = "factors"

    customer_id = UnicodeAttribute(hash_key=True)
    factor_id = UnicodeAttribute(range_key=True)
    method = UnicodeAttribute()
    state = UnicodeAttribute()
    valid_from = UnicodeAttribute()
    valid_until = UnicodeAttribute(null=True)
    ended_at = UnicodeAttribute(null=True)
    lost_until = UnicodeAttribute(null=True)
    serial = UnicodeAttribute(null=True)
    seed = BinaryAttribute(legacy_encoding=False, null=True)
    private_key = BinaryAttribute(legacy_encoding=False, null=True)
    pin_hash = UnicodeAttribute(null=True)
    pin_tries = NumberAttribute(null=True)
    pin_at = UnicodeAttribute(null=True)
    certificate = BinaryAttribute(legacy_encoding=False, null=True)
    authority = UnicodeAttribute(null=True)
    device_serial = UnicodeAttribute(null=True)
    device_id = UnicodeAttribute(null=True)
    attempt = NumberAttribute(null=True)
    tries = NumberAttribute(null=True)
    code_until = UnicodeAttribute(null=True)
    told_opening = UnicodeAttribute(null=True)
    told_ended = UnicodeAttribute(null=True)
    holder = UnicodeAttribute(null=True)


def get(customer_id: str, factor_id: str) -> FactorItem | None:
    """One row as it is now, or None."""
    try:
        return FactorItem.get(customer_id, factor_id, consistent_read=True)
    except DoesNotExist:
        return None


def of_customer(customer_id: str) -> list[FactorItem]:
    """All of a customer's rows, ended ones included."""
    return list(FactorItem.query(customer_id, limit=MAX_FACTORS, consistent_read=True))


def put_of(row: Image) -> ItemPut:
    """The put of a new row, alone or as a part of a transaction."""
    return ItemPut(settings.table("factors"), "customer_id", to_raw(row))


def key_put(key: bytes, customer_id: str, factor_id: str) -> ItemPut:
    """Claim a public key (compressed point) for its one certificate: KeyCertifiedAlready when it has had one.

    The row stands by itself: no customer's id has a hyphen.
    """
    row = {
        "customer_id": f"key-{hashlib.sha256(key).hexdigest()}",
        "factor_id": "key",
        "certified_for": f"{customer_id}/{factor_id}",
    }
    return ItemPut(settings.table("factors"), "customer_id", to_raw(row), taken=KeyCertifiedAlready)


def _place_of(customer_id: str) -> str:
    """Under which key the customer's places are: by themselves, as no customer's id has a hyphen."""
    return f"place-{customer_id}"


def place_holder(customer_id: str, method: str) -> str | None:
    """Which factor is, or was last, the customer's one of that method; None where none has taken the place yet."""
    row = get(_place_of(customer_id), method)
    return row.holder if row is not None else None


def place_put(customer_id: str, method: str, factor_id: str) -> ItemPut:
    """The first factor of a method takes its place."""
    row = {"customer_id": _place_of(customer_id), "factor_id": method, "holder": factor_id}
    return ItemPut(settings.table("factors"), "customer_id", to_raw(row))


def place_update(customer_id: str, method: str) -> ItemUpdate:
    """A conditional update of who has the place."""
    return update_of(_place_of(customer_id), method)


def place_rule(holder: str) -> Rule:
    """The place is still that factor's; where it is not, who asked reads anew."""
    return Rule(
        "#holder = :place_holder",
        {":place_holder": s(holder)},
        lambda image: bool(image.get("holder") == holder),
        None,
    )


def update_of(customer_id: str, factor_id: str) -> ItemUpdate:
    """A conditional update of one row."""
    key = {"customer_id": s(customer_id), "factor_id": s(factor_id)}
    return ItemUpdate(settings.table("factors"), key, missing=NotFound)


def end_loss(update: ItemUpdate, row: FactorItem, now: dt.datetime) -> ItemUpdate:
    """Keep with a change of the row's state, if that is `lost`, that a loss has ended now."""
    if row.state != LOST:
        return update
    return update.set("#lost_until = :lost_until", lost_until=s(clock.to_text(now)))


def state_rule(*states: str) -> Rule:
    """The row is in one of these states."""
    names = [f":state_{state}" for state in states]
    return Rule(
        f"#state IN ({', '.join(names)})",
        {name: s(state) for name, state in zip(names, states, strict=True)},
        lambda image: bool(image["state"] in states),
        lambda image: FactorStateUnfit(state=image["state"]),
    )


@dataclass(frozen=True, slots=True)
class Reminder:
    """One thing of which a factor's owner is to be reminded; the row goes once it has been asked for.

    `due` is the factor's end, whose factor it is, and what wrote the row: a loss that is lifted writes new rows beside
    those that may still be there.
    """

    part: str
    due: str
    customer_id: str
    factor_id: str
    stage: str


def part_of(kind: str, stage: str) -> str:
    """Rows of tokens and of certificates lie apart, as each has its own number of months."""
    return f"{stage}#{kind}"


def reminder_puts(
    customer_id: str, factor_id: str, method: str, valid_until: dt.datetime, written_by: str = ISSUING
) -> list[ItemPut]:
    """The reminders of a factor, as parts of the write that makes it active."""
    due = f"{clock.to_text(valid_until)}#{customer_id}#{factor_id}#{written_by}"
    return [
        ItemPut(
            settings.table("factor_reminders"),
            "part",
            to_raw(
                {
                    "part": part_of(factor_of(method), stage),
                    "due": due,
                    "customer_id": customer_id,
                    "factor_id": factor_id,
                    "stage": stage,
                }
            ),
        )
        for stage in STAGES
    ]


def put_reminder(put: ItemPut) -> bool:
    """Write one by itself; False when it is there."""
    try:
        aws.dynamodb().put_item(**put.parameters())
    except aws.dynamodb().exceptions.ConditionalCheckFailedException:
        return False
    return True


def due_reminders(kind: str, stage: str, before: dt.datetime, most: int) -> list[Reminder]:
    """Rows of factors that end before a moment, the oldest first."""
    answer = aws.dynamodb().query(
        TableName=settings.table("factor_reminders"),
        KeyConditionExpression="#part = :part AND #due < :before",
        ExpressionAttributeNames={"#part": "part", "#due": "due"},
        ExpressionAttributeValues={":part": s(part_of(kind, stage)), ":before": s(clock.to_text(before))},
        ConsistentRead=True,
        Limit=most,
    )
    return [Reminder(**to_image(item)) for item in answer["Items"]]


def drop_reminder(row: Reminder) -> None:
    """Take a row away; one that is gone stays so."""
    aws.dynamodb().delete_item(
        TableName=settings.table("factor_reminders"), Key={"part": s(row.part), "due": s(row.due)}
    )
