"""What a branch does to accounts and entries while their owners pay: cash in, a freeze, a reversal."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.ledger.commands.change_state import change_state
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.ledger.errors import StateChangeRefused
from chalicelib.platform import clock
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from simulation.acts.pay import PATIENCE
from simulation.counter import TELLER
from simulation.machine import NoAnswer
from simulation.people import Person

if TYPE_CHECKING:
    from simulation.town import Town

LATEST = 5


@dataclass
class Tellers:
    """The branch."""

    town: Town

    def deposit(self, account_id: str) -> None:
        self.town.intents += 1
        reference = f"voucher-{self.town.intents}"
        amount_fen = self.town.rng.randrange(1, 400_00)

        def deposit() -> Any:
            return deposit_cash(
                account_id=account_id,
                branch_id=self.town.branch_id,
                amount_fen=amount_fen,
                reference=reference,
                teller_id=TELLER,
                at=clock.now(),
            )

        self.town.insist(f"deposit {reference}", deposit)

    def freeze(self, person: Person) -> None:
        """The branch stops an account, and lets it go again after a while; meanwhile its owner tries to pay from it."""
        account_id = person.accounts[0]
        with suppress(StateChangeRefused, NoAnswer):
            self.town.insist("freeze", lambda: change_state(account_id, before="open", after="frozen"))
            self.town.machine.start(
                person.login_name, lambda: self.town.payers.spend(person, self.town.session_of(person))
            )
        self.town.machine.scheduler.wait(dt.timedelta(seconds=self.town.rng.randrange(1, 30)), None)
        self.town.insist("thaw", lambda: change_state(account_id, before="frozen", after="open"))

    def _transfers(self) -> list[str]:
        """What has been posted, oldest first."""
        return [entry.entry_id for entry in self.town.books.entries.values() if entry.kind == "transfer"]

    def reverse(self) -> None:
        """The bank takes an entry back; often several clerks do."""
        self.town.machine.scheduler.wait(PATIENCE, lambda: bool(self._transfers()))
        posted = self._transfers()
        if not posted:
            return
        # One of the latest: of an older one the payee has spent the money.
        self.reverse_this(self.town.rng.choice(posted[-LATEST:]))

    def reverse_this(self, entry_id: str) -> None:
        """Take one entry back, by several at once."""

        def reverse() -> Any:
            return reverse_transfer(entry_id, reason="simulated", by=TELLER, correlation_id=entry_id)

        for _ in range(self.town.rng.randint(1, 3)):
            self.town.machine.start("teller", lambda: self.town.insist(f"{entry_id} reverse again", reverse))
        self.town.insist(f"{entry_id} reverse", reverse)
