"""One baton for many threads: exactly one activity runs at a time, and which one is next comes from the seed.

An activity is a real thread, so that the bank's own code needs no seam to be interleaved: wherever it
reaches for a table, a queue or a provider, `pause` hands the baton back. Nothing else ever runs, so a
run is as deterministic as the generator that chooses.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chalicelib.platform import clock

# A hand-over that takes this long in real time means a thread that waits for something outside the bank.
STUCK_S = 60
NAP_S = 0.001
# The last processor a thread ran on, in what follows the name in Linux's `stat`.
PROCESSOR = 36


class Crashed(BaseException):
    """The machine an activity ran on is gone; not an Exception, so that no code under test can catch it."""


@contextmanager
def one_processor() -> Iterator[None]:
    """Keep a run's threads on one processor: never do two of them run, and between two processors each hand-over
    costs four times as much. The nap lets the kernel choose which, so that runs side by side do not share one.
    """
    if sys.platform != "linux":
        yield
        return
    allowed = os.sched_getaffinity(0)
    time.sleep(NAP_S)
    here = int(Path("/proc/thread-self/stat").read_text().rpartition(")")[2].split()[PROCESSOR])
    os.sched_setaffinity(0, {here})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


class Activity:
    """Something that goes on: a phone, a delivery to a worker. Between two I/Os it cannot be interrupted.

    It `began` when its machine did, and again with each request; `deadline` is when Lambda would stop it. `immune`
    activities meet no fault. What is inside a machine (a function instance) can crash; a customer's hand cannot.
    """

    def __init__(self, name: str, work: Callable[[], None], *, immune: bool = False) -> None:
        self.name = name
        self.immune = immune
        self.in_machine = False
        self.began: dt.datetime | None = None
        self.deadline: dt.datetime | None = None
        self.ends_badly = False
        self.over = False
        self.wake_at: dt.datetime | None = None
        self.ready: Callable[[], bool] | None = None
        self.error: BaseException | None = None
        self.open_claim: tuple[str, str] | None = None
        self._work = work

    def run(self) -> None:
        """All of it, from its first turn on."""
        try:
            self._work()
        except Crashed:
            pass
        except BaseException as error:  # noqa: BLE001  # whatever it is, the scheduler tells it
            self.error = error
        finally:
            self.over = True

    def check(self) -> None:
        """Raise Crashed when it was to end before it began."""
        if self.ends_badly:
            raise Crashed

    def is_ready(self, now: dt.datetime) -> bool:
        """Whether it has something to do: it waits for nothing, or what it waits for is there."""
        if self.wake_at is not None and now >= self.wake_at:
            return True
        if self.ready is not None:
            return self.ready()
        return self.wake_at is None


class _Carrier:
    """A thread that carries one activity after another: to start one costs more than what most of them do."""

    def __init__(self, back: threading.Lock) -> None:
        self.activity: Activity | None = None
        self._back = back
        self._go = threading.Lock()
        self._go.acquire()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        self._go.acquire()
        while self.activity is not None:
            self.activity.run()
            self.hand_back()

    def resume(self) -> None:
        """Let its activity go on, or the thread end where it has none; the caller waits on the baton."""
        self._go.release()

    def hand_back(self) -> None:
        """Called in the thread itself: wait for the next turn."""
        self._back.release()
        self._go.acquire()


class SimulatedClock(clock.FixedClock):
    """The clock of the simulation: whoever sleeps lets the others go on."""

    def __init__(self, start: dt.datetime, scheduler: Scheduler) -> None:
        super().__init__(start)
        self._scheduler = scheduler

    def sleep(self, seconds: float) -> None:
        if self._scheduler.current is None:
            super().sleep(seconds)
        else:
            self._scheduler.wait(dt.timedelta(seconds=seconds), None)


class Scheduler:
    """All activities and the baton."""

    def __init__(self, start: dt.datetime) -> None:
        self.clock = SimulatedClock(start, self)
        self.activities: list[Activity] = []
        self.current: Activity | None = None
        self._carriers: dict[Activity, _Carrier] = {}
        self._free: list[_Carrier] = []
        self._back = threading.Lock()
        self._back.acquire()

    def start(self, activity: Activity) -> None:
        """Take an activity in; it runs when it is chosen."""
        self.activities.append(activity)
        carrier = self._free.pop() if self._free else _Carrier(self._back)
        carrier.activity = activity
        self._carriers[activity] = carrier

    def began(self) -> dt.datetime:
        """When who acts now began, or began to serve who asks now; now, outside an activity."""
        began = self.current.began if self.current is not None else None
        return began or self.clock.now()

    def ready(self) -> list[Activity]:
        """Those that could go on now, in order of arrival."""
        now = self.clock.now()
        return [activity for activity in self.activities if activity.is_ready(now)]

    def turn(self, activity: Activity) -> None:
        """Let one activity run up to its next I/O, or to its end."""
        self.current = activity
        activity.wake_at = activity.ready = None
        self._carriers[activity].resume()
        if not self._back.acquire(timeout=STUCK_S):
            raise RuntimeError(f"{activity.name} waits for something outside the simulation")
        self.current = None
        if activity.over:
            self.activities.remove(activity)
            self._free.append(self._carriers.pop(activity))

    def pause(self) -> None:
        """An I/O is about to happen: let the scheduler choose again. Does nothing outside an activity.

        Raises Crashed when the machine died meanwhile or ran out of its time.
        """
        activity = self.current
        if activity is None:
            return
        self._carriers[activity].hand_back()
        activity.check()
        if activity.deadline is not None and not activity.immune and self.clock.now() > activity.deadline:
            raise Crashed

    def wait(self, at_most: dt.timedelta, ready: Callable[[], bool] | None) -> None:
        """Sleep until `ready` says so, or `at_most` has passed."""
        assert self.current is not None
        self.current.wake_at = self.clock.now() + at_most
        self.current.ready = ready
        self.pause()

    def next_wake(self) -> dt.datetime | None:
        """When the first sleeper wakes."""
        return min((a.wake_at for a in self.activities if a.wake_at is not None), default=None)

    def abandon_all(self) -> None:
        """End every activity where it stands, so that no thread outlives the run."""
        while self.activities:
            activity = self.activities[0]
            activity.ends_badly = True
            self.turn(activity)
        for carrier in self._free:
            carrier.activity = None
            carrier.resume()
        self._free.clear()
