"""Deferred legs on a real engine: many payers, several workers, each leg posted once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.customers.commands.sign_up import AccountWish, SignUp, sign_up
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.change_state import change_state, end_deferred_credit
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.ledger.commands.post_deferred_legs import post_deferred_legs
from chalicelib.ledger.domain import FEE_INCOME_ACCOUNT
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import Refusal
from tests.engine.conftest import BRANCH, TELLER
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

pytestmark = pytest.mark.usefixtures("ledger_engine")

PAYMENTS = 200
BATCH = 50


def merchant() -> Customer:
    """A customer whom many pay at once."""
    login_name = "m" + ids.random_id()
    signed = sign_up(
        SignUp(
            name="兴隆超市",
            phone="13900000002",
            branch_id=BRANCH,
            login_name=login_name,
            password=PASSWORD,
            limit_outward_fen=5_000_000_00,
            accounts=(AccountWish("merchant", ledger.RIGHT_FULL, WIDE, credit=ledger.CREDIT_DEFERRED),),
        ),
        teller_id=TELLER,
        at=clock.now(),
    )
    return Customer(
        "兴隆超市", login_name, signed.account_ids[0], Caller(signed.customer_id, ids.random_id(), "professional")
    )


def until_done(entry_ids: list[str]) -> int:
    """Tell entries until all are posted, as SQS does; how often that took."""
    for round_ in range(1, 20):
        entry_ids = sorted(post_deferred_legs(entry_ids))
        if not entry_ids:
            return round_
    raise AssertionError("deferred legs are never posted")


def lines(account_id: str) -> list[ledger.DeferredLine]:
    """What was posted to an account, in order of its sequence."""
    return sorted(ledger.deferred_lines_from(account_id, "00000000"), key=lambda line: line.seq)


def test_two_hundred_payments_to_one_merchant_are_applied_once_by_overlapping_workers() -> None:
    # given eight customers, a fee, and 200 payments to one merchant
    parameters.set_value("fee.transfer.own_bank_fen", 1_00)
    earned = sum(line.amount_fen for line in lines(FEE_INCOME_ACCOUNT))
    try:
        shop, payers = merchant(), [customer(f"客户{i}", 10_000_00) for i in range(8)]
        entries = [created(payers[i % 8], shop, 10_00) for i in range(PAYMENTS)]
        outcomes = together(lambda i: confirmed(payers[i % 8], entries[i]), PAYMENTS)
    finally:
        parameters.set_value("fee.transfer.own_bank_fen", 0)
    assert outcomes == {"posted": PAYMENTS}
    assert available(shop.account) == 0

    # when workers get overlapping batches, all at once
    batches = [entries[start : start + BATCH] for start in range(0, PAYMENTS, BATCH // 2)] * 2
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(until_done, batches))

    # then each payment reached the merchant and fee income once
    assert available(shop.account) == PAYMENTS * 10_00
    assert sum(line.amount_fen for line in lines(FEE_INCOME_ACCOUNT)) - earned == PAYMENTS * 1_00
    posted = lines(shop.account)
    assert Counter(line.entry_id for line in posted) == Counter(entries)
    assert [line.seq for line in posted] == list(range(1, PAYMENTS + 1))
    assert ledger.read_accounts([shop.account])[shop.account].seq == PAYMENTS


def test_a_merchant_spends_while_its_legs_arrive() -> None:
    shop, payer, friend = merchant(), customer("赵小明", 10_000_00), customer("钱红", 0)
    entries = [created(payer, shop, 10_00) for _ in range(40)]
    assert together(lambda i: confirmed(payer, entries[i]), 40) == {"posted": 40}
    until_done(entries[:20])
    spent = [created(shop, friend, 10_00) for _ in range(20)]

    def work(i: int) -> str:
        if i % 2:
            until_done(entries[20 + i // 2 :][:3])
            return "worked"
        return confirmed(shop, spent[i // 2])

    outcomes = together(work, 40)
    until_done(entries)
    assert outcomes == {"worked": 20, "posted": 20}
    assert (available(shop.account), available(friend.account)) == (20 * 10_00, 20 * 10_00)
    assert ledger.read_accounts([shop.account])[shop.account].seq == 60


@pytest.mark.both_engines
def test_a_house_account_is_opened_once_by_many() -> None:
    payers = [customer(f"客户{i}", 0) for i in range(THREADS)]
    branch = ids.random_id()
    deposits = [
        deposit_cash(
            account_id=payer.account,
            branch_id=branch,
            amount_fen=1_00,
            reference=ids.random_id(),
            teller_id=TELLER,
            at=clock.now(),
        )
        for payer in payers
    ]
    together(lambda i: str(until_done([deposits[i]])), THREADS)
    account = ledger.read_accounts([ledger.cash_account(branch)])[ledger.cash_account(branch)]
    assert (account.posted_fen, account.seq) == (-THREADS * 1_00, THREADS)


@pytest.mark.both_engines
def test_no_close_gets_between_payments_and_their_legs() -> None:
    # given transfers to a merchant that await their codes when its deferred credit ends
    shop, payers = merchant(), [customer(f"客户{i}", 100_00) for i in range(THREADS)]
    entries = [created(payer, shop, 10_00) for payer in payers]
    yesterday = clock.business_date(clock.now() - dt.timedelta(days=1))
    until = end_deferred_credit(shop.account, clock.now())["deferred_until"]

    def close() -> str:
        try:
            return str(change_state(shop.account, before="open", after="closed", closed_through=yesterday)["state"])
        except Refusal as refusal:
            return refusal.code

    # when all are confirmed while the branch closes the account again and again
    outcomes = together(lambda i: close() if i % 2 else confirmed(payers[i // 2], entries[i // 2]), 2 * THREADS)

    # then it stays open until all has come and gone
    assert outcomes == {"posted": THREADS, "account_deferred_legs_due": THREADS}
    until_done(entries)
    assert available(shop.account) == THREADS * 10_00
    spent = created(shop, payers[0], THREADS * 10_00)
    assert confirmed(shop, spent) == "posted"
    assert change_state(shop.account, before="open", after="closed", closed_through=until)["state"] == "closed"
