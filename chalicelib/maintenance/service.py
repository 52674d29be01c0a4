"""Publish and list maintenance notices (NB-5.1.8-5)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.maintenance import store
from chalicelib.maintenance.errors import NoticeIdTaken, NoticeMalformed, NoticeTooLate
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock

# A notice stays listed so long after its window, so that customers can read what happened.
LISTED_AFTER_END = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Notice:
    """A planned window: times as text (UTC), what it affects, and the words for customers."""

    notice_id: str
    published_at: str
    starts_at: str
    ends_at: str
    affects: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """Where the bank serves its customers while online service is suspended; hours are Shanghai's."""

    zh: str
    en: str
    working_hours: str


def way_out(now: dt.datetime) -> WayOut:
    """What customers are told to do meanwhile (NB-5.1.8-6)."""
    text = parameters.value(parameters.WAY_OUT, now)
    return WayOut(text["zh"], text["en"], parameters.value(parameters.WORKING_HOURS, now))


def publish(
    notice_id: str,
    *,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    affects: str,
    zh: str,
    en: str,
    now: dt.datetime,
) -> None:
    """Publish a planned window, at least the parameter's hours (never below 72) before it starts.

    Raises NoticeMalformed, NoticeTooLate, NoticeIdTaken.
    """
    if ends_at <= starts_at or not (affects and zh and en):
        raise NoticeMalformed()
    lead_h = parameters.value(parameters.NOTICE_LEAD_H, now)
    publish_by = starts_at - dt.timedelta(hours=lead_h)
    if now > publish_by:
        raise NoticeTooLate(lead_h=str(lead_h))
    published = store.publish(
        store.NoticeItem(
            notice_id,
            published_at=clock.to_text(now),
            starts_at=clock.to_text(starts_at),
            ends_at=clock.to_text(ends_at),
            affects=affects,
            zh=zh,
            en=en,
        )
    )
    if not published:
        raise NoticeIdTaken()


def listed(now: dt.datetime) -> list[Notice]:
    """Notices to show: coming, running, and over for less than 30 days; the next first."""
    oldest = clock.to_text(now - LISTED_AFTER_END)
    notices = [
        Notice(item.notice_id, item.published_at, item.starts_at, item.ends_at, item.affects, item.zh, item.en)
        for item in store.all_notices()
        if item.ends_at > oldest
    ]
    return sorted(notices, key=lambda notice: notice.starts_at)
