"""Creation and confirmation against an engine that is busy or silent around their own writes, the money's apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.platform import aws
from tests.chain.bank import Bank, Person
from tests.chain.probe import table_items

pytestmark = pytest.mark.requirement("XJ-3.5")


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def people(bank: Bank) -> tuple[Person, Person]:
    return bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")


def busy(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Write")


def silence() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="x")


@contextmanager
def engine(
    bank: Bank, call: str, table: str, error: Callable[[], Exception], *, times: int = 1000, done: bool = False
) -> Iterator[list[str]]:
    """The engine answers so the first `times` of that call on that table, after having done the first or none."""
    real, met = getattr(aws.dynamodb(), call), list[str]()

    def answer(**request: Any) -> Any:
        if request["TableName"] != bank.references[table] or len(met) == times:
            return real(**request)
        met.append(call)
        if done and len(met) == 1:
            real(**request)
        raise error()

    with patch.object(aws.dynamodb(), call, answer):
        yield met


def journal(bank: Bank, transfer_id: str) -> dict[str, Any]:
    (found,) = [row for row in table_items(bank, "JournalTable") if row["entry_id"] == transfer_id]
    return found


def waiting(bank: Bank, people: tuple[Person, Person], token: str, key: str) -> tuple[str, str]:
    transfer_id = bank.create(token, *people, "1.00", key).body["id"]
    bank.settle()
    return transfer_id, bank.code_for(people[0], transfer_id)


@pytest.mark.parametrize("code", ["TransactionConflictException", "ThrottlingException"])
def test_a_confirmation_waits_for_what_holds_the_instruction(
    bank: Bank, people: tuple[Person, Person], code: str
) -> None:
    token = bank.log_in(people[0])
    transfer_id, sent = waiting(bank, people, token, "key-busy-0001")
    with engine(bank, "update_item", "JournalTable", lambda: busy(code), times=3) as met:
        assert bank.confirm(token, transfer_id, sent).status == 200
    assert len(met) == 3
    assert journal(bank, transfer_id)["tries"] == 1


def test_a_claim_that_stays_held_took_no_try(bank: Bank, people: tuple[Person, Person]) -> None:
    token = bank.log_in(people[0])
    transfer_id, sent = waiting(bank, people, token, "key-busy-0002")
    with engine(bank, "update_item", "JournalTable", lambda: busy("TransactionConflictException")):
        assert bank.confirm(token, transfer_id, sent).code == "try_again"
    assert journal(bank, transfer_id)["tries"] == 0
    assert bank.confirm(token, transfer_id, sent).status == 200


def test_a_claim_met_with_silence_is_an_unknown_outcome(bank: Bank, people: tuple[Person, Person]) -> None:
    token = bank.log_in(people[0])
    transfer_id, sent = waiting(bank, people, token, "key-busy-0003")
    with engine(bank, "update_item", "JournalTable", silence, done=True) as met:
        reply = bank.confirm(token, transfer_id, sent)
    # it may have taken a try, so it is not said that nothing was done, nor taken again unasked
    assert (reply.status, reply.code, len(met)) == (503, "outcome_unknown", 1)
    assert journal(bank, transfer_id)["tries"] == 1
    assert bank.confirm(token, transfer_id, sent).status == 200


def test_a_creation_whose_answer_was_lost_is_resolved_on_the_spot(bank: Bank, people: tuple[Person, Person]) -> None:
    token = bank.log_in(people[0])
    with engine(bank, "put_item", "JournalTable", silence, times=1, done=True):
        reply = bank.create(token, *people, "1.00", "key-busy-0004")
    assert (reply.status, reply.headers["Idempotency-Hit"]) == (200, "true")
    assert reply.body["state"] == "awaiting"


def test_a_creation_met_with_silence_to_the_end_is_an_unknown_outcome(
    bank: Bank, people: tuple[Person, Person]
) -> None:
    token = bank.log_in(people[0])
    with engine(bank, "put_item", "JournalTable", silence, done=True):
        reply = bank.create(token, *people, "1.00", "key-busy-0005")
    assert (reply.status, reply.code) == (503, "outcome_unknown")
    # it was stored, and the same request finds it
    again = bank.create(token, *people, "1.00", "key-busy-0005")
    assert (again.status, again.headers["Idempotency-Hit"]) == (200, "true")


def test_a_creation_that_was_throttled_stored_nothing(bank: Bank, people: tuple[Person, Person]) -> None:
    token = bank.log_in(people[0])
    with engine(bank, "put_item", "JournalTable", lambda: busy("ThrottlingException")):
        assert bank.create(token, *people, "1.00", "key-busy-0006").code == "try_again"
    assert bank.create(token, *people, "1.00", "key-busy-0006").status == 201


def test_a_silent_read_was_no_write(bank: Bank, people: tuple[Person, Person]) -> None:
    token = bank.log_in(people[0])
    transfer_id = bank.create(token, *people, "1.00", "key-busy-0007").body["id"]

    def silent(**_: Any) -> Any:
        raise silence()

    with patch.object(aws.dynamodb(), "batch_get_item", silent):
        read = bank.request("GET", f"/v1/transfers/{transfer_id}", token=token)
        asked_to_write = bank.create(token, *people, "1.00", "key-busy-0008")
    assert (read.code, asked_to_write.code) == ("try_again", "outcome_unknown")
