"""What an order does when its date cannot be paid, and that whoever may stop it stops it at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.customers.commands.change_edition import close_online, downgrade
from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.limits.service import AccountLimits
from chalicelib.orders.commands import execute_order as module
from chalicelib.orders.commands.execute_order import execute_order
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.transfers.commands.transfer_unattended import transfer_unattended
from tests.chain.bank import TELLER, Bank, Person
from tests.chain.orderers import ORDERS, Orderer, at, monthly, run, tick
from tests.chain.probe import force_account, force_customer, give, queued, table_items, unchanged, wiretap

DUE = "2026-11-30 08:00"


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="15.00")


@pytest.fixture
def payee(bank: Bank) -> Person:
    return bank.sign_up("钱红")


@pytest.fixture
def app(bank: Bank, payer: Person) -> Orderer:
    return Orderer(bank, payer)


def told(bank: Bank, payer: Person) -> list[str]:
    return [text for text in bank.messages(payer) if "的预约转账" in text]


@pytest.mark.requirement("YQ-4.2.2-sched")
def test_insufficient_funds_are_tried_again_that_day_and_told(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    # given 15.00 for an order of 20.00
    order_id = app.order(monthly(payer, payee))
    assert run(bank, DUE) == 1
    shown = app.read(order_id)
    assert (shown["next_due"], shown["next_try"]) == ("2026-11-30", "2026-11-30T04:00:00.000Z")
    assert (shown["history"][0]["kind"], shown["history"][0]["code"]) == ("retrying", "insufficient_funds")
    assert told(bank, payer) == [
        f"【乡村银行】您从尾号{payer.account[-4:]}账户向*红（尾号{payee.account[-4:]}）的预约转账20.00元（2026-11-30）"
        "暂未执行：账户可用余额不足。今日将再次尝试。"
    ]
    # nothing before the pause is over; a message that comes again takes no try
    assert run(bank, "2026-11-30 11:59") == 0
    assert execute_order(order_id, "20261130", "test", bank.clock.now()) == "not_due"
    # when money has come, the next try pays
    bank.deposit(payer.account, 5_00)
    assert run(bank, "2026-11-30 12:00") == 1
    assert app.kinds(order_id) == ["created", "retrying", "executed"]
    assert (bank.balance(payer.account), bank.balance(payee.account)) == (0, 20_00)
    assert len(told(bank, payer)) == 1


def test_after_the_last_try_the_date_has_failed_and_the_order_goes_on(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    order_id = app.order(monthly(payer, payee))
    for hour in ("08", "12", "16"):
        assert run(bank, f"2026-11-30 {hour}:00") == 1
    assert app.kinds(order_id) == ["created", "retrying", "retrying", "failed"]
    failed = app.read(order_id)["history"][0]
    assert (failed["code"], failed["zh"], failed["next_due"]) == (
        "insufficient_funds",
        "账户可用余额不足。",
        "2026-12-31",
    )
    # told at the first try and at the end, in the inbox in both languages
    assert len(told(bank, payer)) == 2
    assert told(bank, payer)[1].endswith("未执行：账户可用余额不足。下一日期为2026-12-31。")
    inbox = [row for row in table_items(bank, "InboxTable") if row["kind"] == "order"]
    assert sorted(row["text_en"].partition(", due on ")[2] for row in inbox) == [
        "2026-11-30, has not been made yet. The account's available balance is not enough. It is tried again today.",
        "2026-11-30, was not made. The account's available balance is not enough. The next date is 2026-12-31.",
    ]
    bank.deposit(payer.account, 100_00)
    assert run(bank, "2026-12-31 08:00") == 1
    assert bank.balance(payee.account) == 20_00


def test_no_try_is_made_on_another_day(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    order_id = app.order(monthly(payer, payee))
    # a pause that would end at midnight is no pause of that day
    assert run(bank, "2026-11-30 20:00") == 1
    assert app.kinds(order_id) == ["created", "failed"]


def test_the_rule_of_tries_is_a_parameter(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    parameters.set_value("order.execute_at_min", 1439)
    parameters.set_value("order.tries", 1)
    order_id = app.order(monthly(payer, payee))
    assert app.read(order_id)["next_try"] == "2026-11-30T15:59:00.000Z"
    assert run(bank, "2026-11-30 23:58:59.999") == 0
    assert run(bank, "2026-11-30 23:59") == 1
    assert app.kinds(order_id) == ["created", "failed"]


def test_a_limit_of_the_day_is_tried_again_too(bank: Bank, payee: Person) -> None:
    limits = AccountLimits(single_fen=50_00, day_fen=30_00, day_count=9, month_fen=500_00, year_fen=900_00)
    payer = bank.sign_up("孙立", deposit="500.00", limits=limits)
    app = Orderer(bank, payer)
    first, second = (app.order(monthly(payer, payee, purpose=purpose)) for purpose in ("一", "二"))
    assert run(bank, DUE) == 2
    assert sorted(app.kinds(one)[-1] for one in (first, second)) == ["executed", "retrying"]
    codes = {row["code"] for one in (first, second) for row in app.read(one)["history"]} - {None}
    assert codes == {"account_day_limit_exceeded"}
    # and what was paid counts on the customer's record by the factor that confirmed it
    (record,) = [r for r in table_items(bank, "CustomersTable") if r["customer_id"] == payer.customer_id]
    assert record["limit_outward"] - record["outward_20261130"] == 20_00
    assert record["limit_nocert"] - record["nocert_20261130"] == 20_00


def switch_off(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    assert app.send("PUT", "/v1/settings/transfers", {"on": False}).status == 200


def close_payee(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    change_state(payee.account, before="open", after="closed")


def freeze_payer(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    change_state(payer.account, before="open", after="lost")


def lose_factor(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    report_loss(payer.customer_id, "sms", bank.clock.now())


def close_customer(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    close_online(payer.customer_id, teller_id=TELLER, at=bank.clock.now())


def to_express(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    downgrade(payer.customer_id, "express", teller_id=TELLER, at=bank.clock.now())


def lower_ceiling(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    parameters.set_value("factor.sms.ceiling_fen", 19_99)
    bank.clock.advance(dt.timedelta(minutes=1))


def rename_payee(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    force_account(bank, payee.account, holder="钱大红")


def stopped_by_bank(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    force_customer(bank, payer, transfers_stopped=clock.to_text(bank.clock.now()))


STOPS: list[tuple[Any, str]] = [
    (switch_off, "transfers_switched_off"),
    (stopped_by_bank, "transfers_stopped"),
    (close_payee, "payee_unavailable"),
    (rename_payee, "payee_unavailable"),
    (freeze_payer, "account_not_active"),
    (lose_factor, "order_factor_lost"),
    # a closed customer's accounts are held without a contract
    (close_customer, "account_query_only"),
    (to_express, "edition_not_entitled"),
    (lower_ceiling, "factor_ceiling_exceeded"),
]


@pytest.mark.requirement("XJ-4.4-switch")
@pytest.mark.requirement("NB-5.3.6")
@pytest.mark.parametrize(("stop", "code"), STOPS, ids=[stop.__name__ for stop, _ in STOPS])
def test_what_stops_payments_stops_orders_and_is_told_at_once(
    bank: Bank, app: Orderer, payer: Person, payee: Person, stop: Any, code: str
) -> None:
    order_id = app.order(monthly(payer, payee))
    bank.deposit(payer.account, 100_00)
    stop(bank, app, payer, payee)
    bank.settle()
    before = bank.balance(payer.account)

    assert run(bank, DUE) == 1

    assert bank.balance(payer.account) == before
    rows = [row for row in table_items(bank, "OrderHistoryTable") if row["order_id"] == order_id]
    assert [(row["kind"], row.get("code")) for row in sorted(rows, key=lambda row: str(row["place"]))] == [
        ("created", None),
        ("failed", code),
    ]
    assert len(told(bank, payer)) == 1
    # no other try that day; the order goes on to its next date, but for a customer who has left
    assert run(bank, "2026-11-30 20:00") == 0
    (order,) = table_items(bank, "OrdersTable")
    left = stop is close_customer
    assert (order["state"], order["next_due"]) == (("ended", "") if left else ("active", "20261231"))


def test_switched_on_again_it_is_paid_on_its_next_date(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    order_id = app.order(monthly(payer, payee))
    bank.deposit(payer.account, 100_00)
    switch_off(bank, app, payer, payee)
    assert run(bank, DUE) == 1
    on = app.confirmed("PUT", "/v1/settings/transfers", {"on": True})
    assert on.body == {"on": True, "stopped_by_bank": False}
    assert run(bank, "2026-12-31 08:00") == 1
    assert app.kinds(order_id) == ["created", "failed", "executed"]


def test_a_paused_order_pays_nothing_and_makes_up_for_nothing(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    bank.deposit(payer.account, 100_00)
    order_id = app.order(monthly(payer, payee, count=3))
    paused = app.send("POST", f"{ORDERS}/{order_id}/pause")
    assert (paused.status, paused.body["state"], paused.body["next_due"]) == (200, "paused", None)
    with unchanged(bank, but=("SessionsTable", "SecurityEventsTable", "CredentialsTable", "InboxTable")):
        assert app.send("POST", f"{ORDERS}/{order_id}/pause").body["revision"] == paused.body["revision"]
    assert run(bank, DUE) == 0
    bank.clock.set(at("2026-12-10 10:00"))
    resumed = app.send("POST", f"{ORDERS}/{order_id}/resumption")
    assert (resumed.body["state"], resumed.body["next_due"], resumed.body["dates_gone"]) == ("active", "2026-12-31", 1)
    assert run(bank, "2026-12-31 08:00") == 1
    assert run(bank, "2027-01-31 08:00") == 1
    assert (app.read(order_id)["state"], bank.balance(payee.account)) == ("ended", 40_00)


def test_resumed_on_its_date_it_is_paid_that_day_and_after_the_last_it_has_ended(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    bank.deposit(payer.account, 100_00)
    today, over = (app.order(monthly(payer, payee, purpose=name, count=1)) for name in ("一", "二"))
    for one in (today, over):
        assert app.send("POST", f"{ORDERS}/{one}/pause").status == 200
    bank.clock.set(at("2026-11-30 23:59:59.999"))
    assert app.send("POST", f"{ORDERS}/{today}/resumption").body["next_due"] == "2026-11-30"
    assert tick(bank) == 1
    bank.settle()
    assert app.kinds(today)[-1] == "executed"
    bank.clock.set(at("2026-12-01 00:00"))
    assert app.send("POST", f"{ORDERS}/{over}/resumption").body["state"] == "ended"
    assert run(bank, "2026-12-31 08:00") == 0


def test_a_cancelled_order_is_over(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    bank.deposit(payer.account, 100_00)
    order_id = app.order(monthly(payer, payee))
    # the message is on its way when it is cancelled
    bank.clock.set(at(DUE))
    assert tick(bank) == 1
    assert app.send("POST", f"{ORDERS}/{order_id}/cancellation").body["state"] == "cancelled"
    bank.settle()
    assert bank.balance(payee.account) == 0
    assert app.send("POST", f"{ORDERS}/{order_id}/cancellation").body["state"] == "cancelled"
    for method, path, body in (
        ("POST", "/resumption", None),
        ("POST", "/pause", None),
        ("PATCH", "", {"amount": "1.00"}),
    ):
        refused = app.send(method, f"{ORDERS}/{order_id}{path}", body)
        assert (refused.status, refused.code, refused.body["facts"]) == (
            409,
            "order_not_open",
            {"state": "cancelled"},
        )


def test_less_is_changed_at_once_and_more_is_confirmed_again(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    bank.deposit(payer.account, 100_00)
    order_id = app.order(monthly(payer, payee, until="2027-11-30"))
    path = f"{ORDERS}/{order_id}"
    for less in ({"amount": "19.99"}, {"purpose": "房租"}, {"until": "2027-10-31"}, {"count": 3}):
        assert app.send("PATCH", path, less).status == 200
    shown = app.read(order_id)
    assert (shown["amount"], shown["purpose"], shown["until"], shown["count"]) == ("19.99", "房租", None, 3)
    other = bank.sign_up("李四")
    for more in (
        {"amount": "20.00"},
        {"count": 4},
        {"until": "2027-02-28"},
        {"payee_account": other.account, "payee_name": other.name},
    ):
        refused = app.send("PATCH", path, more)
        assert (refused.status, refused.code) == (403, "step_up_required")
    changed = app.confirmed("PATCH", path, {"payee_account": other.account, "payee_name": other.name})
    assert changed.status == 200
    bank.settle()
    assert any("您正在变更预约转账，变更后2026-11-30起每月31日" in text for text in bank.messages(payer))
    assert run(bank, DUE) == 1
    assert [bank.balance(one.account) for one in (payee, other)] == [0, 19_99]
    assert app.kinds(order_id) == ["created", *["changed"] * 5, "executed"]


def test_an_end_before_the_next_date_ends_it(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    bank.deposit(payer.account, 100_00)
    order_id = app.order(monthly(payer, payee))
    assert run(bank, DUE) == 1
    assert app.send("PATCH", f"{ORDERS}/{order_id}", {"count": 1}).body["state"] == "ended"
    assert table_items(bank, "OrderDuesTable") == []


def test_what_changes_while_it_is_executed_is_executed_as_changed(
    bank: Bank, app: Orderer, payer: Person, payee: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a change after the worker has read the order
    bank.deposit(payer.account, 100_00)
    order_id = app.order(monthly(payer, payee))
    own, changes = transfer_unattended, [{"amount": "7.00"}]

    def late(*arguments: Any) -> Any:
        if changes:
            assert app.send("PATCH", f"{ORDERS}/{order_id}", changes.pop()).status == 200
        return own(*arguments)

    monkeypatch.setattr(module, "transfer_unattended", late)
    assert run(bank, DUE) == 1
    assert (bank.balance(payee.account), app.kinds(order_id)) == (7_00, ["created", "changed", "executed"])


def test_a_lost_record_of_what_was_told_is_told_once(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    app.order(monthly(payer, payee))
    bank.clock.set(at(DUE))
    tick(bank)
    with wiretap() as tap:
        bank.settle()
    assert len(told(bank, payer)) == 1
    for worker in ("execute_orders", "relay_orders"):
        assert give(worker, tap.of(worker)) == []
    bank.settle()
    assert len(told(bank, payer)) == 1


def test_poison_fails_alone(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    bank.deposit(payer.account, 100_00)
    app.order(monthly(payer, payee))
    bank.clock.set(at(DUE))
    tick(bank)
    with wiretap() as tap:
        bank.settle()
    good = tap.of("execute_orders")
    assert len(good) == 1
    assert give("execute_orders", [queued("{", "m1"), queued('{"schema_version": 1}', "m2"), *good]) == ["m1", "m2"]


def test_a_narrower_edition_looks_and_stops_but_sets_up_nothing(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    order_id = app.order(monthly(payer, payee))
    to_express(bank, app, payer, payee)
    refused = app.asked(monthly(payer, payee), "order-key-9")
    assert (refused.status, refused.code) == (403, "edition_not_entitled")
    assert app.read(order_id)["state"] == "active"
    assert app.send("POST", f"{ORDERS}/{order_id}/cancellation").body["state"] == "cancelled"


def test_a_switch_that_is_off_lets_none_be_set_up(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    force_customer(bank, payer, transfers_on=False)
    assert app.asked(monthly(payer, payee), "order-key-1").code == "transfers_switched_off"


def test_there_are_so_many_open_orders_and_no_more(bank: Bank) -> None:
    parameters.set_value("order.open_max", 2)
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    app = Orderer(bank, payer)
    first, second = (app.order(monthly(payer, payee)) for _ in range(2))
    refused = app.asked(monthly(payer, payee), "order-key-3")
    assert (refused.status, refused.code, refused.body["facts"]) == (422, "orders_too_many", {"most": "2"})
    # a repeat of one that was made answers it, one that is paused can pay again, one that was cancelled makes room
    assert app.asked(monthly(payer, payee), "order-key-1").body["id"] == first
    assert app.send("POST", f"{ORDERS}/{first}/pause").status == 200
    assert app.asked(monthly(payer, payee), "order-key-3").code == "orders_too_many"
    assert app.send("POST", f"{ORDERS}/{second}/cancellation").status == 200
    assert app.order(monthly(payer, payee)) not in (first, second)
    # and nobody else's count
    other = bank.sign_up("孙丽", deposit="100.00")
    assert Orderer(bank, other).order(monthly(other, payee))
