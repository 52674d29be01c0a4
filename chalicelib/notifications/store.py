"""InboxTable: one row a notification, which is also the claim that each channel was served.

InboxHeadsTable: a row a customer, `states.Head`. It moves in the write that puts a notification, so that numbers have
no gap and "unread" is a difference.
SmsCountsTable: a row a customer and business date, and one a date for the bank, with how many SMS were sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError

from chalicelib.notifications.states import Head
from chalicelib.platform import aws, ids, reading, settings, updates
from chalicelib.platform.dynamo import (
    Image,
    Item,
    ItemPut,
    ItemUpdate,
    Rule,
    is_refused,
    n,
    s,
    to_image,
    to_raw,
)
from chalicelib.platform.errors import NotFound, TryAgain

CLAIMED, SENT, REFUSED = "claimed", "sent", "refused"
# There had been as many SMS to the customer, or of the bank, as there may be on a day.
CAPPED = "capped"
# Failed time after time, and another channel took its place.
FAILED = "failed"
# Whose SMS are counted together, beside each customer's own.
BANK = "bank"
# How often another may have moved the same head in the moment between reading and writing.
_QUICKER = 10


class InboxItem(Item):
    class Meta:
        logical_name = "inbox"

    customer_id = UnicodeAttribute(hash_key=True)
    notification_id = UnicodeAttribute(range_key=True)
    # In the order of arrival; absent from before there were numbers.
    number = NumberAttribute(null=True)
    kind = UnicodeAttribute()
    text = UnicodeAttribute()
    # In English, where there is one; SMS and push speak Chinese.
    text_en = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    account_id = UnicodeAttribute(null=True)
    entry_id = UnicodeAttribute(null=True)
    sms = UnicodeAttribute(null=True)
    push = UnicodeAttribute(null=True)
    wechat = UnicodeAttribute(null=True)
    email = UnicodeAttribute(null=True)
    # By which channels it is told, as was chosen when it arrived; absent from before there was a choice.
    channels: ListAttribute[str] = ListAttribute(null=True)
    # Each channel that failed for now, once a time.
    failures: ListAttribute[str] = ListAttribute(null=True)


def put_once(item: InboxItem, plan: Callable[[Head], Sequence[str]] = lambda _: ()) -> tuple[Head, Image]:
    """Write the row unless it is there, with the next number of its inbox and the channels that are planned for it; the
    head, and the row as it is then: a row that is there keeps its plan, whatever was chosen since.

    Raises TryAgain when others told the same customer all along, or the engine is busy; OutcomeUnknown.
    """

    def attempt() -> tuple[Head, Image]:
        before = head_of(item.customer_id)
        head = before.with_arrival()
        row = {**item.attribute_values, "number": head.arrived, "channels": list(plan(head))}
        put = ItemPut(settings.table("inbox"), "notification_id", to_raw(row))
        try:
            updates.once([put, head_write(before, head)])
        except updates.TogetherRefused as refused:
            there = refused.reasons[0].get("Item")
            if there:
                return before, to_image(there)
            raise updates.Overtaken from None
        return head, row

    return updates.replanned(attempt)


def head_of(customer_id: str) -> Head:
    """The head of a customer's inbox as it is now; a new one where there is none."""
    image = reading.item(settings.table("inbox_heads"), {"customer_id": s(customer_id)})
    return Head(customer_id) if image is None else Head.from_image(image)


def move_head(customer_id: str, move: Callable[[Head], Head], *others: ItemPut | ItemUpdate) -> Head:
    """Make of an inbox's head what `move` makes of it, with the other writes in one; the head then. Where that is the
    same nothing is written.

    Raises what `move` and the others' rules raise; TryAgain where others were quicker all along, or the engine is busy;
    OutcomeUnknown.
    """
    for _ in range(_QUICKER):
        before = head_of(customer_id)
        after = move(before)
        if after is before:
            return before
        try:
            updates.run_together([head_write(before, after), *others])
        except updates.Overtaken:
            continue
        return after
    raise TryAgain()


def head_write(before: Head, after: Head) -> ItemPut | ItemUpdate:
    """What makes one head of the other, as a part of a write; it does not hold once the head has moved on."""
    if before.revision == 0:
        return ItemPut(settings.table("inbox_heads"), "customer_id", _raw(after))
    key = {"customer_id": s(before.customer_id)}
    update = ItemUpdate(settings.table("inbox_heads"), key, missing=NotFound)
    return update.become(_raw(before), _raw(after)).require(as_read_rule(before.revision))


