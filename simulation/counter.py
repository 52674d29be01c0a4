"""What the bank and its customers change while others pay: limits, parameters, and who is a customer at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chalicelib.customers import service as customers
from chalicelib.customers.commands.sign_up import AccountWish, SignedUp, SignUp, sign_up
from chalicelib.identity import service as identity
from chalicelib.ledger import service as ledger
from chalicelib.limits.commands.change_limits import change_account_limits, change_customer_limits
from chalicelib.limits.service import AccountLimits
from chalicelib.parameters import store as parameter_rows
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image
from simulation.people import PASSWORD, Person
from simulation.policy import FEE, TRIES
from simulation.routes import ACCOUNT_LIMITS_LOWER, LIMITS_LOWER

if TYPE_CHECKING:
    from simulation.town import Town

TELLER = "T0001"
# Around what people pay, so that a change lets through or stops what is under way; count in transfers.
ACCOUNT_VALUES = {
    "limit_single": (200_00, 1_000_00),
    "limit_day": (100_00, 300_00, 600_00, 5_000_00),
    "limit_count": (1, 3, 20),
    "limit_month": (300_00, 900_00, 9_000_00),
    "limit_year": (500_00, 1_200_00, 50_000_00),
}
CUSTOMER_VALUES = {"limit_outward": (200_00, 800_00, 5_000_00), "limit_nocert": (200_00, 900_00, 5_000_00)}
POLICIES = ((FEE, (0, 1_00, 2_50)), (TRIES, (3, 5)))
Change = Callable[[Person, str, dict[str, int]], Image]


def some_limits(rng: random.Random) -> AccountLimits:
    """An account's limits, close enough to be met."""
    return AccountLimits(
        single_fen=rng.choice((200_00, 1_000_00)),
        day_fen=rng.choice((300_00, 600_00, 5_000_00)),
        day_count=rng.choice((2, 3, 20)),
        month_fen=rng.choice((500_00, 900_00, 9_000_00)),
        year_fen=rng.choice((700_00, 1_200_00, 50_000_00)),
    )


def ample_limits(rng: random.Random) -> AccountLimits:
    """The same, but met less often: where a seed is about something else than limits."""
    return AccountLimits(
        single_fen=1_000_00,
        day_fen=rng.choice((600_00, 5_000_00)),
        day_count=rng.choice((6, 20)),
        month_fen=9_000_00,
        year_fen=50_000_00,
    )


