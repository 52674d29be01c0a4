"""Races at the counter on a real engine: two people meet over one voucher, one held amount, one customer."""

from __future__ import annotations

import uuid

import pytest

from chalicelib.counter import court_store
from chalicelib.counter import service as counter
from chalicelib.counter.commands.correct_cash import Correction, plan_correction
from chalicelib.counter.commands.court_transfer import CourtTransfer, plan_transfer
from chalicelib.counter.commands.open_till import open_till
from chalicelib.counter.commands.pay_out import Withdrawal, pay_out
from chalicelib.counter.commands.take_deposit import take_deposit
from chalicelib.counter.domain import People, Plan
from chalicelib.customers import service as customers
from chalicelib.customers.commands.change_edition import plan_closing, plan_downgrade
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.post_deferred_legs import post_deferred_legs
from chalicelib.platform import clock, updates
from chalicelib.platform.errors import Refusal
from tests.engine.conftest import TELLER
from tests.engine.test_court_races import PAPER, frozen, lifted, until
from tests.engine.test_till_races import PIN, counter_with, holder, vouchers
from tests.engine.test_transfer_races import confirmed, created, customer, together

pytestmark = [
    pytest.mark.usefixtures("ledger_engine"),
    pytest.mark.both_engines,
    pytest.mark.requirement("NB-5.1.6"),
]

MAX_ROUNDS = 60


def carried_out(plan: Plan, maker: str, checker: str) -> None:
    """As an approval does it."""
    updates.run_together(plan.writes(People(maker, checker, clock.now())))


def test_a_voucher_is_corrected_once_while_the_till_works_and_the_holder_spends() -> None:
    branch_id, teller, checker = counter_with(1_000_00)
    open_till(teller, 100_00)
    person, payee, today = holder(0), customer("钱红", 0), clock.business_date(clock.now())
    wrong = take_deposit(person.account, 50_00, reference="deposit-1", teller_id=teller).voucher
    entry = created(person, payee, 10_00)

    def work(i: int) -> str:
        if i == 0:
            return confirmed(person, entry)
        if i < 5:
            take_deposit(payee.account, 1_00, reference=uuid.uuid4().hex, teller_id=teller)
            return "taken"
        for _ in range(MAX_ROUNDS):
            try:
                carried_out(plan_correction(Correction(wrong, "户名不符"), clock.now()), teller, checker)
            except updates.Overtaken:
                continue
            except Refusal as refusal:
                return refusal.code
            return "corrected"
        return "never"

    outcomes = together(work, 13)

    # whoever was first: the money left the account once, by payment or by correction
    assert outcomes["taken"] == 4
    assert outcomes["corrected"] + outcomes["posted"] == 1
    assert set(outcomes) <= {"taken", "corrected", "posted", "cash_correction_refused", "entry_not_reversible"} | {
        "insufficient_funds"
    }
    till = counter.till_of(today, teller)
    left = 0 if outcomes["corrected"] else 40_00
    assert till.cash_fen == 104_00 + (0 if outcomes["corrected"] else 50_00)
    assert till.in_fen == till.cash_fen - 100_00
    assert ledger.read_accounts([person.account])[person.account].available_fen == left
    # and no voucher number was lost over it
    assert vouchers(branch_id) == list(range(1, len(vouchers(branch_id)) + 1))


def test_a_withdrawal_is_corrected_once_by_many() -> None:
    _, teller, checker = counter_with(1_000_00)
    open_till(teller, 100_00)
    person, today = holder(50_00), clock.business_date(clock.now())
    wrong = pay_out(Withdrawal(person.account, 20_00, "withdraw-1", PIN), teller_id=teller).voucher
    plans = [plan_correction(Correction(wrong, "金额不符"), clock.now()) for _ in range(8)]

    def correct(i: int) -> str:
        try:
            carried_out(plans[i], teller, checker)
        except updates.Overtaken:
            return "overtaken"
        except Refusal as refusal:
            return refusal.code
        return "corrected"

    outcomes = together(correct, 8)

    assert outcomes["corrected"] == 1
    assert set(outcomes) <= {"corrected", "overtaken", "entry_not_reversible"}
    till = counter.till_of(today, teller)
    assert (till.cash_fen, till.out_fen) == (100_00, 0)
    assert ledger.read_accounts([person.account])[person.account].available_fen == 50_00


