"""What arrives later (PBoC notice 261): set aside at once, executed when it is due, revocable until then, each once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import dues
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.platform import clock, metrics
from chalicelib.platform.errors import TryAgain
from chalicelib.receipts import service as receipts
from chalicelib.reports import service as reports
from chalicelib.transfers.commands.execute_due import execute
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from chalicelib.transfers.workers import execute_due_transfers
from tests.chain.bank import Bank, LambdaContext, Reply
from tests.chain.probe import account_image, force, force_account, force_customer, scheduled, table_items, unchanged
from tests.unit.samples import NOW as SATURDAY

MS, SECOND, HOUR = dt.timedelta(milliseconds=1), dt.timedelta(seconds=1), dt.timedelta(hours=1)
# The last moment of a code of three minutes, and two hours: what a payer has to revoke.
NORMAL = dt.timedelta(minutes=123)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    for row in table_items(shared_bank, "TransferDuesTable"):
        dues.forget(dues.Due(**row))
    return shared_bank


class Phone:
    """A payer with a fee to pay, and somebody to pay to."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.payer = bank.sign_up("赵小明", deposit="1000.00")
        self.payee = bank.sign_up("钱红")
        self.token = bank.log_in(self.payer)

    def create(self, speed: str, key: str, amount: str = "300.00", **more: Any) -> Reply:
        return self.bank.create(self.token, self.payer, self.payee, amount, key, speed=speed, **more)

    def confirm(self, created: Reply) -> Reply:
        self.bank.settle()
        transfer_id = created.body["id"]
        done = self.bank.confirm(self.token, transfer_id, self.bank.code_for(self.payer, transfer_id))
        self.bank.settle()
        return done

    def pending(self, speed: str = "normal", key: str = "key-later-01", amount: str = "300.00") -> str:
        """A transfer whose money is set aside; its id."""
        done = self.confirm(self.create(speed, key, amount))
        assert (done.status, done.body["state"]) == (200, "pending"), done
        return str(done.body["id"])

    def revoke(self, transfer_id: str, token: str | None = None) -> Reply:
        path = f"/v1/transfers/{transfer_id}/revocation"
        reply = self.bank.request("POST", path, token=token or self.token)
        self.bank.settle()
        return reply

    def read(self, transfer_id: str) -> Mapping[str, Any]:
        # A session ends when nobody uses it for so long.
        token = self.bank.log_in(self.payer)
        body: Mapping[str, Any] = self.bank.request("GET", f"/v1/transfers/{transfer_id}", token=token).body
        return body

    def money(self) -> tuple[int, int, int]:
        """The payer's available and held fen, and the payee's available."""
        payer, payee = account_image(self.payer.account), account_image(self.payee.account)
        return payer["available_fen"], payer["held_fen"], payee["available_fen"]

    def used(self, day: str) -> dict[str, int]:
        """What of the counters of a day is taken."""
        customer = next(
            row for row in table_items(self.bank, "CustomersTable") if row["customer_id"] == self.payer.customer_id
        )
        both = {**account_image(self.payer.account), **customer}
        buckets = {"day": day, "count": day, "month": day[:6], "year": day[:4], "outward": day, "nocert": day}
        found = {
            word: both[f"limit_{word}"] - both[f"{word}_{period}"]
            for word, period in buckets.items()
            if f"{word}_{period}" in both
        }
        return {**found, "uncertified": both.get(f"uncertified_{day}", 0)}


@pytest.fixture
def phone(bank: Bank) -> Phone:
    return Phone(bank)


TAKEN = {"day": 300_00, "month": 300_00, "year": 300_00, "outward": 300_00, "nocert": 300_00, "uncertified": 300_00}
TAKEN |= {"count": 1}
GIVEN_BACK = dict.fromkeys(TAKEN, 0)


def tick(bank: Bank) -> tuple[int, int]:
    """The schedule fires; how many transfers were executed, and returned."""
    counts = execute_due_transfers(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()
    return counts["executed"], counts["returned"]


def at(bank: Bank, text: str) -> None:
    """Let the bank's clock be at a Shanghai time."""
    bank.clock.advance(dt.datetime.fromisoformat(f"{text}+08:00") - bank.clock.now())


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


def switch_off(phone: Phone) -> None:
    force_customer(phone.bank, phone.payer, transfers_on=False)


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
