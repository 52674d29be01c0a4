"""NoticesTable: published notices, those that were withdrawn among them."""

from __future__ import annotations

from collections.abc import Iterator

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import DoesNotExist

from chalicelib.maintenance.domain import PLANNED, Notice, Words
from chalicelib.platform import settings
from chalicelib.platform.dynamo import Item, ItemPut, ItemUpdate, s, to_raw
from chalicelib.platform.errors import NotFound

MAX_NOTICES = 500


class NoticeItem(Item):
    """`kind` and titles are absent in rows from before there were any."""

    class Meta:
        logical_name = "notices"

    notice_id = UnicodeAttribute(hash_key=True)
    kind = UnicodeAttribute(null=True)
    published_at = UnicodeAttribute()
    starts_at = UnicodeAttribute()
    ends_at = UnicodeAttribute()
    affects = UnicodeAttribute()
    title_zh = UnicodeAttribute(null=True)
    title_en = UnicodeAttribute(null=True)
    zh = UnicodeAttribute()
    en = UnicodeAttribute()
    withdrawn_at = UnicodeAttribute(null=True)


def notice_put(notice: Notice) -> ItemPut:
    """A new notice, as a part of the write that publishes it."""
    row = {
        "notice_id": notice.notice_id,
        "kind": notice.kind,
        "published_at": notice.published_at,
        "starts_at": notice.starts_at,
        "ends_at": notice.ends_at,
        "affects": notice.affects,
        "title_zh": notice.title.zh,
        "title_en": notice.title.en,
        "zh": notice.text.zh,
        "en": notice.text.en,
    }
    return ItemPut(settings.table("notices"), "notice_id", to_raw(row))


def withdrawal(notice_id: str, at: str) -> ItemUpdate:
    """Take a notice back; it stays to be read as withdrawn."""
    update = ItemUpdate(settings.table("notices"), {"notice_id": s(notice_id)}, missing=NotFound)
    return update.set("#withdrawn_at = :withdrawn_at", withdrawn_at=s(at))


def read(notice_id: str) -> Notice | None:
    """One notice, or None."""
    try:
        return _notice(NoticeItem.get(notice_id, consistent_read=True))
    except DoesNotExist:
        return None


def all_notices() -> Iterator[Notice]:
    """Every notice; a bank plans a handful a year."""
    return map(_notice, NoticeItem.scan(limit=MAX_NOTICES))


def _notice(item: NoticeItem) -> Notice:
    return Notice(
        item.notice_id,
        item.kind or PLANNED,
        item.published_at,
        item.starts_at,
        item.ends_at,
        item.affects,
        Words(item.title_zh or item.affects, item.title_en or item.affects),
        Words(item.zh, item.en),
        item.withdrawn_at,
    )
