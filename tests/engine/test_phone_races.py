"""A phone that changes while codes are open, on a real engine: whoever has the old SIM confirms nothing after it."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.customers import service as customers
from chalicelib.customers.commands import change_phone
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids
from chalicelib.platform.errors import Refusal
from chalicelib.stepup import service as stepup
from tests.engine.conftest import TELLER
from tests.engine.test_device_races import code_of
from tests.engine.test_step_up_races import challenge
from tests.engine.test_step_up_races import confirmed as step_up_confirmed
from tests.engine.test_transfer_races import THREADS, Customer, available, confirmed, created, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]


@pytest.fixture(autouse=True)
def many_a_day() -> None:
    parameters.set_value("step_up.day_max", 100)


def begun(owner: Customer) -> stepup.Challenge:
    phone = "137" + ids.random_digits(8)
    return change_phone.begin_at_counter(
        owner.caller.customer_id, phone, teller_id=TELLER, correlation_id="test", now=clock.now()
    )


def completed(owner: Customer, change: stepup.Challenge) -> str:
    code = code_of(change.challenge_id)
    try:
        change_phone.complete_at_counter(
            owner.caller.customer_id, change.challenge_id, code, teller_id=TELLER, now=clock.now()
        )
    except Refusal as refusal:
        return refusal.code
    return "changed"


@pytest.mark.requirement("NB-5.3.7-2")
def test_nothing_is_paid_with_an_old_code_once_the_change_is_answered() -> None:
    # given eighty transfers whose codes are at the old number
    owner, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    entries = [created(owner, payee, 1_00) for _ in range(80)]
    change = begun(owner)
    started = threading.Barrier(2)

    def pay(index: int) -> str:
        if index == THREADS:
            started.wait()
        return confirmed(owner, entries[index])

    # when the phone changes in their midst
    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(pay, index) for index in range(len(entries))]
        started.wait()
        assert completed(owner, change) == "changed"
        paid_fen = available(payee.account)
        outcomes = Counter(future.result() for future in running)

    # then what had been paid when it was answered is all
    assert set(outcomes) == {"posted", "phone_changed"}
    assert available(payee.account) == paid_fen == outcomes["posted"] * 1_00
    # and a transfer made after it is confirmed by its own code
    assert confirmed(owner, created(owner, payee, 1_00)) == "posted"


def test_a_step_up_that_is_confirmed_while_the_phone_changes() -> None:
    owner = customer("赵小明", 0)
    asked = [challenge(owner) for _ in range(30)]
    change = begun(owner)

    def work(index: int) -> str:
        if index == 15:
            return completed(owner, change)
        return step_up_confirmed(owner, asked[index], code_of(asked[index].challenge_id), clock.now())

    outcomes = together(work, len(asked))
    assert outcomes["changed"] == 1
    assert set(outcomes) <= {"changed", "confirmed", "phone_changed"}
    # whatever was left open is void
    left = challenge_left(owner, asked)
    assert all(step_up_confirmed(owner, one, code_of(one.challenge_id), clock.now()) == "phone_changed" for one in left)


def challenge_left(owner: Customer, asked: list[stepup.Challenge]) -> list[stepup.Challenge]:
    found = [stepup.read_challenge(one.challenge_id) for one in asked]
    return [one for one in found if one is not None and one.state == "awaiting"]


def test_many_changes_at_once_end_as_one_of_them() -> None:
    owner = customer("赵小明", 0)
    changes = [begun(owner) for _ in range(8)]
    outcomes = together(lambda i: completed(owner, changes[i]), len(changes))
    assert outcomes == {"changed": 1, "phone_changed": len(changes) - 1}
    assert customers.profile_of(owner.caller.customer_id).phone in {change.facts["phone"] for change in changes}
