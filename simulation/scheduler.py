"""One baton for many threads: exactly one activity runs at a time, and which one is next comes from the seed.

An activity is a real thread, so that the bank's own code needs no seam to be interleaved: wherever it
reaches for a table, a queue or a provider, `pause` hands the baton back. Nothing else ever runs, so a
run is as deterministic as the generator that chooses.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

from chalicelib.platform import clock

# A hand-over that takes this long in real time means a thread that waits for something outside the bank.
STUCK_S = 60


class Crashed(BaseException):
    """The machine an activity ran on is gone; not an Exception, so that no code under test can catch it."""


class Activity:
    """Something that goes on: a phone, a delivery to a worker. Between two I/Os it cannot be interrupted.

    `deadline` is when Lambda would stop it; `immune` activities meet no fault. What is inside a machine
    (a function instance) can crash; a customer's hand cannot.
    """

    def __init__(self, name: str, work: Callable[[], None], *, immune: bool = False) -> None:
        self.name = name
        self.immune = immune
        self.in_machine = False
        self.deadline: dt.datetime | None = None
        self.ends_badly = False
        self.over = False
        self.wake_at: dt.datetime | None = None
        self.ready: Callable[[], bool] | None = None
        self.error: BaseException | None = None
        self.open_claim: tuple[str, str] | None = None
        self._work = work
        self._go = threading.Lock()
        self._go.acquire()

    def run(self, back: threading.Lock) -> None:
        """The thread's body."""
        self._go.acquire()
        try:
            self._work()
        except Crashed:
            pass
        except BaseException as error:  # noqa: BLE001  # whatever it is, the scheduler tells it
            self.error = error
        finally:
            self.over = True
            back.release()

    def check(self) -> None:
        """Raise Crashed when it was to end before it began."""
        if self.ends_badly:
            raise Crashed

    def resume(self) -> None:
        """Let it run; the caller waits on the baton."""
        self._go.release()

    def hand_back(self, back: threading.Lock) -> None:
        """Called in the thread itself: wait for the next turn."""
        back.release()
        self._go.acquire()
        self.check()

    def is_ready(self, now: dt.datetime) -> bool:
        """Whether it has something to do: it waits for nothing, or what it waits for is there."""
        if self.wake_at is not None and now >= self.wake_at:
            return True
        if self.ready is not None:
            return self.ready()
        return self.wake_at is None


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
        self._back = threading.Lock()
        self._back.acquire()

    def start(self, activity: Activity) -> None:
        """Take an activity in; it runs when it is chosen."""
        self.activities.append(activity)
        threading.Thread(target=activity.run, args=(self._back,), daemon=True, name=activity.name).start()

    def ready(self) -> list[Activity]:
        """Those that could go on now, in order of arrival."""
        now = self.clock.now()
        return [activity for activity in self.activities if activity.is_ready(now)]

    def turn(self, activity: Activity) -> None:
        """Let one activity run up to its next I/O, or to its end."""
        self.current = activity
        activity.wake_at = activity.ready = None
        activity.resume()
        if not self._back.acquire(timeout=STUCK_S):
            raise RuntimeError(f"{activity.name} waits for something outside the simulation")
        self.current = None
        if activity.over:
            self.activities.remove(activity)

    def pause(self) -> None:
        """An I/O is about to happen: let the scheduler choose again. Does nothing outside an activity.

        Raises Crashed when the machine died meanwhile or ran out of its time.
        """
        activity = self.current
        if activity is None:
            return
        activity.hand_back(self._back)
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
