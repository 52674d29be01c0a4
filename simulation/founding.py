"""Put the bank's seams in the simulation's hands for one run, and found a small bank to act in."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import os
import random
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import tenacity
import zxcvbn

from chalicelib.clearing import networks
from chalicelib.customers import store as customer_rows
from chalicelib.customers.commands.sign_up import AccountWish, SignUp, sign_up
from chalicelib.factors import service as factors
from chalicelib.identity import tokens
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.maintenance import windows
from chalicelib.notifications import sending
from chalicelib.notifications import service as notifications
from chalicelib.notifications.channels import Outgoing, ProviderSilent
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, dynamo, ids, log, metrics, passwords
from chalicelib.platform.errors import Retryable
from chalicelib.receipts import keys as receipt_keys
from chalicelib.seals import keys as seal_keys
from chalicelib.seals.domain import Head
from chalicelib.staff import domain as staff_domain
from chalicelib.staff import service as staff
from chalicelib.staff import store as staff_rows
from chalicelib.staff.commands import read_functions
from infra.environment import environment_of
from simulation.acts.remitters import Network
from simulation.acts.suspenders import CHECKERS, DUE_MIN, MAKER
from simulation.counter import TELLER, ample_limits, some_limits
from simulation.engine import physical_names, resources
from simulation.mixes import EVERYDAY, SUSPENSIONS
from simulation.people import PASSWORD, Person
from simulation.scanned import STATIC_DAY_FEN

if TYPE_CHECKING:
    from simulation.world import World

BRANCH = "0001"
NAMES = ("赵小明", "钱红", "孙建国", "李梅")
# Whose last account is credited from the stream.
MERCHANT = 1
# Who has one account; all others have two.
ONLY_ONE = 2
# Where seeds have a kind of transfer of their own: what it waits for comes within the run.
BUSY_PARAMETERS = (
    (parameters.TRANSFER_NORMAL_MIN.name, 1),
    (parameters.OTHER_BANK_FEE_FEN.name, 2_00),
    (parameters.CLEARING_ASK_MIN.name, 1),
    (parameters.ORDER_EXECUTE_MIN.name, 1),
    (parameters.ORDER_RETRY_MIN.name, 30),
    (parameters.STATIC_CODES_DAY_FEN.name, STATIC_DAY_FEN),
)
# Where service is suspended: fewer customers a page and windows a board, so that both are met.
SMALLER = ((customer_rows, "MAX_SCAN_PAGE", 3), (windows, "MAX_WINDOWS", 8))
FOUNDED_BEFORE = dt.timedelta(days=2)
# Longer than what is planned is published before its start.
PLANNED_BEFORE = dt.timedelta(days=4)
_CODE = re.compile(r"验证码([0-9]{6})")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Secrets Manager: one secret."""

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803  # as boto3 names it
        # Made long ago: nobody asks for the one before.
        made = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
        return {"SecretString": f"secret of {SecretId}", "CreatedDate": made}


@dataclass(frozen=True, slots=True)
class Files:
    """The bucket of clearing's files, as S3's client sees it: empty, as the network here takes no files."""

    def get_paginator(self, _: str) -> Files:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{}]


@dataclass(frozen=True, slots=True)
class Provider:
    """The SMS and push provider: takes a message, fails for now, or is silent. Customers read what it took."""

    world: World

    def send(self, message: Outgoing) -> None:
        """Raises Retryable while the provider is out, ProviderSilent when nobody knows."""
        self.world.scheduler.pause()
        if self.world.provider_fails():
            self.world.tell("the provider fails for now")
            raise Retryable("the provider is out")
        exposed = self.world.is_exposed()
        if exposed and self.world.faults.strikes("silence_before"):
            self.world.tell("  fault: the provider takes nothing, and does not answer")
            self.world.excuse_open_claim()
            raise ProviderSilent
        self.world.tell(f"sends {message.channel} {message.message_id}")
        self.world.books.aftermath.provider_took(message.message_id)
        code = _CODE.search(message.text)
        if code is not None:
            self.world.town.codes[message.message_id.split("#")[1]] = code[1]
        if exposed and self.world.faults.strikes("provider_silent"):
            self.world.tell("  fault: the provider took it, and does not answer")
            raise ProviderSilent


def _plain_hash(password: str) -> str:
    return f"plain:{password}"


def _plain_match(stored: str | None, password: str) -> bool:
    return stored == _plain_hash(password)


# Its opinion depends on the password and the bank's words alone, and all passwords here are one.
_judge_password = cache(zxcvbn.zxcvbn)


