"""Tries whose machine died: they wait, then count as wrong, and a right password forgets them (XJ-4.2-pw)."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.identity import attempts_store, providers, tries
from chalicelib.parameters import service as parameters
from chalicelib.platform.errors import TryAgain
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.probe import force, table_items

WRONG = "Wrong-Horse-7"
OVER = dt.timedelta(seconds=tries.UNDER_WAY_S)

pytestmark = pytest.mark.requirement("XJ-4.2-pw")


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明")


def log_in(bank: Bank, person: Person, password: str = PASSWORD, *, captcha: bool = False) -> Reply:
    body: dict[str, object] = {"login_name": person.login_name, "password": password}
    if captcha:
        id_ = bank.request("POST", "/v1/captchas", {"login_name": person.login_name}).body["captcha_id"]
        body["captcha"] = {"captcha_id": id_, "text": providers.answer_of(id_)}
    return bank.request("POST", "/v1/sessions", body)


def died(bank: Bank, person: Person, count: int, *, captcha: bool = False) -> list[tries.Try]:
    """Log-ins whose machine died after it had taken a try."""
    subject, now = tries.of_log_in(person.customer_id), bank.clock.now()
    return [tries.take(subject, now, captcha_passed=captcha) for _ in range(count)]


def test_a_try_waits_for_those_under_way_and_is_asked_to_come_again(bank: Bank, customer: Person) -> None:
    died(bank, customer, 3)
    before = bank.clock.now()
    busy = log_in(bank, customer)
    assert (busy.status, busy.code) == (503, "try_again")
    waited = bank.clock.now() - before
    assert dt.timedelta(seconds=tries.WAIT_S) <= waited < dt.timedelta(seconds=tries.WAIT_S + 1)


def test_what_ends_while_others_wait_lets_them_in(bank: Bank, customer: Person) -> None:
    one, two, three = died(bank, customer, 3)
    tries.was_wrong(one, bank.clock.now())
    tries.was_right(two, bank.clock.now())
    assert log_in(bank, customer).status == 201
    # the one still under way is counted until it ends
    left = attempts_store.read(three.subject)
    assert (left.tries, left.wrong, list(left.open)) == (1, 0, [three.claim.claim_id])
    tries.was_right(three, bank.clock.now())
    assert attempts_store.read(three.subject) == attempts_store.Count()


def test_dead_machines_count_as_wrong_and_the_right_password_forgets_them(bank: Bank, customer: Person) -> None:
    died(bank, customer, 3)
    bank.clock.advance(OVER)
    assert log_in(bank, customer).code == "captcha_required"
    assert log_in(bank, customer, captcha=True).status == 201
    assert table_items(bank, "LoginTriesTable") == []
    assert [log_in(bank, customer, WRONG).code for _ in range(3)] == ["login_refused"] * 3


def test_dead_machines_are_forgotten_also_beside_a_try_under_way(bank: Bank, customer: Person) -> None:
    died(bank, customer, 2)
    bank.clock.advance(OVER)
    (other,) = died(bank, customer, 1)
    assert log_in(bank, customer, captcha=True).status == 201
    left = attempts_store.read(other.subject)
    assert (left.tries, list(left.open)) == (1, [other.claim.claim_id])
    # and when that one turns out wrong, it is the first
    tries.was_wrong(other, bank.clock.now())
    assert [log_in(bank, customer, WRONG).code for _ in range(3)] == ["login_refused"] * 2 + ["captcha_required"]


def test_five_dead_machines_lock_and_time_ends_it(bank: Bank, customer: Person) -> None:
    # no hole: whoever could make machines die would not get a sixth guess by it
    died(bank, customer, 5, captcha=True)
    assert log_in(bank, customer, captcha=True).code == "try_again"
    bank.clock.advance(OVER)
    assert log_in(bank, customer, captcha=True).code == "login_refused"
    bank.clock.advance(dt.timedelta(minutes=30))
    assert log_in(bank, customer).status == 201


def test_a_try_that_ends_after_it_was_forgotten_changes_nothing(bank: Bank, customer: Person) -> None:
    (late, other) = died(bank, customer, 2)
    bank.clock.advance(OVER)
    assert log_in(bank, customer).status == 201
    for end in (tries.was_wrong, tries.was_right):
        end(late, bank.clock.now())
        end(other, bank.clock.now())
    assert table_items(bank, "LoginTriesTable") == []


def test_tries_counted_before_they_were_named_still_count(bank: Bank, customer: Person) -> None:
    # given a row as the bank wrote it before tries under way had names
    force(bank, "LoginTriesTable", {"subject": customer.customer_id}, tries=3)
    assert log_in(bank, customer).code == "captcha_required"
    assert log_in(bank, customer, WRONG, captcha=True).code == "login_refused"
    assert log_in(bank, customer, WRONG, captcha=True).code == "login_refused"
    assert log_in(bank, customer, PASSWORD, captcha=True).code == "login_refused"


def test_a_lock_that_others_reach_meanwhile_does_not_undo_a_right_password(bank: Bank, customer: Person) -> None:
    parameters.set_value("login.captcha_after", 10)
    (mine,) = died(bank, customer, 1)
    for _ in range(4):
        log_in(bank, customer, WRONG)
    # the fifth guess is not looked at while mine is under way
    with pytest.raises(TryAgain):
        died(bank, customer, 1)
    tries.was_right(mine, bank.clock.now())
    assert log_in(bank, customer).status == 201
