"""The same key brings the same answer and moves money at most once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import force_account, table_items, unchanged

KEY = "key-idem-001"


def told(reply: Reply) -> dict[str, Any]:
    """What an answer to a creation tells of the transfer; canonical form and hints are told to who creates it only."""
    return {name: value for name, value in reply.body.items() if name not in ("canonical", "hints")}


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@dataclass
class Pair:
    """Payer (logged in) and payee."""

    payer: Person
    payee: Person
    token: str


@pytest.fixture
def pair(bank: Bank) -> Pair:
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红", deposit="1.00")
    bank.settle()
    return Pair(payer, payee, bank.log_in(payer))


def test_a_repeat_is_a_hit_before_and_after_posting_and_after_expiry(bank: Bank, pair: Pair) -> None:
    # given a created transfer
    first = bank.create(pair.token, pair.payer, pair.payee, "10.00", KEY)
    assert first.status == 201
    assert "Idempotency-Hit" not in first.headers
    bank.settle()
    # when the same request comes again, however the amount is written
    for amount in ("10.00", "10.0", "10"):
        with unchanged(bank):
            again = bank.create(pair.token, pair.payer, pair.payee, amount, KEY, currency="CNY")
            assert (again.status, again.headers["Idempotency-Hit"]) == (200, "true")
            assert again.body == first.body
    # and after posting it shows the posted transfer
    code = bank.code_for(pair.payer, first.body["id"])
    posted = bank.confirm(pair.token, first.body["id"], code)
    bank.settle()
    with unchanged(bank):
        again = bank.create(pair.token, pair.payer, pair.payee, "10.00", KEY)
        assert (again.status, again.headers["Idempotency-Hit"], again.body["state"]) == (200, "true", "posted")
        assert told(again) == posted.body
    # and days later still, even when the payer could not pay any more
    bank.clock.advance(dt.timedelta(days=400))
    force_account(bank, pair.payer.account, state="closed", available_fen=0)
    token = bank.log_in(pair.payer)
    bank.settle()
    with unchanged(bank):
        assert told(bank.create(token, pair.payer, pair.payee, "10.00", KEY)) == posted.body


def test_an_old_request_never_executes_later(bank: Bank, pair: Pair) -> None:
    first = bank.create(pair.token, pair.payer, pair.payee, "10.00", KEY)
    bank.settle()
    code = bank.code_for(pair.payer, first.body["id"])
    bank.clock.advance(dt.timedelta(days=3))
    token = bank.log_in(pair.payer)
    with unchanged(bank):
        again = bank.create(token, pair.payer, pair.payee, "10.00", KEY)
        assert (again.status, again.body["state"]) == (200, "expired")
        assert bank.confirm(token, first.body["id"], code).code == "transfer_expired"
    assert len(bank.messages(pair.payer)) == 2  # the deposit's alert and one code, no second


CHANGES = {
    "amount": {"amount": "10.01"},
    "zero amount": {"amount": "0.00"},
    "purpose": {"purpose": "房租"},
    "purpose left out": {"purpose": ""},
    "name": {"payee_name": "钱绿"},
    "payee": {"payee_account": "9000010000000000017"},
    "payer": {"payer_account": "9000010000000000017"},
}


@pytest.mark.parametrize("posted", [False, True], ids=["awaiting", "posted"])
def test_other_contents_under_the_key_are_a_conflict(bank: Bank, pair: Pair, posted: bool) -> None:
    created = bank.create(pair.token, pair.payer, pair.payee, "10.00", KEY)
    bank.settle()
    if posted:
        bank.confirm(pair.token, created.body["id"], bank.code_for(pair.payer, created.body["id"]))
        bank.settle()
    with unchanged(bank):
        for change in CHANGES.values():
            reply = bank.create(pair.token, pair.payer, pair.payee, **{"amount": "10.00", "key": KEY, **change})
            assert (reply.code, reply.status) == ("idempotency_key_reused", 409)


def test_a_key_belongs_to_its_customer(bank: Bank, pair: Pair) -> None:
    # given two customers who chose the same key
    bank.deposit(pair.payee.account, 100_00)
    bank.settle()
    mine = bank.create(pair.token, pair.payer, pair.payee, "10.00", KEY)
    theirs = bank.create(bank.log_in(pair.payee), pair.payee, pair.payer, "20.00", KEY)
    # then both are new, and each finds their own
    assert (mine.status, theirs.status) == (201, 201)
    assert mine.body["id"] != theirs.body["id"]
    found = bank.request("GET", f"/v1/transfers?idempotency_key={KEY}", token=pair.token)
    assert [row["id"] for row in found.body["transfers"]] == [mine.body["id"]]


def test_a_refused_creation_does_not_burn_the_key(bank: Bank, pair: Pair) -> None:
    with unchanged(bank, but=["CustomersTable"]):
        assert bank.create(pair.token, pair.payer, pair.payee, "1000.01", KEY).code == "insufficient_funds"
        assert bank.create(pair.token, pair.payer, pair.payee, "1.00", KEY, payee_name="钱").code == "payee_unavailable"
        missing = bank.request("GET", f"/v1/transfers?idempotency_key={KEY}", token=pair.token)
        assert (missing.code, missing.status) == ("not_found", 404)
    assert bank.create(pair.token, pair.payer, pair.payee, "1000.00", KEY).status == 201


def test_a_confirmation_again_is_a_hit_and_moves_nothing(bank: Bank, pair: Pair) -> None:
    created = bank.create(pair.token, pair.payer, pair.payee, "10.00", KEY)
    bank.settle()
    code = bank.code_for(pair.payer, created.body["id"])
    posted = bank.confirm(pair.token, created.body["id"], code)
    assert "Idempotency-Hit" not in posted.headers
    bank.settle()
    with unchanged(bank):
        for _ in range(7):  # more than there are tries
            again = bank.confirm(pair.token, created.body["id"], code)
            assert (again.status, again.headers["Idempotency-Hit"]) == (200, "true")
            assert again.body == posted.body
    assert bank.balance(pair.payer.account) == 990_00
    # and once the session is over, not even that
    bank.request("DELETE", "/v1/sessions/current", token=pair.token)
    assert bank.confirm(pair.token, created.body["id"], code).code == "session_ended"
    assert bank.create(pair.token, pair.payer, pair.payee, "10.00", KEY).code == "session_ended"


def test_after_a_crash_of_the_app_the_key_finds_the_transfer(bank: Bank, pair: Pair) -> None:
    created = bank.create(pair.token, pair.payer, pair.payee, "10.00", KEY)
    # found at once, before any worker ran
    found = bank.request("GET", f"/v1/transfers?idempotency_key={KEY}", token=pair.token)
    assert found.body == {"transfers": [told(created)], "next_cursor": None}
    # and nobody else finds it
    other = bank.request("GET", f"/v1/transfers?idempotency_key={KEY}", token=bank.log_in(pair.payee))
    assert other.code == "not_found"


def test_many_transfers_under_many_keys_are_each_one_entry(bank: Bank, pair: Pair) -> None:
    ids = {bank.create(pair.token, pair.payer, pair.payee, "1.00", f"key-many-{i:03d}").body["id"] for i in range(5)}
    ids |= {bank.create(pair.token, pair.payer, pair.payee, "1.00", f"key-many-{i:03d}").body["id"] for i in range(5)}
    assert len(ids) == 5
    stored = [
        item["entry_id"]
        for item in table_items(bank, "JournalTable")
        if item.get("customer_id") == pair.payer.customer_id
    ]
    assert sorted(stored) == sorted(ids)
