"""Receive codes: shown once or hung on a wall, scanned by several at once, withdrawn in between."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.paycodes import service as paycodes
from chalicelib.paycodes.commands.pay_by_code import Scan, pay_by_code
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from simulation.people import Person
from simulation.routes import CODE_PAY, CODE_SHOW, CODE_WITHDRAW

if TYPE_CHECKING:
    from simulation.town import Town

SMS = "sms"
# Who scans together waits for the other's code: then both confirm at once.
TOGETHER = dt.timedelta(seconds=60)
LOOKING = dt.timedelta(seconds=8)


@dataclass
class Scanners:
    """Who shows a code, and who pays by it."""

    town: Town

    def act(self, payee: Person) -> None:
        """Show a code; two or three scan it, and the payee may think better of it."""
        town, rng = self.town, self.town.rng
        kind = rng.choice((paycodes.SINGLE, paycodes.SINGLE, paycodes.STATIC))
        amount_fen = rng.choice((None, 20_00)) if kind == paycodes.SINGLE else None
        shown = self._show(payee, kind, amount_fen)
        others = [person for person in town.people if person is not payee]
        group: list[str] = []
        payers = rng.sample(others, rng.randint(2, min(3, len(others))))
        # Whoever pays by what hangs on a wall does so more than once.
        for person in payers if kind == paycodes.SINGLE else [*payers[:2], *payers[:2]]:
            town.machine.start(person.login_name, lambda person=person: self._pay(person, shown, group))  # type: ignore[misc]
        if rng.randrange(3) == 0:
            town.machine.scheduler.wait(rng.random() * LOOKING, None)
            if kind == paycodes.STATIC:
                self._show(payee, kind, None)
            else:
                self._withdraw(payee, shown.code.code_id)

    def _show(self, payee: Person, kind: str, amount_fen: int | None) -> paycodes.Shown:
        def show(caller: Caller) -> paycodes.Shown:
            return paycodes.show(caller, payee.accounts[0], kind, amount_fen, clock.now())

        return self.town.with_session(payee, CODE_SHOW, f"{payee.login_name} shows a {kind} code", show)

    def _withdraw(self, payee: Person, code_id: str) -> None:
        self.town.books.scanned.asked_back.add(code_id)

        def withdraw(caller: Caller) -> None:
            paycodes.withdraw(caller, code_id)

        self.town.with_session(payee, CODE_WITHDRAW, f"{payee.login_name} withdraws a code", withdraw)

    def _pay(self, person: Person, shown: paycodes.Shown, group: list[str]) -> None:
        town = self.town
        town.intents += 1
        intent = f"p{town.intents}"
        amount_fen = town.rng.choice((20_00, 45_00)) if shown.code.amount_fen is None else None
        scan = Scan(shown.payload, person.accounts[0], amount_fen, intent, SMS, "")

        def pay(caller: Caller) -> str:
            return str(pay_by_code(caller, f"key-of-{intent}", scan, intent, clock.now()).image["entry_id"])

        entry_id = town.with_session(person, CODE_PAY, f"{intent} by code", pay)
        group.append(entry_id)
        town.machine.scheduler.wait(TOGETHER, lambda: all(one in town.codes for one in group))
        town.payers.enter_code(person, entry_id)
