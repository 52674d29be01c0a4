"""NoticesTable: published notices."""

from __future__ import annotations

from collections.abc import Iterator

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.platform.dynamo import Item

MAX_NOTICES = 500


class NoticeItem(Item):
    class Meta:
        logical_name = "notices"

    notice_id = UnicodeAttribute(hash_key=True)
    published_at = UnicodeAttribute()
    starts_at = UnicodeAttribute()
    ends_at = UnicodeAttribute()
    affects = UnicodeAttribute()
    zh = UnicodeAttribute()
    en = UnicodeAttribute()


def publish(item: NoticeItem) -> bool:
    """Write a new notice; False when the id is taken."""
    try:
        item.save(NoticeItem.notice_id.does_not_exist())
    except PutError as error:
        if error.cause_response_code != "ConditionalCheckFailedException":
            raise
        return False
    return True


def all_notices() -> Iterator[NoticeItem]:
    """Every notice; a bank plans a handful a year."""
    return iter(NoticeItem.scan(limit=MAX_NOTICES))
