"""Several payees in one confirmation, as a customer uses it: shown whole, confirmed once, a result a payment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.batches import service as batches
from chalicelib.batches.commands import execute_batch
from chalicelib.batches.workers import ask_batches_again
from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, queues
from chalicelib.platform.errors import OutcomeUnknown
from chalicelib.transfers.commands.transfer_unattended import Along, Unattended, transfer_unattended
from tests.chain.bank import LIMITS, Bank, LambdaContext, Person
from tests.chain.orderers import Orderer
from tests.chain.probe import give, queued, same_refusal, scheduled, unchanged, wiretap

BATCHES = "/v1/batches"
KEY = "batch-key-1"


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def payees(bank: Bank) -> list[Person]:
    return [bank.sign_up(name) for name in ("钱红", "孙立", "李娜")]


@pytest.fixture
def app(bank: Bank, payer: Person) -> Orderer:
    return Orderer(bank, payer)


def body_of(payer: Person, payees: list[Person], *amounts: str) -> dict[str, Any]:
    """One payment a payee."""
    return {
        "payer_account": payer.account,
        "payments": [
            {"payee_account": payee.account, "payee_name": payee.name, "amount": amount, "purpose": "分摊"}
            for payee, amount in zip(payees, amounts, strict=True)
        ],
    }


def read(app: Orderer, batch_id: str) -> dict[str, Any]:
    reply = app.send("GET", f"{BATCHES}/{batch_id}")
    assert reply.status == 200, reply
    return dict(reply.body)


def states(shown: dict[str, Any]) -> list[str]:
    return [payment["state"] for payment in shown["payments"]]


@pytest.mark.requirement("YQ-4.2.2-multi")
@pytest.mark.requirement("YQ-4.2.2-xfer")
@pytest.mark.requirement("XJ-5.3-batch")
def test_it_is_confirmed_once_and_each_payment_is_a_transfer(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    parameters.set_value("fee.transfer.own_bank_fen", 50)
    # given three payments, which one code confirms whose SMS says how many, how much in all, and the first
    made = app.confirmed("POST", BATCHES, body_of(payer, payees, "10.00", "20.00", "30.00"), idempotency_key=KEY)
    assert made.status == 201, made
    (asked,) = [text for text in bank.messages(payer) if "验证码" in text]
    assert (
        f"批量转账：从尾号{payer.account[-4:]}账户转账3笔，合计60.00元，手续费共1.50元，其中向他人3笔，"
        f"最大一笔为向*娜（尾号{payees[2].account[-4:]}）转账30.00元" in asked
    )
    assert (made.body["state"], states(made.body), made.body["paid"]) == ("executing", ["open"] * 3, None)

    bank.settle()

    # then each is paid, with its fee, and is a transfer like any other
    shown = read(app, made.body["id"])
    assert (shown["state"], shown["paid"], shown["refused"], shown["total"]) == ("ended", 3, 0, "60.00")
    assert states(shown) == ["paid"] * 3
    assert bank.balance(payer.account) == 938_50
    assert [bank.balance(payee.account) for payee in payees] == [10_00, 20_00, 30_00]
    ids = [payment["transfer_id"] for payment in shown["payments"]]
    listed = {row["id"]: row for row in app.send("GET", "/v1/transfers").body["transfers"]}
    assert [listed[id_]["amount"] for id_ in ids] == ["10.00", "20.00", "30.00"]
    receipt = app.send("GET", f"/v1/transfers/{ids[2]}/receipt")
    assert (receipt.status, receipt.body["channel"]) == (200, "手机银行（批量转账）")
    # and the list has it
    page = app.send("GET", BATCHES).body
    assert [(row["id"], row["state"]) for row in page["batches"]] == [(made.body["id"], "ended")]


@pytest.mark.requirement("YQ-4.2.2-multi")
def test_what_is_confirmed_names_each_payment_and_nothing_else_passes_by_it(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    # given a step-up that was confirmed for one list of payments
    body = body_of(payer, payees, "10.00", "20.00", "30.00")
    token = bank.log_in(payer)
    headers = {"idempotency-key": KEY}
    refused = bank.request("POST", BATCHES, body, token=token, headers=headers)
    step_up = bank.step_up(token, payer, refused)
    # when another list is sent with it, a payee more, an amount more, or the same in another order
    others = [
        body_of(payer, [*payees, bank.sign_up("周芳")], "10.00", "20.00", "30.00", "0.01"),
        body_of(payer, payees, "10.00", "20.00", "30.01"),
        body_of(payer, [payees[1], payees[0], payees[2]], "20.00", "10.00", "30.00"),
    ]
    for other in others:
        assert bank.request("POST", BATCHES, other, token=token, headers=headers | step_up).code == "step_up_required"
    # then nothing is paid, and what was confirmed still can be
    assert bank.balance(payer.account) == 1000_00
    assert bank.request("POST", BATCHES, body, token=token, headers=headers | step_up).status == 201
    bank.settle()
    assert bank.balance(payer.account) == 940_00


def test_a_repeat_answers_what_was_stored_and_another_list_is_refused(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    body = body_of(payer, payees, "10.00", "20.00", "30.00")
    made = app.confirmed("POST", BATCHES, body, idempotency_key=KEY)
    bank.settle()
    token, headers = bank.log_in(payer), {"idempotency-key": KEY}
    with unchanged(bank):
        again = bank.request("POST", BATCHES, body, token=token, headers=headers)
        assert (again.status, again.headers["Idempotency-Hit"], again.body["id"]) == (200, "true", made.body["id"])
        assert states(again.body) == ["paid"] * 3
        other = body_of(payer, payees, "10.00", "20.00", "30.01")
        assert bank.request("POST", BATCHES, other, token=token, headers=headers).code == "idempotency_key_reused"


@pytest.mark.requirement("YQ-4.2.2-multi")
@pytest.mark.requirement("XJ-5.3-batch")
def test_each_has_its_own_result_and_the_payer_is_told_of_those_not_made(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    # given a batch that was confirmed, and money that goes elsewhere before its payments are made
    token = bank.log_in(payer)
    spent = bank.create(token, payer, payees[0], "550.00", "key-elsewhere")
    bank.settle()
    made = app.confirmed("POST", BATCHES, body_of(payer, payees, "600.00", "300.00", "100.00"), idempotency_key=KEY)
    assert bank.confirm(token, spent.body["id"], bank.code_for(payer, spent.body["id"])).status == 200

    with wiretap() as tap:
        bank.settle()

    # then what there is money for is paid, in their order, and the rest is refused by itself
    shown = read(app, made.body["id"])
    assert states(shown) == ["refused", "paid", "paid"]
    assert shown["payments"][0]["code"] == "insufficient_funds"
    assert "余额" in shown["payments"][0]["zh"]
    assert (shown["paid"], shown["refused"]) == (2, 1)
    assert bank.balance(payer.account) == 50_00
    (told,) = [text for text in bank.messages(payer) if "批量转账已处理" in text]
    assert "成功2笔共400.00元；未转账1笔共600.00元" in told
    # and messages that come again change nothing
    with unchanged(bank):
        assert give("execute_batches", tap.of("execute_batches")) == []
        assert give("relay_batches", tap.of("relay_batches")) == []


@pytest.mark.requirement("XJ-5.3-batch")
def test_it_goes_on_where_a_crash_left_it(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a worker that is gone after the second payment, without knowing what came of it
    made = app.confirmed("POST", BATCHES, body_of(payer, payees, "10.00", "20.00", "30.00"), idempotency_key=KEY)
    sent: list[str] = []

    def dies(wanted: Unattended, along: Callable[[dt.datetime], Along]) -> ledger.Posted:
        sent.append(wanted.entry_id)
        posted = transfer_unattended(wanted, along)
        if len(sent) == 2:
            raise OutcomeUnknown()
        return posted

    monkeypatch.setattr(execute_batch, "transfer_unattended", dies)
    with pytest.raises(OutcomeUnknown):
        execute_batch.execute_batch(made.body["id"], bank.clock.now())
    monkeypatch.undo()
    shown = read(app, made.body["id"])
    assert (shown["state"], states(shown)) == ("executing", ["paid", "paid", "open"])

    # when the message comes again, then it goes on where it was
    bank.settle()
    shown = read(app, made.body["id"])
    assert (shown["state"], states(shown)) == ("ended", ["paid"] * 3)
    assert bank.balance(payer.account) == 940_00


def test_what_was_left_lying_is_not_paid(bank: Bank, app: Orderer, payer: Person, payees: list[Person]) -> None:
    made = app.confirmed("POST", BATCHES, body_of(payer, payees, "10.00", "20.00", "30.00"), idempotency_key=KEY)
    assert execute_batch.execute_batch(made.body["id"], bank.clock.now() + dt.timedelta(hours=24)) == {"refused": 3}
    bank.settle()
    shown = read(app, made.body["id"])
    assert [payment["code"] for payment in shown["payments"]] == ["transfer_expired"] * 3
    assert (bank.balance(payer.account), shown["refused"]) == (1000_00, 3)


def test_an_own_account_among_them_costs_nothing_and_takes_from_no_limit(bank: Bank, payees: list[Person]) -> None:
    parameters.set_value("fee.transfer.own_bank_fen", 50)
    wish = AccountWish("savings", ledger.RIGHT_FULL, LIMITS)
    payer = bank.sign_up("周芳", accounts=(wish, wish), deposit="1000.00")
    app = Orderer(bank, payer)
    payments = [
        {"payee_account": payer.signed.account_ids[1], "payee_name": payer.name, "amount": "100.00"},
        {"payee_account": payees[0].account, "payee_name": payees[0].name, "amount": "20.00"},
    ]
    body = {"payer_account": payer.account, "payments": payments}
    made = app.confirmed("POST", BATCHES, body, idempotency_key=KEY)
    assert made.body["fee"] == "0.50"
    bank.settle()
    shown = read(app, made.body["id"])
    transfers = [app.send("GET", f"/v1/transfers/{payment['transfer_id']}").body for payment in shown["payments"]]
    assert [(one["factor"], one["fee"]) for one in transfers] == [("none", "0.00"), ("sms", "0.50")]
    image = ledger.read_accounts([payer.account])[payer.account].image
    date = clock.business_date(bank.clock.now())
    assert (image[f"day_{date}"], image[f"count_{date}"]) == (LIMITS.day_fen - 20_00, LIMITS.day_count - 1)


@pytest.mark.requirement("NB-5.1.4")
def test_anothers_batch_is_not_there(bank: Bank, app: Orderer, payer: Person, payees: list[Person]) -> None:
    made = app.confirmed("POST", BATCHES, body_of(payer, payees, "10.00", "20.00", "30.00"), idempotency_key=KEY)
    bank.settle()
    stranger = Orderer(bank, payees[0])
    unknown = stranger.send("GET", f"{BATCHES}/{'a' * 26}")
    assert same_refusal(stranger.send("GET", f"{BATCHES}/{made.body['id']}"), unknown)
    assert stranger.send("GET", BATCHES).body["batches"] == []


def test_the_list_is_paged_newest_first(bank: Bank, app: Orderer, payer: Person, payees: list[Person]) -> None:
    made = []
    for number in range(3):
        body = body_of(payer, payees[:2], "1.00", f"{number + 1}.00")
        made.append(app.confirmed("POST", BATCHES, body, idempotency_key=f"batch-key-{number}").body["id"])
        bank.clock.set(bank.clock.now() + dt.timedelta(minutes=5))
    bank.settle()
    first = app.send("GET", f"{BATCHES}?limit=2").body
    rest = app.send("GET", f"{BATCHES}?limit=2&cursor={first['next_cursor']}").body
    assert [row["id"] for row in (*first["batches"], *rest["batches"])] == made[::-1]
    assert rest["next_cursor"] is None


def test_poison_fails_alone(bank: Bank, app: Orderer, payer: Person, payees: list[Person]) -> None:
    app.confirmed("POST", BATCHES, body_of(payer, payees, "10.00", "20.00", "30.00"), idempotency_key=KEY)
    with wiretap() as tap:
        bank.settle()
    good = tap.of("execute_batches")
    assert len(good) == 1
    unknown = queued(batches.confirmed_message("a" * 26, "c").to_json(), "m3")
    assert give("execute_batches", [queued("{", "m1"), *good, unknown]) == ["m1", "m3"]


@pytest.mark.requirement("XJ-5.3-batch")
def test_what_a_lost_record_or_message_asked_for_is_asked_for_again(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    # given a batch whose record the stream has lost
    made = app.confirmed("POST", BATCHES, body_of(payer, payees, "10.00", "20.00", "30.00"), idempotency_key=KEY)
    with patch.object(queues, "send", lambda *_: None):
        bank.settle()
    assert read(app, made.body["id"])["state"] == "executing"

    def fired_after(pause: dt.timedelta) -> int:
        bank.clock.advance(pause)
        asked = ask_batches_again(scheduled(bank.clock.now()), LambdaContext())["asked"]
        bank.settle()
        return int(asked)

    # then nobody asks within five minutes, and from then on it is asked for until it has ended
    assert fired_after(dt.timedelta(minutes=4)) == 0
    assert fired_after(dt.timedelta(minutes=2)) == 1
    shown = read(app, made.body["id"])
    assert (shown["state"], shown["paid"]) == ("ended", 3)
    assert fired_after(dt.timedelta(minutes=10)) == 0
    assert bank.balance(payer.account) == 940_00
