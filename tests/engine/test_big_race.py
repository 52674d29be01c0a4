"""The big race: thousands of transfers among eight accounts, each sent twice, and somebody who looks all the time."""

from __future__ import annotations

import datetime as dt
import random
import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from chalicelib.customers.commands.sign_up import AccountWish, SignUp, sign_up
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.limits.service import AccountLimits
from chalicelib.platform import aws, clock, ids, settings
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, s, to_image
from chalicelib.platform.errors import Refusal
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.commands.transfer_at_once import transfer_at_once
from chalicelib.transfers.domain import Request
from chalicelib.transfers.store import entry_id_of
from tests.engine.conftest import BRANCH, MINISTACK, TELLER
from tests.engine.test_transfer_races import (
    PASSWORD,
    THREADS,
    WIDE,
    Customer,
    available,
    confirmed,
    created,
    customer,
    together,
)

# Keys, each sent twice. The second engine is asked for its rules; the first one carries the load.
TRANSFERS, TRANSFERS_ELSEWHERE = 2000, 240
SENT = 2
READ_AT_ONCE = 100
OUTWARD_TWO_IN = 20
START_FEN, LARGEST_FEN = 1_000_00, 600_00
ALLOWED, ATTEMPTS = 100, 400
# A slow machine sends fewer, so that `make prove` ends; what is left of the race must still be one.
BOUND_S = 35
UNSENT, LEAST_SENT = "unsent", 400


@dataclass(frozen=True)
class Order:
    """One transfer under one key, however often it is sent."""

    payer: Customer
    request: Request
    outward: bool
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def entry_id(self) -> str:
        return entry_id_of(self.payer.caller.customer_id, self.key)


def four_accounts(name: str) -> list[Customer]:
    """One customer, once for each of four accounts with money in it."""
    now = clock.now()
    form = SignUp(
        name=name,
        phone="13900000003",
        branch_id=BRANCH,
        login_name="o" + ids.random_id(),
        password=PASSWORD,
        limit_outward_fen=5_000_000_00,
        accounts=(AccountWish("savings", ledger.RIGHT_FULL, WIDE),) * 4,
    )
    signed = sign_up(form, teller_id=TELLER, at=now)
    for account_id in signed.account_ids:
        deposit_cash(
            account_id=account_id,
            branch_id=BRANCH,
            amount_fen=START_FEN,
            reference=uuid.uuid4().hex,
            teller_id=TELLER,
            at=now,
        )
    caller = Caller(signed.customer_id, ids.random_id(), "professional")
    return [Customer(name, form.login_name, account_id, caller) for account_id in signed.account_ids]


def orders_among(owners: Sequence[Sequence[Customer]], number: int) -> list[Order]:
    """Transfers between own accounts and, one in ten, to the other owner; often more than is there."""
    dice = random.Random(20261121)  # noqa: S311  # the same orders at every run, not secrets
    found = []
    for i in range(number):
        own, other = owners[i % 2], owners[1 - i % 2]
        outward = i % OUTWARD_TWO_IN < 2  # one of each owner's every time
        payer = dice.choice(own)
        payee = dice.choice([one for one in (other if outward else own) if one is not payer])
        # What asks for no code says until when it may be executed.
        until = None if outward else clock.to_text(clock.now() + dt.timedelta(hours=1))
        request = Request(
            payer.account, payee.account, payee.name, dice.randint(1_00, LARGEST_FEN), "CNY", "", valid_until=until
        )
        found.append(Order(payer, request, outward))
    return found


def send(order: Order) -> str:
    """Send an order as a phone does: `posted`, `hit`, or the refusal's code."""
    try:
        if not order.outward:
            done = transfer_at_once(order.payer.caller, order.key, order.request, "test", clock.now())
            return "hit" if done.hit else "posted"
        create_transfer(order.payer.caller, order.key, order.request, "test", clock.now())
    except Refusal as refusal:
        return refusal.code
    return confirmed(order.payer, order.entry_id)


def look(account_ids: Sequence[str]) -> list[Image]:
    """All accounts at one moment: the engine's own isolation, no lock of ours."""
    table = settings.table("accounts")
    answer = aws.dynamodb().transact_get_items(
        TransactItems=[{"Get": {"TableName": table, "Key": {"account_id": s(id_)}}} for id_ in account_ids]
    )
    return [to_image(row["Item"]) for row in answer["Responses"]]


