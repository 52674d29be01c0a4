"""What instances know of suspensions: exact moments, nothing before every instance can know it."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from chalicelib.maintenance import windows
from chalicelib.maintenance.domain import Notice, Words
from chalicelib.maintenance.errors import NoticeBoardFull
from chalicelib.parameters.service import MAX_STALENESS
from chalicelib.platform import clock

NOW = dt.datetime(2026, 11, 21, 10, 0, tzinfo=clock.SHANGHAI)
SECOND, MS = dt.timedelta(seconds=1), dt.timedelta(milliseconds=1)
WORDS = Words("系统升级", "Upgrade")


def notice(starts: dt.timedelta, ends: dt.timedelta, notice_id: str = "n1", scope: str = "cards") -> Notice:
    """Published now, from and to so long from now."""
    return Notice(notice_id, "urgent", text(0 * SECOND), text(starts), text(ends), "x", WORDS, WORDS, scope=scope)


def text(offset: dt.timedelta) -> str:
    return clock.to_text(NOW + offset)


def test_what_is_published_holds_once_every_instance_must_have_read_it() -> None:
    # given the longest that a decision takes to land, the time of a request, and how old what is known may be
    request = dt.timedelta(seconds=30)
    least = MAX_STALENESS + request
    assert least <= windows.PUBLISHED_AHEAD


@pytest.mark.parametrize(
    ("starts_s", "ends_s", "expected"),
    [
        (-3600, 3600, (60, 3600)),
        (0, 3600, (60, 3600)),
        (59, 3600, (60, 3600)),
        (60, 3600, (60, 3600)),
        (61, 3600, (61, 3600)),
        (-3600, 61, (60, 61)),
        (-3600, 60, None),
        (-3600, 10, None),
    ],
)
def test_a_window_begins_with_its_notice_and_no_sooner(
    starts_s: int, ends_s: int, expected: tuple[int, int] | None
) -> None:
    window = windows.window_of(notice(starts_s * SECOND, ends_s * SECOND))
    found = None if window is None else (window.since, window.until)
    assert found == (None if expected is None else tuple(text(one * SECOND) for one in expected))


@pytest.mark.parametrize(
    ("ended_s", "until_s"),
    [(0, None), (1000, None), (1940, None), (1941, 2001), (2000, 2060), (2939, 2999), (2940, 3000), (2990, 3000)],
)
def test_a_window_that_is_ended_lasts_until_every_instance_knows(ended_s: int, until_s: int | None) -> None:
    board = windows.published((), notice(2000 * SECOND, 3000 * SECOND))
    board = windows.published(board, notice(2000 * SECOND, 3000 * SECOND, "n2"))
    found = {one.notice_id: one.until for one in windows.ended(board, "n1", NOW + ended_s * SECOND)}
    assert found.pop("n2") == text(3000 * SECOND)
    assert found == ({} if until_s is None else {"n1": text(until_s * SECOND)})


def test_it_holds_from_its_first_moment_to_just_before_its_last() -> None:
    (window,) = windows.published((), notice(2000 * SECOND, 3000 * SECOND))
    held = [
        window.holds_at(text(one)) for one in (2000 * SECOND - MS, 2000 * SECOND, 3000 * SECOND - MS, 3000 * SECOND)
    ]
    assert held == [False, True, True, False]


def test_the_board_reads_as_it_was_written_and_drops_what_is_over() -> None:
    board = windows.published((), notice(2000 * SECOND, 3000 * SECOND))
    assert windows.read_board(windows.board_text(board)) == board
    assert windows.read_board("") == ()
    later = dataclasses.replace(notice(5000 * SECOND, 6000 * SECOND, "n2"), published_at=text(3000 * SECOND))
    assert [one.notice_id for one in windows.published(board, later)] == ["n2"]


def test_a_notice_that_suspends_nothing_is_not_on_it() -> None:
    assert windows.published((), notice(2000 * SECOND, 3000 * SECOND, scope="nothing")) == ()


def test_so_many_and_no_more() -> None:
    board: windows.Board = ()
    for place in range(windows.MAX_WINDOWS):
        board = windows.published(board, notice(2000 * SECOND, 3000 * SECOND, f"n{place}"))
    with pytest.raises(NoticeBoardFull):
        windows.published(board, notice(2000 * SECOND, 3000 * SECOND, "more"))


def test_windows_that_follow_each_other_are_told_as_one_and_those_after_a_gap_are_not() -> None:
    board: windows.Board = ()
    for place, (starts, ends) in enumerate([(100, 200), (200, 300), (301, 500)]):
        board = windows.published(board, notice(starts * SECOND, ends * SECOND, f"n{place}"))
    assert windows.until_of(board, text(100 * SECOND - MS)) is None
    assert windows.until_of(board, text(100 * SECOND)) == text(300 * SECOND)
    assert windows.until_of(board, text(300 * SECOND)) is None
    assert windows.until_of(board, text(301 * SECOND)) == text(500 * SECOND)
