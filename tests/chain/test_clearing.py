"""Payments to other banks: taken in one write, sent once, settled or returned once; what is unknown is asked for."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.clearing import networks
from chalicelib.clearing.commands.reconcile import differences
from chalicelib.clearing.commands.take_answer import take_answer
from chalicelib.clearing.domain import RETURNED, SETTLED, Answer
from chalicelib.clearing.workers import clear_payments
from chalicelib.ledger.commands.reverse_entry import reversible_entry
from chalicelib.ledger.errors import EntryNotReversible
from chalicelib.platform import clock, metrics
from chalicelib.platform.errors import Retryable
from chalicelib.transfers.commands.execute_due import execute_due
from infra.cli.app import main
from infra.cli.shell import BROKEN, WHOLE
from tests.chain.bank import Bank, LambdaContext, Person
from tests.chain.outward import (
    BANK_CODE,
    BANK_NAME,
    FEE_FEN,
    MINUTE,
    Network,
    confirmed,
    create,
    decide,
    forget_open,
    payment,
)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    forget_open(shared_bank)
    return shared_bank


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def fate(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Chooses what all payments meet."""

    def choose(behaviour: str) -> Network:
        made = Network(behaviour)
        monkeypatch.setattr(networks, "network", lambda *_: made)
        return made

    return choose


@pytest.fixture(autouse=True)
def fee(monkeypatch: pytest.MonkeyPatch) -> None:
    """A payment to another bank costs something, so that a return has it to give back."""
    decide(monkeypatch, OTHER_BANK_FEE_FEN=FEE_FEN)


def test_the_payee_sees_their_bank_in_sms_form_and_receipt(bank: Bank, payer: Person, fate: Any) -> None:
    fate(networks.ACCEPT)
    entry_id = confirmed(bank, payer)
    bank.settle()
    (text,) = [text for text in bank.messages(payer) if "验证码" in text]
    assert f"向*远方（{BANK_NAME}尾号0017）转账100.00元" in text
    assert "钱远方" not in text
    token = bank.log_in(payer)
    receipt = bank.request("GET", f"/v1/transfers/{entry_id}/receipt", token=token)
    assert receipt.body["payee"]["bank"] == BANK_NAME
    read = bank.request("GET", f"/v1/transfers/{entry_id}", token=token)
    assert (read.body["payee_bank"], read.body["fee"], read.body["returned"]) == (BANK_CODE, "2.00", False)


@pytest.mark.parametrize(("first", "then"), [(SETTLED, RETURNED), (RETURNED, SETTLED)])
def test_an_answer_that_contradicts_is_kept_and_not_applied(
    bank: Bank, payer: Person, fate: Any, monkeypatch: pytest.MonkeyPatch, first: str, then: str
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(metrics, "count", counted.append)
    fate(networks.NEVER)
    entry_id = confirmed(bank, payer)
    bank.settle()
    assert take_answer(entry_id, Answer(first), bank.clock.now())
    balance = bank.balance(payer.account)
    assert not take_answer(entry_id, Answer(then), bank.clock.now())
    assert (payment(entry_id)["state"], payment(entry_id)["contradicted"]) == (first, then)
    assert (bank.balance(payer.account), counted) == (balance, [metrics.CLEARING_CONTRADICTED])


def test_an_answer_to_what_was_not_sent_is_told_again(bank: Bank, payer: Person) -> None:
    entry_id = confirmed(bank, payer)
    with pytest.raises(Retryable):
        take_answer(entry_id, Answer(SETTLED), bank.clock.now())
    with pytest.raises(Retryable):
        take_answer("a" * 26, Answer(SETTLED), bank.clock.now())


def test_what_went_to_another_bank_is_neither_reversed_nor_recalled(bank: Bank, payer: Person, fate: Any) -> None:
    fate(networks.ACCEPT)
    entry_id = confirmed(bank, payer)
    bank.settle()
    with pytest.raises(EntryNotReversible):
        reversible_entry(entry_id)
    asked = bank.request(
        "POST", f"/v1/transfers/{entry_id}/recall", {"reason": "wrong_payee"}, token=bank.log_in(payer)
    )
    assert (asked.status, asked.code) == (422, "recall_not_possible")


def test_a_number_that_is_also_an_account_here_is_not_that_account(bank: Bank, payer: Person, fate: Any) -> None:
    fate(networks.ACCEPT)
    other = bank.sign_up("孙一")
    token = bank.log_in(payer)
    created = create(bank, payer, token, "clearing-same", payee_account=other.account)
    assert created.status == 201, created
    bank.settle()
    bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))
    bank.settle()
    assert (bank.balance(other.account), payment(created.body["id"])["state"]) == (0, SETTLED)


def test_what_does_not_hold_is_refused_at_creation(bank: Bank, payer: Person) -> None:
    token = bank.log_in(payer)
    unknown = create(bank, payer, token, "clearing-bad1", payee_bank="999100000019")
    assert (unknown.status, unknown.code) == (422, "payee_bank_unknown")
    malformed = create(bank, payer, token, "clearing-bad2", payee_bank="12")
    assert malformed.code == "malformed_request"
    later = (bank.clock.now() + 10 * MINUTE).isoformat()
    at_once = create(bank, payer, token, "clearing-bad3", factor="none", valid_until=later)
    assert at_once.code == "factor_required"
    first = create(bank, payer, token, "clearing-bad4")
    assert first.status == 201
    reused = create(bank, payer, token, "clearing-bad4", payee_bank="999200000025")
    assert reused.code == "idempotency_key_reused"


