"""Workers under repeat, reorder, poison and loss: each thing happens once, or fails loudly and alone."""

from __future__ import annotations

import datetime as dt
import json
import random
from dataclasses import dataclass

import pytest
from moto.sqs.models import sqs_backends

from chalicelib.notifications.channels import Outgoing
from chalicelib.notifications.providers import FAILS, REFUSES, LocalProvider
from chalicelib.platform.errors import Retryable
from tests.chain.bank import ACCOUNT, REGION, Bank, Person
from tests.chain.probe import (
    Wiretap,
    delete_line,
    give,
    lines_of,
    state_of,
    table_items,
    wiretap,
)

CODE_VALID, MS = dt.timedelta(minutes=3), dt.timedelta(milliseconds=1)


@dataclass
class Done:
    """One posted transfer, and every record the workers got on its way."""

    payer: Person
    payee: Person
    transfer_id: str
    tap: Wiretap


@pytest.fixture
def done(bank: Bank) -> Done:
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红", deposit="1.00")
    with wiretap() as tap:
        transfer_id = bank.pay(payer, payee, "10.00", "key-work-001")
        bank.settle()
    return Done(payer, payee, transfer_id, tap)


STREAMS = ["relay_journal", "project_transfers", "write_movements"]
QUEUES = ["issue_receipts", "send_codes", "send_alerts"]


@pytest.mark.requirement("NB-5.1.1")
@pytest.mark.requirement("YQ-4.2.2-alert")
def test_everything_twice_and_in_any_order_changes_nothing(bank: Bank, done: Done) -> None:
    before = state_of(bank)
    shuffled = random.Random(7)  # noqa: S311  # an order, repeatable
    for worker in STREAMS + QUEUES:
        records = done.tap.of(worker)
        assert records, worker
        for _ in range(2):
            assert give(worker, records) == []
            mixed = [*records, *records]
            shuffled.shuffle(mixed)
            if worker == "send_codes":
                mixed = mixed[:1]
            assert give(worker, mixed) == []
            bank.settle()
    assert state_of(bank) == before
    # and what there is, is there once
    receipts = [row for row in table_items(bank, "ReceiptsTable") if row["entry_id"] == done.transfer_id]
    assert len(receipts) == 1
    assert [line["seq"] for line in lines_of(bank, done.payer.account)] == [1, 2]
    assert sum("转出" in text for text in bank.messages(done.payer)) == 1
    inbox = [row for row in table_items(bank, "InboxTable") if row.get("entry_id") == done.transfer_id]
    assert sorted(row["customer_id"] for row in inbox) == sorted([done.payer.customer_id, done.payee.customer_id])


def test_a_crash_after_the_line_and_before_the_message_is_made_good(bank: Bank) -> None:
    # given an account's change whose line is written, and the alerts queue out of order
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
    with wiretap() as tap:
        bank.settle()
    (record,) = [one for one in tap.of("write_movements") if payer.account in repr(one) and '"cash"' in json.dumps(one)]
    assert give("write_movements", [record]) == []
    bank.settle()
    # then the line is one and the alert is one
    assert len(lines_of(bank, payer.account)) == 1
    assert len(bank.messages(payer)) == 1
    assert bank.messages(payee) == []


@pytest.mark.requirement("YQ-4.2.2-alert")
def test_a_provider_that_fails_for_now_is_tried_again_and_sends_once(bank: Bank) -> None:
    # given a phone the provider cannot reach, twice
    customer = bank.sign_up("赵小明", push_address="local:device-1")
    LocalProvider.behave(customer.phone, FAILS)
    bank.deposit(customer.account, 10_00)
    bank.settle()
    assert bank.messages(customer) == []
    assert bank.waiting("AlertsQueue") == 1
    token = bank.log_in(customer)
    assert len(bank.request("GET", "/v1/notifications", token=token).body["notifications"]) == 1
    # when it is reached again, within the queue's patience
    LocalProvider.behave(customer.phone, None)
    make_visible(bank, "AlertsQueue")
    bank.settle()
    # then each channel is served once
    assert (len(bank.messages(customer)), len(bank.messages(customer, "push"))) == (1, 1)
    assert bank.waiting("AlertsQueue") == 0
    (row,) = [row for row in table_items(bank, "InboxTable") if row["customer_id"] == customer.customer_id]
    assert (row["sms"], row["push"]) == ("sent", "sent")


