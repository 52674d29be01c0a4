"""Races over standing orders on a real engine: each date is paid once, by what the order says at that moment."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from bench.orders import AMOUNT_FEN, drain
from chalicelib.factors import service as factors
from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.factors.commands.lift_loss import plan_lift
from chalicelib.orders import domain, store
from chalicelib.orders.commands import change_order, create_order, stop_order
from chalicelib.orders.commands.execute_order import execute_order
from chalicelib.orders.commands.find_due import find_due
from chalicelib.orders.domain import Order, Schedule, Terms
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, due, updates
from chalicelib.platform.errors import Refusal
from chalicelib.stepup import service as stepup
from chalicelib.stepup.errors import StepUpRequired
from tests.engine.test_transfer_races import Customer, available, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

MANY = 500


@pytest.fixture(autouse=True)
def many_a_day() -> None:
    """Races confirm more often than a person may."""
    parameters.set_value("step_up.day_max", 100)


def ahead() -> dt.datetime:
    """The schedule's clock, past every first try of today."""
    return clock.now() + dt.timedelta(days=1)


def terms_of(payer: Customer, payee: Customer, amount_fen: int) -> Terms:
    """Each month from today on."""
    today = domain.date_of(clock.business_date(clock.now()))
    schedule = Schedule(domain.MONTHLY, today.day, today)
    return Terms(payer.account, payee.account, payee.name, amount_fen, 0, "房租", schedule)


def confirmed_step_up(payer: Customer, refused: StepUpRequired) -> str:
    """Confirm what a refusal asks for, by the code that the phone gets; the challenge's id."""
    step_up = refused.facts["step_up"]
    challenge = stepup.read_challenge(step_up)
    assert challenge is not None
    code = factors.confirmation_code(challenge.digest, challenge.attempt)
    stepup.confirm(payer.caller, step_up, stepup.Given(stepup.SMS, code), clock.now())
    return step_up


def order(payer: Customer, payee: Customer, amount_fen: int = 100_00, key: str = "") -> Order:
    """An order that was confirmed by a code."""
    key, terms = key or uuid.uuid4().hex, terms_of(payer, payee, amount_fen)
    with pytest.raises(StepUpRequired) as refused:
        create_order.create_order(payer.caller, key, terms, None, "test", clock.now())
    given = confirmed_step_up(payer, refused.value)
    return create_order.create_order(payer.caller, key, terms, given, "test", clock.now()).order


def executed(made: Order) -> str:
    try:
        return execute_order(made.order_id, made.next_due, "test", ahead())
    except Refusal as refusal:
        return refusal.code


def read(made: Order) -> Order:
    found = store.read(made.order_id)
    assert found is not None
    return found


def kinds(made: Order) -> list[str]:
    return [event.kind for event in reversed(store.history(made.order_id))]


@pytest.mark.requirement("YQ-4.2.2-sched")
def test_a_due_date_is_paid_once_by_many_at_once() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    for paid in range(1, 4):
        made = order(payer, payee)

        outcomes = together(lambda _, made=made: executed(made), 16)  # type: ignore[misc]  # bound now

        assert outcomes["executed"] == 1
        assert set(outcomes) <= {"executed", "not_due", "done_before"}
        assert (available(payer.account), available(payee.account)) == (1_000_00 - paid * 100_00, paid * 100_00)
        assert kinds(made) == ["created", "executed"]
        after = read(made)
        assert (after.place, after.revision) == (1, 2)


def test_two_machines_look_and_execute_at_once() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    made = [order(payer, payee, 10_00) for _ in range(12)]

    def machine(i: int) -> str:
        # every machine asks for all of it, and gets to each order in its own order of time
        if i % 4 == 0:
            return "asked" if find_due(ahead(), "test") >= 0 else ""
        rotated = made[i % 12 :] + made[: i % 12]
        for one in rotated:
            executed(one)
        return "ran"

    together(machine, 16)

    assert [kinds(one) for one in made] == [["created", "executed"]] * 12
    assert (available(payer.account), available(payee.account)) == (880_00, 120_00)


