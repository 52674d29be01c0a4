"""Transfers at once: created and confirmed by a code, or between own accounts in one round trip."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.factors import service as factors
from chalicelib.identity import service as identity
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import Refusal
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once
from chalicelib.transfers.domain import Request
from simulation.machine import NoAnswer
from simulation.people import Person
from simulation.routes import CONFIRM, CREATE, CREATE_ELSEWHERE, LOG_OUT, Route

if TYPE_CHECKING:
    from simulation.town import Town

PATIENCE = dt.timedelta(seconds=150)
# A code is good for three minutes.
TOO_LATE = dt.timedelta(seconds=181)
GUESSING = dt.timedelta(seconds=20)
# About as long as a confirmation takes.
CONFIRMING = dt.timedelta(seconds=3)
MOST_GUESSES = 4
MOST_SPENT = 2
THIEVES = 2


@dataclass
class Payers:
    """Who pays with a phone, and who has somebody else's."""

    town: Town

    def pay(self, person: Person) -> None:
        self.town.intents += 1
        intent = f"p{self.town.intents}"
        request = self._wish(person, intent)
        if self.town.rng.randrange(2 if request.payee_name == person.name else 6) == 0:
            # To somebody else it must not work: a code is asked for.
            self._at_once(person, intent, request)
            return
        entry_id = self._create(person, intent, request)
        self.town.machine.scheduler.wait(PATIENCE, lambda: entry_id in self.town.codes)
        code = self.town.codes.get(entry_id)
        if code is None or self.town.rng.randrange(6) == 0:
            self.confirm(person, entry_id, self._wrong(code))
        if code is None:
            return
        self.town.books.right_codes.add(entry_id)
        if self.town.rng.randrange(10) == 0:
            self.town.machine.scheduler.wait(TOO_LATE, None)
        if self.town.rng.randrange(4) == 0:
            for _ in range(THIEVES):
                self.town.machine.start("thief", lambda: self._guess(person, entry_id, code))
            # The owner looks at the phone only when the thieves have had it for a while.
            self.town.machine.scheduler.wait(GUESSING, None)
        self._change_limits_at_first(person)
        if self.town.rng.randrange(4):
            self.town.machine.start(f"{person.login_name}-again", lambda: self.confirm(person, entry_id, code))
        self.confirm(person, entry_id, code)

    def pay_as_wished(self, person: Person, request: Request) -> str | None:
        """Create and confirm a transfer of some other kind, often with two thumbs; its id, None where no code came."""
        entry_id = self._create(person, request.purpose, request)
        return entry_id if self.enter_code(person, entry_id) else None

    def enter_code(self, person: Person, entry_id: str) -> bool:
        """Wait for the code of an instruction and enter it, often twice; False where none came."""
        self.town.machine.scheduler.wait(PATIENCE, lambda: entry_id in self.town.codes)
        code = self.town.codes.get(entry_id)
        if code is None:
            return False
        self.town.books.right_codes.add(entry_id)
        if self.town.rng.randrange(3) == 0:
            self.town.machine.start(f"{person.login_name}-again", lambda: self.confirm(person, entry_id, code))
        self.confirm(person, entry_id, code)
        return True

    def wish_to_others(self, person: Person) -> Request:
        """What a person wants to pay to somebody else, as an intent of its own."""
        self.town.intents += 1
        payee = self.town.rng.choice([other for other in self.town.people if other is not person])
        amount_fen = self.town.rng.choice((1, 20_00, 99_99, self.town.rng.randrange(1, 150_00)))
        payee_account = self.town.rng.choice(payee.accounts)
        return Request(person.accounts[0], payee_account, payee.name, amount_fen, "CNY", f"p{self.town.intents}")

    def _change_limits_at_first(self, person: Person) -> None:
        """What counts the first payment of a day does not exist before it: a change of limits may overlook it."""
        today = clock.business_date(clock.now())
        if not any(paid.payer == person.accounts[0] and paid.day == today for paid in self.town.books.outward.values()):
            self.town.machine.start(person.login_name, lambda: self._change_limits_soon(person))

    def _change_limits_soon(self, person: Person) -> None:
        self.town.machine.scheduler.wait(self.town.rng.random() * CONFIRMING, None)
        self.town.counter.change_limits(person)

    def _wish(self, person: Person, intent: str) -> Request:
        own = person.accounts[1:]
        if own and self.town.rng.randrange(4) == 0:
            payee, payee_account = person, self.town.rng.choice(own)
        else:
            payee = self.town.rng.choice([other for other in self.town.people if other is not person])
            payee_account = self.town.rng.choice(payee.accounts)
        # Often close to what limits and balances allow, so that their edges are met.
        amount_fen = self.town.rng.choice((1, 20_00, 99_99, 150_00, 250_00, self.town.rng.randrange(1, 300_00)))
        return Request(person.accounts[0], payee_account, payee.name, amount_fen, "CNY", intent)

    def _create(self, person: Person, intent: str, request: Request) -> str:
        key = f"key-of-{intent}"

        def create(caller: Caller) -> str:
            made = create_transfer(caller, key, request, intent, clock.now())
            return str(made.image["entry_id"])

        if self.town.rng.randrange(8) == 0:
            self.town.machine.start(f"{person.login_name}-again", lambda: self._create_again(person, request, create))
        return self.town.with_session(person, self._way_of(request), f"{intent} create", create)

    def _at_once(self, person: Person, intent: str, request: Request) -> None:
        """Between own accounts, without a code, in one round trip; often sent around its `valid_until`."""
        valid_for = dt.timedelta(seconds=self.town.rng.choice((3, 10, 60)))
        stated = dataclasses.replace(request, valid_until=clock.to_text(clock.now() + valid_for))

        def transfer(caller: Caller) -> None:
            done = transfer_at_once(caller, f"key-of-{intent}", stated, intent, clock.now())
            self.town.told_posted.append(str(done.image["entry_id"]))

        if self.town.rng.randrange(3) == 0:
            again = f"{person.login_name}-again"
            self.town.machine.start(
                again, lambda: self.town.with_session(person, CREATE, f"{intent} at once again", transfer)
            )
        if self.town.rng.randrange(2):
            # The phone has no net; the app sends what it kept when it has.
            self.town.machine.scheduler.wait(valid_for, None)
        self.town.with_session(person, CREATE, f"{intent} at once", transfer)

    @staticmethod
    def _way_of(request: Request) -> Route:
        return CREATE if request.payee_bank is None else CREATE_ELSEWHERE

    def _create_again(self, person: Person, request: Request, create: Callable[[Caller], str]) -> None:
        """The thumb that presses twice; whatever id that gives is one more to confirm."""
        entry_id = self.town.with_session(person, self._way_of(request), f"{request.purpose} create again", create)
        self.town.machine.scheduler.wait(PATIENCE, lambda: entry_id in self.town.codes)
        if entry_id in self.town.codes:
            self.town.books.right_codes.add(entry_id)
            self.confirm(person, entry_id, self.town.codes[entry_id])

    def confirm(self, person: Person, entry_id: str, code: str) -> None:
        def confirm(caller: Caller) -> str:
            done = confirm_transfer(caller, entry_id, factors.Given(factors.SMS, code), clock.now())
            return str(done.image["state"])

        if self.town.with_session(person, CONFIRM, f"{entry_id} confirm", confirm) == "posted":
            self.town.told_posted.append(entry_id)

    def _guess(self, person: Person, entry_id: str, code: str) -> None:
        """Somebody with the phone in the hand, but not the code, tries as often as it goes."""
        for _ in range(MOST_GUESSES):
            with suppress(NoAnswer, Refusal):
                self.confirm(person, entry_id, self._wrong(code))

    @staticmethod
    def _wrong(code: str | None) -> str:
        return "000000" if code != "000000" else "000001"

    def log_out(self, person: Person) -> None:
        caller = self.town.session_of(person)
        # Whoever has the phone pays with the session that is being ended, as often as that goes.
        for _ in range(THIEVES):
            self.town.machine.start("thief", lambda: self.spend(person, caller))
        # The app forgets nothing: what it has begun in this session it will try to finish with it.
        self.town.insist(f"{person.login_name} logs out", lambda: identity.log_out(caller, clock.now()), LOG_OUT)

    def spend(self, person: Person, caller: Caller) -> None:
        """A fen from account to account, at once, until the session is refused."""
        for _ in range(MOST_SPENT):
            self.town.intents += 1
            intent = f"p{self.town.intents}"
            until = clock.to_text(clock.now() + dt.timedelta(minutes=1))
            request = Request(person.accounts[0], person.accounts[-1], person.name, 1, "CNY", intent, valid_until=until)
            transfer = functools.partial(transfer_at_once, caller, f"key-of-{intent}", request, intent, clock.now())
            with suppress(NoAnswer):
                self.town.machine.ask(f"{intent} by a thief", transfer, CREATE)
