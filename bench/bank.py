"""A bank on its own engine: the tables of `infra/resources.yaml`, and customers made without the counter's forms."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from chalicelib.customers import service as customers
from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.limits.service import AccountLimits
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, dynamo, ids
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once
from chalicelib.transfers.domain import Request
from infra.environment import environment_of
from infra.local.engine import ACCESS_KEY, REGION, SECRET_KEY, Engine, EngineError, free_port
from infra.local.resources import create_resources

STACK = "rural-bank-bench"
BRANCH = "0001"
PURPOSE = "货款"
VALID_FOR = dt.timedelta(hours=1)
RICH_FEN = 1_000_000_000_00
LIMITS = AccountLimits(
    single_fen=50_000_00, day_fen=RICH_FEN, day_count=1_000_000, month_fen=RICH_FEN, year_fen=RICH_FEN
)


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with two accounts that may pay, and a session."""

    name: str
    accounts: tuple[str, str]
    caller: Caller

    @property
    def account(self) -> str:
        """The account that pays and receives unless both are named."""
        return self.accounts[0]


@contextmanager
def bank_on_engine(home: Path) -> Iterator[str]:
    """Start an engine, create the bank's resources, point this process's code at them; the engine's address."""
    engine = Engine(free_port(), home / "state", home / "engine.log")
    engine.start(_quiet)
    try:
        with patch.dict("os.environ", resources_on(engine.url)):
            forget_everything()
            yield engine.url
    finally:
        forget_everything()
        # What it would write down is thrown away with its directory: it need not be done in time.
        with suppress(EngineError):
            engine.stop(_quiet)


def _quiet(_: str) -> None:
    """The bench prints its own progress."""


def resources_on(url: str) -> dict[str, str]:
    """Create every resource of the bank on the engine; the environment that its functions would find."""
    return environment_of(create_resources(url, STACK)) | {
        "AWS_ENDPOINT_URL": url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }


def forget_everything() -> None:
    """Drop clients, table names and parameters that belong to another engine."""
    aws.forget_clients()
    dynamo.forget_tables()
    parameters.forget()


def new_customer(
    name: str, deposit_fen: int = 0, limits: AccountLimits = LIMITS, credit: str = ledger.CREDIT_IMMEDIATE
) -> Customer:
    """A customer with two accounts and money in the first, made by the services: a form would hash a password each.

    `credit` is how the accounts are credited by those who pay into them.
    """
    customer_id = ids.random_id()
    customers.add_customer(
        customer_id,
        limit_outward_fen=RICH_FEN,
        limit_nocert_fen=RICH_FEN,
        limit_nofactor_fen=RICH_FEN,
        factors={factors.SMS_ID: factors.SMS},
    )
    accounts = _opened(customer_id, name, limits, credit), _opened(customer_id, name, limits, credit)
    if deposit_fen:
        pay_in(accounts[0], deposit_fen)
    return Customer(name, accounts, Caller(customer_id, ids.random_id(), customers.PROFESSIONAL))


def _opened(customer_id: str, holder: str, limits: AccountLimits, credit: str) -> str:
    account_id = "900001" + ids.random_digits(13)
    ledger.open_account(
        ledger.NewAccount(
            account_id=account_id,
            customer_id=customer_id,
            branch_id=BRANCH,
            holder=holder,
            kind="savings",
            right=ledger.RIGHT_FULL,
            opened_on=clock.business_date(clock.now()),
            limits=limits,
            credit=credit,
        )
    )
    return account_id


def pay_in(account_id: str, amount_fen: int) -> None:
    """Cash over the counter."""
    deposit_cash(
        account_id=account_id,
        branch_id=BRANCH,
        amount_fen=amount_fen,
        reference=uuid.uuid4().hex,
        teller_id="T0001",
        at=clock.now(),
    )


def request_between(
    payer: Customer, payee: Customer, amount_fen: int, purpose: str = PURPOSE, factor: str = factors.SMS
) -> Request:
    """What the payer's phone would send for a transfer to somebody else."""
    return Request(payer.account, payee.account, payee.name, amount_fen, "CNY", purpose, factor=factor)


def own_request(owner: Customer, amount_fen: int) -> Request:
    """The same from the customer's first account to the second: the transfer that asks for no factor."""
    valid_until = clock.to_text(clock.now() + VALID_FOR)
    return Request(*owner.accounts, owner.name, amount_fen, "CNY", PURPOSE, valid_until=valid_until)


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A stored instruction, and the code that the customer's phone shows."""

    payer: Customer
    image: Image
    code: str

    @property
    def entry_id(self) -> str:
        """The transfer's id."""
        return str(self.image["entry_id"])

    def confirm(self, given: factors.Given | None = None) -> Image:
        """Confirm it, as the customer would, by the code unless something else is given; the posted journal item."""
        given = given or factors.Given(factors.SMS, self.code)
        return confirm_transfer(self.payer.caller, self.entry_id, given, clock.now()).image


def awaiting(payer: Customer, request: Request, correlation_id: str = "") -> Awaiting:
    """Create a transfer."""
    correlation_id = correlation_id or str(uuid.uuid4())
    image = create_transfer(payer.caller, uuid.uuid4().hex, request, correlation_id, clock.now()).image
    return Awaiting(payer, image, factors.confirmation_code(image["digest"], image["attempt"]))


def at_once(owner: Customer, amount_fen: int) -> Image:
    """Transfer between the customer's own accounts in one round trip; the posted journal item."""
    request = own_request(owner, amount_fen)
    return transfer_at_once(owner.caller, uuid.uuid4().hex, request, str(uuid.uuid4()), clock.now()).image


def available(account_id: str) -> int:
    """The account's available balance in fen."""
    return ledger.read_accounts([account_id])[account_id].available_fen