def test_an_order_cancelled_while_it_is_executed_is_paid_once_or_never() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    for _ in range(8):
        made = order(payer, payee, 10_00)
        before = available(payee.account)

        def act(i: int, made: Order = made) -> str:
            if i % 4:
                return executed(made)
            try:
                return stop_order.cancel_order(payer.caller, made.order_id, "test", clock.now()).state
            except Refusal as refusal:
                return refusal.code

        outcomes = together(act, 16)

        paid = (available(payee.account) - before) // 10_00
        assert paid == outcomes["executed"] <= 1
        assert kinds(made) == ["created", *["executed"] * paid, "cancelled"]
        assert (read(made).state, read(made).due_at) == ("cancelled", "")
        # and nothing pays it from then on
        assert executed(made) == "not_due"


@pytest.mark.requirement("NB-5.3.6")
def test_what_was_set_up_while_a_loss_was_reported_is_not_paid_once_it_is_lifted() -> None:
    # given a thief who sets up orders as fast as can be while the owner reports the loss
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    owner, made = payer.caller.customer_id, [order(payer, payee, 10_00)]

    def act(i: int) -> str:
        if i == 4:
            report_loss(owner, factors.SMS_ID, clock.now())
            return "reported"
        try:
            made.append(order(payer, payee, 10_00))
        except Refusal as refusal:
            return refusal.code
        return "made"

    assert together(act, 12)["reported"] == 1
    # when staff lift it, then none of them is paid, and what is confirmed from then on is
    now = clock.now()
    updates.run_together(plan_lift(owner, factors.SMS_ID, now).writes(now))
    assert {executed(one) for one in made} == {"failed"}
    assert available(payer.account) == 1_000_00
    assert executed(order(payer, payee, 10_00)) == "executed"
    assert available(payer.account) == 990_00


def test_what_is_paid_is_what_the_order_said_then() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    for _ in range(6):
        made = order(payer, payee, 20_00)
        before = available(payee.account)

        def act(i: int, made: Order = made) -> str:
            if i % 2:
                return executed(made)
            less = change_order.Change(amount_fen=20_00 - i)
            try:
                change_order.change_order(payer.caller, made.order_id, less, None, "test", clock.now())
            except StepUpRequired:
                return "asked more than another change had left"
            except Refusal as refusal:
                return refusal.code
            return "changed"

        together(act, 12)

        (paid,) = [event for event in store.history(made.order_id) if event.kind == "executed"]
        (last, *_) = [
            event
            for event in store.history(made.order_id)
            if event.kind in ("created", "changed") and event.revision < paid.revision
        ]
        assert available(payee.account) - before == paid.amount_fen == last.amount_fen


def test_funds_for_ten_let_exactly_ten_of_thirty_be_paid() -> None:
    payer, payee = customer("赵小明", 100_00), customer("钱红", 0)
    made = [order(payer, payee, 10_00) for _ in range(30)]

    outcomes = together(lambda i: executed(made[i]), 30)

    assert outcomes["executed"] == 10
    assert outcomes["retrying"] + outcomes["failed"] == 20
    assert (available(payer.account), available(payee.account)) == (0, 100_00)


def test_one_key_sent_by_many_makes_one_order() -> None:
    payer, payee = customer("赵小明", 0), customer("钱红", 0)
    key, terms = uuid.uuid4().hex, terms_of(payer, payee, 10_00)
    with pytest.raises(StepUpRequired) as refused:
        create_order.create_order(payer.caller, key, terms, None, "test", clock.now())
    given = confirmed_step_up(payer, refused.value)

    def send(_: int) -> str:
        made = create_order.create_order(payer.caller, key, terms, given, "test", clock.now())
        return "hit" if made.hit else "created"

    assert together(send, 12) == {"created": 1, "hit": 11}


@pytest.mark.requirement("YQ-4.2.2-sched")
def test_five_hundred_due_at_once_are_drained_without_loss() -> None:
    # `make bench` does the same with ten thousand
    found = drain(MANY, print)

    assert found.outcomes["executed"] >= MANY  # and what other tests left
    assert (found.lost, found.left) == (0, 0)
    assert found.moved_fen == MANY * AMOUNT_FEN
    # whatever number of orders there is, looking for what is due costs a query a part
    assert found.idle_round_trips == due.PARTS
