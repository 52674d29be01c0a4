"""The chain over what staff did, under threads: every row one link, one link a place, and one chain."""

from __future__ import annotations

import datetime as dt
import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.audit import service as audit
from chalicelib.audit import store
from chalicelib.audit.commands.link_actions import link_row, sweep_actions
from chalicelib.audit.commands.verify_actions import verify_date
from chalicelib.platform import clock, transactions

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]
THREADS = 4
ROWS = 12
_days = itertools.count(0, 100)


@pytest.fixture
def noon() -> dt.datetime:
    """Noon of a date that no other test has, nor dates near it."""
    return dt.datetime(2100, 1, 1, 12, tzinfo=clock.SHANGHAI) + dt.timedelta(days=next(_days))


def rows_of(noon: dt.datetime) -> list[dict[str, Any]]:
    for second in range(ROWS):
        at = noon + dt.timedelta(seconds=second)
        assert transactions.commit([audit.staff_event("S1", f"action{second}", at)])
    return list(store.staff_rows(clock.business_date(noon)))


@pytest.mark.requirement("NB-4-audit")
def test_many_who_link_the_same_rows_at_once_link_each_once(noon: dt.datetime) -> None:
    rows, now = rows_of(noon), noon + dt.timedelta(minutes=10)
    with ThreadPoolExecutor(THREADS) as pool:
        turns = [rows, rows[::-1], rows[ROWS // 2 :] + rows[: ROWS // 2], rows]
        linked = list(pool.map(lambda turn: sum(link_row(row, now) for row in turn), turns))
    assert sum(linked) == ROWS
    found = verify_date(clock.business_date(noon), now)
    assert (found.held, found.seq, found.wrong) == (ROWS, ROWS, 0)


@pytest.mark.requirement("NB-4-audit")
def test_sweeps_beside_the_stream_and_each_other_link_nothing_twice(noon: dt.datetime) -> None:
    rows, now = rows_of(noon), noon + dt.timedelta(hours=13)
    before = rows_of(noon - dt.timedelta(days=1))
    for row in before:
        link_row(row, noon - dt.timedelta(hours=23))

    def work(number: int) -> int:
        return sum(link_row(row, now) for row in rows) if number % 2 else sweep_actions(now).rows

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(work, range(THREADS))) == ROWS
    # the date that began meanwhile holds the heads of both before it
    sweep_actions(now)
    heads = verify_date(clock.business_date(now), now).heads
    dates = [clock.business_date(noon - dt.timedelta(days=1)), clock.business_date(noon)]
    assert {(head.business_date, head.seq) for head in heads} >= {(date, ROWS) for date in dates}
    for date in dates:
        found = verify_date(date, now)
        assert (found.held, found.seq, found.wrong) == (ROWS, ROWS, 0)