def test_poison_fails_alone(bank: Bank) -> None:
    def record(number: int, kind: str, data: str) -> dict[str, Any]:
        body = (
            f'{{"event_id": "x", "event_type": "{kind}", "schema_version": 1, "aggregate_id": "{"a" * 26}",'
            f' "correlation_id": "c", "data": {data}}}'
        )
        return {"messageId": f"m{number}", "body": body, "eventSource": "aws:sqs", "receiptHandle": "r"}

    records = [
        record(1, "clearing.other", "{}"),
        record(2, "clearing.answered", '{"outcome": "lost", "reason": ""}'),
        record(3, "clearing.answered", '{"outcome": "returned", "reason": "<b>"}'),
    ]
    failed = clear_payments({"Records": records}, LambdaContext())["batchItemFailures"]
    assert [one["itemIdentifier"] for one in failed] == ["m1", "m2", "m3"]


def test_a_dates_differences_are_listed_and_nothing_else(bank: Bank, payer: Person, fate: Any) -> None:
    # given a day of its own with one payment that agrees, one that is not answered, and one that was contradicted
    bank.clock.advance(dt.timedelta(days=1))
    fate(networks.ACCEPT)
    agreed = confirmed(bank, payer, "reconcile-1")
    bank.settle()
    network = fate(networks.NEVER)
    unanswered = confirmed(bank, payer, "reconcile-2")
    bank.settle()
    contradicted = confirmed(bank, payer, "reconcile-3")
    bank.settle()
    take_answer(contradicted, Answer(SETTLED), bank.clock.now())
    take_answer(contradicted, Answer(RETURNED, "AC04"), bank.clock.now())
    date = payment(agreed)["business_date"]
    # when the network is asked about that date
    seen = network.enquire
    network.enquire = lambda entry_id, *when: Answer(SETTLED) if entry_id == agreed else seen(entry_id, *when)
    found = {one.entry_id: (one.ours, one.theirs) for one in differences(date, bank.clock.now())}
    assert found == {unanswered: ("sent", "unknown"), contradicted: (SETTLED, "returned AC04")}


def test_operators_see_the_differences_of_a_date(
    bank: Bank, payer: Person, fate: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    bank.clock.advance(dt.timedelta(days=3))
    fate(networks.ACCEPT)
    date = payment(_settled(bank, payer))["business_date"]
    assert (main(["clearing", "reconcile", date]), "differences: 0" in capsys.readouterr().out) == (WHOLE, True)
    fate(networks.NEVER)
    assert main(["clearing", "reconcile", date]) == BROKEN
    said = capsys.readouterr().out
    assert "100.00" in said
    assert "ours: settled  对方 / theirs: unknown" in said


def _settled(bank: Bank, payer: Person) -> str:
    entry_id = confirmed(bank, payer, "reconcile-4")
    bank.settle()
    return entry_id


@pytest.mark.requirement("XJ-5.3-smart")
def test_channel_and_arrival_are_quoted_by_amount_day_and_time(bank: Bank, payer: Person) -> None:
    # given a Saturday, when a small amount is quoted, then it goes by the channel that never closes
    token = bank.log_in(payer)
    small = create(bank, payer, token, "channel-key-1")
    assert (small.status, small.body["channel"]) == (201, "ibps")
    assert small.body["expected_at"] == clock.to_text(bank.clock.now() + MINUTE)
    later = create(bank, payer, token, "channel-key-2", speed="normal")
    assert (later.status, later.body["channel"]) == (201, "beps")
    # a large one has to wait for Monday, and is told so
    refused = create(bank, payer, token, "channel-key-3", amount="1000000.01")
    assert (refused.status, refused.code) == (422, "no_channel_open")
    assert refused.body["facts"] == {"opens": "2026-11-23 08:30:00"}
    # inside this bank there is no channel
    inside = bank.create(token, payer, bank.sign_up("钱红"), "1.00", "channel-key-4")
    assert (inside.body["channel"], inside.body["expected_at"]) == (None, None)


def test_what_arrives_later_goes_out_when_its_time_has_come(bank: Bank, payer: Person, fate: Any) -> None:
    network = fate(networks.ACCEPT)
    token = bank.log_in(payer)
    created = create(bank, payer, token, "later-key-1", speed="normal")
    bank.settle()
    done = bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))
    assert (done.status, done.body["state"]) == (200, "pending")
    bank.settle()
    assert network.sent == []
    # when it is due, then it is posted and sent
    bank.clock.set(clock.from_text(created.body["arrives_at"]))
    execute_due(bank.clock.now())
    bank.settle()
    assert [order.entry_id for order in network.sent] == [created.body["id"]]
    assert payment(created.body["id"])["state"] == SETTLED


def test_what_was_revoked_before_its_time_never_goes_out(bank: Bank, payer: Person, fate: Any) -> None:
    network = fate(networks.ACCEPT)
    token = bank.log_in(payer)
    created = create(bank, payer, token, "revoked-key-1", speed="next_day")
    bank.settle()
    assert bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"])).status == 200
    before = bank.balance(payer.account)
    revoked = bank.request("POST", f"/v1/transfers/{created.body['id']}/revocation", token=token)
    assert (revoked.status, revoked.body["state"]) == (200, "cancelled")
    bank.clock.set(clock.from_text(created.body["arrives_at"]))
    execute_due(bank.clock.now())
    bank.settle()
    assert (network.sent, bank.balance(payer.account) - before) == ([], 0)
