"""Transfers between a customer's own accounts: one request, no factor, no limit."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.ledger import store
from chalicelib.limits.service import AccountLimits
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from tests.chain.bank import START, Bank, Person, Reply
from tests.chain.probe import state_of

# What the app states unless a test says otherwise: five minutes from the start.
UNTIL = START + dt.timedelta(minutes=5)
AHEAD = dt.timedelta(hours=parameters.TRANSFER_VALID_AHEAD_H.default)
TIGHT = AccountLimits(single_fen=1, day_fen=1, day_count=1, month_fen=1, year_fen=1)


@pytest.fixture
def owner(bank: Bank) -> Person:
    """A customer with two paying accounts whose limits would let nothing out, and 100.00 in the first."""
    wish = AccountWish("savings", ledger.RIGHT_FULL, TIGHT)
    person = bank.sign_up("赵小明", accounts=(wish, wish), limit_outward_fen=0)
    bank.deposit(person.account, 100_00)
    return person


def move(bank: Bank, owner: Person, amount: str, key: str, **more: Any) -> Reply:
    """From the first account to the second."""
    body = {
        "payer_account": owner.account,
        "payee_account": owner.signed.account_ids[1],
        "payee_name": owner.name,
        "amount": amount,
        "factor": "none",
        "valid_until": UNTIL.isoformat(),
        **more,
    }
    return bank.request("POST", "/v1/transfers", body, token=bank.log_in(owner), headers={"idempotency-key": key})


@pytest.mark.requirement("YQ-4.2.2-xfer")
def test_it_is_posted_at_once_and_receipted(bank: Bank, owner: Person) -> None:
    done = move(bank, owner, "40.00", "own-key-1")

    assert (done.status, done.body["state"], done.body["factor"]) == (201, "posted", "none")
    assert [bank.balance(id_) for id_ in owner.signed.account_ids] == [60_00, 40_00]
    bank.settle()
    receipt = bank.request("GET", f"/v1/transfers/{done.body['id']}/receipt", token=bank.log_in(owner))
    assert (receipt.status, receipt.body["amount_in_words"]) == (200, "人民币肆拾元整")
    lines = bank.request("GET", f"/v1/accounts/{owner.signed.account_ids[1]}/movements", token=bank.log_in(owner)).body[
        "movements"
    ]
    assert [(line["amount"], line["balance"], line["counterparty_name"]) for line in lines] == [
        ("40.00", "40.00", "*小明")
    ]


def test_a_repeat_moves_nothing_and_other_contents_are_refused(bank: Bank, owner: Person) -> None:
    first = move(bank, owner, "40.00", "own-key-1")
    again = move(bank, owner, "40.00", "own-key-1")
    other = move(bank, owner, "41.00", "own-key-1")

    assert (again.status, again.headers.get("Idempotency-Hit")) == (200, "true")
    assert again.body == first.body
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert bank.balance(owner.account) == 60_00


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": "100.01"}, "insufficient_funds"),
        ({"payee_name": "赵大明"}, "payee_unavailable"),
        ({"payee_account": "9000019999999999999"}, "payee_unavailable"),
        ({"amount": "0.00"}, "amount_out_of_range"),
    ],
    ids=["one fen over", "another name", "unknown account", "nothing"],
)
def test_what_does_not_hold_is_refused_and_burns_no_key(
    bank: Bank, owner: Person, change: dict[str, str], code: str
) -> None:
    refused = move(bank, owner, change.pop("amount", "40.00"), "own-key-1", **change)

    assert refused.code == code
    assert [bank.balance(id_) for id_ in owner.signed.account_ids] == [100_00, 0]
    assert move(bank, owner, "40.00", "own-key-1").status == 201


@pytest.mark.requirement("YQ-4.1.3")
def test_to_somebody_else_a_factor_is_asked_for(bank: Bank, owner: Person) -> None:
    other = bank.sign_up("钱红")

    refused = move(bank, owner, "40.00", "own-key-1", payee_account=other.account, payee_name=other.name)

    assert (refused.status, refused.code) == (422, "factor_required")
    assert bank.balance(other.account) == 0


def balances(bank: Bank, owner: Person) -> list[int]:
    return [bank.balance(id_) for id_ in owner.signed.account_ids]


@pytest.mark.parametrize(
    ("late_by", "code"),
    [
        (dt.timedelta(milliseconds=-1), None),
        (dt.timedelta(0), "transfer_expired"),
        (dt.timedelta(days=3), "transfer_expired"),
    ],
    ids=["a millisecond before", "exactly then", "days later"],
)
def test_a_request_that_arrives_late_moves_nothing_and_burns_no_key(
    bank: Bank, owner: Person, late_by: dt.timedelta, code: str | None
) -> None:
    # given a request that waited in a phone
    bank.clock.set(UNTIL + late_by)
    bank.log_in(owner)
    bank.settle()
    before = state_of(bank)

    # when it arrives around its valid_until
    reply = move(bank, owner, "40.00", "own-key-1")

    # then it is executed before, and not from then on
    assert (reply.status == 201) == (code is None), reply
    if code is not None:
        assert (reply.status, reply.code) == (409, code)
        assert changed_money(before, state_of(bank)) == []
        # and the customer may say anew until when, under the same key
        anew = move(bank, owner, "40.00", "own-key-1", valid_until=(bank.clock.now() + AHEAD).isoformat())
        assert anew.status == 201
    assert balances(bank, owner) == [60_00, 40_00]


def changed_money(before: Any, after: Any) -> list[str]:
    """The tables of money that differ."""
    return [name for name in ("JournalTable", "AccountsTable", "CustomersTable") if before[name] != after[name]]


@pytest.mark.parametrize("later", [dt.timedelta(minutes=5), dt.timedelta(days=30)], ids=["exactly then", "a month"])
def test_a_repeat_answers_what_is_stored_also_after_its_time(bank: Bank, owner: Person, later: dt.timedelta) -> None:
    first = move(bank, owner, "40.00", "own-key-1")
    bank.clock.advance(later)

    again = move(bank, owner, "40.00", "own-key-1")
    other = move(bank, owner, "41.00", "own-key-1")

    assert (again.status, again.headers.get("Idempotency-Hit"), again.body) == (200, "true", first.body)
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert balances(bank, owner) == [60_00, 40_00]


def test_the_stated_time_is_part_of_the_request_and_of_what_is_stored(bank: Bank, owner: Person) -> None:
    done = move(bank, owner, "40.00", "own-key-1", valid_until="2026-11-21T10:04:00.0019+08:00")
    # the same moment in other words is the same request; another moment, earlier or later, is another one
    same = move(bank, owner, "40.00", "own-key-1", valid_until="2026-11-21T02:04:00.001Z")
    others = [move(bank, owner, "40.00", "own-key-1", valid_until=f"2026-11-21T02:0{m}:00.001Z") for m in (3, 5)]
    coded = move(bank, owner, "40.00", "own-key-1", valid_until=None, factor="sms")

    assert (done.status, done.body["valid_until"]) == (201, "2026-11-21T02:04:00.001Z")
    assert (same.status, same.headers.get("Idempotency-Hit")) == (200, "true")
    assert {reply.code for reply in (*others, coded)} == {"idempotency_key_reused"}
    stored = ledger.read_entry(done.body["id"])
    assert stored is not None
    assert stored["valid_until"] == done.body["valid_until"]


def test_a_time_too_far_ahead_is_refused(bank: Bank, owner: Person) -> None:
    edge = bank.clock.now() + AHEAD
    over = move(bank, owner, "40.00", "own-key-1", valid_until=(edge + dt.timedelta(milliseconds=1)).isoformat())

    assert (over.status, over.code, over.body["facts"]) == (400, "valid_until_too_far", {"max_hours": "24"})
    assert move(bank, owner, "40.00", "own-key-1", valid_until=edge.isoformat()).status == 201
    # and a stricter bank takes no such one
    parameters.set_value("transfer.valid_ahead_h", 1)
    sooner = move(bank, owner, "40.00", "own-key-2", valid_until=edge.isoformat())
    assert (sooner.code, sooner.body["facts"]) == ("valid_until_too_far", {"max_hours": "1"})


@pytest.mark.parametrize("conflicts", [1, 3])
def test_each_attempt_of_the_write_is_judged_by_its_own_now(
    bank: Bank, owner: Person, monkeypatch: pytest.MonkeyPatch, conflicts: int
) -> None:
    # given an engine that is busy, and a request whose time is over before the second attempt
    bank.clock.set(UNTIL - dt.timedelta(milliseconds=1))
    transact, attempts = store.transact, []

    def busy(items: Any, token: str) -> None:
        attempts.append(clock.to_text(clock.now()))
        bank.clock.advance(dt.timedelta(milliseconds=1))
        if len(attempts) <= conflicts:
            raise store.WriteContended
        transact(items, token)

    monkeypatch.setattr(store, "transact", busy)
    monkeypatch.setattr(bank.clock, "sleep", lambda _: None)

    late = move(bank, owner, "40.00", "own-key-1")
    sent = list(attempts)
    soon = move(bank, owner, "40.00", "own-key-2", valid_until=(bank.clock.now() + dt.timedelta(minutes=1)).isoformat())

    # then it was sent once, and what has time is sent until it passes
    assert (late.status, late.code, sent) == (409, "transfer_expired", ["2026-11-21T02:04:59.999Z"])
    assert soon.status == 201
    assert balances(bank, owner) == [60_00, 40_00]
