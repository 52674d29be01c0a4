"""NoticesTable: published notices, those that were withdrawn, replaced and ended early among them."""

from __future__ import annotations

from collections.abc import Iterator

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import DoesNotExist

from chalicelib.maintenance.domain import OCCASIONS, PLANNED, Notice, Words
from chalicelib.maintenance.scopes import NOTHING
from chalicelib.platform import settings
from chalicelib.platform.dynamo import Item, ItemPut, ItemUpdate, s, to_raw
from chalicelib.platform.errors import NotFound

MAX_NOTICES = 500


class NoticeItem(Item):
    """`kind`, titles and `scope` are absent in rows from before there were any; without scope it suspends nothing."""

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
    scope = UnicodeAttribute(null=True)
    reason_zh = UnicodeAttribute(null=True)
    reason_en = UnicodeAttribute(null=True)
    alternatives_zh = UnicodeAttribute(null=True)
    alternatives_en = UnicodeAttribute(null=True)
    replaces = UnicodeAttribute(null=True)
    replaced_by = UnicodeAttribute(null=True)
    shortened_at = UnicodeAttribute(null=True)
    planned_ends_at = UnicodeAttribute(null=True)
    told = UnicodeAttribute(null=True)


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
        "scope": notice.scope,
        **_words("reason", notice.reason),
        **_words("alternatives", notice.alternatives),
        "replaces": notice.replaces,
    }
    return ItemPut(settings.table("notices"), "notice_id", to_raw(row))


def withdrawal(notice_id: str, at: str) -> ItemUpdate:
    """Take a notice back; it stays to be read as withdrawn."""
    return _update(notice_id).set("#withdrawn_at = :withdrawn_at", withdrawn_at=s(at))


def replacement(notice_id: str, by: str) -> ItemUpdate:
    """A later version takes a notice's place; it stays to be read as replaced."""
    return _update(notice_id).set("#replaced_by = :replaced_by", replaced_by=s(by))


def shortening(notice: Notice, ends_at: str, at: str) -> ItemUpdate:
    """A notice ends at an earlier moment than was announced, as published `at`; the first announcement is kept."""
    return _update(notice.notice_id).set(
        "#ends_at = :new_end, #planned_ends_at = :planned_end, #shortened_at = :shortened_at",
        new_end=s(ends_at),
        planned_end=s(notice.ends_at),
        shortened_at=s(at),
    )


def note_told(notice: Notice, occasion: str) -> ItemUpdate:
    """Customers are being told of that occasion. Of two notes at once one is lost: what is asked again is told once."""
    told = ",".join(one for one in OCCASIONS if one in {*notice.told, occasion})
    return _update(notice.notice_id).set("#told = :told", told=s(told))


def _update(notice_id: str) -> ItemUpdate:
    return ItemUpdate(settings.table("notices"), {"notice_id": s(notice_id)}, missing=NotFound)


def _words(name: str, words: Words | None) -> dict[str, str]:
    return {f"{name}_zh": words.zh, f"{name}_en": words.en} if words is not None else {}


def _words_of(zh: str | None, en: str | None) -> Words | None:
    return Words(zh, en) if zh is not None and en is not None else None


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
        item.scope or NOTHING,
        _words_of(item.reason_zh, item.reason_en),
        _words_of(item.alternatives_zh, item.alternatives_en),
        item.replaces,
        item.replaced_by,
        item.shortened_at,
        item.planned_ends_at,
        frozenset(item.told.split(",")) if item.told else frozenset(),
    )