@pytest.mark.requirement("YQ-4.2.2-alert")
def test_a_channel_that_fails_for_now_keeps_no_other_back(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    # given SMS that is out, and push that is not
    customer = bank.sign_up("赵小明", push_address="local:device-1")
    sends = LocalProvider.send

    def without_sms(provider: LocalProvider, message: Outgoing) -> None:
        if message.channel == "sms":
            raise Retryable("no SMS for now")
        sends(provider, message)

    with monkeypatch.context() as out:
        out.setattr(LocalProvider, "send", without_sms)
        bank.deposit(customer.account, 10_00)
        bank.settle()
    # then push has it, and the SMS is still owed
    assert (len(bank.messages(customer)), len(bank.messages(customer, "push"))) == (0, 1)
    assert bank.waiting("AlertsQueue") == 1
    # and once SMS is back it is sent, and push is not sent again
    make_visible(bank, "AlertsQueue")
    bank.settle()
    assert (len(bank.messages(customer)), len(bank.messages(customer, "push"))) == (1, 1)
    assert bank.waiting("AlertsQueue") == 0


def test_a_code_is_tried_while_it_is_valid_and_dropped_when_it_has_expired(bank: Bank) -> None:
    # given a provider that is out
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
    token = bank.log_in(payer)
    bank.settle()
    before = len(bank.messages(payer))
    LocalProvider.behave(payer.phone, FAILS)
    bank.create(token, payer, payee, "10.00", "key-code-out")
    with wiretap() as tap:
        bank.settle()
    (message,) = tap.of("send_codes")
    assert len(give("send_codes", [message])) == 1
    # then it is tried again as long as the code is of use, and given up for good without a fault afterwards
    bank.clock.advance(CODE_VALID - MS)
    assert len(give("send_codes", [message])) == 1
    bank.clock.advance(MS)
    assert give("send_codes", [message]) == []
    assert len(bank.messages(payer)) == before


def test_a_provider_that_refuses_for_good_is_noted_and_the_inbox_keeps_it(bank: Bank) -> None:
    customer = bank.sign_up("赵小明")
    LocalProvider.behave(customer.phone, REFUSES)
    bank.deposit(customer.account, 10_00)
    bank.settle()
    assert bank.waiting("AlertsQueue") == bank.waiting("AlertsDeadLetterQueue") == 0
    (row,) = [row for row in table_items(bank, "InboxTable") if row["customer_id"] == customer.customer_id]
    assert row["sms"] == "refused"
    shown = bank.request("GET", "/v1/notifications", token=bank.log_in(customer)).body["notifications"]
    assert "现金存入人民币10.00元" in shown[0]["text"]


@pytest.mark.requirement("NB-5.1.3")
def test_a_lost_line_is_not_papered_over(bank: Bank, done: Done) -> None:
    # given the newest line of an account lost, and its account's next change
    delete_line(bank, done.payer.account, 2)
    bank.deposit(done.payer.account, 1_00)
    # when the worker sees it, the account is set aside and the record is done: the sweeper rebuilds the lines
    bank.settle()
    # then no line is written over the gap, and no alert tells of a balance nobody can explain
    assert [line["seq"] for line in lines_of(bank, done.payer.account)] == [1]
    assert not any("存入人民币1.00元" in text for text in bank.messages(done.payer))


def test_a_gap_holds_back_its_account_and_no_other(bank: Bank, done: Done) -> None:
    delete_line(bank, done.payer.account, 2)
    bank.deposit(done.payer.account, 1_00)
    bank.deposit(done.payee.account, 2_00)
    bank.settle()
    assert [line["amount_fen"] for line in lines_of(bank, done.payee.account)][-1] == 2_00
    assert [line["seq"] for line in lines_of(bank, done.payer.account)] == [1]


def make_visible(bank: Bank, queue: str) -> None:
    """The visibility time-out passes."""
    for message in sqs_backends[ACCOUNT][REGION].queues[bank.references[queue].rpartition("/")[2]]._messages:
        message.change_visibility(0)
