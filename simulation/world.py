"""One run: a bank of its own on a fresh engine, people, workers, schedules, accidents, and a judge."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.audit import domain as audit
from chalicelib.clearing.commands import reconcile
from chalicelib.platform import clock
from simulation import founding
from simulation.acts.suspenders import LONG
from simulation.books import Books
from simulation.drained import wrong_at_rest
from simulation.engine import Changed, Store, Transport, physical_names, resources
from simulation.faults import Faults
from simulation.images import text
from simulation.lambdas import Lambdas
from simulation.machine import Machine
from simulation.mixes import KINDS, ORDERS, SUSPENSIONS, mix_of
from simulation.queues import Queues
from simulation.scheduler import Scheduler, one_processor
from simulation.streams import Streams
from simulation.town import Town

TOLD = 30
MOST_PEOPLE_AT_ONCE = 11
# Far more than a bank at rest has ever needed; more means that something goes round in circles.
MOST_STEPS_TO_REST = 20_000
# (when it starts, the month that ends, or None): always just before a midnight of Shanghai.
STARTS: tuple[tuple[dt.datetime, str | None], ...] = (
    (dt.datetime(2026, 11, 30, 23, 59, 40, tzinfo=clock.SHANGHAI), "2026-11"),
    (dt.datetime(2026, 12, 31, 23, 59, 40, tzinfo=clock.SHANGHAI), "2026-12"),
    (dt.datetime(2027, 2, 28, 23, 59, 40, tzinfo=clock.SHANGHAI), "2027-02"),
    (dt.datetime(2026, 11, 17, 23, 59, 40, tzinfo=clock.SHANGHAI), None),
)
# An account remembers eight entries, and goes on being paid from.
MOST_LINES_BEHIND = 4
# More than two weeks, so that a weekly order misses one date.
SLEEP = dt.timedelta(days=16)
# When staff decide on suspensions, and when one begins or ends, in percent of the steps.
STAFF_ACT, AT_EDGES, TO_EDGES, ALL_ACT = (3, 14, 50, 66), range(9, 86, 7), (42, 80), (90, 96)
ZERO = dt.timedelta(0)
# Long enough before a suspension begins or ends that requests begin on both sides. What goes on survives the jump.
AT_AN_EDGE, NEAR, FAR = (dt.timedelta(seconds=seconds) for seconds in (1, 6, 300))
BILL_RUN_AT = dt.timedelta(hours=2)


@dataclass(slots=True)
class Outcome:
    """What came of a run. `log_hash` is over every event: the same seed gives the same."""

    seed: int
    steps: int = 0
    transfers: int = 0
    faults: int = 0
    violations: list[str] = field(default_factory=list)
    log_hash: str = ""
    tail: list[str] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)

    def story(self) -> str:
        """What a person needs to look into it."""
        head = f"seed={self.seed} step={self.steps}"
        return "\n".join([*self.tail, *(f"VIOLATION {head}: {what}" for what in self.violations)])


class World:
    """All of it. `steps` is how long people go on acting; then the bank is left to come to rest."""

    def __init__(
        self,
        seed: int,
        steps: int,
        *,
        transport: Transport = "direct",
        on_step: Callable[[int], None] = lambda _: None,
    ) -> None:
        self.rng = random.Random(seed)
        self._steps, self._on_step = steps, on_step
        self.outcome = Outcome(seed)
        self._hash = hashlib.sha256()
        self._tail: deque[str] = deque(maxlen=TOLD)
        start, self.finished_month = self.rng.choice(STARTS)
        self.midnight = start + dt.timedelta(seconds=20)
        self.scheduler = Scheduler(start)
        self.faults = Faults(self.rng)
        self.books = Books(self.broken, self.scheduler.clock.now, self.scheduler.began)
        self.streams = Streams()
        self.excused: set[tuple[str, str]] = set()
        self.to_tell: Counter[str] = Counter()
        self.store = Store(
            self.scheduler, self.faults, transport=transport, tell=self.tell, watch=self._watch, struck=self._struck
        )
        self.queues = Queues(self.scheduler, self.faults, self.rng, self.tell)
        self.machine = Machine(self.scheduler, self.tell)
        self.mix = mix_of(seed)
        self.town = Town(
            self.machine, self.faults, self.rng, self.books, founding.BRANCH, self.midnight, self.broken, self.mix
        )
        if self.mix == SUSPENSIONS:
            # Nothing is ever suspended in the others.
            self.machine.gate = self.town.suspenders.gate
        self.lambdas = Lambdas(
            self.scheduler, self.faults, self.rng, self.queues, self.streams, tell=self.tell, broken=self.broken
        )
        self.town.fire_again = self.lambdas.fire_again
        self.town.is_running = self.lambdas.is_running
        self.outage_until = start
        self._slept = False
        self.books.horizon = self.midnight + dt.timedelta(days=1) + (LONG if self.mix == SUSPENSIONS else ZERO)
        self._plan: dict[int, Callable[[], None]] = {}

    # ---- what is told -------------------------------------------------------------------------------
    def tell(self, what: str) -> None:
        """One event of the log."""
        who = self.scheduler.current.name if self.scheduler.current else "-"
        now = self.scheduler.clock.now().astimezone(clock.SHANGHAI).strftime("%m-%d %H:%M:%S.%f")[:-3]
        line = f"{self.outcome.steps:6d} {now} {who}: {what}"
        self._hash.update(line.encode())
        self._tail.append(line)

    def broken(self, what: str) -> None:
        """A rule does not hold; the run ends after this step."""
        self.outcome.violations.append(what)
        self.tell(f"VIOLATION {what}")

    def _watch(self, changes: list[Changed]) -> None:
        now_s = int(self.scheduler.clock.now().timestamp())
        for change in changes:
            if change.table in ("AccountsTable", "JournalTable") or change.table in self.lambdas.stream_tables:
                self.streams.add(
                    change, resources()[change.table]["Properties"]["KeySchema"][0]["AttributeName"], now_s
                )
            if change.table == "SecurityEventsTable" and change.old is None and change.new is not None:
                self.to_tell[text(change.new, "customer_id")] += audit.ALL[text(change.new, "kind")].tells
            if change.table == "InboxTable" and change.new and self.scheduler.current is not None:
                self._note_claim(change)
        self.books.see(changes)

    def _note_claim(self, change: Changed) -> None:
        activity, new = self.scheduler.current, change.new
        assert activity is not None and new is not None
        claimed = "claimed" in (text(new, "sms"), text(new, "push"))
        activity.open_claim = (text(new, "customer_id"), text(new, "notification_id")) if claimed else None

    def _struck(self, operation: str, parameters: Mapping[str, Any]) -> None:
        """A fault hit a request: if it was about an alert's claim, that alert may be lost."""
        if operation == "UpdateItem" and parameters["TableName"] == physical_names()["InboxTable"]:
            key = parameters["Key"]
            self.excused.add((key["customer_id"]["S"], key["notification_id"]["S"]))

    # ---- the run -----------------------------------------------------------------------------------
    def run(self) -> Outcome:
        """Found the bank, let people act, let it come to rest, judge; ends at the first violation."""
        with one_processor(), founding.seams(self):
            founding.found(self)
            self._act()
        return self.outcome

    def _act(self) -> None:
        self.lambdas.excuse = self.excused.add
        self._plan |= {
            # Early, so that most of the run lies after it: a function may not go on with what was in force before.
            self._steps * 10 // 100: lambda: self.machine.start("operator", self.town.counter.change_policy),
            self._steps * 35 // 100: self._to_midnight,
            # While the first payments of the new day are under way, and when there are some.
            **{self._steps * percent // 100: self._change_limits for percent in (37, 41, 70)},
            self._steps * 88 // 100: self._to_night,
        }
        if self.mix in KINDS:
            self._plan |= {self._steps * percent // 100: self._to_what_is_due for percent in (50, 65, 80)}
        if self.mix == SUSPENSIONS:
            self._plan |= {self._steps * percent // 100: self.town.suspenders.staff_acts for percent in STAFF_ACT}
            self._plan |= {self._steps * percent // 100: self.town.suspenders.everybody_acts for percent in ALL_ACT}
            self._plan |= {self._steps * percent // 100: lambda: self._to_an_edge(NEAR) for percent in AT_EDGES}
            self._plan |= {self._steps * percent // 100: lambda: self._to_an_edge(FAR) for percent in TO_EDGES}
        try:
            while self.outcome.steps < self._steps and not self.outcome.violations:
                self._plan.pop(self.outcome.steps, lambda: None)()
                self._step(people=True)
            self._rest()
        finally:
            self.machine.abandoned = True
            self.scheduler.abandon_all()
        self.outcome.transfers = sum(1 for entry in self.books.entries.values() if entry.kind == "transfer")
        self.outcome.faults = self.faults.total
        self.outcome.kinds = dict(self.faults.counts)
        self.outcome.changes = {
            **self.books.limits.moved,
            "parameter": self.books.policy.changes,
            "signed_up": len(self.town.counter.told),
            "half_done": self.books.sign_ups.half_done,
            **Counter(f"clearing_{state}" for state in self.books.elsewhere.states.values()),
            "clearing_contradicted": len(self.books.elsewhere.contradicted),
            **{f"code_{kind}": count for kind, count in self.books.scanned.paid.items()},
            **Counter(f"recall_{text(recall, 'state')}" for recall in self.books.recalled.recalls.values()),
            **{f"order_{kind}": count for kind, count in self.books.ordered.events.items()},
            **{f"batch_{end}": count for end, count in self.books.together.ends.items()},
            **{f"later_{end}": count for end, count in self.books.pending.ended.items()},
            **{f"suspension_{what}": count for what, count in self.books.suspended.counts.items()},
            **{f"suspension_{what}": count for what, count in self.books.suspended.announced.counts.items()},
        }
        self.outcome.log_hash = self._hash.hexdigest()
        self.outcome.tail = list(self._tail) if self.outcome.violations else []

    def _rest(self) -> None:
        self.faults.calm = True
        self.machine.start("teller", self.town.counter.send_all_again)
        limit = self.outcome.steps + MOST_STEPS_TO_REST
        while not self.outcome.violations:
            if self.outcome.steps > limit:
                self.broken("the bank does not come to rest")
            elif not self._step(people=False):
                break
        if self.outcome.violations:
            return
        for entry_id in self.town.told_posted:
            if entry_id not in self.books.entries:
                self.broken(f"a customer was told that {entry_id} is posted; it is not")
        for entry_id, state in self.town.told_ended.items():
            if self.books.transfers[entry_id][0] != state:
                self.broken(f"a customer was told that {entry_id} is {state}; it is not")
        # A refusal or silence ended the clerk who sent them; people give up without a word.
        for form in self.town.counter.forms[len(self.town.counter.worked_again) :]:
            self.broken(f"the form of {form.login_name} does not work when it is sent again, or does not log in")
        differences = {one.entry_id for day in self.books.days() for one in reconcile.differences(day, clock.now())}
        for what in self.books.elsewhere.left_over(differences):
            self.broken(what)
        queues = self.queues.by_name.values()
        # What is due after the horizon was not waited for, though the clock may have come there for something else.
        now = clock.to_text(min(clock.now(), self.books.horizon))
        for what in wrong_at_rest(self.books, queues, self.excused, self.to_tell, self.finished_month, now):
            self.broken(what)

    def _to_midnight(self) -> None:
        """Just before it limits are changed too, so that a change has read one day and writes on the next."""
        self._jump(self.midnight - dt.timedelta(milliseconds=300))
        self._change_limits()

    def _to_night(self) -> None:
        """As soon as the statement lines are not far behind: hours later what an account no longer remembers would be
        lost to the sweeper, which could only put it in order of time (see `accounts.commands.rebuild_lines`).
        """
        if self.books.aftermath.most_lines_behind() > MOST_LINES_BEHIND:
            self._plan[self.outcome.steps + 1] = self._to_night
            return
        self._jump(self.midnight + BILL_RUN_AT)

    def _to_what_is_due(self) -> None:
        """Some minutes pass at once: what was set aside arrives."""
        if (due := self.books.next_due()) is not None and due < self.midnight + BILL_RUN_AT:
            self._jump(due)

    def _to_an_edge(self, within: dt.timedelta) -> None:
        """Just before a suspension begins or ends soon, so that people and workers meet that moment."""
        now = self.scheduler.clock.now()
        edges = [at for window in self.books.suspended.windows for at in (window.since, window.until)]
        if nearest := min((at for at in edges if now < at < now + within), default=None):
            self._jump(nearest - AT_AN_EDGE)
            self.town.suspenders.around(nearest)

    def _change_limits(self) -> None:
        """Of who pays most."""
        self.town.counter.change_limits(self.town.people[0])

    def _jump(self, to: dt.datetime) -> None:
        """Let the clock reach `to`, unless it is later already."""
        if self.scheduler.clock.now() < to:
            self.scheduler.clock.set(to)
            self.faults.counts["clock"] += 1
            self.tell("the clock jumps")

    def _step(self, *, people: bool) -> bool:
        """One turn of somebody; False when there is nobody left, and nothing to wait for."""
        self.outcome.steps += 1
        self._on_step(self.outcome.steps)
        self.scheduler.clock.advance(dt.timedelta(milliseconds=max(0, self.rng.randrange(-15, 110))))
        if people and self.rng.randrange(110) == 0:
            self.scheduler.clock.advance(dt.timedelta(seconds=self.rng.randrange(1, 25)))
        ready = self.scheduler.ready()
        if ready and self.rng.randrange(100) < 72:
            return self._turn(ready)
        chances = self.lambdas.chances()
        if people:
            if len(self.scheduler.activities) < MOST_PEOPLE_AT_ONCE:
                chances += [self.town.someone_acts] * 5
            if self.faults.strikes("poison"):
                chances = [self.lambdas.poison]
            elif self.rng.randrange(150) == 0:
                chances = [self._outage]
        if chances:
            self.rng.choice(chances)()
            return True
        return self._turn(ready) if ready else self._wait()

    def _turn(self, ready: list[Any]) -> bool:
        activity = self.rng.choice(ready)
        if activity.in_machine and not activity.immune and self.faults.strikes("crash"):
            activity.ends_badly = True
            self.tell(f"fault: {activity.name} crashes")
        self.scheduler.turn(activity)
        if activity.error is not None:
            self.broken(f"{activity.name} raised {type(activity.error).__name__}: {activity.error}")
        return True

    def _wait(self) -> bool:
        """Nobody can go on: let the clock reach what is due next."""
        due = [at for at in (self.scheduler.next_wake(), self.lambdas.next_due()) if at is not None]
        if self.finished_month is not None and not self.lambdas.billed:
            due.append(self.midnight + BILL_RUN_AT)
        if self.books.open_holds():
            # Nothing else is left to do: only a schedule can free them.
            due.append(self.lambdas.next_tick())
        if (arrives := self.books.next_due()) is not None:
            due.append(max(arrives, self.lambdas.next_tick()))
        if (told := self.books.suspended.announced.next_due()) is not None:
            due.append(max(told, self.lambdas.next_tick()))
        if not due and self.mix == ORDERS and not self._slept:
            # The schedule was off for weeks: of the dates that passed the newest is paid, late.
            self._slept = True
            due.append(self.scheduler.clock.now() + SLEEP)
            self.books.horizon = due[0]
        if not due:
            return False
        self.scheduler.clock.set(max(min(due), self.scheduler.clock.now()))
        return True

    # ---- the outside world ----------------------------------------------------------------------------
    def _outage(self) -> None:
        self.outage_until = self.scheduler.clock.now() + dt.timedelta(seconds=self.rng.randrange(1, 60))
        self.faults.counts["outage"] += 1
        self.tell("fault: the SMS provider fails for a while")

    def provider_fails(self) -> bool:
        """Whether the SMS provider is out for who asks now."""
        return self.is_exposed() and not self.faults.calm and self.scheduler.clock.now() < self.outage_until

    def is_exposed(self) -> bool:
        """Whether who acts now can meet a fault."""
        return self.scheduler.current is not None and not self.scheduler.current.immune

    def excuse_open_claim(self) -> None:
        """The alert that is being sent now may be lost."""
        if self.scheduler.current is not None and self.scheduler.current.open_claim is not None:
            self.excused.add(self.scheduler.current.open_claim)
