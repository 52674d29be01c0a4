"""SessionsTable: a customer's sessions, in order of their beginning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from chalicelib.platform import aws, reading, settings
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate, Rule, n, s, to_image, to_raw
from chalicelib.platform.errors import NotFound

ACTIVE = "active"
ENDED = "ended"
# A page holds thousands of rows; a customer who logs in more often within a day is a machine.
MAX_PAGES = 4
# Time-to-live takes a row a day after the session's end.
KEPT_S = 86_400


@dataclass(frozen=True, slots=True)
class Session:
    """A session's facts; times in epoch seconds. Its id orders by when it began."""

    customer_id: str
    session_id: str
    edition: str
    created_at: int
    renewed_at: int
    access_until: int
    refresh_until: int
    ends_at: int
    refresh_hash: bytes
    device_id: str | None = None


def _session(image: Image) -> Session:
    known: dict[str, Any] = {name: image[name] for name in Session.__dataclass_fields__ if name in image}
    return Session(**known)


def put_of(session: Session) -> ItemPut:
    """A new session's row."""
    row = {name: getattr(session, name) for name in Session.__dataclass_fields__}
    row |= {"state": ACTIVE, "expires_at": session.ends_at + KEPT_S}
    return ItemPut(settings.table("sessions"), "customer_id", to_raw(row))


def _update(customer_id: str, session_id: str) -> ItemUpdate:
    key = {"customer_id": s(customer_id), "session_id": s(session_id)}
    return ItemUpdate(settings.table("sessions"), key, missing=NotFound)


def unchanged_rule(refresh_hash: bytes) -> Rule:
    """The session goes on and its refresh token is this one; a breach means that it was renewed or ended."""
    return Rule(
        "#state = :active AND #refresh_hash = :hash",
        {":active": s(ACTIVE), ":hash": {"B": refresh_hash}},
        lambda image: image["state"] == ACTIVE and image["refresh_hash"] == refresh_hash,
        None,
    )


def in_time_rule(now_epoch_s: int) -> Rule:
    """Neither idle for too long nor past its end."""
    return Rule(
        "#refresh_until > :now AND #ends_at > :now",
        {":now": n(now_epoch_s)},
        lambda image: image["refresh_until"] > now_epoch_s and image["ends_at"] > now_epoch_s,
        None,
    )


def rotate(
    customer_id: str, session_id: str, hashes: tuple[bytes, bytes], now_epoch_s: int, access_s: int, idle_s: int
) -> Session | None:
    """Exchange the refresh token, `hashes` are old and new, once; None unless it is the last one and in time."""
    old_hash, new_hash = hashes
    update = _update(customer_id, session_id).require(unchanged_rule(old_hash), in_time_rule(now_epoch_s))
    update.set("#refresh_hash = :new", new={"B": new_hash}).set("#renewed_at = :now", now=n(now_epoch_s))
    update.set("#refresh_until = :idle", idle=n(now_epoch_s + idle_s))
    update.set("#access_until = :access", access=n(now_epoch_s + access_s))
    try:
        answer = aws.dynamodb().update_item(**update.parameters(), ReturnValues="ALL_NEW")
    except aws.dynamodb().exceptions.ConditionalCheckFailedException:
        return None
    return _session(to_image(answer["Attributes"]))


def end_of(session: Session) -> ItemUpdate:
    """The end of a session that is still as it was read, as a part of a transaction."""
    update = _update(session.customer_id, session.session_id).require(unchanged_rule(session.refresh_hash))
    return update.set("#state = :ended", ended=s(ENDED))


def live(customer_id: str, first: str, now_epoch_s: int) -> list[Session]:
    """The customer's sessions that can still be renewed, oldest first, as they are now.

    `first` is an id before which none can be alive.
    """
    return [_session(image) for image in _live(customer_id, first, now_epoch_s)]


def _live(customer_id: str, first: str, now_epoch_s: int) -> Iterator[Image]:
    found = reading.pages(
        aws.dynamodb().query,
        TableName=settings.table("sessions"),
        KeyConditionExpression="#customer_id = :customer AND #session_id >= :first",
        FilterExpression="#state = :active AND #refresh_until > :now AND #ends_at > :now",
        ExpressionAttributeNames={
            f"#{name}": name for name in ("customer_id", "session_id", "state", "refresh_until", "ends_at")
        },
        ExpressionAttributeValues={
            ":customer": s(customer_id),
            ":first": s(first),
            ":active": s(ACTIVE),
            ":now": n(now_epoch_s),
        },
        ConsistentRead=True,
    )
    return chain.from_iterable(islice(found, MAX_PAGES))