@dataclass
class Counter:
    """The bank's counter and back office, and the page of an app on which a customer lowers limits."""

    town: Town
    forms: list[SignUp] = field(default_factory=list)
    told: dict[str, SignedUp] = field(default_factory=dict)
    worked_again: list[str] = field(default_factory=list)

    # ---- limits --------------------------------------------------------------------------------------
    def change_limits(self, person: Person) -> None:
        """Start a change of one or two limits; often others change the same ones meanwhile."""
        rng = self.town.rng
        is_account = rng.randrange(4) > 0
        who, values = (person.accounts[0], ACCOUNT_VALUES) if is_account else (person.customer_id, CUSTOMER_VALUES)
        names = rng.sample(sorted(values), rng.randint(1, 2))
        for _ in range(rng.randint(1, 3)):
            if rng.randrange(2):
                wanted = {name: rng.choice(values[name]) for name in names}
                self._start(person.login_name, self._lower, person, who, wanted)
            else:
                # The bank sets limits both ways, but none to the lowest.
                wanted = {name: rng.choice(values[name][1:]) for name in names}
                self._start("teller", self._set, person, who, wanted)

    def _start(self, name: str, change: Change, person: Person, who: str, wanted: dict[str, int]) -> None:
        self.town.machine.start(name, lambda: self._told(who, wanted, change(person, who, wanted)))

    def _lower(self, person: Person, who: str, wanted: dict[str, int]) -> Image:
        """A customer may lower limits; a raise is refused, whatever the phone sends."""
        self.town.books.limits.ask(who, wanted, may_raise=False)

        def lower(caller: Caller) -> Image:
            customers.require_live_session(caller)
            return self._changed(person, who, wanted, may_raise=False)

        route = LIMITS_LOWER if who == person.customer_id else ACCOUNT_LIMITS_LOWER
        return self.town.with_session(person, route, f"{person.login_name} lowers {sorted(wanted)}", lower)

    def _set(self, person: Person, who: str, wanted: dict[str, int]) -> Image:
        self.town.books.limits.ask(who, wanted, may_raise=True)
        what = f"teller sets {sorted(wanted)}"
        return self.town.insist(what, lambda: self._changed(person, who, wanted, may_raise=True))

    @staticmethod
    def _changed(person: Person, who: str, wanted: dict[str, int], *, may_raise: bool) -> Image:
        if who == person.customer_id:
            return change_customer_limits(who, wanted, may_raise=may_raise)
        return change_account_limits(person.customer_id, who, wanted, may_raise=may_raise)

    def _told(self, who: str, wanted: dict[str, int], image: Image) -> None:
        """The answer shows the limit as asked for, or as somebody else did who came between the write and the answer's
        read. Of two, one may need no change, and never have been asked for.
        """
        for name, value in wanted.items():
            if (
                image[name] != value
                and len(wanted) == 1
                and not self.town.books.limits.was_asked(who, name, image[name])
            ):
                self.town.broken(f"{name} of {who} was to be {value}, the answer says {image[name]}")

    # ---- parameters ----------------------------------------------------------------------------------
    def change_policy(self) -> None:
        """A row is written where no function looks at once: each goes on for a while with what it knows."""
        name, values = self.town.rng.choice(POLICIES)
        value = self.town.rng.choice(values)
        self.town.insist(f"{name} becomes {value}", lambda: parameter_rows.put(name, value))

    # ---- sign-up -------------------------------------------------------------------------------------
    def sign_up(self) -> None:
        """A new customer; the teller sends the form again until there is an answer, or gives up."""
        rng, number = self.town.rng, len(self.forms) + 1
        rights = (ledger.RIGHT_FULL, *[ledger.RIGHT_QUERY] * rng.randrange(2))
        form = SignUp(
            name=f"新客户{number}",
            phone=f"1380000{number:04d}",
            branch_id=self.town.branch_id,
            login_name=f"newcomer{number}",
            password=PASSWORD,
            limit_outward_fen=800_00,
            accounts=tuple(AccountWish("savings", right, some_limits(rng)) for right in rights),
        )
        self.forms.append(form)
        if rng.randrange(3) == 0:
            self.town.machine.start("teller", lambda: self._send(form))
        self._send(form)
        person = next(one for one in self.town.people if one.login_name == form.login_name)
        self.town.session_of(person)
        self.town.tellers.deposit(person.accounts[0])

    def _send(self, form: SignUp) -> None:
        what = f"sign up {form.login_name}"
        signed = self.town.insist(what, lambda: sign_up(form, teller_id=TELLER, at=clock.now()))
        if self.told.setdefault(form.login_name, signed) != signed:
            self.town.broken(f"{form.login_name} was signed up twice")
        if all(one.login_name != form.login_name for one in self.town.people):
            person = Person(form.name, form.phone, form.login_name, signed.customer_id, signed.account_ids)
            self.town.people.append(person)

    def send_all_again(self) -> None:
        """When no fault strikes any more: every form works, and gives what it gave before; so do its names."""
        for form in self.forms:
            self._send(form)
            signed = self.told[form.login_name]
            for name in (form.login_name, *signed.account_ids):
                grant = identity.log_in(name, PASSWORD, clock.now())
                if grant.customer_id != signed.customer_id:
                    self.town.broken(f"{name} logs in another customer than it was given to")
            self.worked_again.append(form.login_name)
