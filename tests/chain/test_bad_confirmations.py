"""POST /v1/transfers/{id}/confirmation refuses what does not fit, and moves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import State, same_refusal, state_of


@dataclass
class Waiting:
    """A transfer that waits for its code, and somebody else's."""

    bank: Bank
    token: str
    transfer_id: str
    code: str
    other_id: str
    payer: Person
    state: State


@pytest.fixture(scope="module")
def _waiting(_bank_of_module: Bank) -> Waiting:
    bank = _bank_of_module
    payer, other = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红", deposit="1000.00")
    token = bank.log_in(payer)
    mine = bank.create(token, payer, other, "10.00", "key-mine-01").body["id"]
    others = bank.create(bank.log_in(other), other, payer, "10.00", "key-other-1").body["id"]
    bank.settle()
    return Waiting(bank, token, mine, bank.code_for(payer, mine), others, payer, state_of(bank))


@pytest.fixture
def waiting(shared_bank: Bank, _waiting: Waiting) -> Waiting:
    return _waiting


BODIES: dict[str, tuple[Any, str, int]] = {
    "wrong factor": ({"factor": "face", "code": "123456"}, "malformed_request", 400),
    "factor missing": ({"code": "123456"}, "malformed_request", 400),
    "code missing": ({"factor": "sms"}, "malformed_request", 400),
    "five digits": ({"factor": "sms", "code": "12345"}, "malformed_request", 400),
    "seven digits": ({"factor": "sms", "code": "1234567"}, "malformed_request", 400),
    "letters": ({"factor": "sms", "code": "12345a"}, "malformed_request", 400),
    "full-width": ({"factor": "sms", "code": "１２３４５６"}, "malformed_request", 400),
    "newline": ({"factor": "sms", "code": "123456\n"}, "malformed_request", 400),
    "number": ({"factor": "sms", "code": 123456}, "malformed_request", 400),
    "null": ({"factor": "sms", "code": None}, "malformed_request", 400),
    "amount smuggled in": ({"factor": "sms", "code": "123456", "amount": "0.01"}, "malformed_request", 400),
    "array": ([], "malformed_request", 400),
}


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize(("body", "code", "status"), BODIES.values(), ids=BODIES)
def test_a_body_that_does_not_fit_takes_no_try(waiting: Waiting, body: Any, code: str, status: int) -> None:
    path = f"/v1/transfers/{waiting.transfer_id}/confirmation"
    for language in ("zh", "en"):
        reply = waiting.bank.request("POST", path, body, token=waiting.token, headers={"accept-language": language})
        assert (reply.code, reply.status) == (code, status)
    assert state_of(waiting.bank) == waiting.state


IDS = {
    "unknown": "a" * 26,
    "upper case": "A" * 26,
    "short": "abc",
    "long": "a" * 27,
    "path too long": "a" * 5000,
    "dots": "..",
    "encoded slash": "a%2F..%2Fb",
    "newline": "a" * 26 + "\n",
    "chinese": "转账",
    "expression": "#state = :posted",
    "house": "H-CASH-0001",
    "surrogate-like": "\\ud800",
}


@pytest.mark.requirement("NB-5.1.4")
@pytest.mark.parametrize("transfer_id", IDS.values(), ids=IDS)
@pytest.mark.parametrize("verb", ["POST confirmation", "GET", "GET receipt"])
def test_an_id_that_is_not_ones_own_is_unknown(waiting: Waiting, transfer_id: str, verb: str) -> None:
    replies = [ask(waiting, verb, one) for one in (transfer_id, waiting.other_id)]
    assert (replies[0].code, replies[0].status) == ("not_found", 404)
    assert same_refusal(*replies)
    assert state_of(waiting.bank) == waiting.state


def ask(waiting: Waiting, verb: str, transfer_id: str) -> Reply:
    method, _, last = verb.partition(" ")
    return waiting.bank.request(
        method,
        "/v1/transfers/ID" + (f"/{last}" if last else ""),
        {"factor": "sms", "code": waiting.code} if method == "POST" else None,
        token=waiting.token,
        path_values={"ID": transfer_id},
    )


def test_a_journal_entry_that_is_no_transfer_cannot_be_confirmed_or_read(waiting: Waiting) -> None:
    # given the entry of a cash deposit
    line = waiting.bank.request("GET", f"/v1/accounts/{waiting.payer.account}/movements", token=waiting.token)
    entry_id = line.body["movements"][0]["transfer_id"]
    # then as a transfer it does not exist
    for verb in ("POST confirmation", "GET", "GET receipt"):
        assert ask(waiting, verb, entry_id).code == "not_found"
    assert state_of(waiting.bank) == waiting.state


def test_a_receipt_that_is_not_due_says_so(waiting: Waiting) -> None:
    reply = waiting.bank.request("GET", f"/v1/transfers/{waiting.transfer_id}/receipt", token=waiting.token)
    assert (reply.code, reply.status, reply.headers["Retry-After"]) == ("receipt_not_ready", 404, "1")


def test_methods_a_path_does_not_have(waiting: Waiting) -> None:
    for method, path, allowed in (
        ("PUT", "/v1/transfers", {"GET", "POST"}),
        ("DELETE", "/v1/accounts", {"GET"}),
        ("PATCH", "/v1/sessions", {"GET", "POST"}),
    ):
        reply = waiting.bank.request(method, path, {}, token=waiting.token)
        assert (reply.code, reply.status) == ("method_not_allowed", 405)
        assert set(reply.headers["Allow"].split(", ")) == allowed
    assert state_of(waiting.bank) == waiting.state
