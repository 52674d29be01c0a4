"""TransfersTable: a customer's instructions by time, a projection of the journal that a worker keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.platform import ids
from chalicelib.platform.dynamo import Image, Item, is_refused

# A later state replaces an earlier one, never the other way round, however often records repeat.
STATE_RANK = {"awaiting": 0, "pending": 1, "cancelled": 2, "returned": 2, "posted": 2}
PAGE = 500
# Sorts after every id that follows a time.
_AFTER_TIME = "~"


def entry_id_of(customer_id: str, idempotency_key: str) -> str:
    """The instruction's id: the same for the same customer and key, for ever."""
    return ids.derived_id("transfer", customer_id, idempotency_key)


class TransferItem(Item):
    class Meta:
        logical_name = "transfers"

    customer_id = UnicodeAttribute(hash_key=True)
    created = UnicodeAttribute(range_key=True)
    entry_id = UnicodeAttribute()
    state = UnicodeAttribute()
    state_rank = NumberAttribute()


def project(image: Image) -> None:
    """Write the row of one journal item, unless a later state is there already."""
    rank = STATE_RANK[image["state"]]
    item = TransferItem(
        image["customer_id"],
        f"{image['created_at']}#{image['entry_id']}",
        entry_id=image["entry_id"],
        state=image["state"],
        state_rank=rank,
    )
    try:
        item.save(TransferItem.created.does_not_exist() | (TransferItem.state_rank < rank))
    except PutError as error:
        if not is_refused(error):
            raise


def page(customer_id: str, limit: int, after: Mapping[str, Any] | None) -> tuple[list[str], Mapping[str, Any] | None]:
    """Entry ids of one page, newest first, and the key to go on after."""
    rows = TransferItem.query(
        customer_id,
        scan_index_forward=False,
        limit=limit,
        page_size=limit,
        last_evaluated_key=dict(after) if after else None,
    )
    entry_ids = [row.entry_id for row in rows]
    return entry_ids, rows.last_evaluated_key


def posted_between(customer_id: str, first: str, last: str) -> set[str]:
    """Entry ids that the list has as posted, of transfers created from `first` to `last` (times as text)."""
    rows = TransferItem.query(
        customer_id, TransferItem.created.between(first, last + _AFTER_TIME), page_size=PAGE, consistent_read=True
    )
    return {row.entry_id for row in rows if row.state == "posted"}
