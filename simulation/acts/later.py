"""Transfers that arrive later: confirmed, then revoked by the payer, or stopped by a switch or a branch meanwhile."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.customers import service as customers
from chalicelib.customers.commands.switch_transfers import switch_transfers
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.ledger.errors import StateChangeRefused
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.transfers.commands.revoke_transfer import revoke_transfer
from chalicelib.transfers.domain import NEXT_DAY, NORMAL
from simulation.machine import NoAnswer
from simulation.people import Person
from simulation.routes import REVOKE, SWITCH

if TYPE_CHECKING:
    from simulation.town import Town

# Who hesitates does so for as long, or until the very moment of the arrival.
HESITATION = dt.timedelta(seconds=20)
# The schedule comes every minute: around it something stops the payment.
AROUND_A_RUN = dt.timedelta(seconds=70)
# Until what stops a payment has been done.
STOPPING = dt.timedelta(seconds=3)
# Until a run has found what is due, and begins to execute it.
FINDING = dt.timedelta(seconds=2)
SCHEDULE = "execute_due_transfers"


@dataclass
class Hesitant:
    """Who pays with time to think it over."""

    town: Town

    def act(self, person: Person) -> None:
        """Have a transfer arrive later, and mostly do something about it meanwhile."""
        town = self.town
        speed = town.rng.choice((NORMAL, NORMAL, NORMAL, NEXT_DAY))
        request = dataclasses.replace(town.payers.wish_to_others(person), speed=speed)
        entry_id = town.payers.pay_as_wished(person, request)
        waiting = town.books.pending.open.get(entry_id) if entry_id else None
        if waiting is None:
            return
        arrival = clock.from_text(waiting.arrives_at)
        chance = town.rng.randrange(10)
        if chance < 2:
            self._soon(person.login_name, lambda: self.revoke(person, waiting.entry_id))
        elif chance < 5:
            for _ in range(town.rng.randint(1, 2)):
                self._at(arrival + FINDING, person.login_name, lambda: self.revoke(person, waiting.entry_id))
        elif chance < 6 and waiting.payee:
            self._at(arrival - STOPPING, "teller", lambda: self._stop_payee(waiting.payee))
        elif chance < 7:
            self._at(arrival - STOPPING, "teller", lambda: town.tellers.freeze(person))
        elif chance < 9:
            self._at(arrival - STOPPING, person.login_name, lambda: self.switch_off(person))
        for _ in range(town.rng.randint(1, 2)):
            self._at(arrival, "schedule", lambda: town.fire_again(SCHEDULE))

    def _soon(self, name: str, work: Callable[[], None]) -> None:
        def later() -> None:
            self.town.machine.scheduler.wait(self.town.rng.random() * HESITATION, None)
            work()

        self.town.machine.start(name, later)

    def _at(self, moment: dt.datetime, name: str, work: Callable[[], None]) -> None:
        """When the moment comes, or just before or after."""
        early = dt.timedelta(milliseconds=self.town.rng.randrange(-1500, 1500))

        def then() -> None:
            self.town.machine.scheduler.wait(moment - early - clock.now(), None)
            work()

        self.town.machine.start(name, then)

    def revoke(self, person: Person, entry_id: str) -> None:
        """Ask for it back, as often as it takes to hear something."""
        self.town.books.pending.asked_back.add(entry_id)

        def revoke(caller: Caller) -> None:
            revoked = revoke_transfer(caller, entry_id)
            self.town.told_ended[entry_id] = str(revoked.image["state"])

        self.town.with_session(person, REVOKE, f"{entry_id} revoke", revoke)

    def _stop_payee(self, account_id: str) -> None:
        """The branch lets the payee's account sleep for a while, or closes it where it can: then nothing reaches it.

        Those that people pay from are not closed: what the bank owes them would stay with it.
        """
        is_main = any(person.accounts[0] == account_id for person in self.town.people)
        after = "dormant" if is_main else self.town.rng.choice(("dormant", "closed"))
        with suppress(StateChangeRefused, NoAnswer):
            self.town.insist(f"{after}", lambda: change_state(account_id, before="open", after=after))
        self.town.machine.scheduler.wait(self.town.rng.random() * AROUND_A_RUN, None)
        with suppress(StateChangeRefused):
            self.town.insist("wake", lambda: change_state(account_id, before="dormant", after="open"))

    def switch_off(self, person: Person) -> None:
        """A customer stops all transfers to others; after a while the branch allows them again."""

        def off(caller: Caller) -> None:
            switch_transfers(caller, on=False, given=None, correlation_id="switch", now=clock.now())

        self.town.with_session(person, SWITCH, f"{person.login_name} switches transfers off", off)
        self.town.machine.scheduler.wait(self.town.rng.random() * AROUND_A_RUN, None)
        # By phone that takes a certificate, which nobody here has.
        on = customers.customer_update(person.customer_id).set("#transfers_on = :on", on={"BOOL": True})
        self.town.insist(f"{person.login_name} has transfers switched on", lambda: updates.insist(on))
