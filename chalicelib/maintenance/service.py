"""List maintenance notices, and the way out meanwhile (NB-5.1.8-5, NB-5.1.8-6); hold back what is suspended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.maintenance import domain, scopes, store, windows
from chalicelib.maintenance.domain import (
    COMING,
    OCCASIONS,
    PLANNED,
    REPLACED,
    RUNNING,
    URGENT,
    WITHDRAWN,
    Notice,
    Wish,
    Words,
)
from chalicelib.maintenance.errors import UnderMaintenance
from chalicelib.maintenance.scopes import BATCHES, NOTHING, OTHER_BANKS, SCOPES, STANDING_ORDERS, TRANSFERS
from chalicelib.maintenance.windows import Window
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock

__all__ = [
    "BATCHES",
    "BOARD",
    "COMING",
    "NOTHING",
    "OCCASIONS",
    "OTHER_BANKS",
    "PLANNED",
    "REPLACED",
    "RUNNING",
    "SCOPES",
    "STANDING_ORDERS",
    "TRANSFERS",
    "URGENT",
    "WITHDRAWN",
    "Notice",
    "WayOut",
    "Wish",
    "Words",
    "can_be_held_back",
    "is_waiting",
    "listed",
    "listed_with_ends",
    "news_at",
    "require_open",
    "require_up",
    "spans",
    "waits_until",
    "way_out",
    "words_of_scope",
]

# The row that says what is suspended: every instance reads it with the parameters.
BOARD = "maintenance.board"

can_be_held_back = scopes.can_be_held_back


@dataclass(frozen=True, slots=True)
class WayOut:
    """Where the bank serves its customers while online service is suspended, and how to reach it; hours are
    Shanghai's.
    """

    zh: str
    en: str
    contact_zh: str
    contact_en: str
    working_hours: str


def way_out(now: dt.datetime) -> WayOut:
    """What customers are told to do meanwhile (NB-5.1.8-6)."""
    text, contact = parameters.value(parameters.WAY_OUT, now), parameters.value(parameters.CONTACT, now)
    hours = parameters.value(parameters.WORKING_HOURS, now)
    return WayOut(text["zh"], text["en"], contact["zh"], contact["en"], hours)


def listed(now: dt.datetime) -> list[Notice]:
    """Notices to show: coming, running, withdrawn, replaced, and over for less than the parameter's days; the next
    first.
    """
    return [notice for notice, _ in listed_with_ends(now)]


def listed_with_ends(now: dt.datetime) -> list[tuple[Notice, str | None]]:
    """The same, each with when it was taken back or replaced (text), None where it stands."""
    notices = {notice.notice_id: notice for notice in store.all_notices()}
    oldest = clock.to_text(now - dt.timedelta(days=parameters.value(parameters.NOTICE_LISTED_D, now)))
    shown = sorted(
        (notice for notice in notices.values() if notice.ends_at > oldest), key=lambda notice: notice.starts_at
    )
    return [(notice, _off_at(notice, notices)) for notice in shown]


def _off_at(notice: Notice, notices: Mapping[str, Notice]) -> str | None:
    """When it was taken back, or the one after it was published; None where it stands."""
    later = notices.get(notice.replaced_by or "")
    return notice.withdrawn_at or (later.published_at if later is not None else None)


def spans(since: dt.datetime, now: dt.datetime) -> list[tuple[dt.datetime, dt.datetime]]:
    """When all service was suspended since then, by what was published: from when until when, at most until `now`."""
    notices = {notice.notice_id: notice for notice in store.all_notices()}
    found = []
    for notice in notices.values():
        window = windows.window_of(notice)
        if window is None or notice.scope != scopes.EVERYTHING:
            continue
        off_at = _off_at(notice, notices)
        until = window.until if off_at is None else min(window.until, windows.effective(clock.from_text(off_at)))
        found.append((clock.from_text(window.since), min(clock.from_text(until), now)))
    return [(start, end) for start, end in found if start < end and since < end]


def words_of_scope(scope: str) -> Words:
    """What a scope is called."""
    return Words(*scopes.WORDS[scope])


# ---- what is suspended: judged by the clock on what this instance knows, without a read of its own ----------------


def require_up(method: str, path: str) -> None:
    """Raise UnderMaintenance for an operation (method, path as declared) that is suspended now (NB-5.1.8-6)."""
    if can_be_held_back(method, path):
        _require(lambda scope: scopes.holds_back(scope, method, path), clock.now())


def require_open(scope: str, now: dt.datetime) -> None:
    """Raise UnderMaintenance where that very scope is suspended: for what no path tells, such as `other_banks`."""
    _require(lambda suspended: suspended == scope, now)


def is_waiting(work: str, now: dt.datetime) -> bool:
    """Whether work that is due by itself (TRANSFERS, STANDING_ORDERS, BATCHES) waits at `now`."""
    return waits_until(work, now) is not None


def waits_until(work: str, now: dt.datetime) -> str | None:
    """Until when (text) it waits; None where it does not."""
    return windows.until_of([one for one in _board(now) if scopes.waits(work, [one.scope])], clock.to_text(now))


def _board(now: dt.datetime) -> windows.Board:
    return windows.read_board(parameters.rider(BOARD, now))


def _require(is_hit: Callable[[str], bool], now: dt.datetime) -> None:
    hitting, now_text = [window for window in _board(now) if is_hit(window.scope)], clock.to_text(now)
    until = windows.until_of(hitting, now_text)
    if until is not None:
        raise _refusal(next(window for window in hitting if window.holds_at(now_text)), until, now)


def _refusal(first: Window, until_text: str, now: dt.datetime) -> UnderMaintenance:
    until, way = clock.from_text(until_text), way_out(now)
    return UnderMaintenance(
        retry_after_s=-(-(until - now) // dt.timedelta(seconds=1)),
        until=clock.to_local_text(until),
        notice=first.notice_id,
        scope=first.scope,
        ends_at=until_text,
        title_zh=first.title_zh,
        title_en=first.title_en,
        way_out_zh=first.alternatives_zh or way.zh,
        way_out_en=first.alternatives_en or way.en,
        contact_zh=way.contact_zh,
        contact_en=way.contact_en,
        working_hours=way.working_hours,
    )


# ---- what customers are told ---------------------------------------------------------------------------------------


def news_at(notice_id: str, occasion: str, now: dt.datetime) -> tuple[Notice, str] | None:
    """The notice, and when the occasion was, if customers are to be told of it at `now`; None for what was withdrawn,
    replaced or moved since, or is no news any more.
    """
    notice = store.read(notice_id)
    if notice is None or not domain.is_news(notice, occasion, now):
        return None
    at = domain.occasion_at(notice, occasion)
    return None if at is None else (notice, at)
