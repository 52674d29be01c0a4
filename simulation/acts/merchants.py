"""Money set aside for a merchant, then paid in part, let go, or over."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.holds import Hold
from chalicelib.platform import clock, ids
from simulation.people import Person

if TYPE_CHECKING:
    from simulation.town import Town

# Until limits that begin to change have changed.
CHANGING = dt.timedelta(seconds=2)
# Until a branch that was told to stop an account has done so.
FREEZING = dt.timedelta(seconds=2)
MOST_PARTS = 4


@dataclass
class Merchants:
    """Who has money set aside."""

    town: Town

    def hold(self, person: Person) -> None:
        """Money set aside, then paid in part, let go, or over; often by two at once."""
        amount_fen = self.town.rng.randrange(2, 200_00)
        hold = self._place(person, amount_fen, self.town.rng.choice((0, amount_fen)))
        if self.town.rng.randrange(4):
            # Who has a claim on the money is not paid from an account that was frozen in the meantime.
            self.town.machine.start("teller", lambda: self.town.tellers.freeze(person))
            self.town.machine.scheduler.wait(FREEZING, None)
        for _ in range(self.town.rng.randint(2, 3)):
            self.town.machine.start("merchant", lambda: self._end_hold(hold))
        if self.town.rng.randrange(2):
            return  # left to the schedule
        self.town.machine.scheduler.wait(dt.timedelta(seconds=61), None)
        self.town.insist(f"{hold.hold_id} expire", lambda: holds.expire(hold.hold_id, clock.now()))

    def hold_in_parts(self, person: Person) -> None:
        """As often as the count of the day allows; nothing but the write's own condition ends it. Meanwhile limits
        change: the first hold of a day makes the buckets that a change may overlook.
        """
        for _ in range(2):
            self.town.counter.change_limits(person)
        self.town.machine.scheduler.wait(self.town.rng.uniform(0.25, 1) * CHANGING, None)
        for _ in range(MOST_PARTS):
            self._place(person, 2, 2)

    def _place(self, person: Person, amount_fen: int, counted_fen: int) -> Hold:
        self.town.intents += 1
        hold_id = ids.derived_id("hold", str(self.town.intents))
        until = clock.now() + dt.timedelta(seconds=self.town.rng.randrange(10, 60))
        account_id, customer_id = person.accounts[0], person.customer_id
        hold = Hold(hold_id, customer_id, account_id, amount_fen, counted_fen, until, "hold", hold_id, b"hold")
        self.town.insist(f"{hold_id} hold", lambda: holds.place(hold))
        return hold

    def _end_hold(self, hold: Hold) -> None:
        payee = self.town.people[-1].accounts[-1]
        part_fen = self.town.rng.choice((hold.amount_fen, self.town.rng.randint(1, hold.amount_fen)))
        if self.town.rng.randrange(4) == 0:
            self.town.insist(f"{hold.hold_id} release", lambda: holds.release(hold.hold_id))
        elif payee != hold.account_id:
            self.town.insist(
                f"{hold.hold_id} capture",
                lambda: holds.capture(hold.hold_id, payee_account=payee, amount_fen=part_fen),
            )
