"""Suspensions of service: announced, changed, ended early and withdrawn by two people, while others pay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.approvals.commands import decide
from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.approvals.domain import Approval
from chalicelib.maintenance import service as maintenance
from chalicelib.maintenance import store as notices
from chalicelib.maintenance.domain import DAY_BEFORE
from chalicelib.maintenance.errors import UnderMaintenance
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import Refusal
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import acting_as
from simulation.acts.later import SCHEDULE as LATER_SCHEDULE
from simulation.acts.planners import SCHEDULE as ORDER_SCHEDULE
from simulation.machine import NoAnswer
from simulation.mixes import BATCHES, KINDS, LATER, ORDERS
from simulation.people import Person
from simulation.routes import EVERYTHING, OTHER_BANKS, SCANNED_CODES, SETTINGS, STANDING_ORDERS, TRANSFERS, Route
from simulation.suspended import AHEAD, Version

if TYPE_CHECKING:
    from simulation.town import Town

MAKER, CHECKERS = "E0101", ("E0102", "E0103")
# Mostly what makes what is due wait.
SCOPES = (
    *(TRANSFERS, TRANSFERS, TRANSFERS, EVERYTHING, EVERYTHING, STANDING_ORDERS, STANDING_ORDERS, BATCHES, BATCHES),
    *(OTHER_BANKS, SCANNED_CODES, SETTINGS, "nothing"),
)
# What a town is busy with, and what stops that.
STOPPED_BY = {
    LATER: (TRANSFERS, EVERYTHING),
    ORDERS: (STANDING_ORDERS, TRANSFERS, EVERYTHING),
    BATCHES: (BATCHES, TRANSFERS, EVERYTHING),
}
MOST_PLANNED = 1
SECOND = dt.timedelta(seconds=1)
# Around what can be known at the earliest, as long as people are there to meet it, and as long as to be ended early.
STARTS, LASTS = (0, 60, 75), (12, 25, 70, 120)
SHORT = 12 * SECOND
# About when what a town is busy with comes due, in seconds after the run's midnight: some of what arrives later does so
# four minutes after it was made, orders are executed a minute after midnight, and batches at once.
WHEN_DUE = {LATER: (200, 215), ORDERS: (40, 55), BATCHES: (20, 40)}
# The long ones begin before all else that arrives later, and before the next day's orders are due.
NIGHT, LONG = dt.timedelta(hours=2), dt.timedelta(minutes=150)
LONG_ONES = (dt.timedelta(hours=4), dt.timedelta(days=1))
MOST_SHORT, SHORT_EVERY = 4, 30 * SECOND
# Minutes until what is to arrive soon does so, and of the day when orders are due: within the run, or in the night.
DUE_MIN = (1, 240, 240)
# What is planned in the run.
PLANNED_AT = dt.timedelta(days=4)
SCHEDULE = "announce_notices"
SOON_AFTER = dt.timedelta(seconds=25)


@dataclass
class Suspenders:
    """Who stops service for a while, and who meets that."""

    town: Town
    decisions: int = 0
    planned: int = 0
    busy_with: str = ""

    def act(self, person: Person) -> None:
        """Somebody's payment: mostly of the kind that this town is busy with, else of any."""
        rng = self.town.rng
        self._pays(person, self.busy_with if rng.randrange(4) else rng.choice(KINDS))

    def _pays(self, person: Person, kind: str) -> None:
        if kind == BATCHES:
            self.town.treasurers.pay(person, beside=False)
        else:
            self.town.of_kind[kind](person)

    def everybody_acts(self) -> None:
        """Before a night of suspensions all begin what this town is busy with, and staff decide on several at once."""
        start = self.town.machine.start
        for person in self.town.people:
            start(person.login_name, lambda person=person: self._pays(person, self.busy_with))  # type: ignore[misc]
        for decide_on in (self._publish, self._publish, self._think_better_of_it):
            start("staff", decide_on)

    def staff_acts(self) -> None:
        """A decision on a suspension, and the schedule that tells customers, now and then twice."""
        self.town.machine.start("staff", self._decide)
        if self.town.rng.randrange(3) == 0:
            self.town.fire_again(SCHEDULE)

    def around(self, edge: dt.datetime) -> None:
        """Something begins or ends: soon after, the schedules come that look for what is due."""
        for name in (LATER_SCHEDULE, ORDER_SCHEDULE):
            after = self.town.rng.random() * SOON_AFTER

            def then(name: str = name, after: dt.timedelta = after) -> None:
                self.town.machine.scheduler.wait(edge + after - clock.now(), None)
                self.town.fire_again(name)

            self.town.machine.start("schedule", then)
        # What the counter does goes on, and so does what follows of it.
        person = self.town.rng.choice(self.town.people)
        self.town.machine.start("teller", lambda: self.town.tellers.deposit(person.accounts[0]))

    def gate(self, route: Route) -> None:
        """What the edge asks before anything else. Raises UnderMaintenance."""
        at = clock.now()
        asked = self.town.books.suspended.asked
        try:
            maintenance.require_up(route.method, route.path)
            if route.within is not None:
                maintenance.require_open(route.within, at)
        except UnderMaintenance:
            asked(route, at, refused=True)
            raise
        asked(route, at, refused=False)

    def plan_ahead(self) -> None:
        """Days before the run: what is planned for the time after its midnight was published early enough."""
        rng = self.town.rng
        self.busy_with = rng.choice(tuple(STOPPED_BY))
        stops = STOPPED_BY[self.busy_with]
        self._ahead(SECOND * rng.uniform(-5, 5), SHORT, rng.choice(SCOPES))
        self._ahead(SECOND * rng.uniform(*WHEN_DUE[self.busy_with]), SECOND * rng.choice((60, 90)), rng.choice(stops))
        # In the night, when what was begun goes on without faults: where work is done as soon as it is confirmed, short
        # ones with hardly a gap; else long ones that are there when it comes due.
        if self.busy_with == BATCHES:
            for number in range(MOST_SHORT):
                lasts = SECOND * rng.choice((24, 30))
                self._ahead(NIGHT + (number + 0.25) * SHORT_EVERY, lasts, rng.choice(stops))
            return
        for at in LONG_ONES:
            self._ahead(at - SECOND * rng.randrange(60, 600), LONG, rng.choice(stops))

    def _ahead(self, after_midnight: dt.timedelta, lasts: dt.timedelta, scope: str) -> None:
        wish = self._wish("planned", self.town.midnight + after_midnight, lasts, scope)
        asked = self._named("notice.publish", wish)
        approval = make_request(self._as(MAKER), asked, key=f"ahead-{self.decisions}", now=clock.now())
        decide.approve(self._as(CHECKERS[0]), approval.approval_id, approval.digest, now=clock.now())
        notice = notices.read(approval.approval_id)
        if notice is not None and after_midnight < LONG_ONES[0]:
            # Its day before is over when the run begins.
            updates.insist(notices.note_told(notice, DAY_BEFORE))

    # ---- decisions -------------------------------------------------------------------------------------
    def _decide(self) -> None:
        rng, now = self.town.rng, clock.now()
        open_now = [one for one in self.town.books.suspended.versions.values() if one.off_at is None and now < one.ends]
        chance = rng.randrange(10)
        if not open_now or chance < 5:
            self._publish()
            return
        version = rng.choice(open_now)
        if chance < 7:
            self._change(version)
        elif chance < 8:
            self._by_two("notice.withdraw", {"notice_id": version.notice_id})
        else:
            self._think_better_of_it()
        if chance in (7, 9):
            # Somebody else has decided otherwise in the same moment.
            self.town.machine.start("staff", lambda: self._change(version))

    def _publish(self) -> None:
        rng = self.town.rng
        if self.planned < MOST_PLANNED:
            self.planned += 1
            starts_at = self.town.midnight + PLANNED_AT + SECOND * rng.randrange(-600, 1)
            self._by_two("notice.publish", self._wish("planned", starts_at, LONG, rng.choice(SCOPES)))
            return
        self._by_two("notice.publish", self._soon())

    def _soon(self) -> dict[str, Any]:
        """A special case."""
        rng = self.town.rng
        starts_at = clock.now() + SECOND * rng.choice(STARTS)
        scope = rng.choice((*SCOPES, *STOPPED_BY[self.busy_with] * 3))
        return self._wish("urgent", starts_at, AHEAD + SECOND * rng.choice(LASTS), scope)

    def _change(self, version: Version) -> None:
        self._by_two("notice.change", {**self._soon(), "notice_id": version.notice_id})

    def _think_better_of_it(self) -> None:
        """What begins at once, and was to last long, is ended as soon as it goes on."""
        wish = self._wish("urgent", clock.now(), LONG, self.town.rng.choice(SCOPES))
        notice_id = self._by_two("notice.publish", wish)
        self._by_two("notice.end", {"notice_id": notice_id})

    def _wish(self, kind: str, starts_at: dt.datetime, lasts: dt.timedelta, scope: str) -> dict[str, Any]:
        """What is announced, under a title of its own."""
        self.decisions += 1
        return {
            "kind": kind,
            "starts_at": clock.to_text(starts_at),
            "ends_at": clock.to_text(starts_at + lasts),
            "scope": scope,
            "affects": "all that is named",
            "title": {"zh": f"停机{self.decisions}", "en": f"Suspension {self.decisions}"},
            "text": {"zh": "请稍候。", "en": "Please wait."},
        }

    @staticmethod
    def _named(kind: str, payload: Mapping[str, Any]) -> Wish:
        return Wish(kind, payload, "simulated")

    def _by_two(self, kind: str, payload: Mapping[str, Any]) -> str:
        """One asks and another approves; often two do, or the same one twice. The id of what they decided on."""
        town = self.town
        self.decisions += 1
        key = f"decision-{self.decisions}"

        def ask() -> Approval:
            return make_request(self._as(MAKER), self._named(kind, payload), key=key, now=clock.now())

        approval = town.insist(f"{key} {kind}", ask)
        for checker in CHECKERS[: town.rng.randrange(2)]:
            town.machine.start("staff", lambda checker=checker: self._approve(approval, checker))  # type: ignore[misc]
        self._approve(approval, town.rng.choice(CHECKERS))
        return approval.approval_id

    def _approve(self, approval: Approval, checker: str) -> None:
        def approve() -> None:
            decide.approve(self._as(checker), approval.approval_id, approval.digest, now=clock.now())

        with suppress(NoAnswer, Refusal):
            self.town.insist(f"{approval.kind} approved", approve)

    @staticmethod
    def _as(staff_id: str) -> StaffCaller:
        """That member of staff, as if logged in."""
        member = staff.member_of(staff_id)
        assert member is not None
        return acting_as(member, "simulated", staff_id)
