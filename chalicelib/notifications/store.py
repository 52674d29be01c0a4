"""InboxTable: one row a notification, which is also the claim that each channel was served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import PutError, UpdateError

from chalicelib.platform.dynamo import Item, is_refused

CLAIMED, SENT, REFUSED = "claimed", "sent", "refused"


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
