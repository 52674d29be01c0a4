"""InboxTable: one row a notification, which is also the claim that each channel was served.

SmsCountsTable: a row a customer and business date, and one a date for the bank, with how many SMS were sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import PutError, UpdateError

from chalicelib.platform import aws, settings
from chalicelib.platform.dynamo import Item, is_refused, n, s, to_image

CLAIMED, SENT, REFUSED = "claimed", "sent", "refused"
# There had been as many SMS to the customer, or of the bank, as there may be on a day.
CAPPED = "capped"
# Whose SMS are counted together, beside each customer's own.
BANK = "bank"


class InboxItem(Item):
    class Meta:
        logical_name = "inbox"

    customer_id = UnicodeAttribute(hash_key=True)
    notification_id = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    text = UnicodeAttribute()
    # In English, where there is one; SMS and push speak Chinese.
    text_en = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    account_id = UnicodeAttribute(null=True)
    entry_id = UnicodeAttribute(null=True)
    sms = UnicodeAttribute(null=True)
    push = UnicodeAttribute(null=True)


def put_once(item: InboxItem) -> None:
    """Write the row unless it is there."""
    try:
        item.save(InboxItem.notification_id.does_not_exist())
    except PutError as error:
        if not is_refused(error):
            raise


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
    """Note what became of a claim; None gives it back, for another try."""
    attribute = getattr(InboxItem, channel)
    action = attribute.set(outcome) if outcome else attribute.remove()
    InboxItem(customer_id, notification_id).update(actions=[action])


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
    answer = aws.dynamodb().get_item(**_count_of(counted, business_date), ConsistentRead=True)
    return int(to_image(answer["Item"])["sent"]) if "Item" in answer else 0


def _count_of(counted: str, business_date: str) -> dict[str, Any]:
    return {"TableName": settings.table("sms_counts"), "Key": {"counted": s(f"{counted}#{business_date}")}}
