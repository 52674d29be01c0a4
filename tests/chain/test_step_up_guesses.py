"""Guessing at a step-up's code is bounded with guessing at payments', for the customer whose phone has the codes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from chalicelib.platform import aws, clock
from tests.chain.bank import Bank
from tests.chain.device import Device
from tests.chain.probe import force_customer, table_items, unchanged, wrong_code
from tests.chain.test_phone_changes import Phone as Mover
from tests.chain.test_phone_changes import code_at
from tests.chain.test_step_ups import Phone

MOST = 10


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def phone(bank: Bank) -> Phone:
    return Phone(bank)


def wrong_today(bank: Bank, customer_id: str) -> int:
    (record,) = [row for row in table_items(bank, "CustomersTable") if row["customer_id"] == customer_id]
    return int(record.get(f"wrong_{clock.business_date(bank.clock.now())}", 0))


def told(bank: Bank, customer_id: str) -> int:
    """How often the owner's log says that there were too many."""
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == customer_id]
    return [row["kind"] for row in rows].count("code_guesses_exhausted")


def exhaust(bank: Bank, phone: Phone | Mover | Device) -> None:
    """As many wrong codes were entered today as may be."""
    force_customer(bank, phone.person, **{f"wrong_{clock.business_date(bank.clock.now())}": MOST})


@pytest.mark.requirement("NB-5.3.3-sms")
def test_wrong_codes_of_step_ups_are_counted_with_those_of_payments(bank: Bank, phone: Phone) -> None:
    # given a session without its phone, that guesses at a payment and at three step-ups
    payer, payee = phone.person, bank.sign_up("钱红")
    assert phone.switch(on=True, step_up=phone.confirmed()).status == 200
    transfer = bank.create(phone.token, payer, payee, "1.00", "key-guess-001").body["id"]
    assert phone.switch(on=False).status == 200
    asked = [phone.asked() for _ in range(3)]
    bank.settle()
    code = bank.code_for(payer, transfer)
    guesses = [bank.confirm(phone.token, transfer, wrong_code(code)).code for _ in range(2)]
    guesses += [phone.confirm(asked[i // 4], wrong_code(phone.code(asked[i // 4]))).code for i in range(8)]
    # when ten were wrong in all, then that is the end, which the owner is told once
    assert guesses == ["code_wrong"] * MOST
    assert wrong_today(bank, payer.customer_id) == MOST
    bank.settle()
    assert told(bank, payer.customer_id) == 1
    assert [text for text in bank.messages(payer) if "验证码错误次数过多" in text] != []
    # and neither another wrong code nor the right one of any says more, or does anything
    assert phone.confirm(asked[2], wrong_code(phone.code(asked[2]))).code == "code_guesses_exhausted"
    refused = phone.confirm(asked[2], phone.code(asked[2]))
    assert (refused.status, refused.code) == (422, "code_guesses_exhausted")
    assert phone.switch(on=True, step_up=asked[2]).code == "step_up_required"
    assert wrong_today(bank, payer.customer_id) == MOST
    bank.settle()
    assert told(bank, payer.customer_id) == 1
    assert not phone.is_on()
    # and tomorrow is another day
    bank.clock.advance(dt.timedelta(days=1))
    phone.token = bank.log_in(payer)
    assert phone.switch(on=True, step_up=phone.confirmed()).status == 200


def test_what_was_confirmed_before_the_guesses_ended_is_still_done(bank: Bank, phone: Phone) -> None:
    confirmed = phone.confirmed()
    exhaust(bank, phone)
    assert phone.switch(on=True, step_up=confirmed).status == 200


def test_a_wrong_code_of_a_day_before_does_not_count(bank: Bank, phone: Phone) -> None:
    force_customer(bank, phone.person, wrong_20261120=MOST)
    assert phone.confirm(phone.asked(), "wrong!").code == "malformed_request"
    assert phone.switch(on=True, step_up=phone.confirmed()).status == 200
    assert wrong_today(bank, phone.person.customer_id) == 0


def calls_of(work: Callable[[], None]) -> list[str]:
    """The requests to the engine, by their names."""
    calls: list[str] = []

    def note(model: object, **_: object) -> None:
        calls.append(str(getattr(model, "name", "")))

    events = aws.dynamodb().meta.events
    events.register("before-call.dynamodb", note)
    try:
        work()
    finally:
        events.unregister("before-call.dynamodb", note)
    return calls


def test_the_right_code_costs_the_two_writes_that_it_always_cost(bank: Bank, phone: Phone) -> None:
    # given an instance that has read the session's customer and the parameters
    assert phone.switch(on=True, step_up=phone.confirmed()).status == 200
    assert phone.switch(on=False).status == 200
    step_up = phone.asked()
    code = phone.code(step_up)

    def confirm() -> None:
        assert phone.confirm(step_up, code).status == 200

    # the try, and the confirmation with its conditions on the customer's record
    assert [name for name in calls_of(confirm) if name not in ("GetItem", "Query")] == [
        "UpdateItem",
        "TransactWriteItems",
    ]


@pytest.mark.requirement("NB-5.3.3-sms")
def test_guesses_at_the_code_that_binds_a_device_are_the_customers(bank: Bank) -> None:
    # given somebody who knows the password and has not the phone
    owner = bank.sign_up("赵小明", deposit="100.00")
    bank.settle()
    device = Device(bank, owner)
    asked = [device.asked() for _ in range(4)]
    codes = [bank.code_for(owner, step_up) for step_up in asked]
    guesses = [device.enter(asked[i // 4], wrong_code(codes[i // 4])).code for i in range(11)]
    assert guesses == ["code_wrong"] * MOST + ["code_guesses_exhausted"]
    # then the right code binds nothing today, the owner knows, and his payments by SMS wait, too
    with unchanged(bank, but=("ChallengesTable",)):
        refused = device.enter(asked[3], codes[3])
        assert (refused.status, refused.code) == (422, "code_guesses_exhausted")
    assert told(bank, owner.customer_id) == 1
    payee, token = bank.sign_up("钱红"), bank.log_in(owner)
    assert bank.create(token, owner, payee, "1.00", "key-guess-002").code == "code_guesses_exhausted"
    # and tomorrow the device is bound
    bank.clock.advance(dt.timedelta(days=1))
    assert device.bind().status == 201


@pytest.mark.requirement("NB-5.3.7-2")
def test_a_number_to_be_proved_is_nobodys_reserved_phone_yet(bank: Bank, certificates: list[bytes]) -> None:
    # given a customer whose phone was stolen and guessed at all day, and who names another by a certificate
    mover = Mover(bank)
    exhaust(bank, mover)
    change = mover.begun()
    code = code_at(mover.new, change)
    # then wrong codes to the new number count for that number's proof alone, and the right one is taken
    assert mover.enter(change, wrong_code(code)).body["facts"] == {"tries_left": "4"}
    assert wrong_today(bank, mover.person.customer_id) == MOST
    assert told(bank, mover.person.customer_id) == 0
    assert mover.enter(change, code).status == 204
