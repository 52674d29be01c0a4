"""Payments that were not made are counted by whose fault it was, and no count changes an answer (YQ-4.1.1)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.platform import aws, clock, metrics
from chalicelib.reports import service as reports
from chalicelib.reports import store, workers
from tests.chain.bank import Bank, LambdaContext, Person
from tests.chain.probe import scheduled, table_items
from tests.chain.suspenders import HOUR, urgent
from tests.chain.test_busy_engine import busy, engine, silence
from tests.chain.two_people import enter_staff

pytestmark = pytest.mark.requirement("YQ-4.1.1")

DAY = dt.timedelta(days=1)


@pytest.fixture
def people(bank: Bank) -> tuple[Person, Person]:
    return bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")


def today(bank: Bank) -> tuple[int, int, int]:
    """How many payments of today were made, refused, and failed."""
    outcome = reports.outcome_of(clock.business_date(bank.clock.now()), bank.clock.now())
    return outcome.made, outcome.refused, outcome.failed


def failing(bank: Bank, people: tuple[Person, Person], key: str) -> None:
    """A payment that the bank cannot make."""
    token = bank.log_in(people[0])
    with engine(bank, "put_item", "JournalTable", lambda: busy("ThrottlingException")):
        assert bank.create(token, *people, "1.00", key).code == "try_again"


def test_what_is_made_costs_no_count_of_its_own(bank: Bank, people: tuple[Person, Person]) -> None:
    sent: list[Any] = []
    aws.dynamodb_briefly().meta.events.register("before-call.dynamodb", lambda **call: sent.append(call))
    bank.pay(*people, "10.00", "key-outcome-1")
    bank.settle()
    assert (today(bank), sent) == ((1, 0, 0), [])


def test_what_the_customer_could_not_pay_is_refused_and_no_failure(bank: Bank, people: tuple[Person, Person]) -> None:
    token = bank.log_in(people[0])
    assert bank.create(token, *people, "100.01", "key-outcome-2").code == "insufficient_funds"
    created = bank.create(token, *people, "1.00", "key-outcome-3")
    bank.settle()
    right = bank.code_for(people[0], created.body["id"])
    wrong = "000000" if right != "000000" else "111111"
    assert bank.confirm(token, created.body["id"], wrong).code == "code_wrong"
    assert today(bank) == (0, 2, 0)
    # and once it is paid after all, it is made
    assert bank.confirm(token, created.body["id"], right).status == 200
    bank.settle()
    assert today(bank) == (1, 2, 0)


def test_who_is_nobody_asked_for_no_payment_and_a_read_is_none(bank: Bank, people: tuple[Person, Person]) -> None:
    assert bank.create("nobody's", *people, "1.00", "key-outcome-4").status == 401
    token = bank.log_in(people[0])
    assert bank.request("GET", "/v1/transfers/unknown", token=token).status == 404
    assert bank.request("DELETE", "/v1/sessions/current", token=token).status == 204
    assert bank.create(token, *people, "1.00", "key-outcome-44").code == "session_ended"
    assert today(bank) == (0, 0, 0)


def test_what_is_asked_of_the_customer_first_and_what_was_announced_count_for_nothing(
    bank: Bank, people: tuple[Person, Person]
) -> None:
    payer, payee = people
    token = bank.log_in(payer)
    line = {"payee_account": payee.account, "payee_name": payee.name, "amount": "1.00", "purpose": "货款"}
    body = {"payer_account": payer.account, "payments": [line, {**line, "amount": "2.00"}]}
    reply = bank.request("POST", "/v1/batches", body, token=token, headers={"idempotency-key": "key-outcome-5"})
    assert reply.code == "step_up_required"
    enter_staff()
    urgent(bank, HOUR, "transfers")
    bank.clock.advance(HOUR)
    assert bank.create(bank.log_in(payer), *people, "1.00", "key-outcome-6").code == "under_maintenance"
    assert today(bank) == (0, 0, 0)


def test_what_the_bank_could_not_do_failed_and_is_spread_over_rows(bank: Bank, people: tuple[Person, Person]) -> None:
    for number in range(12):
        failing(bank, people, f"key-outcome-1{number:02d}")
    token = bank.log_in(people[0])
    with engine(bank, "put_item", "JournalTable", silence, done=True):
        assert bank.create(token, *people, "1.00", "key-outcome-7").code == "outcome_unknown"
    with patch("chalicelib.transfers.routes.create_transfer", side_effect=RuntimeError):
        assert bank.create(token, *people, "1.00", "key-outcome-8").code == "internal_error"
    bank.settle()
    assert today(bank) == (0, 0, 14)
    rows = [row for row in table_items(bank, "StatisticsTable") if row["part"].endswith("#unpaid")]
    assert 1 < len(rows) <= store.SHARDS
    # nothing of it is in the statistics, which have the one deposit, nor in the hours of a day
    assert reports.entries_counted("20261121") == sum(reports.entries_by_hour(["20261121"])) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", None])
def test_a_count_that_fails_changes_no_answer(bank: Bank, people: tuple[Person, Person], code: str | None) -> None:
    token = bank.log_in(people[0])
    tried: list[Any] = []

    def down(**request: Any) -> Any:
        tried.append(request)
        raise silence() if code is None else busy(code)

    with patch.object(aws.dynamodb_briefly(), "update_item", down):
        reply = bank.create(token, *people, "100.01", "key-outcome-9")
    assert (reply.status, reply.code, len(tried)) == (422, "insufficient_funds", 1)
    assert today(bank) == (0, 0, 0)


def test_the_day_after_one_that_missed_its_aim_rings(
    bank: Bank, people: tuple[Person, Person], counted: list[str]
) -> None:
    def look() -> int:
        counted.clear()
        workers.settle_transactions(scheduled(bank.clock.now()), LambdaContext())
        return counted.count(metrics.PAYMENTS_FAILED)

    failing(bank, people, "key-outcome-10")
    bank.pay(*people, "10.00", "key-outcome-11")
    bank.settle()
    assert look() == 0
    bank.clock.advance(DAY)
    assert look() == 1
    bank.clock.advance(DAY)
    assert look() == 0
    # of what is over an instance reads once
    now = bank.clock.now()
    first = reports.outcome_of("20261121", now)
    with patch.object(store, "unpaid", side_effect=AssertionError):
        assert reports.outcome_of("20261121", now) == first == ("20261121", 1, 0, 1)
        with pytest.raises(AssertionError):
            reports.outcome_of("20261122", now)
