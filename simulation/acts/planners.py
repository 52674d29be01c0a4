"""Scheduled and standing orders: set up, changed, paused and cancelled, also at the very moment when they are due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.orders.commands.change_order import Change, change_order
from chalicelib.orders.commands.create_order import create_order
from chalicelib.orders.commands.stop_order import cancel_order, pause_order, resume_order
from chalicelib.orders.domain import MONTHLY, ONCE, WEEKLY, Order, Schedule, Terms
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from simulation.people import Person
from simulation.routes import ORDER_CANCEL, ORDER_CHANGE, ORDER_CREATE, ORDER_PAUSE, ORDER_RESUME, Route

if TYPE_CHECKING:
    from simulation.town import Town

SCHEDULE = "find_due_orders"
WORKER = "execute_orders"
# As long as a worker takes for one of them, about; and how long somebody waits for the worker.
EXECUTING = dt.timedelta(milliseconds=500)
PATIENCE = dt.timedelta(minutes=5)
PAUSED_FOR = dt.timedelta(seconds=1)
# More than anybody here has.
TOO_MUCH_FEN = 900_00


@dataclass
class Planners:
    """Who has the bank pay by itself."""

    town: Town

    def act(self, person: Person) -> None:
        """Set up an order, and mostly do something about it while it is executed."""
        town = self.town
        order = self._set_up(person)
        due = clock.from_text(order.due_at) if order.due_at else clock.now()
        chance = town.rng.randrange(10)
        if chance < 4:
            self._while_due(due, person, lambda: self._change(person, order), early=50)
        if 2 < chance < 6:
            self._while_due(due, person, lambda: self._pause(person, order))
        elif 6 <= chance < 8:
            self._while_due(due, person, lambda: self._stop(person, ORDER_CANCEL, order, cancel_order))
        for _ in range(town.rng.randint(1, 2)):
            self._at(due, "schedule", lambda: town.fire_again(SCHEDULE))

    def _set_up(self, person: Person) -> Order:
        town, rng = self.town, self.town.rng
        town.intents += 1
        intent = f"p{town.intents}"
        own = person.accounts[1:]
        to = person if own and rng.randrange(2) else rng.choice([other for other in town.people if other is not person])
        account = rng.choice(own if to is person else to.accounts)
        amount_fen = rng.choice((1, 20_00, 20_00, rng.randrange(1, 90_00), TOO_MUCH_FEN))
        terms = Terms(person.accounts[0], account, to.name, amount_fen, 0, intent, self._schedule())

        def create(caller: Caller, given: str | None) -> Order:
            return create_order(caller, f"key-of-{intent}", terms, given, intent, clock.now()).order

        if rng.randrange(4) == 0:
            town.machine.start(f"{person.login_name}-again", lambda: self._again(person, terms, create))
        return self._insists(person, ORDER_CREATE, terms, create)

    def _schedule(self) -> Schedule:
        """From today on or tomorrow, with or without an end."""
        rng = self.town.rng
        today = clock.now().astimezone(clock.SHANGHAI).date()
        first = today + dt.timedelta(days=rng.choice((0, 0, 1)))
        kind = rng.choice((ONCE, WEEKLY, WEEKLY, MONTHLY))
        day = {ONCE: 0, WEEKLY: first.isoweekday(), MONTHLY: first.day}[kind]
        return Schedule(kind, day, first, count=rng.choice((None, 1, 2, 5)) if kind != ONCE else None)

    def _insists(
        self, person: Person, route: Route, terms: Terms, work: Callable[[Caller, str | None], Order]
    ) -> Order:
        """Do it by a code where one is asked for, which confirms just these terms."""
        what = terms.purpose, terms.amount_fen, terms.payee_account
        confirms = self.town.books.ordered.confirmed.add
        return self.town.with_step_up(person, route, f"{terms.purpose} order", work, lambda: confirms(what))

    def _again(self, person: Person, terms: Terms, work: Callable[[Caller, str | None], Order]) -> None:
        self._insists(person, ORDER_CREATE, terms, work)

    def _at(self, moment: dt.datetime, name: str, work: Callable[[], None]) -> None:
        def then() -> None:
            self.town.machine.scheduler.wait(moment - clock.now(), None)
            work()

        self.town.machine.start(name, then)

    def _while_due(self, due: dt.datetime, person: Person, work: Callable[[], None], early: int = 20) -> None:
        """While somebody executes it; `early` of a hundred times long before."""
        is_early = self.town.rng.randrange(100) < early

        def then() -> None:
            if not is_early:
                self.town.machine.scheduler.wait(PATIENCE, lambda: self.town.is_running(WORKER))
                self.town.machine.scheduler.wait(self.town.rng.random() * EXECUTING, None)
            work()

        self._at(clock.now() if is_early else due, person.login_name, then)

    def _change(self, person: Person, order: Order) -> None:
        """Another amount: less is done at once, more is confirmed anew."""
        terms = order.terms
        amount_fen = self.town.rng.choice((max(1, terms.amount_fen // 2), terms.amount_fen + 1, terms.amount_fen + 1))
        changed = Change(amount_fen=amount_fen).of(terms)

        def change(caller: Caller, given: str | None) -> Order:
            what = Change(amount_fen=amount_fen)
            return change_order(caller, order.order_id, what, given, terms.purpose, clock.now())

        self._insists(person, ORDER_CHANGE, changed, change)

    def _pause(self, person: Person, order: Order) -> None:
        """A thumb that cannot decide."""
        for _ in range(2):
            self._stop(person, ORDER_PAUSE, order, pause_order)
            self.town.machine.scheduler.wait(self.town.rng.random() * PAUSED_FOR, None)
            self._stop(person, ORDER_RESUME, order, resume_order)

    def _stop(self, person: Person, route: Route, order: Order, how: Callable[..., Order]) -> None:
        def stop(caller: Caller) -> None:
            how(caller, order.order_id, order.terms.purpose, clock.now())

        self.town.with_session(person, route, f"{order.terms.purpose} {how.__name__}", stop)