@dataclass
class Watch:
    """What a reader saw of the accounts while money moved."""

    account_ids: Sequence[str]
    total_fen: int
    reads: int = 0
    wrong: list[list[int]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look until told to stop; every look must show all the money, and no account below zero."""
        while not self.stop.is_set():
            balances = [image["available_fen"] for image in look(self.account_ids)]
            self.reads += 1
            if sum(balances) != self.total_fen or min(balances) < 0:
                self.wrong.append(balances)


@pytest.mark.both_engines
def test_thousands_of_transfers_each_sent_twice_while_somebody_looks(ledger_engine: str) -> None:
    # given eight accounts of two owners, and orders that each come twice, close together
    owners = [four_accounts("赵小明"), four_accounts("钱红")]
    accounts = [one.account for owner in owners for one in owner]
    orders = orders_among(owners, TRANSFERS if ledger_engine == MINISTACK else TRANSFERS_ELSEWHERE)
    half = THREADS // 2
    sent = [order for i in range(0, len(orders), half) for order in orders[i : i + half] * SENT]
    over = clock.monotonic() + BOUND_S
    watch = Watch(accounts, len(accounts) * START_FEN)

    # when all are sent by sixteen threads
    with ThreadPoolExecutor(THREADS + 1) as pool:
        watching = pool.submit(watch.run)
        try:
            outcomes = list(pool.map(lambda order: send(order) if clock.monotonic() < over else UNSENT, sent))
        finally:
            watch.stop.set()
        watching.result()

    # then no look ever showed money lost, made, or owed, and nobody was refused for contention
    assert watch.wrong == []
    told = Counter(outcomes)
    assert set(told) <= {"posted", "hit", "insufficient_funds", UNSENT}
    really = len(sent) - told[UNSENT]
    assert really >= LEAST_SENT
    assert watch.reads > really / THREADS / 4
    # and each key was applied once, if at all
    applied = Counter(order.key for order, outcome in zip(sent, outcomes, strict=True) if outcome == "posted")
    assert set(applied.values()) == {1}
    assert min(told["posted"], told["hit"]) > really / 5
    assert told["insufficient_funds"] > 0
    # and the accounts are what the journal says, line by line
    posted = [order.request for order in orders if order.key in applied]
    books = Counter(dict.fromkeys(accounts, START_FEN))
    for request in posted:
        books[request.payer_account] -= request.amount_fen
        books[request.payee_account] += request.amount_fen
    lines = Counter(account for r in posted for account in (r.payer_account, r.payee_account))
    images = look(accounts)
    assert {image["account_id"]: image["available_fen"] for image in images} == dict(books)
    # one line more: the cash that opened it
    assert {image["account_id"]: image["seq"] - 1 for image in images} == {id_: lines[id_] for id_ in accounts}
    in_journal = set()
    for start in range(0, len(orders), READ_AT_ONCE):
        entries = ledger.read_entries([order.entry_id for order in orders[start : start + READ_AT_ONCE]])
        in_journal |= {id_ for id_, image in entries.items() if image["state"] == ledger.POSTED}
    assert in_journal == {order.entry_id for order in orders if order.key in applied}
    print(f"{ledger_engine}: {len(sent)} sent, {dict(told)}, {watch.reads} looks")  # shown by -rP


@pytest.mark.requirement("XJ-5.3-limit")
@pytest.mark.usefixtures("ledger_engine")
def test_a_count_limit_of_a_hundred_lets_exactly_a_hundred_of_four_hundred_pass() -> None:
    limits = AccountLimits(
        single_fen=100_00, day_fen=100_000_00, day_count=ALLOWED, month_fen=100_000_00, year_fen=100_000_00
    )
    payer, payee = customer("赵小明", 1_000_00, limits), customer("钱红", 0)
    with ThreadPoolExecutor(THREADS) as pool:
        entries = list(pool.map(lambda _: created(payer, payee, 1_00), range(ATTEMPTS)))

    outcomes = together(lambda i: confirmed(payer, entries[i]), ATTEMPTS)

    assert outcomes == {"posted": ALLOWED, "account_day_count_exceeded": ATTEMPTS - ALLOWED}
    assert (available(payer.account), available(payee.account)) == (1_000_00 - ALLOWED * 1_00, ALLOWED * 1_00)
    image = ledger.read_accounts([payer.account])[payer.account].image
    assert image[f"count_{image['business_date']}"] == 0