@contextmanager
def seams(world: World) -> Iterator[None]:
    """Clock, ids, dice, engine, queues, provider and environment are the simulation's until the end.

    Password hashing and the signing of tokens and receipts are plain here: they cost more than all the rest, and no
    fault of the store touches them.
    """
    clients: dict[str, Any] = {
        "dynamodb": world.store.client,
        "sqs": world.queues,
        "secretsmanager": Secrets(),
        "s3": Files(),
    }
    references = {name: name for name in resources()} | physical_names()
    provider = Provider(world)
    network = Network(world)
    clock_before = clock.use(world.scheduler.clock)
    ids_before = ids.use(random.Random(world.outcome.seed))
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment_of(references)))
        stack.enter_context(patch.object(aws, "_client", lambda service, **_: clients[service]))
        for sender in (notifications, sending):
            stack.enter_context(patch.object(sender, "provider", lambda: provider))
        stack.enter_context(patch.object(networks, "network", lambda *_: network))
        stack.enter_context(patch.object(passwords, "hash_password", _plain_hash))
        stack.enter_context(patch.object(passwords, "matches", _plain_match))
        stack.enter_context(patch.object(tokens, "issue", lambda *_: "token"))
        stack.enter_context(patch.object(receipt_keys, "sign", lambda *_: "signed"))
        stack.enter_context(patch.object(seal_keys, "sign", lambda head, _: head.payload().decode()))
        stack.enter_context(patch.object(seal_keys, "verified", lambda signed, _: Head.from_payload(signed.encode())))
        stack.enter_context(patch.object(logging.getLogger(log.logger.name), "disabled", True))
        stack.enter_context(patch.object(metrics, "count", lambda name: world.tell(f"counts {name}")))
        stack.enter_context(patch.object(zxcvbn, "zxcvbn", _judge_password))
        # tenacity draws its pauses from the module `random`, of which any thread of this process may draw, too.
        stack.enter_context(patch.object(tenacity.wait, "random", random.Random(world.outcome.seed)))
        for where, name, value in SMALLER if world.mix == SUSPENSIONS else ():
            stack.enter_context(patch.object(where, name, value))
        _forget()
        try:
            yield
        finally:
            _forget()
            clock.use(clock_before)
            ids.use(ids_before)


def _forget() -> None:
    """What a fresh function instance does not know yet."""
    dynamo.forget_tables()
    parameters.forget()
    staff.branch_of.cache_clear()
    read_functions.forget()
    factors.forget_secret()


def found(world: World) -> None:
    """Four customers, seven accounts, some cash; limits and balances close enough to be met."""
    rng = world.rng
    at = world.scheduler.clock.now()
    now = at - (PLANNED_BEFORE if world.mix == SUSPENSIONS else FOUNDED_BEFORE)
    world.scheduler.clock.set(now)
    staff.register_branch(staff.Branch(BRANCH, "示范村镇银行总行营业部", "示范县人民路1号", "0990-0000001"))
    staff.appoint_teller(TELLER, "柜员甲", BRANCH, PASSWORD)
    parameters.set_value(parameters.NO_CERTIFICATE_DAY_FEN.name, rng.choice((600_00, 900_00, 5_000_00)))
    # Machines that die take tries with them, and nobody here reads pictures.
    parameters.set_value("login.captcha_after", 10)
    parameters.set_value(parameters.TRANSFER_FEE_FEN.name, rng.choice((0, 1_00)))
    for name, value in BUSY_PARAMETERS if world.mix != EVERYDAY else ():
        parameters.set_value(name, value)
    for i, name in enumerate(NAMES):
        limits = some_limits(rng) if world.mix == EVERYDAY else ample_limits(rng)
        wishes = [AccountWish("savings", ledger.RIGHT_FULL, limits)]
        wishes += [AccountWish("savings", ledger.RIGHT_QUERY, some_limits(rng))] * (i != ONLY_ONE)
        if i == MERCHANT:
            wishes[-1] = dataclasses.replace(wishes[-1], credit=ledger.CREDIT_DEFERRED)
        form = SignUp(
            name=name,
            phone=f"1390000000{i}",
            branch_id=BRANCH,
            login_name=f"customer{i}",
            password=PASSWORD,
            limit_outward_fen=rng.choice((500_00, 800_00, 5_000_00)),
            accounts=tuple(wishes),
            push_address="phone" if i == 0 else None,
        )
        signed = sign_up(form, teller_id=TELLER, at=now)
        person = Person(name, form.phone, form.login_name, signed.customer_id, signed.account_ids)
        world.town.people.append(person)
        deposit_cash(
            account_id=person.accounts[0],
            branch_id=BRANCH,
            amount_fen=rng.choice((150_00, 500_00, 2_000_00)),
            reference=f"founding-{i}",
            teller_id=TELLER,
            at=now,
        )
    if world.mix == SUSPENSIONS:
        for staff_id in (MAKER, *CHECKERS):
            _employ(staff_id)
        for due in (parameters.TRANSFER_NORMAL_MIN, parameters.ORDER_EXECUTE_MIN):
            parameters.set_value(due.name, rng.choice(DUE_MIN))
        world.town.suspenders.plan_ahead()
    world.scheduler.clock.set(at)
    for person in world.town.people:
        person.session = world.town.logged_in(person)
    world.lambdas.set_schedules(at, world.midnight, month_ends=world.finished_month is not None)


def _employ(staff_id: str) -> None:
    """Who asks for suspensions at the head office, or approves them."""
    row = {"staff_id": staff_id, "name": "职员", "branch_id": BRANCH, "role": staff_domain.EBANK_ADMINISTRATOR}
    posts = [staff_domain.MAKER, staff_domain.CHECKER]
    staff_rows.put_new({**row, "posts": posts, "password_hash": _plain_hash(PASSWORD)})
