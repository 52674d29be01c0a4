"""SMS codes: one use, one instruction, three minutes, five tries, and nowhere but in the message."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.transfers.domain import Instruction
from tests.chain.bank import LIMITS, Bank, Person, Reply
from tests.chain.probe import force, state_of, table_items, unchanged, wiretap, wrong_code


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@dataclass
class Waiting:
    """A transfer that waits, its code, and who is logged in."""

    payer: Person
    payee: Person
    token: str
    transfer_id: str
    code: str


@pytest.fixture
def waiting(bank: Bank) -> Waiting:
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红", deposit="1.00")
    token = bank.log_in(payer)
    return create(bank, payer, payee, token, "key-code-001")


def create(bank: Bank, payer: Person, payee: Person, token: str, key: str) -> Waiting:
    created = bank.create(token, payer, payee, "10.00", key)
    bank.settle()
    return Waiting(payer, payee, token, created.body["id"], bank.code_for(payer, created.body["id"]))


@pytest.mark.requirement("NB-5.3.3-sms")
def test_five_wrong_codes_kill_the_transfer(bank: Bank, waiting: Waiting) -> None:
    wrong = wrong_code(waiting.code)
    with unchanged(bank, but=["JournalTable", "CustomersTable"]):
        for tries_left in (4, 3, 2, 1, 0):
            reply = bank.confirm(waiting.token, waiting.transfer_id, wrong)
            assert (reply.code, reply.status) == ("code_wrong", 422)
            assert reply.body["facts"] == {"tries_left": str(tries_left)}
    # then the right one comes too late, also in a new session
    with unchanged(bank):
        for _ in range(2):
            reply = bank.confirm(waiting.token, waiting.transfer_id, waiting.code)
            assert (reply.code, reply.status) == ("transfer_tries_exhausted", 409)
    again = bank.confirm(bank.log_in(waiting.payer), waiting.transfer_id, waiting.code)
    assert again.code == "transfer_tries_exhausted"
    # and a repeat of the creation opens no new tries
    repeat = bank.create(waiting.token, waiting.payer, waiting.payee, "10.00", "key-code-001")
    assert repeat.headers["Idempotency-Hit"] == "true"
    assert bank.confirm(waiting.token, waiting.transfer_id, waiting.code).code == "transfer_tries_exhausted"


@pytest.mark.requirement("NB-5.3.3-sms")
def test_four_wrong_codes_leave_the_fifth_try(bank: Bank, waiting: Waiting) -> None:
    for _ in range(4):
        bank.confirm(waiting.token, waiting.transfer_id, wrong_code(waiting.code))
    assert bank.confirm(waiting.token, waiting.transfer_id, waiting.code).status == 200
    assert bank.balance(waiting.payer.account) == 990_00


@pytest.mark.requirement("NB-5.3.3-sms")
def test_a_code_is_for_its_own_transfer(bank: Bank, waiting: Waiting) -> None:
    # given a second transfer, the same in everything but its key
    second = create(bank, waiting.payer, waiting.payee, waiting.token, "key-code-002")
    assert second.code != waiting.code
    with unchanged(bank, but=["JournalTable", "CustomersTable"]):
        assert bank.confirm(waiting.token, second.transfer_id, waiting.code).code == "code_wrong"
        assert bank.confirm(waiting.token, waiting.transfer_id, second.code).code == "code_wrong"
    # and a used one is of no use for a third
    bank.confirm(waiting.token, waiting.transfer_id, waiting.code)
    third = create(bank, waiting.payer, waiting.payee, waiting.token, "key-code-003")
    assert bank.confirm(waiting.token, third.transfer_id, waiting.code).code == "code_wrong"


MS = dt.timedelta(milliseconds=1)


@pytest.mark.requirement("NB-5.3.3-sms")
@pytest.mark.parametrize(
    ("offset", "passes"), [(-MS, True), (dt.timedelta(0), False), (MS, False)], ids=["1 ms before", "at", "1 ms after"]
)
def test_a_code_lives_three_minutes(bank: Bank, waiting: Waiting, offset: dt.timedelta, passes: bool) -> None:
    bank.clock.advance(dt.timedelta(minutes=3) + offset)
    if passes:
        assert bank.confirm(waiting.token, waiting.transfer_id, waiting.code).status == 200
        return
    with unchanged(bank):
        reply = bank.confirm(waiting.token, waiting.transfer_id, waiting.code)
        assert (reply.code, reply.status) == ("transfer_expired", 409)
        # a wrong code is told the same, and takes no try
        wrong = bank.confirm(waiting.token, waiting.transfer_id, wrong_code(waiting.code))
        assert wrong.code == "transfer_expired"
        shown = bank.request("GET", f"/v1/transfers/{waiting.transfer_id}", token=waiting.token)
        assert shown.body["state"] == "expired"


def test_a_code_that_would_arrive_too_late_is_not_sent(bank: Bank, waiting: Waiting) -> None:
    before = len(bank.messages(waiting.payer))
    bank.create(waiting.token, waiting.payer, waiting.payee, "10.00", "key-code-009")
    bank.clock.advance(dt.timedelta(minutes=3))
    bank.settle()
    assert len(bank.messages(waiting.payer)) == before


@pytest.mark.requirement("NB-5.3.3-sms")
def test_the_code_is_in_no_table_queue_or_log(bank: Bank, logged: io.StringIO) -> None:
    # given five transfers
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红", deposit="1.00")
    token = bank.log_in(payer)
    with wiretap() as tap:
        transfers = [create(bank, payer, payee, token, f"key-code-1{i:02d}") for i in range(5)]
        wrong = [bank.confirm(token, one.transfer_id, wrong_code(one.code)) for one in transfers]
        right = [bank.confirm(token, one.transfer_id, one.code) for one in transfers]
        bank.settle()
    # then a code may by chance be part of some id, but all five are found together nowhere
    held = {name: " ".join(rows) for name, rows in state_of(bank, but=["LocalMessagesTable"]).items()}
    held["events"] = repr(tap.events)
    held["log"] = logged.getvalue()
    assert "code sent" in held["log"]
    held["answers"] = repr([wrong, right])
    for place, text in held.items():
        found = sum(one.code in text for one in transfers)
        assert found < 3, f"{found} of 5 codes in {place}"
    assert all(one.code in " ".join(bank.messages(payer)) for one in transfers)


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize(
    "change",
    [{"amount_fen": 10_01}, {"payee_account": "9000010000000000017"}, {"purpose": "x"}, {"fee_fen": 1}],
    ids=lambda change: next(iter(change)),
)
def test_an_altered_instruction_is_refused(bank: Bank, waiting: Waiting, change: dict[str, object]) -> None:
    # given somebody who wrote to the journal between creation and confirmation
    force(bank, "JournalTable", {"entry_id": waiting.transfer_id}, **change)
    with unchanged(bank, but=["JournalTable", "CustomersTable"]):
        reply = bank.confirm(waiting.token, waiting.transfer_id, waiting.code)
        assert (reply.code, reply.status) == ("transfer_altered", 409)


# Beside what the customer sees stands what the bank decided: each of these changes what the payment does.
DECIDED: list[dict[str, Any]] = [
    {"outward": False},
    {"payee_credit": "deferred"},
    {"payer_name": "别人"},
    {"correlation_id": "another"},
    {"kind": "hold"},
    {"request_digest": b"another"},
    {"counted_fen": 0},
    {"seal": b"\x00" * 16},
    {"seal": b""},
]


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize("change", DECIDED, ids=lambda change: next(iter(change)))
def test_what_the_bank_decided_about_an_instruction_stays_as_it_was_stored(
    bank: Bank, waiting: Waiting, change: dict[str, Any]
) -> None:
    force(bank, "JournalTable", {"entry_id": waiting.transfer_id}, **change)
    with unchanged(bank, but=["JournalTable", "CustomersTable"]):
        reply = bank.confirm(waiting.token, waiting.transfer_id, waiting.code)
        assert (reply.code, reply.status) == ("transfer_altered", 409)


def test_an_instruction_without_its_seal_is_refused(bank: Bank, waiting: Waiting) -> None:
    table: Any = boto3.resource("dynamodb").Table(bank.references["JournalTable"])
    table.update_item(Key={"entry_id": waiting.transfer_id}, UpdateExpression="REMOVE seal")
    assert bank.confirm(waiting.token, waiting.transfer_id, waiting.code).code == "transfer_altered"


def test_another_instructions_seal_does_not_fit(bank: Bank, waiting: Waiting) -> None:
    other = bank.create(waiting.token, waiting.payer, waiting.payee, "10.00", "key-code-seal").body["id"]
    (image,) = [row for row in table_items(bank, "JournalTable") if row["entry_id"] == other]
    force(bank, "JournalTable", {"entry_id": waiting.transfer_id}, seal=image["seal"])
    assert bank.confirm(waiting.token, waiting.transfer_id, waiting.code).code == "transfer_altered"


def test_an_intruder_who_also_alters_the_digest_cannot_seal_it(bank: Bank, waiting: Waiting) -> None:
    (image,) = [row for row in table_items(bank, "JournalTable") if row["entry_id"] == waiting.transfer_id]
    altered = Instruction.from_image({**image, "amount_fen": 1_00})
    force(bank, "JournalTable", {"entry_id": waiting.transfer_id}, amount_fen=1_00, digest=altered.digest())
    with unchanged(bank, but=["JournalTable", "CustomersTable"]):
        assert bank.confirm(waiting.token, waiting.transfer_id, waiting.code).code == "transfer_altered"


def test_the_parameters_rule(bank: Bank, waiting: Waiting) -> None:
    # given one try only, by a change of policy
    parameters.set_value("factor.sms.tries", 1)
    assert bank.confirm(waiting.token, waiting.transfer_id, wrong_code(waiting.code)).body["facts"] == {
        "tries_left": "0"
    }
    assert bank.confirm(waiting.token, waiting.transfer_id, waiting.code).code == "transfer_tries_exhausted"
    assert all(bank.waiting(name) == 0 for name in bank.references if name.endswith("Queue"))


def again(bank: Bank, waiting: Waiting, token: str | None = None) -> Reply:
    path = f"/v1/transfers/{waiting.transfer_id}/codes"
    return bank.request("POST", path, token=token or waiting.token)


@pytest.mark.requirement("NB-5.3.3-sms")
def test_a_code_is_sent_again_spaced_and_bounded_and_voids_the_one_before(bank: Bank, waiting: Waiting) -> None:
    too_soon = again(bank, waiting)
    assert (too_soon.status, too_soon.code, too_soon.body["facts"]) == (429, "code_too_soon", {"seconds": "60"})
    bank.clock.advance(dt.timedelta(seconds=60))
    assert again(bank, waiting).status == 202
    bank.settle()
    second = bank.code_for(waiting.payer, waiting.transfer_id)
    assert second != waiting.code
    assert bank.confirm(waiting.token, waiting.transfer_id, waiting.code).body["facts"] == {"tries_left": "4"}
    bank.clock.advance(dt.timedelta(seconds=60))
    assert again(bank, waiting).status == 202
    bank.clock.advance(dt.timedelta(seconds=59))
    assert again(bank, waiting).code == "code_sends_exhausted"
    bank.settle()
    third = bank.code_for(waiting.payer, waiting.transfer_id)
    assert bank.confirm(waiting.token, waiting.transfer_id, third).status == 200
    assert again(bank, waiting).code == "transfer_not_awaiting"


def test_no_code_is_sent_again_too_late_or_for_somebody_else(bank: Bank, waiting: Waiting) -> None:
    stranger = bank.log_in(waiting.payee)
    bank.clock.advance(dt.timedelta(seconds=60))
    with unchanged(bank):
        assert again(bank, waiting, stranger).code == "not_found"
    bank.clock.advance(dt.timedelta(seconds=120))
    with unchanged(bank):
        assert again(bank, waiting).code == "transfer_expired"


def test_an_executed_transfer_without_a_code_is_sent_none(bank: Bank, waiting: Waiting) -> None:
    person = bank.sign_up(
        "孙伟",
        deposit="100.00",
        accounts=tuple(AccountWish("savings", ledger.RIGHT_FULL, LIMITS) for _ in range(2)),
    )
    token = bank.log_in(person)
    one, other = person.signed.account_ids
    body = {"payer_account": one, "payee_account": other, "payee_name": "孙伟", "amount": "1.00", "factor": "none"}
    body["valid_until"] = clock.to_text(bank.clock.now() + dt.timedelta(minutes=1))
    done = bank.request("POST", "/v1/transfers", body, token=token, headers={"idempotency-key": "key-again-1"})
    reply = bank.request("POST", f"/v1/transfers/{done.body['id']}/codes", token=token)
    assert (reply.status, reply.code) == (422, "factor_not_accepted")