def taken(account_id: str, place: int, fen: int) -> str:
    """Take for the court, planned again while others come in between."""
    for _ in range(MAX_ROUNDS):
        try:
            plan = plan_transfer(CourtTransfer(account_id, place, PAPER, fen), clock.now())
            carried_out(plan, TELLER, "T0002")
        except updates.Overtaken:
            continue
        except Refusal as refusal:
            return refusal.code
        return "taken"
    return "never"


def test_a_held_amount_is_taken_or_freed_and_never_both() -> None:
    for _ in range(4):
        person = customer("赵小明", 100_00)
        frozen(person.account, 60_00, until())

        def work(i: int, account_id: str = person.account) -> str:
            return lifted(account_id, 1) if i == 0 else taken(account_id, 1, 25_00)

        outcomes = together(work, 4)

        found = ledger.read_accounts([person.account])[person.account]
        (order,) = court_store.orders_of(person.account)
        taken_fen = 25_00 * outcomes["taken"]
        # twice fits; a third time is more than is held
        assert outcomes["lifted"] == 1
        assert outcomes["taken"] <= 2
        assert set(outcomes) <= {"lifted", "taken", "court_order_ended", "court_amount_exceeded"}
        assert (order.state, order.taken_fen, order.amount_fen) == ("lifted", taken_fen, 60_00 - taken_fen)
        assert (found.available_fen, found.held_fen) == (100_00 - taken_fen, 0)


def test_two_orders_take_no_more_than_there_is() -> None:
    person, payee = customer("赵小明", 100_00), customer("钱红", 0)
    entry = created(person, payee, 1_00)
    for fen in (70_00, 70_00):
        frozen(person.account, fen, until())

    def work(i: int) -> str:
        if i == 4:
            return confirmed(person, entry)
        return taken(person.account, 1 + i % 2, 35_00)

    outcomes = together(work, 5)

    # the earlier order's seventy are there for it; the later one has thirty, which is less than it asks for
    found = ledger.read_accounts([person.account])[person.account]
    assert outcomes == {"taken": 2, "insufficient_funds": 3}
    assert [order.taken_fen for order in court_store.orders_of(person.account)] == [70_00, 0]
    assert found.posted_fen == 30_00
    # and the house account has just that once the stream has brought it
    entries = [entry_id for entry_id in ledger.remembered_entries(found) if is_for_court(entry_id)]
    house = ledger.court_account(found.branch_id)
    before = balance(house)
    assert not post_deferred_legs(entries)
    assert balance(house) - before == 70_00


def is_for_court(entry_id: str) -> bool:
    entry = ledger.read_entry(entry_id)
    return entry is not None and entry["kind"] == "court_transfer"


def balance(account_id: str) -> int:
    found = ledger.read_accounts([account_id]).get(account_id)
    return found.posted_fen if found else 0


@pytest.mark.requirement("NB-5.1.5")
def test_of_two_changes_of_a_customer_that_were_planned_at_once_one_is_done() -> None:
    for _ in range(3):
        person = customer("赵小明", 0).caller.customer_id
        plans = [plan_downgrade(person, "express"), plan_closing(person)] * 3

        def work(i: int, changes: list[customers.Change] = plans) -> str:
            try:
                updates.run_together(changes[i].writes(TELLER, clock.now()))
            except updates.Overtaken:
                return "overtaken"
            except Refusal as refusal:
                return refusal.code
            return "done"

        outcomes = together(work, len(plans))

        assert outcomes["done"] == 1
        assert set(outcomes) <= {"done", "overtaken", "customer_not_active", "not_found"}
        assert len(customers.editions_of(person)) <= 2
