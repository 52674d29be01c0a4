"""What arrives later (PBoC notice 261): set aside at once, executed when it is due, revocable until then, each once."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.platform import clock
from chalicelib.receipts import service as receipts
from chalicelib.reports import service as reports
from tests.chain.bank import Bank
from tests.chain.phones import GIVEN_BACK, NORMAL, TAKEN, Phone, at, tick, with_nothing_due
from tests.chain.probe import force, force_account, table_items, unchanged
from tests.unit.samples import NOW as SATURDAY

MS = dt.timedelta(milliseconds=1)
SECOND, HOUR = dt.timedelta(seconds=1), dt.timedelta(hours=1)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return with_nothing_due(shared_bank)


@pytest.fixture
def phone(bank: Bank) -> Phone:
    return Phone(bank)


@pytest.mark.requirement("XJ-5.3-smart")
def test_normal_is_quoted_set_aside_and_executed_once_when_due(bank: Bank, phone: Phone) -> None:
    # given a quote that says when it arrives
    created = phone.create("normal", "key-later-02")
    arrives = clock.to_text(SATURDAY + NORMAL)
    assert (created.status, created.body["speed"], created.body["arrives_at"]) == (201, "normal", arrives)
    # when it is confirmed a minute later, money and limits are taken, and the payee has nothing yet
    bank.clock.advance(60 * SECOND)
    done = phone.confirm(created)
    assert (done.body["state"], done.body["arrives_at"], done.body["posted_at"]) == ("pending", arrives, None)
    assert phone.money() == (700_00, 300_00, 0)
    assert phone.used("20261121") == TAKEN
    assert receipts.issued(done.body["id"]) is None
    # then nothing happens before its time
    bank.clock.advance(NORMAL - 60 * SECOND - MS)
    assert tick(bank) == (0, 0)
    # and at that very time the payee is paid, once, however often the schedule fires
    bank.clock.advance(MS)
    assert tick(bank) == (1, 0)
    assert phone.money() == (700_00, 0, 300_00)
    assert phone.used("20261121") == TAKEN
    with unchanged(bank):
        assert tick(bank) == (0, 0)
    seen = phone.read(done.body["id"])
    assert (seen["state"], seen["posted_at"]) == ("posted", arrives)
    assert receipts.issued(done.body["id"]) is not None
    assert table_items(bank, "TransferDuesTable") == []


def test_a_repeated_confirmation_answers_what_is_set_aside_and_takes_nothing_twice(bank: Bank, phone: Phone) -> None:
    created = phone.create("normal", "key-later-03")
    assert phone.confirm(created).body["state"] == "pending"
    with unchanged(bank):
        again = phone.confirm(created)
    assert (again.status, again.body["state"], again.headers["Idempotency-Hit"]) == (200, "pending", "true")


def test_the_list_shows_the_state_and_the_time(bank: Bank, phone: Phone) -> None:
    transfer_id = phone.pending("next_day")
    page = bank.request("GET", "/v1/transfers", token=phone.token).body["transfers"]
    (row,) = [row for row in page if row["id"] == transfer_id]
    assert (row["state"], row["speed"]) == ("pending", "next_day")
    assert row["arrives_at"] == "2026-11-21T16:00:00.000Z"


@pytest.mark.requirement("XJ-5.3-smart")
def test_who_is_quicker_than_the_time_revokes_once_and_has_all_of_it_again(bank: Bank, phone: Phone) -> None:
    transfer_id = phone.pending()
    first = phone.revoke(transfer_id)
    assert (first.status, first.body["state"], first.body["ended_at"]) == (200, "cancelled", clock.to_text(SATURDAY))
    assert phone.money() == (1_000_00, 0, 0)
    assert phone.used("20261121") == GIVEN_BACK
    # and a second revocation, and the schedule, change nothing
    with unchanged(bank, but=("TransferDuesTable",)):
        again = phone.revoke(transfer_id)
        assert (again.status, again.headers["Idempotency-Hit"]) == (200, "true")
        bank.clock.advance(NORMAL)
        assert tick(bank) == (0, 0)
    assert table_items(bank, "TransferDuesTable") == []


def test_nobody_else_revokes_it_and_nothing_that_is_not_pending_is_revoked(bank: Bank, phone: Phone) -> None:
    transfer_id = phone.pending()
    stranger = bank.log_in(bank.sign_up("孙丽"))
    awaiting = phone.create("normal", "key-later-05", "1.00").body["id"]
    with unchanged(bank):
        assert phone.revoke(transfer_id, stranger).code == "not_found"
        refused = phone.revoke(awaiting)
        assert (refused.status, refused.code, refused.body["facts"]) == (
            409,
            "transfer_not_pending",
            {"state": "awaiting"},
        )
    bank.clock.advance(NORMAL)
    assert tick(bank) == (1, 0)
    phone.token = bank.log_in(phone.payer)
    refused = phone.revoke(transfer_id)
    assert (refused.code, refused.body["facts"]) == ("transfer_not_pending", {"state": "posted"})


@pytest.mark.parametrize("first", ["revocation", "execution"])
def test_at_the_due_instant_whoever_comes_first_has_it(bank: Bank, phone: Phone, first: str) -> None:
    transfer_id = phone.pending()
    bank.clock.advance(NORMAL)
    phone.token = bank.log_in(phone.payer)
    if first == "revocation":
        assert phone.revoke(transfer_id).body["state"] == "cancelled"
        assert tick(bank) == (0, 0)
        assert phone.money() == (1_000_00, 0, 0)
    else:
        assert tick(bank) == (1, 0)
        assert phone.revoke(transfer_id).code == "transfer_not_pending"
        assert phone.money() == (700_00, 0, 300_00)


def test_a_fee_is_set_aside_paid_or_given_back_as_it_was_quoted(bank: Bank, phone: Phone) -> None:
    force(bank, "ParametersTable", {"name": "fee.transfer.own_bank_fen"}, value=2_00)
    bank.clock.advance(60 * SECOND)
    quoted = phone.create("normal", "key-later-06")
    assert quoted.body["fee"] == "2.00"
    force(bank, "ParametersTable", {"name": "fee.transfer.own_bank_fen"}, value=5_00)
    paid = phone.confirm(quoted).body["id"]
    assert phone.money() == (698_00, 302_00, 0)
    bank.clock.advance(NORMAL)
    assert tick(bank) == (1, 0)
    assert phone.money() == (698_00, 0, 300_00)
    assert phone.read(paid)["fee"] == "2.00"
    phone.token = bank.log_in(phone.payer)
    revoked = phone.pending(key="key-later-07", amount="100.00")
    assert phone.money() == (593_00, 105_00, 300_00)
    phone.revoke(revoked)
    assert phone.money() == (698_00, 0, 300_00)


@pytest.mark.parametrize("speed", ["normal", "next_day"])
def test_between_own_accounts_all_arrives_at_once(bank: Bank, phone: Phone, speed: str) -> None:
    force_account(bank, phone.payee.account, customer_id=phone.payer.customer_id)
    body = {
        "payer_account": phone.payer.account,
        "payee_account": phone.payee.account,
        "payee_name": phone.payee.name,
        "amount": "1.00",
        "speed": speed,
    }
    headers = {"idempotency-key": "key-later-08"}
    with unchanged(bank):
        refused = bank.request("POST", "/v1/transfers", body, token=phone.token, headers=headers)
        assert (refused.status, refused.code) == (422, "speed_not_offered")
        until = clock.to_text(bank.clock.now() + HOUR)
        refused = bank.request(
            "POST",
            "/v1/transfers",
            {**body, "factor": "none", "valid_until": until},
            token=phone.token,
            headers=headers,
        )
        assert (refused.status, refused.code) == (422, "speed_not_offered")


def test_the_speed_is_part_of_what_a_key_stands_for(bank: Bank, phone: Phone) -> None:
    assert phone.create("normal", "key-later-09").status == 201
    assert phone.create("next_day", "key-later-09").code == "idempotency_key_reused"
    assert phone.create("realtime", "key-later-09").code == "idempotency_key_reused"


GOLDEN = [
    ("normal", "2026-11-21T23:59:59.999", "2026-11-22T02:02:59.999"),
    ("normal", "2026-12-31T22:30:00.000", "2027-01-01T00:33:00.000"),
    ("next_day", "2026-11-22T10:00:00.000", "2026-11-23T00:00:00.000"),
    # Confirmed after midnight at the latest: the next day is the one after.
    ("next_day", "2026-11-22T23:59:59.999", "2026-11-24T00:00:00.000"),
    ("next_day", "2026-12-31T12:00:00.000", "2027-01-01T00:00:00.000"),
    ("next_day", "2028-02-28T12:00:00.000", "2028-02-29T00:00:00.000"),
    ("next_day", "2028-02-29T12:00:00.000", "2028-03-01T00:00:00.000"),
]


@pytest.mark.parametrize(("speed", "when", "arrives"), GOLDEN)
def test_golden_moments(bank: Bank, speed: str, when: str, arrives: str) -> None:
    at(bank, when)
    phone = Phone(bank)
    created = phone.create(speed, "key-golden-1")
    local = clock.from_text(created.body["arrives_at"]).astimezone(clock.SHANGHAI)
    assert local == dt.datetime.fromisoformat(f"{arrives}+08:00")
    assert phone.confirm(created).body["state"] == "pending"
    at(bank, arrives)
    bank.clock.advance(-MS)
    assert tick(bank) == (0, 0)
    bank.clock.advance(MS)
    assert tick(bank) == (1, 0)
    assert phone.money() == (700_00, 0, 300_00)


def test_the_lists_of_the_day_show_it_and_count_it_when_it_has_arrived(bank: Bank, phone: Phone) -> None:
    transfer_id = phone.pending()
    rows = {row["entry_id"]: row for row in table_items(bank, "TransactionsTable")}
    assert (rows[transfer_id]["state"], rows[transfer_id]["until"]) == ("pending", clock.to_text(SATURDAY + NORMAL))
    revoked = phone.pending(key="key-later-12", amount="100.00")
    phone.revoke(revoked)
    bank.clock.advance(NORMAL)
    tick(bank)
    rows = {row["entry_id"]: row for row in table_items(bank, "TransactionsTable")}
    assert (rows[transfer_id]["state"], rows[revoked]["state"]) == ("posted", "cancelled")
    booked = reports.entries_booked("20261121")
    assert transfer_id in booked
    assert revoked not in booked
