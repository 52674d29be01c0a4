"""The sums of a day (PBoC notice 261): without a certificate 50,000 to others, and a reminder above 300,000."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.parameters import service as parameters
from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import AMPLE, table_items, unchanged

POLICY = "limit.customer.day_without_certificate_fen"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def payee(bank: Bank) -> Person:
    return bank.sign_up("钱红")


def confirmed(bank: Bank, token: str, payer: Person, created: Reply) -> Reply:
    bank.settle()
    done = bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))
    bank.settle()
    return done


def reminders(bank: Bank, person: Person) -> list[str]:
    return [text for text in bank.messages(person) if "累计已超过" in text]


def test_the_rule_is_a_policy_of_its_own_and_on_by_default() -> None:
    rule = parameters.ALL[POLICY]
    assert (rule.default, rule.source) == (50_000_00, "PBoC notice 261")


def test_several_transfers_of_every_speed_count_together_and_what_is_revoked_counts_no_more(
    bank: Bank, payee: Person
) -> None:
    # given a payer with a code by SMS and no certificate
    payer = bank.sign_up("赵小明", deposit="200000.00", limits=AMPLE)
    token = bank.log_in(payer)
    ids = {}
    for amount, speed in (("20000.00", "realtime"), ("20000.00", "normal"), ("10000.00", "next_day")):
        created = bank.create(token, payer, payee, amount, f"key-sum-{speed}", speed=speed)
        assert confirmed(bank, token, payer, created).status == 200
        ids[speed] = created.body["id"]
    # when the sum is exactly what the rule allows, then not a fen more, at whatever speed
    for speed in ("realtime", "normal", "next_day"):
        with unchanged(bank):
            refused = bank.create(token, payer, payee, "0.01", f"key-more-{speed}", speed=speed)
            assert (refused.status, refused.code) == (422, "no_certificate_day_limit_exceeded")
            assert refused.body["facts"] == {"limit": "50000.00", "remaining": "0.00"}
    # and what is revoked is free again, to the fen
    revoked = bank.request("POST", f"/v1/transfers/{ids['normal']}/revocation", token=token)
    assert revoked.body["state"] == "cancelled"
    assert bank.create(token, payer, payee, "20000.01", "key-again-1").code == "no_certificate_day_limit_exceeded"
    assert confirmed(bank, token, payer, bank.create(token, payer, payee, "20000.00", "key-again-2")).status == 200


@pytest.fixture
def mark(bank: Bank) -> None:
    """A mark of 300.00, so that a code by SMS passes it."""
    parameters.set_value("transfer.reminder_day_fen", 300_00)


def test_by_default_the_mark_is_that_of_the_notice() -> None:
    rule = parameters.ALL["transfer.reminder_day_fen"]
    assert (rule.default, rule.source) == (300_000_00, "PBoC notice 261")


@pytest.mark.usefixtures("mark")
def test_who_passes_the_mark_is_warned_before_and_reminded_once_that_day(bank: Bank, payee: Person) -> None:
    payer = bank.sign_up("赵小明", deposit="5000.00")
    token = bank.log_in(payer)
    # given a sum that is just the mark: neither hint nor reminder
    created = bank.create(token, payer, payee, "300.00", "key-mark-01")
    assert created.body["hints"] == []
    assert confirmed(bank, token, payer, created).status == 200
    assert reminders(bank, payer) == []
    # when a fen more is asked for, then the quote says so, and says it again under the same key
    created = bank.create(token, payer, payee, "0.01", "key-mark-02", speed="normal")
    again = bank.create(token, payer, payee, "0.01", "key-mark-02", speed="normal")
    assert created.body["hints"] == again.body["hints"] == ["day_sum_high"]
    bank.settle()
    assert reminders(bank, payer) == []
    # and the confirmation reminds, though nothing has arrived yet
    assert confirmed(bank, token, payer, created).body["state"] == "pending"
    assert len(reminders(bank, payer)) == 1
    assert "300.00" in reminders(bank, payer)[0]
    # once a day, however many follow
    confirmed(bank, token, payer, bank.create(token, payer, payee, "1.00", "key-mark-03"))
    assert len(reminders(bank, payer)) == 1
    inbox = [row for row in table_items(bank, "InboxTable") if row["customer_id"] == payer.customer_id]
    assert len([row for row in inbox if "累计已超过" in row["text"]]) == 1
    # and a day later anew
    bank.clock.advance(dt.timedelta(days=1))
    token = bank.log_in(payer)
    confirmed(bank, token, payer, bank.create(token, payer, payee, "300.01", "key-mark-04"))
    assert len(reminders(bank, payer)) == 2
