"""Transfers to other banks, and the network that takes them: it accepts, rejects, is late, says it twice or never."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.clearing import networks
from chalicelib.clearing.domain import BANKS, RETURNED, Answer, Order
from chalicelib.platform import queues
from chalicelib.platform.queues import Message
from chalicelib.transfers.domain import NORMAL, Request
from simulation.elsewhere import Outgoing
from simulation.people import Person

if TYPE_CHECKING:
    from simulation.town import Town
    from simulation.world import World

SCHEDULE = "ask_clearing"
ASKING = dt.timedelta(seconds=90)
# Of a hundred payments: far more trouble than a network makes.
SHARES = {networks.ACCEPT: 30, networks.REJECT: 30, networks.LATE: 15, networks.TWICE: 15, networks.NEVER: 10}
# Of a hundred that are answered twice, those that are followed by another that says the contrary.
CONTRADICTS = 40


class Network(networks.SimulatedNetwork):
    """The bank's simulated network, with more trouble; it knows only what it got, and the books know what it said."""

    def __init__(self, world: World) -> None:
        super().__init__(world.outcome.seed, SHARES)
        self._world = world

    def send(self, order: Order) -> None:
        """Take a payment; the machine that sends may die before or after."""
        world, entry_id = self._world, order.entry_id
        world.scheduler.pause()
        outgoing = Outgoing(order.payee_bank, order.payee_account, order.payee_name, order.amount_fen)
        will_answer = self.behaviour_of(entry_id) != networks.NEVER
        world.books.elsewhere.network_got(entry_id, outgoing, will_answer=will_answer)
        world.tell(f"the network gets {entry_id}, and will {self.behaviour_of(entry_id)}")
        if self.behaviour_of(entry_id) in (networks.ACCEPT, networks.REJECT, networks.TWICE):
            self._says(entry_id, self._answer(entry_id))
        super().send(order)
        if self.behaviour_of(entry_id) == networks.TWICE and world.rng.randrange(100) < CONTRADICTS:
            # Whoever is answered twice is settled; see SimulatedNetwork.
            contrary = Answer(RETURNED, networks.REASONS[0])
            self._says(entry_id, contrary)
            data = {"outcome": contrary.outcome, "reason": contrary.reason}
            told = Message(f"{entry_id}#answer#3", "clearing.answered", entry_id, order.correlation_id, data)
            queues.send("clearing", [told])
            world.books.elsewhere.told_otherwise.add(entry_id)

    def enquire(self, entry_id: str, sent_at: dt.datetime, now: dt.datetime) -> Answer | None:
        """What became of a payment; None also for one that never came."""
        self._world.scheduler.pause()
        if not self._world.books.elsewhere.has_got(entry_id):
            return None
        answer = super().enquire(entry_id, sent_at, now)
        if answer is not None:
            self._says(entry_id, answer)
        return answer

    def _says(self, entry_id: str, answer: Answer) -> None:
        self._world.books.elsewhere.said[entry_id].add(answer.text)


@dataclass
class Remitters:
    """Who pays to other banks."""

    town: Town

    def act(self, person: Person) -> None:
        """Pay somebody at another bank, also by a number that is an account here; a clerk may try to take it back."""
        town = self.town
        town.intents += 1
        number = town.rng.choice(("6222000011112222", person.accounts[-1], town.rng.choice(town.people).accounts[0]))
        amount_fen = town.rng.choice((1, 20_00, town.rng.randrange(1, 120_00)))
        request = Request(
            person.accounts[0],
            number,
            "他行客户",
            amount_fen,
            "CNY",
            f"p{town.intents}",
            payee_bank=town.rng.choice(sorted(BANKS)),
            speed=town.rng.choice((None, None, None, NORMAL)),
        )
        entry_id = town.payers.pay_as_wished(person, request)
        if entry_id is None:
            return
        if town.rng.randrange(3) == 0:
            town.machine.start("teller", lambda: town.tellers.reverse_this(entry_id))
        town.machine.scheduler.wait(ASKING, None)
        town.fire_again(SCHEDULE)
