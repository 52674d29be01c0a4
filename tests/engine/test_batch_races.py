"""Races over batches on a real engine: each payment is made once, or refused once, however many workers make them."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter

import pytest

from chalicelib.batches import store
from chalicelib.batches.commands.create_batch import Created, create_batch
from chalicelib.batches.commands.execute_batch import execute_batch
from chalicelib.batches.domain import Batch, Line, Wanted
from chalicelib.batches.service import batch_id_of
from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal, Retryable
from chalicelib.stepup.errors import StepUpRequired
from tests.engine.test_order_races import confirmed_step_up
from tests.engine.test_transfer_races import Customer, available, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

# A worker whose writes meet others' gives the message back; it comes again so often at most.
DELIVERIES = 20


@pytest.fixture(autouse=True)
def many_a_day() -> None:
    """Races confirm more often than a person may."""
    parameters.set_value("step_up.day_max", 100)


def batch(payer: Customer, payees: list[Customer], *amounts_fen: int) -> Batch:
    """Payments that were confirmed by a code, to the payees in turn."""
    lines = tuple(
        Line(number, payee.account, payee.name, amount_fen, f"第{number}笔")
        for number, (payee, amount_fen) in enumerate(zip(itertools.cycle(payees), amounts_fen, strict=False), start=1)
    )
    return confirmed(payer, wanted_of(payer, lines)).batch


def wanted_of(payer: Customer, lines: tuple[Line, ...]) -> Wanted:
    return Wanted(batch_id_of(payer.caller.customer_id, uuid.uuid4().hex), payer.account, lines)


def confirmed(payer: Customer, wanted: Wanted) -> Created:
    with pytest.raises(StepUpRequired) as refused:
        create_batch(payer.caller, wanted, None, "test", clock.now())
    given = confirmed_step_up(payer, refused.value)
    return create_batch(payer.caller, wanted, given, "test", clock.now())


def delivered(made: Batch) -> str:
    """A worker with the batch's message, which comes again until it is worked off."""
    for _ in range(DELIVERIES):
        try:
            execute_batch(made.batch_id, clock.now())
        except (Refusal, Retryable):
            continue
        return "worked off"
    return "left"


def ended(made: Batch) -> tuple[Batch, list[Line]]:
    found = store.read(made.batch_id)
    assert found is not None
    assert found[0].ended_at
    return found


@pytest.mark.requirement("YQ-4.2.2-multi")
@pytest.mark.requirement("XJ-5.3-batch")
def test_each_payment_is_made_once_by_many_workers_at_once() -> None:
    payer, payees = customer("赵小明", 1_000_00), [customer("钱红", 0), customer("孙立", 0)]
    made = batch(payer, payees, *[10_00] * 10)

    assert together(lambda _: delivered(made), 12)["worked off"] >= 1

    head, lines = ended(made)
    assert [line.state for line in lines] == ["paid"] * 10
    assert (head.paid, head.refused) == (10, 0)
    assert [available(one.account) for one in (payer, *payees)] == [900_00, 50_00, 50_00]


@pytest.mark.requirement("XJ-5.3-batch")
def test_where_money_is_short_what_is_paid_is_what_the_lines_say() -> None:
    # given two batches of one payer, each covered when it was confirmed, together twice what there is
    payer, payee = customer("赵小明", 100_00), customer("钱红", 0)
    batches = [batch(payer, [payee], *[10_00] * 10) for _ in range(2)]

    assert together(lambda i: delivered(batches[i % 2]), 8)["worked off"] >= 2

    states = Counter(line.state for one in batches for line in ended(one)[1])
    assert states == {"paid": 10, "refused": 10}
    assert sum(ended(one)[0].paid for one in batches) == 10
    assert {line.code for one in batches for line in ended(one)[1]} == {"", "insufficient_funds"}
    assert (available(payer.account), available(payee.account)) == (0, 100_00)


@pytest.mark.requirement("NB-5.3.6")
def test_a_loss_that_is_reported_meanwhile_stops_what_is_not_made_yet() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    made = batch(payer, [payee], *[10_00] * 20)

    def act(i: int) -> str:
        if i == 1:
            report_loss(payer.caller.customer_id, "sms", clock.now())
            return "reported"
        return delivered(made)

    together(act, 4)

    head, lines = ended(made)
    assert available(payee.account) == head.paid * 10_00 == sum(line.state == "paid" for line in lines) * 10_00
    assert {line.code for line in lines if line.state == "refused"} <= {"batch_factor_lost"}


def test_one_confirmation_sent_by_many_at_once_is_one_batch() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    lines = tuple(Line(number, payee.account, payee.name, 10_00, f"第{number}笔") for number in (1, 2, 3))
    wanted = wanted_of(payer, lines)

    def step_up() -> str:
        with pytest.raises(StepUpRequired) as refused:
            create_batch(payer.caller, wanted, None, "test", clock.now())
        return confirmed_step_up(payer, refused.value)

    # given a thumb that pressed twice, and confirmed each
    given = [step_up(), step_up()]

    def send(i: int) -> str:
        try:
            created = create_batch(payer.caller, wanted, given[i % 2], "test", clock.now())
        except Refusal as refusal:
            return refusal.code
        return "hit" if created.hit else "made"

    outcomes = together(send, 8)

    assert outcomes["made"] <= 1
    assert set(outcomes) <= {"made", "hit", "try_again", "outcome_unknown"}
    # whoever was told to try again does, and finds the one
    assert send(0) == "hit"
    heads, _ = store.page(payer.caller.customer_id, 10, None)
    assert len(heads) == 1
