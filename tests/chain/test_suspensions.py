"""While something is suspended its operations say so and where to go, and all else is up (NB-5.1.8-6)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.batches.workers import ask_batches_again
from chalicelib.maintenance import service as maintenance
from chalicelib.maintenance.errors import UnderMaintenance
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, metrics
from chalicelib.platform.queues import Message
from chalicelib.reports.workers import settle_transactions
from chalicelib.staff import domain as staff
from tests.chain import clerks
from tests.chain.bank import PASSWORD, START, Bank, LambdaContext, Reply
from tests.chain.orderers import Orderer, monthly
from tests.chain.orderers import at as orders_at
from tests.chain.orderers import tick as order_tick
from tests.chain.phones import Phone, tick
from tests.chain.probe import put_on, scheduled, state_of, table_items
from tests.chain.suspenders import AHEAD, HOUR, MS, SECOND, Instance, changed, counted, published, urgent
from tests.chain.test_batches import body_of
from tests.chain.two_people import approved, asked, enter_staff

pytestmark = pytest.mark.requirement("NB-5.1.8-6")


@pytest.fixture
def bank(bank: Bank) -> Bank:
    enter_staff()
    return bank


@pytest.fixture
def phone(bank: Bank) -> Phone:
    return Phone(bank)


def pays(phone: Phone, key: str = "key-suspended-1", **more: Any) -> Reply:
    return phone.bank.create(phone.token, phone.payer, phone.payee, "10.00", key, **more)


def logs_in(phone: Phone, **headers: str) -> Reply:
    body = {"login_name": phone.payer.login_name, "password": PASSWORD}
    return phone.bank.request("POST", "/v1/sessions", body, headers=headers)


def refused(reply: Reply) -> dict[str, str]:
    assert (reply.status, reply.code) == (503, "under_maintenance"), reply
    return dict(reply.body["facts"])


def test_a_refusal_names_the_notice_its_end_and_the_way_out_in_both_languages(bank: Bank, phone: Phone) -> None:
    notice_id = published(
        bank, 72 * HOUR, alternatives={"zh": "请到柜台或自助设备。", "en": "Use a counter or an ATM."}
    )
    bank.clock.set(START + 72 * HOUR + 90 * SECOND + MS)
    phone.token = bank.log_in(phone.payer)
    before = state_of(bank)
    reply = pays(phone)
    assert refused(reply) == {
        "notice": notice_id,
        "scope": "transfers",
        "until": "2026-11-24 12:00:00",
        "ends_at": clock.to_text(START + 74 * HOUR),
        "title_zh": "系统升级",
        "title_en": "Upgrade",
        "way_out_zh": "请到柜台或自助设备。",
        "way_out_en": "Use a counter or an ATM.",
        "contact_zh": "联系我行",
        "contact_en": "contact the bank",
        "working_hours": "09:00-17:00",
    }
    # in whole seconds, never too early
    assert reply.headers["Retry-After"] == str(2 * 3600 - 90)
    assert "2026-11-24 12:00:00" in reply.body["detail"]
    assert "网点" in reply.body["detail"]
    english = bank.request("POST", "/v1/transfers", {}, headers={"accept-language": "en"})
    assert "branches" in english.body["detail"]
    # and nothing was touched, whatever the request was
    assert state_of(bank) == before


@pytest.mark.requirement("NB-5.1.8-5")
def test_the_gate_is_shut_from_the_first_moment_to_the_last(bank: Bank, phone: Phone) -> None:
    published(bank, 72 * HOUR)
    for moment, is_shut in (
        (72 * HOUR - MS, False),
        (72 * HOUR, True),
        (74 * HOUR - MS, True),
        (74 * HOUR, False),
    ):
        bank.clock.set(START + moment)
        phone.token = bank.log_in(phone.payer)
        assert (pays(phone, f"key-{moment.total_seconds():.0f}-{is_shut}").status == 503) == is_shut


def test_a_wider_window_that_follows_without_a_gap_belongs_to_the_wait(bank: Bank, phone: Phone) -> None:
    published(bank, 72 * HOUR)
    published(bank, 74 * HOUR, "everything")
    bank.clock.set(START + 73 * HOUR)
    phone.token = bank.log_in(phone.payer)
    reply = pays(phone)
    assert refused(reply)["ends_at"] == clock.to_text(START + 76 * HOUR)
    assert reply.headers["Retry-After"] == str(3 * 3600)


def test_reads_and_log_in_stay_up_unless_everything_is_suspended(bank: Bank, phone: Phone) -> None:
    paid = bank.pay(phone.payer, phone.payee, "1.00", "key-before-1")
    reads = ("/v1/accounts", "/v1/overview", f"/v1/transfers/{paid}", "/v1/transfers", "/v1/notifications")
    published(bank, 72 * HOUR)
    published(bank, 80 * HOUR, "everything")
    # transfers alone
    bank.clock.set(START + 73 * HOUR)
    assert logs_in(phone).status == 201
    phone.token = bank.log_in(phone.payer)
    assert [bank.request("GET", path, token=phone.token).status for path in reads] == [200] * 5
    refused(pays(phone))
    refused(bank.request("POST", "/v1/receive-code-payments", {}, token=phone.token))
    # everything
    bank.clock.set(START + 81 * HOUR)
    refused(logs_in(phone))
    for path in reads:
        refused(bank.request("GET", path, token=phone.token))
    # but what says so, and the keys by which what was issued is verified
    for path in ("/v1/notices", "/v1/health", "/v1/jwks.json", "/v1/receipt-keys.json"):
        assert bank.request("GET", path).status == 200
    # and the bank's own side, which ends it
    operator = clerks.appoint(bank, staff.OPERATOR)
    token = clerks.log_in(bank, operator)
    assert bank.request("GET", "/v1/staff/sessions/current", token=token).status == 200


def test_one_channel_holds_back_its_own_operations(bank: Bank, phone: Phone) -> None:
    for scope, path, is_shut in (
        ("scanned_codes", "/v1/receive-code-payments", True),
        ("scanned_codes", "/v1/receive-code-lookups", False),
        ("scanned_codes", "/v1/transfers", False),
        ("batches", "/v1/batches", True),
        ("standing_orders", "/v1/standing-orders", True),
        ("cards", "/v1/cards", True),
        ("sign_up", "/v1/password-applications", True),
        ("settings", "/v1/settings/phone-changes", True),
        ("settings", "/v1/batches", False),
    ):
        notice_id = urgent(bank, HOUR, scope)
        bank.clock.advance(HOUR)
        phone.token = bank.log_in(phone.payer)
        reply = bank.request("POST", path, {}, token=phone.token)
        assert (reply.status == 503) == is_shut, (scope, path, reply)
        approved(asked("notice.withdraw", {"notice_id": notice_id}))
        bank.clock.advance(AHEAD)


def test_a_suspended_way_to_other_banks_leaves_payments_here(bank: Bank, phone: Phone) -> None:
    urgent(bank, HOUR, "other_banks")
    bank.clock.advance(HOUR)
    phone.token = bank.log_in(phone.payer)
    elsewhere = {"payee_account": "6222020000000000001", "payee_bank": "102100099996"}
    assert refused(pays(phone, "key-elsewhere", **elsewhere))["scope"] == "other_banks"
    assert pays(phone, "key-here-1").status == 201


def test_an_announcement_suspends_nothing_and_losses_are_reported_in_any_window(bank: Bank, phone: Phone) -> None:
    urgent(bank, -HOUR, "nothing")
    urgent(bank, -HOUR, "settings")
    bank.clock.advance(AHEAD)
    phone.token = bank.log_in(phone.payer)
    assert pays(phone).status == 201
    loss = bank.request("POST", "/v1/devices/no-such-device/loss", {}, token=phone.token)
    assert loss.status != 503
    refused(bank.request("DELETE", "/v1/devices/no-such-device", token=phone.token))


# ---- every instance acts in the same moment, and no request pays for it --------------------------------------------


def shut(instance: Instance) -> bool:
    """Whether that instance holds transfers back now."""
    with instance.runs():
        try:
            maintenance.require_up("POST", "/v1/transfers")
        except UnderMaintenance:
            return True
        return False


@pytest.mark.requirement("NB-5.1.8-5")
def test_instances_that_read_at_different_times_act_in_the_same_moment(bank: Bank) -> None:
    # given one that reads now and then every 30 s, one that read just before the decisions, and one that just starts
    early, late = Instance(), Instance()
    notice_id = urgent(bank, -HOUR)
    starts = bank.clock.now() + AHEAD
    for offset in (0 * SECOND, 1 * SECOND, 29 * SECOND, 30 * SECOND, 45 * SECOND, AHEAD - MS):
        bank.clock.set(starts - AHEAD + offset)
        assert (shut(early), shut(late), shut(Instance())) == (False, False, False)
    bank.clock.set(starts)
    assert (shut(early), shut(late), shut(Instance())) == (True, True, True)
    # and when it is ended early, all open together too, none before
    bank.clock.advance(10 * SECOND)
    assert shut(late)
    approved(asked("notice.end", {"notice_id": notice_id}))
    ends = bank.clock.now() + AHEAD
    for offset in (1 * SECOND, 15 * SECOND, 40 * SECOND, AHEAD - MS):
        bank.clock.set(ends - AHEAD + offset)
        assert (shut(early), shut(late), shut(Instance())) == (True, True, True)
    bank.clock.set(ends)
    assert (shut(early), shut(late), shut(Instance())) == (False, False, False)


def test_even_an_instance_that_reads_just_before_a_slow_write_lands_acts_in_time(bank: Bank) -> None:
    # given an instance that reads 29.999 s after the decision was timed, just before the write lands
    request = asked("notice.publish", _running(bank))
    decided_at, reader = bank.clock.now(), Instance()
    bank.clock.advance(30 * SECOND - MS)
    assert not shut(reader)
    bank.clock.set(decided_at)
    approved(request)
    # then what it knows is read anew before the window holds
    bank.clock.set(decided_at + AHEAD - MS)
    assert not shut(reader)
    bank.clock.advance(MS)
    assert shut(reader)


def _running(bank: Bank) -> dict[str, Any]:
    now = bank.clock.now()
    return {
        "kind": "urgent",
        "starts_at": clock.to_text(now - HOUR),
        "ends_at": clock.to_text(now + HOUR),
        "scope": "transfers",
        "affects": "transfers",
        "title": {"zh": "系统升级", "en": "Upgrade"},
        "text": {"zh": "暂停转账。", "en": "Transfers pause."},
    }


def test_no_request_pays_for_the_gate(bank: Bank, phone: Phone) -> None:
    """The calls of each request are the same with windows on the board and without any, and a refusal makes none."""

    def calls(round_: int) -> list[dict[str, int]]:
        parameters.forget()
        parameters.value(parameters.SMS_CODE_TRIES, clock.now())
        found = []
        with counted() as creating:
            created = pays(phone, f"key-counted-{round_}")
        assert created.status == 201
        found.append(dict(creating))
        bank.settle()
        code = bank.code_for(phone.payer, created.body["id"])
        parameters.forget()
        parameters.value(parameters.SMS_CODE_TRIES, clock.now())
        with counted() as confirming:
            assert bank.confirm(phone.token, created.body["id"], code).status == 200
        found.append(dict(confirming))
        for path in ("/v1/accounts", "/v1/transfers", "/v1/notifications"):
            with counted() as reading:
                assert bank.request("GET", path, token=phone.token).status == 200
            found.append(dict(reading))
        return found

    calls(0)  # what an instance reads once in its life is read
    without = calls(1)
    assert without[1] == {"UpdateItem": 1, "TransactWriteItems": 1}
    for scope in ("everything", "transfers", "other_banks", "settings"):
        published(bank, 72 * HOUR, scope)
    assert len(table_items(bank, "ParametersTable")) == 1
    assert calls(2) == without
    # and while it is shut, a refusal asks the database nothing at all
    bank.clock.set(START + 73 * HOUR)
    assert shut(Instance())
    maintenance.is_waiting(maintenance.TRANSFERS, clock.now())
    with counted() as refusing:
        refused(pays(phone))
    assert dict(refusing) == {}


# ---- what is under way finishes, and what is due by itself waits ---------------------------------------------------


def test_what_was_confirmed_before_finishes_within_the_window(bank: Bank, phone: Phone) -> None:
    urgent(bank, HOUR, "everything")
    bank.clock.set(START + HOUR - MS)
    phone.token = bank.log_in(phone.payer)
    created = pays(phone)
    bank.settle()
    done = bank.confirm(phone.token, created.body["id"], bank.code_for(phone.payer, created.body["id"]))
    assert done.status == 200
    # when the window begins before any worker has run
    bank.clock.advance(MS)
    refused(logs_in(phone))
    bank.settle()
    # then the lines are written, the receipt is issued, and both are told
    assert bank.balance(phone.payee.account) == 10_00
    assert len(table_items(bank, "ReceiptsTable")) == 1
    assert any("10.00" in text for text in bank.messages(phone.payee))


def test_an_instruction_that_waits_for_its_code_is_confirmed_after_the_window_or_not_at_all(
    bank: Bank, phone: Phone
) -> None:
    created = pays(phone)
    bank.settle()
    code = bank.code_for(phone.payer, created.body["id"])
    urgent(bank, AHEAD, ends_at=clock.to_text(START + 2 * AHEAD))
    bank.clock.advance(AHEAD)
    refused(bank.confirm(phone.token, created.body["id"], code))
    assert bank.balance(phone.payer.account) == 1000_00
    # no try was taken, and as its code is good for three minutes, it still is confirmed
    bank.clock.advance(AHEAD)
    assert bank.confirm(phone.token, created.body["id"], code).status == 200


def test_a_due_transfer_waits_and_runs_after_the_window(bank: Bank, phone: Phone) -> None:
    transfer_id = phone.pending()
    for scope in ("transfers", "everything"):
        urgent(bank, HOUR, scope)
    bank.clock.advance(dt.timedelta(hours=2, minutes=30))
    assert clock.to_text(bank.clock.now()) > phone_arrival(phone, transfer_id)
    assert tick(bank) == (0, 0)
    assert phone.money() == (700_00, 300_00, 0)
    # it is seen to wait, and rings nobody
    with patch.object(metrics, "count") as rung:
        assert settle_transactions(scheduled(bank.clock.now()), LambdaContext())["stuck"] == 1
    rung.assert_not_called()
    bank.clock.set(START + 3 * HOUR - MS)
    assert tick(bank) == (0, 0)
    bank.clock.advance(MS)
    assert tick(bank) == (1, 0)
    assert phone.money() == (700_00, 0, 300_00)


def phone_arrival(phone: Phone, transfer_id: str) -> str:
    (row,) = [row for row in table_items(phone.bank, "JournalTable") if row.get("entry_id") == transfer_id]
    return str(row["arrives_at"])


def test_standing_orders_asked_for_before_or_due_within_wait_and_are_paid_after(bank: Bank, phone: Phone) -> None:
    app = Orderer(bank, phone.payer)
    first, second = (app.order(monthly(phone.payer, phone.payee, day=day)) for day in (30, 30))
    bank.clock.set(orders_at("2026-11-30 08:00") - HOUR)
    urgent(bank, HOUR, "standing_orders", ends_at=clock.to_text(bank.clock.now() + 4 * HOUR))
    # given both asked for in the last moment before it
    bank.clock.advance(HOUR - MS)
    for row in table_items(bank, "OrderDuesTable"):
        put_on(bank, "OrdersQueue", order_message(row))
    bank.clock.advance(MS)
    # when the workers run within it, nothing is paid, refused or lost
    bank.settle()
    assert order_tick(bank) == 0
    bank.settle()
    assert bank.balance(phone.payee.account) == 0
    assert [app.kinds(one) for one in (first, second)] == [["created"], ["created"]]
    assert bank.waiting("OrdersDeadLetterQueue") == 0
    # then the first run afterwards pays each, once
    bank.clock.advance(3 * HOUR)
    assert order_tick(bank) == 2
    bank.settle()
    assert bank.balance(phone.payee.account) == 40_00
    assert [app.kinds(one)[-1] for one in (first, second)] == ["executed", "executed"]
    assert order_tick(bank) == 0


def order_message(row: dict[str, Any]) -> str:
    return Message(
        f"{row['due']}#{row['date']}", "order.due", row["order_id"], "asked", {"due_date": row["date"]}
    ).to_json()


def batch_of(bank: Bank, phone: Phone) -> str:
    """Two payments, confirmed and not yet made."""
    body = body_of(phone.payer, [phone.payee, phone.payee], "10.00", "20.00")
    made = Orderer(bank, phone.payer).confirmed("POST", "/v1/batches", body, idempotency_key="batch-key-1")
    assert made.status == 201, made
    return str(made.body["id"])


def batch_state(bank: Bank, phone: Phone, batch_id: str) -> str:
    return str(bank.request("GET", f"/v1/batches/{batch_id}", token=bank.log_in(phone.payer)).body["state"])


def test_a_batch_that_was_confirmed_waits_and_is_made_after(bank: Bank, phone: Phone) -> None:
    urgent(bank, AHEAD)
    batch_id = batch_of(bank, phone)
    bank.clock.advance(AHEAD)
    bank.settle()
    assert (batch_state(bank, phone, batch_id), bank.balance(phone.payee.account)) == ("executing", 0)
    for moment in (HOUR, 2 * HOUR - MS):
        bank.clock.set(START + AHEAD + moment)
        assert ask_batches_again(scheduled(bank.clock.now()), LambdaContext()) == {"asked": 1}
        bank.settle()
        assert bank.balance(phone.payee.account) == 0
    bank.clock.advance(MS)
    ask_batches_again(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()
    assert (batch_state(bank, phone, batch_id), bank.balance(phone.payee.account)) == ("ended", 30_00)


def test_a_batch_that_would_be_void_by_the_end_is_made_at_once(bank: Bank, phone: Phone) -> None:
    parameters.set_value("batch.valid_h", 1)
    urgent(bank, AHEAD)
    batch_id = batch_of(bank, phone)
    bank.clock.advance(AHEAD)
    bank.settle()
    assert (batch_state(bank, phone, batch_id), bank.balance(phone.payee.account)) == ("ended", 30_00)


def test_it_waits_for_an_extension_too(bank: Bank, phone: Phone) -> None:
    notice_id = urgent(bank, AHEAD, "transfers")
    transfer_id = phone.pending()
    bank.clock.set(START + 2 * HOUR)
    changed(bank, notice_id, -2 * HOUR, kind="urgent", ends_at=clock.to_text(START + 5 * HOUR))
    for moment in (2 * HOUR + AHEAD, 3 * HOUR, 5 * HOUR - MS):
        bank.clock.set(START + moment)
        assert tick(bank) == (0, 0), moment
        phone.token = bank.log_in(phone.payer)
        assert refused(pays(phone))["until"] == "2026-11-21 15:00:00"
    bank.clock.advance(MS)
    assert tick(bank) == (1, 0)
    phone.token = bank.log_in(phone.payer)
    assert phone.read(transfer_id)["state"] == "posted"
