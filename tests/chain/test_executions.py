"""What becomes of a transfer that is due (PBoC notice 261): executed, or returned for what happened meanwhile; once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import dues
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.platform import clock, metrics
from chalicelib.platform.errors import TryAgain
from chalicelib.receipts import service as receipts
from chalicelib.transfers.commands.execute_due import execute
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import Bank
from tests.chain.phones import GIVEN_BACK, NORMAL, Phone, at, tick, with_nothing_due
from tests.chain.probe import force_account, force_customer, table_items, unchanged

MS = dt.timedelta(milliseconds=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return with_nothing_due(shared_bank)


@pytest.fixture
def phone(bank: Bank) -> Phone:
    return Phone(bank)


def switch_off(phone: Phone) -> None:
    force_customer(phone.bank, phone.payer, transfers_on=False)


def stop_by_bank(phone: Phone) -> None:
    force_customer(phone.bank, phone.payer, transfers_stopped=clock.to_text(phone.bank.clock.now()))


def close_payee(phone: Phone) -> None:
    change_state(phone.payee.account, before="open", after="closed")


def freeze_payer(phone: Phone) -> None:
    change_state(phone.payer.account, before="open", after="frozen")


def freeze_customer(phone: Phone) -> None:
    force_customer(phone.bank, phone.payer, state="frozen")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (switch_off, "transfers_switched_off"),
        (stop_by_bank, "transfers_stopped"),
        (close_payee, "payee_unavailable"),
        (freeze_payer, "account_not_active"),
        (freeze_customer, "customer_not_active"),
    ],
)
def test_what_stops_it_meanwhile_returns_it_and_the_payer_is_told_why_once(
    bank: Bank, phone: Phone, change: Any, reason: str
) -> None:
    transfer_id = phone.pending()
    change(phone)
    bank.clock.advance(NORMAL)
    assert tick(bank) == (0, 1)
    assert phone.money() == (1_000_00, 0, 0)
    assert phone.used("20261121") == GIVEN_BACK
    image = ledger.read_entry(transfer_id)
    assert image is not None
    assert (image["state"], image["reason"]) == ("returned", reason)
    told = [text for text in bank.messages(phone.payer) if "未能到账" in text]
    assert len(told) == 1
    assert image["reason_zh"] in told[0]
    assert phone.payee.account not in told[0]
    # nothing follows of it: no receipt, no second message, no money
    bank.clock.advance(HOUR)
    assert tick(bank) == (0, 0)
    assert len([text for text in bank.messages(phone.payer) if "未能到账" in text]) == 1
    assert receipts.issued(transfer_id) is None


def test_a_frozen_payee_still_receives(bank: Bank, phone: Phone) -> None:
    phone.pending()
    change_state(phone.payee.account, before="open", after="frozen")
    bank.clock.advance(NORMAL)
    assert tick(bank) == (1, 0)
    assert phone.money() == (700_00, 0, 300_00)


def test_a_limit_lowered_between_quote_and_confirmation_holds_and_later_moves_nothing(bank: Bank, phone: Phone) -> None:
    created = phone.create("normal", "key-later-10")
    force_account(bank, phone.payer.account, limit_day=299_99)
    bank.settle()
    code = bank.code_for(phone.payer, created.body["id"])
    refused = bank.confirm(phone.token, created.body["id"], code)
    assert (refused.code, phone.money()) == ("account_day_limit_exceeded", (1_000_00, 0, 0))
    assert table_items(bank, "TransferDuesTable") == []
    # one that was set aside before has taken what it needs
    force_account(bank, phone.payer.account, limit_day=300_00)
    phone.pending(key="key-later-11")
    force_account(bank, phone.payer.account, limit_single=1, limit_day=1)
    bank.clock.advance(NORMAL)
    assert tick(bank) == (1, 0)


def test_what_midnight_lies_in_between_gives_back_to_the_day_it_took_from(bank: Bank, phone: Phone) -> None:
    transfer_id = phone.pending("next_day")
    switch_off(phone)
    at(bank, "2026-11-22T00:00:00.000")
    assert tick(bank) == (0, 1)
    assert phone.used("20261121") == GIVEN_BACK
    assert {word for word, taken in phone.used("20261122").items() if taken} == set()
    assert phone.read(transfer_id)["reason"] == "transfers_switched_off"


def test_a_reversal_gives_back_to_the_day_of_the_confirmation(bank: Bank, phone: Phone) -> None:
    transfer_id = phone.pending("next_day")
    at(bank, "2026-11-22T00:00:00.000")
    assert tick(bank) == (1, 0)
    reverse_transfer(transfer_id, reason="冲正", by="T0001", correlation_id="test")
    assert phone.money() == (1_000_00, 0, 0)
    assert phone.used("20261121") == GIVEN_BACK


def test_a_payee_whose_credit_became_deferred_is_paid_from_the_stream(bank: Bank, phone: Phone) -> None:
    phone.pending()
    force_account(bank, phone.payee.account, credit="deferred")
    bank.clock.advance(NORMAL)
    assert tick(bank) == (1, 0)
    assert phone.money() == (700_00, 0, 300_00)


def test_a_crash_between_execution_and_its_note_pays_nothing_twice(
    bank: Bank, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone.pending()
    bank.clock.advance(NORMAL)

    def crash(_: object) -> None:
        raise RuntimeError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(dues, "forget", crash)
        with pytest.raises(RuntimeError):
            tick(bank)
    assert tick(bank) == (0, 0)
    assert phone.money() == (700_00, 0, 300_00)
    assert table_items(bank, "TransferDuesTable") == []


def test_what_is_contended_stays_and_what_cannot_be_ended_is_told(
    bank: Bank, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    monkeypatch.setattr(metrics, "count", counted.append)
    transfer_id = phone.pending()
    bank.clock.advance(NORMAL)

    def busy(_: object) -> None:
        raise TryAgain

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "post", busy)
        assert tick(bank) == (0, 0)
    assert (phone.money(), counted) == ((700_00, 300_00, 0), [])
    # an account that holds less than its transfer says is a defect: it is told, and left to be looked at
    force_account(bank, phone.payer.account, held_fen=299_99)
    assert tick(bank) == (0, 0)
    assert counted == [metrics.TRANSFERS_NOT_EXECUTED]
    assert [row["hold_id"] for row in table_items(bank, "TransferDuesTable")] == [transfer_id]


def test_nothing_is_executed_before_its_time_whoever_asks(bank: Bank, phone: Phone) -> None:
    transfer_id = phone.pending()
    arrives = clock.from_text(str(phone.read(transfer_id)["arrives_at"]))
    with unchanged(bank), pytest.raises(ValueError, match="when its time has come"):
        execute(transfer_id, arrives - MS)
