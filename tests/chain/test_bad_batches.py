"""Batches that are refused: whole, before anything is confirmed, with the line and the reason; and line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.factors.commands.end_factor import report_loss
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from tests.chain.bank import Bank, Person
from tests.chain.orderers import Orderer
from tests.chain.probe import force, force_customer, unchanged
from tests.chain.signers import certified
from tests.chain.test_batches import BATCHES, KEY, body_of, read, states

LINE: dict[str, Any] = {"payee_account": "9000010000000000017", "payee_name": "钱红", "amount": "1.00"}


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def payees(bank: Bank) -> list[Person]:
    return [bank.sign_up(name) for name in ("钱红", "孙立", "李娜")]


@pytest.fixture
def app(bank: Bank, payer: Person) -> Orderer:
    return Orderer(bank, payer)


def asked(app: Orderer, body: dict[str, Any], **headers: str) -> Any:
    """A request whose refusal must leave the bank as it was."""
    token = app.bank.log_in(app.person)
    sent = {"idempotency-key": KEY} if not headers else {k.replace("_", "-"): v for k, v in headers.items()}
    with unchanged(app.bank):
        return app.bank.request("POST", BATCHES, body, token=token, headers=sent)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"payments": []}, "payments"),
        ({"payments": [LINE]}, "payments"),
        ({"payments": [{**LINE, "purpose": str(i)} for i in range(51)]}, "payments"),
        ({"payments": "钱红"}, "payments"),
        ({"payments": [LINE, None]}, "payments.1"),
        ({"payments": [LINE, {**LINE, "payee_name": ""}]}, "payments.1.payee_name"),
        ({"payments": [LINE, {**LINE, "speed": "normal"}]}, "payments.1.speed"),
        ({"payer_account": ""}, "payer_account"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_does_not_fit_the_contract_is_named(
    app: Orderer, payer: Person, payees: list[Person], change: dict[str, Any], where: str
) -> None:
    refused = asked(app, {**body_of(payer, payees, "1.00", "2.00", "3.00"), **change})
    assert refused.code == "malformed_request"
    assert [error["field"] for error in refused.body["errors"]] == [where]


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("0.00", "amount_out_of_range"),
        ("-1.00", "amount_malformed"),
        ("1.001", "amount_malformed"),
        ("99999999999999999999.00", "amount_malformed"),
        ("一元", "amount_malformed"),
    ],
)
def test_each_amount_is_read_as_a_transfers_is(
    app: Orderer, payer: Person, payees: list[Person], amount: str, code: str
) -> None:
    assert asked(app, body_of(payer, payees, "1.00", "2.00", amount)).code == code


def test_a_batch_without_key_or_with_too_many_payments_is_refused(
    app: Orderer, payer: Person, payees: list[Person]
) -> None:
    body = body_of(payer, payees, "1.00", "2.00", "3.00")
    assert asked(app, body, x="y").code == "idempotency_key_missing"
    parameters.set_value("batch.lines_max", 2)
    refused = asked(app, body)
    assert (refused.code, refused.body["facts"]) == ("batch_too_long", {"most": "2"})


def test_the_same_payment_twice_is_asked_about(app: Orderer, payer: Person, payees: list[Person]) -> None:
    body = body_of(payer, [payees[0], payees[1], payees[0]], "1.00", "2.00", "1.00")
    refused = asked(app, body)
    assert (refused.code, refused.body["facts"]) == ("batch_lines_repeat", {"line": "3", "earlier": "1"})
    body["payments"][2]["purpose"] = "补差"
    assert app.send("POST", BATCHES, body, idempotency_key=KEY).code == "step_up_required"


@pytest.mark.requirement("XJ-5.3-batch")
def test_a_payment_that_could_not_be_made_by_itself_is_named_with_its_reason(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    body = body_of(payer, payees, "1.00", "2.00", "3.00")
    body["payments"][1]["payee_account"] = payer.account
    refused = asked(app, body)
    assert (refused.status, refused.code) == (422, "batch_line_refused")
    assert (refused.body["facts"]["line"], refused.body["facts"]["reason"]) == ("2", "same_payer_and_payee")
    assert refused.body["detail"] == "第 2 笔不能转账。付款账户与收款账户不能相同。"
    body = body_of(payer, payees, "1.00", "2.00", "900.00")
    limited(bank, payer, limit_single=800_00)
    refused = asked(app, body)
    assert (refused.body["facts"]["line"], refused.body["facts"]["reason"]) == ("3", "single_limit_exceeded")


@pytest.mark.requirement("NB-5.1.4")
def test_wrong_names_are_counted_one_a_request_and_the_first_alone_is_told(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    parameters.set_value("payees.wrong_day", 2)
    body = body_of(payer, payees, "1.00", "2.00", "3.00")
    body["payments"][1]["payee_name"] = "孙丽"
    body["payments"][2]["payee_name"] = "李那"
    for _ in range(2):
        refused = app.send("POST", BATCHES, body, idempotency_key=KEY)
        assert (refused.body["facts"]["line"], refused.body["facts"]["reason"]) == ("2", "payee_unavailable")
    assert app.send("POST", BATCHES, body, idempotency_key=KEY).code == "wrong_payees_exhausted"
    # an account that does not exist and a name that does not fit look alike
    parameters.set_value("payees.wrong_day", 9)
    other = body_of(payer, payees, "1.00", "2.00", "3.00")
    other["payments"][1]["payee_account"] = "9000010000000000017"
    absent = app.send("POST", BATCHES, other, idempotency_key=KEY)
    assert absent.body["facts"] == refused_facts(app, body)


def refused_facts(app: Orderer, body: dict[str, Any]) -> Any:
    return app.send("POST", BATCHES, body, idempotency_key=KEY).body["facts"]


def test_an_account_that_is_not_the_callers_pays_nothing(bank: Bank, payer: Person, payees: list[Person]) -> None:
    bank.deposit(payees[0].account, 100_00)
    thief = Orderer(bank, payer)
    assert asked(thief, body_of(payees[0], payees[1:], "1.00", "2.00")).code == "not_found"


def test_all_of_it_must_be_covered_by_funds_and_by_the_days_limits(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    # each could be made by itself, all of them could not
    assert asked(app, body_of(payer, payees, "400.00", "400.00", "200.01")).code == "insufficient_funds"
    parameters.set_value("fee.transfer.own_bank_fen", 1)
    assert asked(app, body_of(payer, payees, "400.00", "400.00", "200.00")).code == "insufficient_funds"
    parameters.set_value("fee.transfer.own_bank_fen", 0)
    bank.deposit(payer.account, 10**9)
    body = body_of(payer, payees, "400.00", "400.00", "200.00")
    for name, most, code in (
        ("limit_count", 3, "account_day_count_exceeded"),
        ("limit_day", 1000_00, "account_day_limit_exceeded"),
    ):
        limited(bank, payer, **{name: most})
        assert app.send("POST", BATCHES, body, idempotency_key=KEY).code == "step_up_required"
        limited(bank, payer, **{name: most - 1})
        assert asked(app, body).code == code
        limited(bank, payer, **{name: 10**9})


def limited(bank: Bank, payer: Person, **limits: int) -> None:
    force(bank, "AccountsTable", {"account_id": payer.account}, **limits)


@pytest.mark.requirement("XJ-4.2-limit")
def test_the_factors_ceiling_is_asked_for_all_of_it(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    bank.deposit(payer.account, 10**8)
    parameters.set_value("factor.sms.ceiling_fen", 500_00)
    refused = asked(app, body_of(payer, payees, "200.00", "200.00", "100.01"))
    assert (refused.code, refused.body["facts"]["amount"]) == ("batch_ceiling_exceeded", "500.01")
    made = app.send("POST", BATCHES, body_of(payer, payees, "200.00", "200.00", "100.00"), idempotency_key=KEY)
    assert made.code == "step_up_required"


@pytest.mark.requirement("NB-5.3.6")
def test_what_a_lost_factor_confirmed_is_not_paid(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    made = app.confirmed("POST", BATCHES, body_of(payer, payees, "1.00", "2.00", "3.00"), idempotency_key=KEY)
    report_loss(payer.customer_id, "sms", bank.clock.now())
    bank.settle()
    shown = read(app, made.body["id"])
    assert [payment["code"] for payment in shown["payments"]] == ["batch_factor_lost"] * 3
    assert bank.balance(payer.account) == 1000_00


def test_the_switch_stops_what_is_not_made_yet(bank: Bank, app: Orderer, payer: Person, payees: list[Person]) -> None:
    made = app.confirmed("POST", BATCHES, body_of(payer, payees, "1.00", "2.00", "3.00"), idempotency_key=KEY)
    assert app.send("PUT", "/v1/settings/transfers", {"on": False}).status == 200
    bank.settle()
    shown = read(app, made.body["id"])
    assert [payment["code"] for payment in shown["payments"]] == ["transfers_switched_off"] * 3
    assert app.send(
        "POST", BATCHES, body_of(payer, payees, "1.00", "2.00", "4.00"), idempotency_key="batch-key-2"
    ).code == ("transfers_switched_off")


@pytest.mark.requirement("XJ-4.4-switch")
def test_the_banks_stop_stops_what_is_not_made_yet(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    made = app.confirmed("POST", BATCHES, body_of(payer, payees, "1.00", "2.00", "3.00"), idempotency_key=KEY)
    force_customer(bank, payer, transfers_stopped=clock.to_text(bank.clock.now()))
    bank.settle()
    shown = read(app, made.body["id"])
    assert [payment["code"] for payment in shown["payments"]] == ["transfers_stopped"] * 3


def test_a_payee_closed_in_between_is_refused_by_itself(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    made = app.confirmed("POST", BATCHES, body_of(payer, payees, "1.00", "2.00", "3.00"), idempotency_key=KEY)
    change_state(payees[1].account, before="open", after="closed")
    bank.settle()
    shown = read(app, made.body["id"])
    assert states(shown) == ["paid", "refused", "paid"]
    assert shown["payments"][1]["code"] == "payee_unavailable"
    assert bank.balance(payer.account) == 996_00


@pytest.mark.requirement("XJ-4.2-limit")
def test_the_strict_days_total_is_asked_for_all_of_it(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    parameters.set_value("factor.policy", "strict")
    parameters.set_value("factor.strict.day_fen", 500_00)
    assert asked(app, body_of(payer, payees, "200.00", "200.00", "100.01")).code == "strict_day_limit_exceeded"
    whole = body_of(payer, payees, "200.00", "200.00", "100.00")
    assert app.send("POST", BATCHES, whole, idempotency_key=KEY).code == "step_up_required"


def test_a_factor_that_the_days_limit_leaves_no_room_for_is_not_offered(
    bank: Bank, payer: Person, payees: list[Person]
) -> None:
    token, date = bank.log_in(payer), clock.business_date(bank.clock.now())
    body = body_of(payer, payees, "100.00", "100.00", "100.01")
    force_customer(bank, payer, **{f"nocert_{date}": 300_00})
    refused = bank.request("POST", BATCHES, body, token=token, headers={"idempotency-key": KEY})
    assert refused.code == "no_certificate_day_limit_exceeded"
    certified(bank, payer, token)
    offered = bank.request("POST", BATCHES, body, token=token, headers={"idempotency-key": KEY})
    assert (offered.code, offered.body["facts"]["factors"]) == ("step_up_required", "certificate")


@pytest.mark.requirement("XJ-4.2-sms")
def test_who_pays_much_to_others_that_day_is_told_with_the_code(
    bank: Bank, app: Orderer, payer: Person, payees: list[Person]
) -> None:
    parameters.set_value("transfer.reminder_day_fen", 60_00)
    for amount, told in (("30.00", False), ("30.01", True)):
        app.send("POST", BATCHES, body_of(payer, payees, "10.00", "20.00", amount), idempotency_key=KEY)
        bank.settle()
        *_, asked_last = [text for text in bank.messages(payer) if "批量转账" in text]
        assert ("请核实收款人" in asked_last) is told


@pytest.mark.parametrize(("letter", "escaped"), [("附", True), ("𠀀", False), ("𠀀", True)])
def test_the_longest_list_there_can_be_is_read(
    bank: Bank, payer: Person, payees: list[Person], letter: str, *, escaped: bool
) -> None:
    parameters.set_value("batch.lines_max", 50)
    lines = [
        {
            "payee_account": payees[0].account,
            "payee_name": letter * 30,
            "amount": "1.00",
            "purpose": f"{letter * 38}{i:02d}",
        }
        for i in range(50)
    ]
    body = json.dumps({"payer_account": payer.account, "payments": lines}, ensure_ascii=escaped)
    token = bank.log_in(payer)
    refused = bank.request("POST", BATCHES, raw=body, token=token, headers={"idempotency-key": KEY})
    assert refused.body["facts"] == {"line": "1", "reason": "payee_unavailable"}
