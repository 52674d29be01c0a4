"""Recalls: a payer asks for a transfer back; its payee agrees, refuses or is silent, while a clerk reverses it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.recalls import service as recalls
from chalicelib.recalls.commands.agree import agree
from chalicelib.recalls.commands.ask import ask
from simulation.images import Posted
from simulation.people import Person
from simulation.routes import RECALL, RECALL_AGREE, RECALL_REFUSE, RECALL_WITHDRAW

if TYPE_CHECKING:
    from simulation.town import Town

SMS = "sms"
# Of an older one the payee has spent the money.
LATEST = 5


@dataclass
class Regretters:
    """Who paid by mistake, and who was paid."""

    town: Town

    def act(self, person: Person) -> None:
        """Ask for one of the latest transfers back; whoever has none pays first."""
        town = self.town
        found = self._candidates()
        if not found:
            request = town.payers.wish_to_others(person)
            payee = next(one for one in town.people if request.payee_account in one.accounts)
            town.payers.pay_as_wished(person, dataclasses.replace(request, payee_account=payee.accounts[0]))
            found = self._candidates()
        if found:
            self._recall(*town.rng.choice(found[-LATEST:]))

    def _candidates(self) -> list[tuple[Posted, Person, Person]]:
        """Transfers to somebody else's main account with payer and payee, oldest first."""
        by_main = {person.accounts[0]: person for person in self.town.people}
        found = []
        for entry in self.town.books.entries.values():
            sides = [by_main.get(account) for account, _, kind in entry.legs if kind == "principal"]
            if entry.kind == "transfer" and sides[0] is not None and sides[1] is not None:
                found.append((entry, sides[0], sides[1]))
        return found

    def _recall(self, entry: Posted, payer: Person, payee: Person) -> None:
        town, rng = self.town, self.town.rng
        wanted = town.books.recalled.wanted
        wanted.add((entry.entry_id, recalls.ASKED))

        def asks(caller: Caller) -> str:
            return ask(caller, entry.entry_id, "other", entry.entry_id, clock.now()).recall.recall_id

        recall_id = town.with_session(payer, RECALL, f"{entry.entry_id} recall", asks)
        if rng.randrange(3) == 0:
            town.machine.start("teller", lambda: town.tellers.reverse_this(entry.entry_id))
        chance = rng.randrange(10)
        if chance < 7:
            if rng.randrange(3) == 0:
                town.machine.start(f"{payee.login_name}-again", lambda: self._agree(payee, recall_id))
            self._agree(payee, recall_id)
        elif chance < 8:
            wanted.add((recall_id, recalls.REFUSED))
            town.with_session(
                payee,
                RECALL_REFUSE,
                f"{recall_id} refuse",
                lambda caller: recalls.refuse(caller, recall_id, "owed", clock.now()),
            )
        elif chance < 9:
            wanted.add((recall_id, recalls.WITHDRAWN))
            town.with_session(
                payer,
                RECALL_WITHDRAW,
                f"{recall_id} withdraw",
                lambda caller: recalls.withdraw(caller, recall_id, clock.now()),
            )

    def _agree(self, payee: Person, recall_id: str) -> None:
        self.town.books.recalled.wanted.add((recall_id, recalls.AGREED))

        def agrees(caller: Caller) -> str:
            done = agree(caller, recall_id, factor=SMS, factor_id="", correlation_id=recall_id, now=clock.now())
            return str(done.image["entry_id"])

        entry_id = self.town.with_session(payee, RECALL_AGREE, f"{recall_id} agree", agrees)
        if self.town.payers.enter_code(payee, entry_id) and self.town.rng.randrange(3) == 0:
            # Twice is once, also for who agrees again.
            self.town.with_session(payee, RECALL_AGREE, f"{recall_id} agree again", agrees)
