"""The board: what is suspended from when until when, as every function instance knows it before its time. Pure.

Its text is a row that instances read with the parameters, at most 30 s old. So whatever is published holds at the
earliest `PUBLISHED_AHEAD` later, and then for all instances in the same moment, by the clock alone.
"""

from __future__ import annotations

import datetime as dt
import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from chalicelib.maintenance.domain import Notice
from chalicelib.maintenance.errors import NoticeBoardFull
from chalicelib.maintenance.scopes import NOTHING
from chalicelib.platform import clock

# What an instance knows is at most 30 s old, and a write that was decided lands within the 30 s of its request.
PUBLISHED_AHEAD = dt.timedelta(seconds=60)
# Each has two short texts in two languages: the row stays short.
MAX_WINDOWS = 10


@dataclass(frozen=True, slots=True)
class Window:
    """What a notice suspends from `since` to just before `until` (text, UTC), and what refused customers are told."""

    notice_id: str
    scope: str
    since: str
    until: str
    title_zh: str
    title_en: str
    alternatives_zh: str = ""
    alternatives_en: str = ""

    def holds_at(self, now_text: str) -> bool:
        """Whether it is suspended now: from the first moment on, in the last no more."""
        return self.since <= now_text < self.until


Board = tuple[Window, ...]


def effective(at: dt.datetime) -> str:
    """From when on what is published at that moment holds on every instance."""
    return clock.to_text(at + PUBLISHED_AHEAD)


def window_of(notice: Notice) -> Window | None:
    """What a notice suspends once it is published; None for one that suspends nothing, or is over before it could."""
    since = max(notice.starts_at, effective(clock.from_text(notice.published_at)))
    if notice.scope == NOTHING or since >= notice.ends_at:
        return None
    other = notice.alternatives
    return Window(
        notice.notice_id,
        notice.scope,
        since,
        notice.ends_at,
        notice.title.zh,
        notice.title.en,
        other.zh if other else "",
        other.en if other else "",
    )


@functools.lru_cache(maxsize=4)
def read_board(text: str) -> Board:
    """What the row says; nothing where there is none."""
    return tuple(Window(**one) for one in json.loads(text)) if text else ()


def board_text(board: Board) -> str:
    """The same as text."""
    return json.dumps([asdict(window) for window in board], ensure_ascii=False, separators=(",", ":"))


def published(board: Board, notice: Notice) -> Board:
    """The board with a notice's window; raises NoticeBoardFull. Those that are over leave it."""
    window = window_of(notice)
    kept = tuple(one for one in board if one.until > notice.published_at)
    if window is None:
        return kept
    if len(kept) >= MAX_WINDOWS:
        raise NoticeBoardFull(most=str(MAX_WINDOWS))
    return (*kept, window)


def ended(board: Board, notice_id: str, at: dt.datetime) -> Board:
    """The board once a notice holds no longer, as published `at` that moment: its window ends as soon as every instance
    can know, and one that would begin later never does.
    """
    return tuple(_ended(board, notice_id, effective(at)))


def _ended(board: Board, notice_id: str, until: str) -> Iterator[Window]:
    for window in board:
        if window.notice_id != notice_id or window.until <= until:
            yield window
        elif window.since < until:
            yield Window(**{**asdict(window), "until": until})


def until_of(windows: Sequence[Window], now_text: str) -> str | None:
    """When none of these windows holds any more: one that another one follows without a gap goes on. None where none
    holds now.
    """
    until = max((window.until for window in windows if window.holds_at(now_text)), default=None)
    for window in sorted(windows, key=lambda one: one.since):
        if until is not None and window.since <= until < window.until:
            until = window.until
    return until
