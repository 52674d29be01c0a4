"""Several payees in one confirmation: lists of payments, sent twice at times, while their payer spends elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.batches.commands.create_batch import Created, create_batch
from chalicelib.batches.domain import Line, Wanted
from chalicelib.batches.service import batch_id_of
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from simulation.people import Person
from simulation.routes import BATCH_CREATE

if TYPE_CHECKING:
    from simulation.town import Town

MOST_LINES = 4


@dataclass
class Treasurers:
    """Who pays many at once."""

    town: Town

    def act(self, person: Person) -> None:
        """Confirm a list of payments, and mostly another one while the worker makes them."""
        self.pay(person, beside=True)

    def pay(self, person: Person, *, beside: bool) -> None:
        """Confirm a list of payments; with `beside` mostly another one at once, which the money may not cover, too."""
        town, rng = self.town, self.town.rng
        town.intents += 1
        intent = f"p{town.intents}"
        lines = tuple(self._line(person, number, intent) for number in range(1, rng.randint(2, MOST_LINES) + 1))

        def create(caller: Caller, given: str | None) -> Created:
            wanted = Wanted(batch_id_of(caller.customer_id, f"key-of-{intent}"), person.accounts[0], lines)
            return create_batch(caller, wanted, given, intent, clock.now())

        if rng.randrange(4) == 0:
            town.machine.start(f"{person.login_name}-again", lambda: self._insists(person, intent, lines, create))
        # Each list may be covered by itself, and what its payer spends beside it not.
        if beside and rng.randrange(3):
            town.machine.start(person.login_name, lambda: self.act(person))
        self._insists(person, intent, lines, create)

    def _insists(
        self, person: Person, intent: str, lines: tuple[Line, ...], work: Callable[[Caller, str | None], Created]
    ) -> None:
        """Do it by the code that is asked for, which confirms just these payments."""

        def confirms() -> None:
            self.town.books.together.confirmed.update(
                (line.purpose, line.amount_fen, line.payee_account) for line in lines
            )

        self.town.with_step_up(person, BATCH_CREATE, f"{intent} batch", work, confirms)

    def _line(self, person: Person, number: int, intent: str) -> Line:
        town, rng = self.town, self.town.rng
        own = person.accounts[1:]
        others = [other for other in town.people if other is not person]
        to = person if own and rng.randrange(4) == 0 else rng.choice(others)
        account = rng.choice(own if to is person else to.accounts)
        amount_fen = rng.choice((1, 60_00, 90_00, rng.randrange(1, 90_00)))
        return Line(number, account, to.name, amount_fen, f"{intent}.{number}")