def as_read_rule(revision: int) -> Rule:
    """The head has not moved since; that it has is nobody's fault."""
    return Rule(
        "#revision = :before", {":before": n(revision)}, lambda image: bool(image["revision"] == revision), None
    )


def _raw(head: Head) -> dict[str, Any]:
    return to_raw(
        {
            "customer_id": head.customer_id,
            "revision": head.revision,
            "arrived": head.arrived,
            "read_to": head.read_to,
            "read": set(head.read) or None,
            "settings": head.settings.to_image(),
            "addresses": {channel: {"to": one.to, "at": one.at} for channel, one in head.addresses.items()},
        }
    )


def _key_of(customer_id: str) -> dict[str, Any]:
    return {"TableName": settings.table("inbox_heads"), "Key": {"customer_id": s(customer_id)}}


def claim(customer_id: str, notification_id: str, channel: str) -> bool:
    """Take the right to send on a channel; False when it was taken before."""
    attribute = getattr(InboxItem, channel)
    try:
        InboxItem(customer_id, notification_id).update(
            actions=[attribute.set(CLAIMED)],
            condition=InboxItem.notification_id.exists() & attribute.does_not_exist(),
        )
    except UpdateError as error:
        if not is_refused(error):
            raise
        return False
    return True


def settle(customer_id: str, notification_id: str, channel: str, outcome: str | None) -> None:
    """Note what became of a claim; None gives it back, for another try, and counts that it failed."""
    attribute, failures = getattr(InboxItem, channel), InboxItem.failures
    actions = [attribute.set(outcome)]
    if outcome is None:
        actions = [attribute.remove(), failures.set((failures | []).append([channel]))]
    InboxItem(customer_id, notification_id).update(actions=actions)


def movement_id(posted_at: str, entry_id: str, posting: int) -> str:
    return f"{posted_at}#{ids.derived_id('movement', entry_id, str(posting))}"


def count_of(keys: Sequence[tuple[str, str]]) -> int:
    """How many rows there are of at most 100 (customer, notification)."""
    rows = InboxItem.batch_get(keys, consistent_read=True, attributes_to_get=["customer_id", "notification_id"])
    return sum(1 for _ in rows)


def page(
    customer_id: str, limit: int, after: Mapping[str, Any] | None
) -> tuple[list[InboxItem], Mapping[str, Any] | None]:
    """One page, newest first."""
    rows = InboxItem.query(
        customer_id,
        scan_index_forward=False,
        limit=limit,
        page_size=limit,
        # With the head, which tells what there is: a page that lags behind it would be kept until more arrives.
        consistent_read=True,
        last_evaluated_key=dict(after) if after else None,
    )
    items = list(rows)
    return items, rows.last_evaluated_key


def count_sms(counted: str, business_date: str, most: int | None, expires_at: int) -> bool:
    """Count one more SMS to a customer, or of the bank (`BANK`), on a date; False when there were `most` already, None
    being no bound. The row may go at `expires_at` (epoch, s).
    """
    bound: dict[str, Any] = {}
    values = {":one": n(1), ":expires": n(expires_at)}
    if most is not None:
        bound = {"ConditionExpression": "attribute_not_exists(#sent) OR #sent < :most"}
        values[":most"] = n(most)
    try:
        aws.dynamodb().update_item(
            **_count_of(counted, business_date),
            UpdateExpression="ADD #sent :one SET #expires_at = :expires",
            ExpressionAttributeNames={"#sent": "sent", "#expires_at": "expires_at"},
            ExpressionAttributeValues=values,
            **bound,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True


def uncount_sms(counted: str, business_date: str) -> None:
    """Take one back that was counted and not sent."""
    aws.dynamodb().update_item(
        **_count_of(counted, business_date),
        UpdateExpression="ADD #sent :less",
        ExpressionAttributeNames={"#sent": "sent"},
        ExpressionAttributeValues={":less": n(-1)},
    )


def sms_counted(counted: str, business_date: str) -> int:
    """How many were counted."""
    image = reading.item(settings.table("sms_counts"), {"counted": s(f"{counted}#{business_date}")})
    return 0 if image is None else int(image["sent"])


def _count_of(counted: str, business_date: str) -> dict[str, Any]:
    return {"TableName": settings.table("sms_counts"), "Key": {"counted": s(f"{counted}#{business_date}")}}
