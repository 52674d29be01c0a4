"""Activities take turns on a few threads, and a run gives back what it took from the process."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from simulation.scheduler import Activity, Scheduler, one_processor
from simulation.world import STARTS

START = STARTS[0][0]


def test_one_activity_after_another_runs_on_one_thread_and_the_thread_ends_with_the_run() -> None:
    scheduler = Scheduler(START)
    threads: list[threading.Thread] = []

    def work() -> None:
        scheduler.pause()
        threads.append(threading.current_thread())

    for number in range(5):
        scheduler.start(Activity(f"a{number}", work))
        while scheduler.activities:
            scheduler.turn(scheduler.activities[0])
    scheduler.abandon_all()

    assert len(threads) == 5
    assert len(set(threads)) == 1
    threads[0].join(timeout=10)
    assert not threads[0].is_alive()


def test_who_is_abandoned_in_the_middle_ends_there_and_an_error_is_told() -> None:
    scheduler = Scheduler(START)
    reached: list[str] = []

    def waits() -> None:
        scheduler.pause()
        reached.append("never")

    def fails() -> None:
        raise ValueError("told")

    waiting, failing = Activity("waits", waits), Activity("fails", fails)
    for activity in (waiting, failing):
        scheduler.start(activity)
        scheduler.turn(activity)
    scheduler.abandon_all()

    assert reached == []
    assert waiting.over
    assert waiting.error is None
    assert str(failing.error) == "told"
    assert scheduler.activities == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process choose its processors")
def test_a_run_keeps_to_one_processor_and_gives_the_others_back() -> None:
    before = os.sched_getaffinity(0)
    with one_processor():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
