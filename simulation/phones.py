"""Customers and tellers: what people do with the bank, with all that they do wrong.

A person talks to a machine by `Machine.ask`: the machine may die or fall silent, the person then asks again,
as the app does, with the same idempotency key.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from pynamodb.exceptions import PynamoDBException

from chalicelib.factors import service as factors
from chalicelib.identity import service as identity
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.ledger.commands.holds import Hold
from chalicelib.ledger.commands.reverse_entry import reverse_entry
from chalicelib.ledger.errors import StateChangeRefused
from chalicelib.platform import aws, clock, ids
from chalicelib.platform.errors import OutcomeUnknown, Refusal, TryAgain
from chalicelib.platform.http import Caller
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once
from chalicelib.transfers.domain import Request
from simulation.books import Books
from simulation.counter import TELLER, Counter
from simulation.engine import PASSING, code_of
from simulation.faults import Faults
from simulation.people import PASSWORD, Person
from simulation.scheduler import Activity, Crashed, Scheduler

T = TypeVar("T")

# API Gateway gives up after 29 s, and so does the function behind it.
API_TIMEOUT = dt.timedelta(seconds=29)
PATIENCE = dt.timedelta(seconds=150)
# A code is good for three minutes.
TOO_LATE = dt.timedelta(seconds=181)
GUESSING = dt.timedelta(seconds=20)
# About as long as a confirmation takes.
CONFIRMING = dt.timedelta(seconds=3)
# Until limits that begin to change have changed.
CHANGING = dt.timedelta(seconds=2)
# Until a branch that was told to stop an account has done so.
FREEZING = dt.timedelta(seconds=2)
MOST_ASKS = 5
MOST_GUESSES = 4
MOST_SPENT = 2
MOST_PARTS = 4
THIEVES = 2
LATEST = 5


class NoAnswer(Exception):
    """The phone got nothing, or a 5xx: it cannot know what happened."""


@dataclass
class Machine:
    """The API's functions: each request runs on one, and may end with it."""

    scheduler: Scheduler
    tell: Callable[[str], None]
    started: int = 0
    abandoned: bool = False

    def ask(self, what: str, work: Callable[[], T]) -> T:
        """One request. Raises NoAnswer when there was none to trust, Refusal as the bank refuses."""
        activity = self.scheduler.current
        assert activity is not None
        activity.in_machine = True
        activity.deadline = clock.now() + API_TIMEOUT
        try:
            answer = work()
            # The answer is on its way: the machine may still die before the phone has it.
            self.scheduler.pause()
        except Crashed:
            if self.abandoned:
                raise
            self.tell(f"{what}: the machine died")
            raise NoAnswer from None
        except (OutcomeUnknown, TryAgain, *aws.NO_ANSWER, ClientError, PynamoDBException) as error:
            if code_of(error) not in PASSING:
                raise
            self.tell(f"{what}: {type(error).__name__}")
            raise NoAnswer from error
        except Refusal as refusal:
            self.tell(f"{what}: {refusal.code}")
            raise
        finally:
            activity.in_machine = activity.ends_badly = False
            activity.deadline = None
        self.tell(f"{what}: done")
        return answer

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Let someone act; what they cannot get done in MOST_ASKS they leave."""

        def all_of_it() -> None:
            try:
                work()
            except (NoAnswer, Refusal):
                self.tell(f"{name} gives up")

        self.started += 1
        self.scheduler.start(Activity(f"{name}.{self.started}", all_of_it))


@dataclass
class Town:
    """Everyone, and what they have on their phones."""

    machine: Machine
    faults: Faults
    rng: random.Random
    books: Books
    branch_id: str
    broken: Callable[[str], None]
    people: list[Person] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)
    told_posted: list[str] = field(default_factory=list)
    intents: int = 0
    counter: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.counter = Counter(self)

    def someone_acts(self) -> None:
        """Start one more thing that somebody does."""
        chance = self.rng.randrange(160)
        # One of them does half of everything, so that limits and races are met.
        person = self.rng.choice([self.people[0]] * 3 + self.people)
        if chance < 57:
            self.machine.start(person.login_name, lambda: self._pay(person))
        elif chance < 70:
            self.machine.start("merchant", lambda: self._hold(person))
        elif chance < 79:
            anybody = self.rng.choice(self.people)
            self.machine.start("merchant", lambda: self._hold_in_parts(anybody))
        elif chance < 88:
            self.machine.start("teller", self._reverse)
        elif chance < 94:
            self.machine.start("teller", lambda: self.deposit(self.rng.choice(person.accounts)))
        elif chance < 99:
            self.machine.start(person.login_name, lambda: self._log_out(person))
        elif chance < 102:
            self.machine.start("teller", lambda: self._freeze(self.people[0]))
        elif chance < 104:
            self.counter.change_limits(person)
        elif chance < 110:
            self.machine.start("operator", self.counter.change_policy)
        elif chance < 113:
            self.machine.start("teller", self.counter.sign_up)
        else:
            self.machine.start(person.login_name, lambda: self._pay(person))

    def insist(self, what: str, work: Callable[[], T]) -> T:
        """Ask until there is an answer, a few times."""
        for _ in range(MOST_ASKS - 1):
            try:
                return self.machine.ask(what, work)
            except NoAnswer:
                self.machine.scheduler.wait(dt.timedelta(seconds=self.rng.randrange(1, 4)), None)
        return self.machine.ask(what, work)

    def session_of(self, person: Person) -> Caller:
        """The person's session; logs in where there is none."""
        if person.session is None:
            person.session = self.insist(f"{person.login_name} logs in", lambda: self.logged_in(person))
        return person.session

    @staticmethod
    def logged_in(person: Person) -> Caller:
        """Log in; who the tokens speak for."""
        grant = identity.log_in(person.login_name, PASSWORD, clock.now())
        return Caller(grant.customer_id, grant.session_id, grant.edition)

    # ---- a transfer --------------------------------------------------------------------------------
    def _pay(self, person: Person) -> None:
        self.intents += 1
        intent = f"p{self.intents}"
        request = self._wish(person, intent)
        if self.rng.randrange(2 if request.payee_name == person.name else 6) == 0:
            # To somebody else it must not work: a code is asked for.
            self._at_once(person, intent, request)
            return
        entry_id = self._create(person, intent, request)
        self.machine.scheduler.wait(PATIENCE, lambda: entry_id in self.codes)
        code = self.codes.get(entry_id)
        if code is None or self.rng.randrange(6) == 0:
            self._confirm(person, entry_id, self._wrong(code))
        if code is None:
            return
        self.books.right_codes.add(entry_id)
        if self.rng.randrange(10) == 0:
            self.machine.scheduler.wait(TOO_LATE, None)
        if self.rng.randrange(4) == 0:
            for _ in range(THIEVES):
                self.machine.start("thief", lambda: self._guess(person, entry_id, code))
            # The owner looks at the phone only when the thieves have had it for a while.
            self.machine.scheduler.wait(GUESSING, None)
        self._change_limits_at_first(person)
        if self.rng.randrange(4):
            self.machine.start(f"{person.login_name}-again", lambda: self._confirm(person, entry_id, code))
        self._confirm(person, entry_id, code)

    def _change_limits_at_first(self, person: Person) -> None:
        """What counts the first payment of a day does not exist before it: a change of limits may overlook it."""
        today = clock.business_date(clock.now())
        if not any(paid[0] == person.accounts[0] and paid[2] == today for paid in self.books.outward.values()):
            self.machine.start(person.login_name, lambda: self._change_limits_soon(person))

    def _change_limits_soon(self, person: Person) -> None:
        self.machine.scheduler.wait(self.rng.random() * CONFIRMING, None)
        self.counter.change_limits(person)

    def _wish(self, person: Person, intent: str) -> Request:
        own = person.accounts[1:]
        if own and self.rng.randrange(4) == 0:
            payee, payee_account = person, self.rng.choice(own)
        else:
            payee = self.rng.choice([other for other in self.people if other is not person])
            payee_account = self.rng.choice(payee.accounts)
        # Often close to what limits and balances allow, so that their edges are met.
        amount_fen = self.rng.choice((1, 20_00, 99_99, 150_00, 250_00, self.rng.randrange(1, 300_00)))
        return Request(person.accounts[0], payee_account, payee.name, amount_fen, "CNY", intent)

    def _create(self, person: Person, intent: str, request: Request) -> str:
        key = f"key-of-{intent}"

        def create(caller: Caller) -> str:
            made = create_transfer(caller, key, request, intent, clock.now())
            return str(made.image["entry_id"])

        if self.rng.randrange(8) == 0:
            self.machine.start(f"{person.login_name}-again", lambda: self._create_again(person, intent, create))
        return self.with_session(person, f"{intent} create", create)

    def _at_once(self, person: Person, intent: str, request: Request) -> None:
        """Between own accounts, without a code, in one round trip; often sent around its `valid_until`."""
        valid_for = dt.timedelta(seconds=self.rng.choice((3, 10, 60)))
        stated = dataclasses.replace(request, valid_until=clock.to_text(clock.now() + valid_for))

        def transfer(caller: Caller) -> None:
            done = transfer_at_once(caller, f"key-of-{intent}", stated, intent, clock.now())
            self.told_posted.append(str(done.image["entry_id"]))

        if self.rng.randrange(3) == 0:
            again = f"{person.login_name}-again"
            self.machine.start(again, lambda: self.with_session(person, f"{intent} at once again", transfer))
        if self.rng.randrange(2):
            # The phone has no net; the app sends what it kept when it has.
            self.machine.scheduler.wait(valid_for, None)
        self.with_session(person, f"{intent} at once", transfer)

    def _create_again(self, person: Person, intent: str, create: Callable[[Caller], str]) -> None:
        """The thumb that presses twice; whatever id that gives is one more to confirm."""
        entry_id = self.with_session(person, f"{intent} create again", create)
        self.machine.scheduler.wait(PATIENCE, lambda: entry_id in self.codes)
        if entry_id in self.codes:
            self.books.right_codes.add(entry_id)
            self._confirm(person, entry_id, self.codes[entry_id])

    def _confirm(self, person: Person, entry_id: str, code: str) -> None:
        def confirm(caller: Caller) -> str:
            done = confirm_transfer(caller, entry_id, factors.Given(factors.SMS, code), clock.now())
            return str(done.image["state"])

        if self.with_session(person, f"{entry_id} confirm", confirm) == "posted":
            self.told_posted.append(entry_id)

    def _guess(self, person: Person, entry_id: str, code: str) -> None:
        """Somebody with the phone in the hand, but not the code, tries as often as it goes."""
        for _ in range(MOST_GUESSES):
            with suppress(NoAnswer, Refusal):
                self._confirm(person, entry_id, self._wrong(code))

    def with_session(self, person: Person, what: str, work: Callable[[Caller], T]) -> T:
        caller = self.session_of(person)
        try:
            return self.insist(what, lambda: work(caller))
        except Refusal as refusal:
            if refusal.code != "session_ended":
                raise
            if person.session is caller:
                person.session = None
            again = self.session_of(person)
            return self.insist(what, lambda: work(again))

    @staticmethod
    def _wrong(code: str | None) -> str:
        return "000000" if code != "000000" else "000001"

    # ---- the rest ----------------------------------------------------------------------------------
    def _log_out(self, person: Person) -> None:
        caller = self.session_of(person)
        # Whoever has the phone pays with the session that is being ended, as often as that goes.
        for _ in range(THIEVES):
            self.machine.start("thief", lambda: self._spend(person, caller))
        # The app forgets nothing: what it has begun in this session it will try to finish with it.
        self.insist(f"{person.login_name} logs out", lambda: identity.log_out(caller, clock.now()))

    def _spend(self, person: Person, caller: Caller) -> None:
        """A fen from account to account, at once, until the session is refused."""
        for _ in range(MOST_SPENT):
            self.intents += 1
            intent = f"p{self.intents}"
            until = clock.to_text(clock.now() + dt.timedelta(minutes=1))
            request = Request(person.accounts[0], person.accounts[-1], person.name, 1, "CNY", intent, valid_until=until)
            transfer = functools.partial(transfer_at_once, caller, f"key-of-{intent}", request, intent, clock.now())
            with suppress(NoAnswer):
                self.machine.ask(f"{intent} by a thief", transfer)

    def deposit(self, account_id: str) -> None:
        self.intents += 1
        reference = f"voucher-{self.intents}"
        amount_fen = self.rng.randrange(1, 400_00)

        def deposit() -> Any:
            return deposit_cash(
                account_id=account_id,
                branch_id=self.branch_id,
                amount_fen=amount_fen,
                reference=reference,
                teller_id=TELLER,
                at=clock.now(),
            )

        self.insist(f"deposit {reference}", deposit)

    def _freeze(self, person: Person) -> None:
        """The branch stops an account, and lets it go again after a while; meanwhile its owner tries to pay from it."""
        account_id = person.accounts[0]
        with suppress(StateChangeRefused, NoAnswer):
            self.insist("freeze", lambda: change_state(account_id, before="open", after="frozen"))
            self.machine.start(person.login_name, lambda: self._spend(person, self.session_of(person)))
        self.machine.scheduler.wait(dt.timedelta(seconds=self.rng.randrange(1, 30)), None)
        self.insist("thaw", lambda: change_state(account_id, before="frozen", after="open"))

    def _hold(self, person: Person) -> None:
        """Money set aside, then paid in part, let go, or over; often by two at once."""
        amount_fen = self.rng.randrange(2, 200_00)
        hold = self._place(person, amount_fen, self.rng.choice((0, amount_fen)))
        if self.rng.randrange(4):
            # Who has a claim on the money is not paid from an account that was frozen in the meantime.
            self.machine.start("teller", lambda: self._freeze(person))
            self.machine.scheduler.wait(FREEZING, None)
        for _ in range(self.rng.randint(2, 3)):
            self.machine.start("merchant", lambda: self._end_hold(hold))
        if self.rng.randrange(2):
            return  # left to the schedule
        self.machine.scheduler.wait(dt.timedelta(seconds=61), None)
        self.insist(f"{hold.hold_id} expire", lambda: holds.expire(hold.hold_id, clock.now()))

    def _hold_in_parts(self, person: Person) -> None:
        """As often as the count of the day allows; nothing but the write's own condition ends it. Meanwhile limits
        change: the first hold of a day makes the buckets that a change may overlook.
        """
        for _ in range(2):
            self.counter.change_limits(person)
        self.machine.scheduler.wait(self.rng.uniform(0.25, 1) * CHANGING, None)
        for _ in range(MOST_PARTS):
            self._place(person, 2, 2)

    def _place(self, person: Person, amount_fen: int, counted_fen: int) -> Hold:
        self.intents += 1
        hold_id = ids.derived_id("hold", str(self.intents))
        until = clock.now() + dt.timedelta(seconds=self.rng.randrange(10, 60))
        account_id, customer_id = person.accounts[0], person.customer_id
        hold = Hold(hold_id, customer_id, account_id, amount_fen, counted_fen, until, "hold", hold_id, b"hold")
        self.insist(f"{hold_id} hold", lambda: holds.place(hold))
        return hold

    def _end_hold(self, hold: Hold) -> None:
        payee = self.people[-1].accounts[-1]
        part_fen = self.rng.choice((hold.amount_fen, self.rng.randint(1, hold.amount_fen)))
        if self.rng.randrange(4) == 0:
            self.insist(f"{hold.hold_id} release", lambda: holds.release(hold.hold_id))
        elif payee != hold.account_id:
            self.insist(
                f"{hold.hold_id} capture",
                lambda: holds.capture(hold.hold_id, payee_account=payee, amount_fen=part_fen),
            )

    def _transfers(self) -> list[str]:
        """What has been posted, oldest first."""
        return [entry.entry_id for entry in self.books.entries.values() if entry.kind == "transfer"]

    def _reverse(self) -> None:
        """The bank takes an entry back; often several clerks do."""
        self.machine.scheduler.wait(PATIENCE, lambda: bool(self._transfers()))
        posted = self._transfers()
        if not posted:
            return
        # One of the latest: of an older one the payee has spent the money.
        entry_id = self.rng.choice(posted[-LATEST:])

        def reverse() -> Any:
            return reverse_entry(entry_id, reason="simulated", by=TELLER, correlation_id=entry_id)

        for _ in range(self.rng.randint(1, 3)):
            self.machine.start("teller", lambda: self.insist(f"{entry_id} reverse again", reverse))
        self.insist(f"{entry_id} reverse", reverse)
