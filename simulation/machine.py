"""The API's functions as a phone or a desk meets them: each request runs on one, and may end with it.

A person talks to a machine by `Machine.ask`: the machine may die or fall silent, the person then asks again,
as the app does, with the same idempotency key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from botocore.exceptions import ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.platform import aws, clock
from chalicelib.platform.errors import OutcomeUnknown, Refusal, TryAgain
from simulation.engine import PASSING, code_of
from simulation.routes import Route
from simulation.scheduler import Activity, Crashed, Scheduler

T = TypeVar("T")

# API Gateway gives up after 29 s, and so does the function behind it.
API_TIMEOUT = dt.timedelta(seconds=29)


class NoAnswer(Exception):
    """The phone got nothing, or a 5xx: it cannot know what happened."""


@dataclass
class Machine:
    """The API's functions: each request runs on one, and may end with it."""

    scheduler: Scheduler
    tell: Callable[[str], None]
    started: int = 0
    abandoned: bool = False
    # What the edge asks before anything else; refuses as the bank does.
    gate: Callable[[Route], None] = field(default=lambda _: None)

    def ask(self, what: str, work: Callable[[], T], route: Route | None = None) -> T:
        """One request, by a customer's route or by staff. Raises NoAnswer when there was none to trust, Refusal as the
        bank refuses.
        """
        activity = self.scheduler.current
        assert activity is not None
        activity.in_machine = True
        activity.began = clock.now()
        activity.deadline = activity.began + API_TIMEOUT
        try:
            if route is not None:
                self.gate(route)
            answer = work()
            # The answer is on its way: the machine may still die before the phone has it.
            self.scheduler.pause()
        except Crashed:
            if self.abandoned:
                raise
            self.tell(f"{what}: the machine died")
            raise NoAnswer from None
        except (OutcomeUnknown, TryAgain, *aws.NO_ANSWER, ClientError, PynamoDBException) as error:
            if code_of(error) not in PASSING:
                raise
            self.tell(f"{what}: {type(error).__name__}")
            raise NoAnswer from error
        except Refusal as refusal:
            self.tell(f"{what}: {refusal.code}")
            raise
        finally:
            activity.in_machine = activity.ends_badly = False
            activity.deadline = None
        self.tell(f"{what}: done")
        return answer

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Let someone act; what they cannot get done in MOST_ASKS they leave."""

        def all_of_it() -> None:
            try:
                work()
            except (NoAnswer, Refusal):
                self.tell(f"{name} gives up")

        self.started += 1
        self.scheduler.start(Activity(f"{name}.{self.started}", all_of_it))
