"""Races over step-ups on a real engine: confirmed once, used once, and never late."""

from __future__ import annotations

import base64
import datetime as dt

import pytest

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.customers.commands.switch_transfers import switch_transfers
from chalicelib.factors import service as factors
from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, settings
from chalicelib.platform.dynamo import s, to_image
from chalicelib.platform.errors import Refusal
from chalicelib.stepup import service as stepup
from tests.chain.signers import Signer
from tests.engine.test_factor_races import certified, confirmation
from tests.engine.test_transfer_races import Customer, created, customer, together
from tests.engine.test_transfer_races import confirmed as payment_confirmed

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

TIMES = 40


def challenge(owner: Customer, operation: stepup.Operation = stepup.SWITCH_TRANSFERS_ON) -> stepup.Challenge:
    caller = owner.caller
    return stepup.open_challenge(
        caller.customer_id, caller.session_id, operation, {}, "test", clock.now(), edition="professional"
    )


def code_of(asked: stepup.Challenge, attempt: int = 1) -> str:
    return factors.confirmation_code(asked.digest, attempt)


def confirmed(owner: Customer, asked: stepup.Challenge, code: str, now: dt.datetime) -> str:
    try:
        stepup.confirm(owner.caller, asked.challenge_id, factors.Given(stepup.SMS, code), now)
    except Refusal as refusal:
        return refusal.code
    return "confirmed"


def used(owner: Customer, asked: stepup.Challenge, now: dt.datetime) -> str:
    demand = stepup.Demand(owner.caller, stepup.SWITCH_TRANSFERS_ON, {}, asked.challenge_id, "test")
    try:
        stepup.require(demand, now)
    except Refusal as refusal:
        return refusal.code
    return "used"


@pytest.fixture(autouse=True)
def many_a_day() -> None:
    parameters.set_value("step_up.day_max", 100)


@pytest.mark.requirement("NB-5.3.3-sms")
def test_a_confirmed_step_up_is_used_once_by_many_at_once() -> None:
    owner, now = customer("赵小明", 0), clock.now()
    asked = challenge(owner)
    assert confirmed(owner, asked, code_of(asked), now) == "confirmed"
    assert together(lambda _: used(owner, asked, now), TIMES) == {"used": 1, "step_up_required": TIMES - 1}


@pytest.mark.requirement("NB-5.3.6")
@pytest.mark.parametrize("factor", [stepup.SMS, stepup.CERTIFICATE])
def test_a_loss_reported_while_step_ups_are_used_lets_none_pass_afterwards(factor: str) -> None:
    # given many confirmed step-ups of one customer
    owner, now = customer("赵小明", 0), clock.now()
    customer_id = owner.caller.customer_id
    signer = Signer()
    factor_id = factor if factor == stepup.SMS else certified(owner, signer)
    asked = [challenge(owner) for _ in range(24)]
    for one in asked:
        given = stepup.Given(factor, code_of(one), base64.b64decode(signer.sign(one.canonical())))
        stepup.confirm(owner.caller, one.challenge_id, given, now)
    reported: list[float] = []

    def work(i: int) -> str:
        if i == 8:
            report_loss(customer_id, factor_id, clock.now())
            reported.append(clock.monotonic())
            return "reported"
        began = clock.monotonic()
        found = used(owner, asked[i], now)
        return f"late {found}" if reported and began > reported[0] else found

    # when its loss is reported while they are used, then what began later is done no more
    outcomes = together(work, 24)
    assert outcomes["late used"] == 0
    refusals = {"step_up_required", "strong_factor_required"}
    assert set(outcomes) <= {"reported", "used", *refusals, *(f"late {code}" for code in refusals)}
    # and what was not used is of no use now
    assert {used(owner, one, now) for one in asked} <= refusals


@pytest.mark.requirement("NB-5.3.3-sms")
def test_five_guesses_in_all_however_many_at_once() -> None:
    owner, now = customer("赵小明", 0), clock.now()
    asked = challenge(owner)
    right = code_of(asked)
    outcomes = together(lambda _: confirmed(owner, asked, wrong(right), now), TIMES)
    assert outcomes == {"code_wrong": 5, "step_up_tries_exhausted": TIMES - 5}
    assert confirmed(owner, asked, right, now) == "step_up_tries_exhausted"


