"""Standing orders as a customer uses them: set up, executed on their dates, looked up, changed, stopped."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.orders import service as orders
from chalicelib.orders import store
from chalicelib.parameters import service as parameters
from tests.chain.bank import LIMITS, Bank, Person, Reply
from tests.chain.orderers import ORDERS, Orderer, at, monthly, run, tick
from tests.chain.probe import same_refusal, table_items, unchanged

MS = dt.timedelta(milliseconds=1)


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def payee(bank: Bank) -> Person:
    return bank.sign_up("钱红")


@pytest.fixture
def app(bank: Bank, payer: Person) -> Orderer:
    return Orderer(bank, payer)


def test_a_request_sent_twice_each_with_its_own_step_up_makes_one_order(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    # given a thumb that pressed twice: two challenges for the same key, both confirmed
    token = bank.log_in(payer)
    body = monthly(payer, payee)

    def send(**step_up: str) -> Reply:
        return bank.request(
            "POST", ORDERS, body, token=token, headers={"idempotency-key": "order-key-twice", **step_up}
        )

    first, second = (bank.step_up(token, payer, send()) for _ in range(2))
    read, waiting, made = store.read, [first], list[Reply]()

    def overtaken(order_id: str) -> Any:
        found = read(order_id)
        while waiting:
            made.append(send(**waiting.pop()))
        return found

    # when the first is written between the second's look and its write, then the second is answered the same order
    with patch.object(store, "read", overtaken):
        reply = send(**second)
    assert [made[0].status, reply.status] == [201, 200]
    assert made[0].body["id"] == reply.body["id"]
    assert len(app.send("GET", ORDERS).body["orders"]) == 1


@pytest.mark.requirement("YQ-4.2.2-sched")
def test_it_is_confirmed_once_and_paid_on_each_date_with_receipt_and_alert(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    # given an order that was confirmed by a code whose SMS says just what it will do
    order_id = app.order(monthly(payer, payee))
    asked = [text for text in bank.messages(payer) if "验证码" in text]
    assert len(asked) == 1
    assert (
        f"您正在设立预约转账：2026-11-30起每月31日（无此日则月末），长期有效，从尾号{payer.account[-4:]}账户向"
        f"*红（尾号{payee.account[-4:]}）转账20.00元，" in asked[0]
    )
    shown = app.read(order_id)
    assert (shown["state"], shown["next_due"], shown["factor"]) == ("active", "2026-11-30", "sms")
    assert shown["next_try"] == "2026-11-30T00:00:00.000Z"

    # when the schedule fires before its time, nothing is asked for
    assert run(bank, "2026-11-30 07:59:59.999") == 0
    # and at its time it is paid, once, as a transfer like any other
    assert run(bank, "2026-11-30 08:00") == 1
    assert (bank.balance(payer.account), bank.balance(payee.account)) == (980_00, 20_00)
    shown = app.read(order_id)
    assert (shown["next_due"], shown["dates_gone"], app.kinds(order_id)) == ("2026-12-31", 1, ["created", "executed"])
    transfer_id = shown["history"][0]["transfer_id"]
    transfer = app.send("GET", f"/v1/transfers/{transfer_id}").body
    assert (transfer["state"], transfer["amount"], transfer["business_date"]) == ("posted", "20.00", "20261130")
    assert transfer_id in [row["id"] for row in app.send("GET", "/v1/transfers").body["transfers"]]
    receipt = app.send("GET", f"/v1/transfers/{transfer_id}/receipt")
    assert (receipt.status, receipt.body["amount_in_words"]) == (200, "人民币贰拾元整")
    assert receipt.body["channel"] == "手机银行（约定转账）"
    for who, word in ((payer, "转出"), (payee, "转入")):
        assert [text for text in bank.messages(who) if f"{word}人民币20.00元" in text], word

    # and the months after that, on the order's own day where the month has it
    for date in ("2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"):
        assert app.read(order_id)["next_due"] == date
        assert run(bank, f"{date} 08:00") == 1
    assert bank.balance(payee.account) == 100_00
    assert app.read(order_id)["next_due"] == "2027-04-30"


def test_the_schedule_may_fire_twice_and_messages_come_again(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    order_id = app.order(monthly(payer, payee))
    bank.clock.set(at("2026-11-30 08:00"))
    assert [tick(bank), tick(bank)] == [1, 1]
    bank.settle()
    with unchanged(bank):
        assert tick(bank) == 0
    assert (bank.balance(payee.account), app.kinds(order_id)) == (20_00, ["created", "executed"])


def test_a_date_is_executed_late_but_never_once_the_next_has_come(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    # given a bank that stood still over a weekly order's dates
    order_id = app.order(monthly(payer, payee, repeat="weekly", day=1, first_date="2026-11-23"))
    # two days late: paid then, and dated so
    assert run(bank, "2026-11-25 23:59:59.999") == 1
    first = app.read(order_id)
    assert (first["next_due"], first["history"][0]["due_date"]) == ("2026-11-30", "2026-11-23")
    transfer = app.send("GET", f"/v1/transfers/{first['history'][0]['transfer_id']}").body
    assert transfer["business_date"] == "20261125"
    # three dates have come: the first two were missed and are told, the last one is paid once
    assert run(bank, "2026-12-15 09:00") == 1
    assert app.kinds(order_id) == ["created", "executed", "missed"]
    assert [text for text in bank.messages(payer) if "因系统原因未能按日执行" in text]
    assert run(bank, "2026-12-15 09:05") == 1
    shown = app.read(order_id)
    assert app.kinds(order_id) == ["created", "executed", "missed", "executed"]
    assert (shown["history"][0]["due_date"], shown["next_due"], shown["dates_gone"]) == ("2026-12-14", "2026-12-21", 4)
    assert bank.balance(payee.account) == 40_00


@pytest.mark.parametrize(
    ("more", "dates"),
    [
        ({"repeat": "once", "day": 0}, ["2026-11-30"]),
        ({"count": 2}, ["2026-11-30", "2026-12-31"]),
        ({"until": "2027-01-30"}, ["2026-11-30", "2026-12-31"]),
        ({"until": "2027-01-31"}, ["2026-11-30", "2026-12-31", "2027-01-31"]),
    ],
    ids=["once", "by count", "by date", "the last date itself"],
)
def test_it_ends(
    bank: Bank, app: Orderer, payer: Person, payee: Person, more: dict[str, Any], dates: list[str]
) -> None:
    order_id = app.order(monthly(payer, payee, **more))
    for date in dates:
        assert run(bank, f"{date} 08:00") == 1
    shown = app.read(order_id)
    assert (shown["state"], shown["next_due"], shown["next_try"]) == ("ended", None, None)
    assert run(bank, "2028-01-01 08:00") == 0
    assert bank.balance(payee.account) == 20_00 * len(dates)
    assert table_items(bank, "OrderDuesTable") == []


@pytest.mark.requirement("YQ-4.1.3")
def test_between_own_accounts_no_factor_is_asked_for_and_no_limit_taken(bank: Bank) -> None:
    wish = AccountWish("savings", ledger.RIGHT_FULL, LIMITS)
    owner = bank.sign_up("孙立", accounts=(wish, wish), deposit="100.00", limit_outward_fen=0)
    app = Orderer(bank, owner)
    body = monthly(owner, owner, payee_account=owner.signed.account_ids[1], amount="30.00")
    made = app.asked(body, "own-order-1")
    assert (made.status, made.body["factor"], made.body["fee"]) == (201, "none", "0.00")
    # off stops what goes to others, not this
    assert app.send("PUT", "/v1/settings/transfers", {"on": False}).status == 200
    assert run(bank, "2026-11-30 08:00") == 1
    assert [bank.balance(id_) for id_ in owner.signed.account_ids] == [70_00, 30_00]
    receipt = app.send("GET", f"/v1/transfers/{app.read(made.body['id'])['history'][0]['transfer_id']}/receipt")
    assert (receipt.status, receipt.body["factor"]) == (200, "none")


def test_the_fee_quoted_is_the_fee_charged(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    parameters.set_value("fee.transfer.own_bank_fen", 1_50)
    order_id = app.order(monthly(payer, payee))
    assert app.read(order_id)["fee"] == "1.50"
    assert any("每次手续费1.50元" in text for text in bank.messages(payer))
    parameters.set_value("fee.transfer.own_bank_fen", 9_00)
    bank.clock.advance(dt.timedelta(minutes=1))
    run(bank, "2026-11-30 08:00")
    assert (bank.balance(payer.account), bank.balance(payee.account)) == (1_000_00 - 21_50, 20_00)


def test_sent_twice_it_is_one_order_and_other_contents_are_refused(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    body = monthly(payer, payee)
    made = app.confirmed("POST", ORDERS, body, idempotency_key="order-key-1")
    bank.settle()
    with unchanged(bank, but=("SessionsTable", "SecurityEventsTable", "CredentialsTable", "InboxTable")):
        again = app.asked(body, "order-key-1")
        other = app.asked({**body, "amount": "20.01"}, "order-key-1")
    assert (made.status, again.status, again.headers["Idempotency-Hit"]) == (201, 200, "true")
    assert again.body == made.body
    assert (other.status, other.code) == (409, "idempotency_key_reused")


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize(
    "change",
    [{"amount": "20.01"}, {"first_date": "2026-12-31"}, {"until": "2029-11-30"}, {"purpose": "货款"}, {"payee": None}],
    ids=["amount", "first date", "end", "purpose", "payee"],
)
def test_what_was_confirmed_makes_no_other_order(
    bank: Bank, app: Orderer, payer: Person, payee: Person, change: dict[str, Any]
) -> None:
    token = bank.log_in(payer)
    body = monthly(payer, payee)
    headers = {"idempotency-key": "order-key-1"}
    refused = bank.request("POST", ORDERS, body, token=token, headers=headers)
    step_up = bank.step_up(token, payer, refused)
    if "payee" in change:
        other = bank.sign_up("李四")
        change = {"payee_account": other.account, "payee_name": other.name}
    altered = bank.request("POST", ORDERS, {**body, **change}, token=token, headers=headers | step_up)
    assert (altered.status, altered.code) == (403, "step_up_required")
    assert table_items(bank, "OrdersTable") == []
    # and the one that was confirmed is made, once
    assert bank.request("POST", ORDERS, body, token=token, headers=headers | step_up).status == 201
    second = {"idempotency-key": "order-key-2"}
    assert bank.request("POST", ORDERS, body, token=token, headers=second | step_up).code == "step_up_required"


def test_without_a_key_and_from_anothers_account_nothing_is_made(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    body = monthly(payer, payee)
    assert app.send("POST", ORDERS, body).code == "idempotency_key_missing"
    assert app.asked(body, "short").code == "idempotency_key_missing"
    stolen = Orderer(bank, payee).asked(monthly(payer, bank.sign_up("李四")), "order-key-2")
    assert (stolen.status, stolen.code) == (404, "not_found")
    assert table_items(bank, "OrdersTable") == []


@pytest.mark.requirement("NB-5.1.4")
def test_anothers_order_looks_like_none(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    order_id = app.order(monthly(payer, payee))
    token = bank.log_in(payee)
    with unchanged(bank):
        for method, path, body in (
            ("GET", "", None),
            ("PATCH", "", {"amount": "1.00"}),
            ("POST", "/pause", None),
            ("POST", "/resumption", None),
            ("POST", "/cancellation", None),
        ):
            refused = bank.request(method, f"{ORDERS}/{order_id}{path}", body, token=token)
            unknown = bank.request(method, f"{ORDERS}/{'a' * 26}{path}", body, token=token)
            assert refused.status == 404
            assert same_refusal(refused, unknown)
    assert bank.request("GET", ORDERS, token=token).body == {"orders": [], "next_cursor": None}


def test_the_list_is_paged_newest_first_and_by_state(bank: Bank, app: Orderer, payer: Person, payee: Person) -> None:
    made = []
    for number in range(5):
        made.append(app.order(monthly(payer, payee, amount=f"{number + 1}.00")))
        bank.clock.advance(dt.timedelta(minutes=6))
    assert app.send("POST", f"{ORDERS}/{made[1]}/pause").status == 200
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        page = app.send("GET", f"{ORDERS}?limit=2{cursor}").body
        found += [order["id"] for order in page["orders"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert (found, page["next_cursor"]) == (made[::-1], None)
    assert [o["id"] for o in app.send("GET", f"{ORDERS}?state=paused").body["orders"]] == [made[1]]
    active = app.send("GET", f"{ORDERS}?state=active&limit=3").body
    rest = app.send("GET", f"{ORDERS}?state=active&limit=3&cursor={active['next_cursor']}").body
    assert [o["id"] for o in (*active["orders"], *rest["orders"])] == [made[i] for i in (4, 3, 2, 0)]
    # a cursor is of one list of one customer
    assert app.send("GET", f"{ORDERS}?state=paused&cursor={active['next_cursor']}").code == "cursor_malformed"
    assert Orderer(bank, payee).send("GET", f"{ORDERS}?cursor={cursor[8:]}x").code == "cursor_malformed"


def test_a_row_of_what_is_due_names_no_order_that_cannot_pay(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    order_id = app.order(monthly(payer, payee))
    order = orders.order_of(payer.customer_id, order_id)
    (row,) = table_items(bank, "OrderDuesTable")
    assert row["due"] == f"{order.due_at}#{order_id}"
    assert sum(len(rows) for rows in store.due_pages(order.due_at, 10, 1)) == 1
    assert app.send("POST", f"{ORDERS}/{order_id}/pause").body["next_due"] is None
    assert table_items(bank, "OrderDuesTable") == []
    assert app.send("POST", f"{ORDERS}/{order_id}/resumption").body["next_due"] == "2026-11-30"
    assert [r["due"] for r in table_items(bank, "OrderDuesTable")] == [row["due"]]
