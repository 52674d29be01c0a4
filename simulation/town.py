"""The town: everyone, what they have on their phones, and who does something next."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from chalicelib.factors import service as factors
from chalicelib.identity import service as identity
from chalicelib.maintenance.errors import UnderMaintenance
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import Refusal
from chalicelib.stepup import service as stepup
from chalicelib.stepup.errors import StepUpRequired
from simulation.acts.later import Hesitant
from simulation.acts.merchants import Merchants
from simulation.acts.pay import PATIENCE, Payers
from simulation.acts.planners import Planners
from simulation.acts.regretters import Regretters
from simulation.acts.remitters import Remitters
from simulation.acts.scanners import Scanners
from simulation.acts.suspenders import Suspenders
from simulation.acts.tellers import Tellers
from simulation.acts.treasurers import Treasurers
from simulation.books import Books
from simulation.counter import Counter
from simulation.faults import Faults
from simulation.machine import Machine, NoAnswer
from simulation.mixes import (
    BATCHES,
    CLEARING,
    CODES,
    EVERYDAY,
    KINDS,
    LATER,
    OF_ITS_KIND,
    OF_OTHER_KINDS,
    OF_SUSPENSIONS,
    ORDERS,
    RECALLS,
    SUSPENSIONS,
)
from simulation.people import PASSWORD, Person
from simulation.routes import LOG_IN, STEP_UP, Route

T = TypeVar("T")

MOST_ASKS = 5


@dataclass
class Town:
    """Everyone, and what they have on their phones."""

    machine: Machine
    faults: Faults
    rng: random.Random
    books: Books
    branch_id: str
    midnight: dt.datetime
    broken: Callable[[str], None]
    mix: str = EVERYDAY
    people: list[Person] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    told_posted: list[str] = field(default_factory=list)
    # How a transfer that was to arrive later has ended, as its payer was told.
    told_ended: dict[str, str] = field(default_factory=dict)
    intents: int = 0
    counter: Counter = field(init=False)
    payers: Payers = field(init=False)
    merchants: Merchants = field(init=False)
    tellers: Tellers = field(init=False)
    hesitant: Hesitant = field(init=False)
    remitters: Remitters = field(init=False)
    planners: Planners = field(init=False)
    scanners: Scanners = field(init=False)
    regretters: Regretters = field(init=False)
    treasurers: Treasurers = field(init=False)
    suspenders: Suspenders = field(init=False)
    # What people do of each kind, and in the mix of suspensions.
    of_kind: dict[str, Callable[[Person], None]] = field(init=False)
    # Lambda's, set when that is there: has a schedule's worker start once more; whether a worker is at work.
    fire_again: Callable[[str], None] = field(init=False)
    is_running: Callable[[str], bool] = field(init=False)

    def __post_init__(self) -> None:
        self.counter = Counter(self)
        self.payers = Payers(self)
        self.merchants = Merchants(self)
        self.tellers = Tellers(self)
        self.hesitant = Hesitant(self)
        self.remitters = Remitters(self)
        self.planners = Planners(self)
        self.scanners = Scanners(self)
        self.regretters = Regretters(self)
        self.treasurers = Treasurers(self)
        self.suspenders = Suspenders(self)
        self.of_kind = {
            LATER: self.hesitant.act,
            CLEARING: self.remitters.act,
            ORDERS: self.planners.act,
            CODES: self.scanners.act,
            RECALLS: self.regretters.act,
            BATCHES: self.treasurers.act,
            SUSPENSIONS: self.suspenders.act,
        }

    def someone_acts(self) -> None:
        """Start one more thing that somebody does."""
        if self.mix != EVERYDAY and (kind := self._kind_of_transfer()) is not None:
            person = self.rng.choice([self.people[0]] * 3 + self.people)
            self.machine.start(person.login_name, lambda: self.of_kind[kind](person))
            return
        chance = self.rng.randrange(160)
        # One of them does half of everything, so that limits and races are met.
        person = self.rng.choice([self.people[0]] * 3 + self.people)
        if chance < 57:
            self.machine.start(person.login_name, lambda: self.payers.pay(person))
        elif chance < 70:
            self.machine.start("merchant", lambda: self.merchants.hold(person))
        elif chance < 79:
            anybody = self.rng.choice(self.people)
            self.machine.start("merchant", lambda: self.merchants.hold_in_parts(anybody))
        elif chance < 88:
            self.machine.start("teller", self.tellers.reverse)
        elif chance < 94:
            self.machine.start("teller", lambda: self.tellers.deposit(self.rng.choice(person.accounts)))
        elif chance < 99:
            self.machine.start(person.login_name, lambda: self.payers.log_out(person))
        elif chance < 102:
            self.machine.start("teller", lambda: self.tellers.freeze(self.people[0]))
        elif chance < 104:
            self.counter.change_limits(person)
        elif chance < 110:
            self.machine.start("operator", self.counter.change_policy)
        elif chance < 113:
            self.machine.start("teller", self.counter.sign_up)
        else:
            self.machine.start(person.login_name, lambda: self.payers.pay(person))

    def _kind_of_transfer(self) -> str | None:
        """Which kind is next in a seed that has one of its own; None: something of the everyday mix."""
        chance = self.rng.randrange(100)
        if self.mix == SUSPENSIONS:
            return self.mix if chance < OF_SUSPENSIONS else None
        if chance < OF_ITS_KIND:
            return self.mix
        return self.rng.choice(KINDS) if chance < OF_ITS_KIND + OF_OTHER_KINDS else None

    def insist(self, what: str, work: Callable[[], T], route: Route | None = None) -> T:
        """Ask until there is an answer, a few times; by a customer's route, or as the bank's own people do.

        Half of those who meet a suspension come again once more, when it is to be over.
        """
        try:
            return self._insist(what, work, route)
        except UnderMaintenance as refusal:
            if self.rng.randrange(2):
                raise
            self.machine.scheduler.wait(dt.timedelta(seconds=refusal.retry_after_s or 1), None)
        return self._insist(what, work, route)

    def _insist(self, what: str, work: Callable[[], T], route: Route | None) -> T:
        for _ in range(MOST_ASKS - 1):
            try:
                return self.machine.ask(what, work, route)
            except NoAnswer:
                self.machine.scheduler.wait(dt.timedelta(seconds=self.rng.randrange(1, 4)), None)
        return self.machine.ask(what, work, route)

    def session_of(self, person: Person) -> Caller:
        """The person's session; logs in where there is none."""
        if person.session is None:
            person.session = self.insist(f"{person.login_name} logs in", lambda: self.logged_in(person), LOG_IN)
        return person.session

    @staticmethod
    def logged_in(person: Person) -> Caller:
        """Log in; who the tokens speak for."""
        grant = identity.log_in(person.login_name, PASSWORD, clock.now())
        return Caller(grant.customer_id, grant.session_id, grant.edition)

    def with_session(self, person: Person, route: Route, what: str, work: Callable[[Caller], T]) -> T:
        """Do something by a route, as who is logged in; logs in anew where the session was ended."""
        caller = self.session_of(person)
        try:
            return self.insist(what, lambda: work(caller), route)
        except Refusal as refusal:
            if refusal.code != "session_ended":
                raise
            if person.session is caller:
                person.session = None
            again = self.session_of(person)
            return self.insist(what, lambda: work(again), route)

    def with_step_up(
        self,
        person: Person,
        route: Route,
        what: str,
        work: Callable[[Caller, str | None], T],
        confirms: Callable[[], None],
    ) -> T:
        """Do what is asked to be confirmed first: by the code for just that, and then once more with it. `confirms` is
        called before the right code is entered.
        """
        try:
            return self.with_session(person, route, what, lambda caller: work(caller, None))
        except StepUpRequired as refusal:
            challenge_id = refusal.facts["step_up"]
        self.machine.scheduler.wait(PATIENCE, lambda: challenge_id in self.codes)
        if challenge_id not in self.codes:
            raise NoAnswer
        confirms()
        given = factors.Given(factors.SMS, self.codes[challenge_id])

        def confirm(caller: Caller) -> None:
            stepup.confirm(caller, challenge_id, given, clock.now())

        self.with_session(person, STEP_UP, f"{what}: confirm", confirm)
        return self.with_session(person, route, what, lambda caller: work(caller, challenge_id))