@pytest.mark.requirement("NB-5.3.3-sms")
def test_guessing_in_parallel_on_many_step_ups_and_payments_ends() -> None:
    # given a session without its phone, and as much to guess at as it could open
    owner, payee, now = customer("赵小明", 10_000_00), customer("钱红", 0), clock.now()
    asked = [challenge(owner) for _ in range(20)]
    entries = [created(owner, payee, 1_00) for _ in range(10)]

    def guess(i: int) -> str:
        if i % 3 == 0:
            entry = entries[i // 3 % 10]
            return payment_confirmed(owner, entry, wrong(confirmation(entry)))
        one = asked[i % 20]
        return confirmed(owner, one, wrong(code_of(one)), now)

    # then ten are told that they were wrong, however many ran at once, and the owner's log has one row of it
    assert together(guess, 90) == {"code_wrong": 10, "code_guesses_exhausted": 80}
    assert [row["kind"] for row in events_of(owner)].count("code_guesses_exhausted") == 1
    # and even the right code of any is of no use
    assert together(lambda i: confirmed(owner, asked[i], code_of(asked[i]), now), 20) == {"code_guesses_exhausted": 20}
    assert {payment_confirmed(owner, entry) for entry in entries} == {"code_guesses_exhausted"}


def wrong(right: str) -> str:
    return "000000" if right != "000000" else "111111"


def test_the_right_code_by_many_at_once_confirms_once() -> None:
    owner, now = customer("赵小明", 0), clock.now()
    asked = challenge(owner)
    outcomes = together(lambda _: confirmed(owner, asked, code_of(asked), now), 16)
    assert outcomes["confirmed"] == 1
    assert set(outcomes) <= {"confirmed", "step_up_not_awaiting", "step_up_tries_exhausted"}


@pytest.mark.requirement("NB-5.3.3-sms")
def test_confirmed_while_it_expires() -> None:
    # given hands on both sides of the last millisecond
    owner = customer("赵小明", 0)
    asked = challenge(owner)
    end = clock.from_text(asked.valid_until)
    moments = [end - dt.timedelta(milliseconds=1), end]
    outcomes = together(lambda i: f"{i % 2} {confirmed(owner, asked, code_of(asked), moments[i % 2])}", 32)
    assert outcomes["0 confirmed"] == 1
    assert "1 confirmed" not in outcomes
    # and whoever uses it in time, uses it once
    outcomes = together(lambda i: f"{i % 2} {used(owner, asked, moments[i % 2])}", 32)
    assert outcomes["0 used"] == 1
    assert "1 used" not in outcomes


@pytest.mark.requirement("XJ-4.4-switch")
def test_a_step_up_and_what_it_allows_are_one_write() -> None:
    # given transfers switched off, and many hands with the same confirmed step-up
    owner, now = customer("赵小明", 0), clock.now()
    switch_transfers(owner.caller, on=False, given=None, correlation_id="test", now=now)
    asked = challenge(owner)
    assert confirmed(owner, asked, code_of(asked), now) == "confirmed"

    def switch(_: int) -> str:
        try:
            switch_transfers(owner.caller, on=True, given=asked.challenge_id, correlation_id="test", now=now)
        except Refusal as refusal:
            return refusal.code
        return "on"

    # when all switch on, then one did, the others found it done or were asked for another step-up
    outcomes = together(switch, 16)
    assert set(outcomes) <= {"on", "step_up_required"}
    assert outcomes["on"] >= 1
    record = customers.customer_of(owner.caller.customer_id)
    assert record is not None
    assert record.transfers_on
    found = stepup.read_challenge(asked.challenge_id)
    assert found is not None
    assert found.state == "used"
    # and one event tells it
    kinds = [row["kind"] for row in events_of(owner)]
    assert kinds.count(audit.TRANSFERS_SWITCHED_ON.code) == 1


def events_of(owner: Customer) -> list[dict[str, str]]:
    """The customer's log as stored."""
    answer = aws.dynamodb().query(
        TableName=settings.table("security_events"),
        KeyConditionExpression="customer_id = :customer",
        ExpressionAttributeValues={":customer": s(owner.caller.customer_id)},
    )
    return [to_image(item) for item in answer["Items"]]


def test_challenges_of_a_day_are_counted_exactly() -> None:
    parameters.set_value("step_up.day_max", 10)
    owner = customer("赵小明", 0)

    def open_one(_: int) -> str:
        try:
            challenge(owner)
        except Refusal as refusal:
            return refusal.code
        return "opened"

    assert together(open_one, TIMES) == {"opened": 10, "step_up_limit_reached": TIMES - 10}


def test_a_code_is_sent_again_once_by_many_at_once() -> None:
    owner = customer("赵小明", 0)
    asked = challenge(owner)
    later = clock.now() + dt.timedelta(seconds=60)

    def again(_: int) -> str:
        try:
            stepup.send_again(owner.caller, asked.challenge_id, later)
        except Refusal as refusal:
            return refusal.code
        return "sent"

    outcomes = together(again, 16)
    assert outcomes["sent"] == 1
    assert set(outcomes) <= {"sent", "code_too_soon", "try_again"}
