"""Log in, transfer, receipt, alert, bill: the whole chain, money and words, through handlers as packaged."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.platform import clock
from chalicelib.statements.workers import start_bill_run
from tests.chain.bank import Bank, LambdaContext, Person


@pytest.mark.requirement(
    "NB-5.1.1", "XJ-4.2-sms", "YQ-4.2.2-alert", "YQ-4.2.2-bill", "YQ-4.2.2-query", "YQ-4.2.2-receipt", "YQ-4.2.2-xfer"
)
def test_a_transfer_is_posted_receipted_told_and_billed(bank: Bank) -> None:
    # given two customers
    payer = bank.sign_up("赵小明", deposit="107000.53")
    payee = bank.sign_up("钱红", deposit="10.00", push_address="local:device-1")
    bank.settle()
    bank.clock.advance(dt.timedelta(minutes=1))
    token = bank.log_in(payer)

    # when one creates a transfer, the quote shows the payee masked and nothing moves
    created = bank.create(token, payer, payee, "1234.56", "key-00000001")
    assert created.status == 201
    assert created.body["state"] == "awaiting"
    assert (created.body["payee_name"], created.body["fee"]) == ("*红", "0.00")
    assert bank.balance(payer.account) == 10_700_053
    bank.settle()

    # the SMS carries code, payee, masked account and amount
    (sms,) = [text for text in bank.messages(payer) if "验证码" in text]
    assert "向*红" in sms
    assert f"尾号{payee.account[-4:]}" in sms
    assert "1,234.56元" in sms

    # and confirms it with that code
    confirmed = bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))
    assert (confirmed.status, confirmed.body["state"]) == (200, "posted")
    bank.settle()

    # then the money has moved
    assert bank.balance(payer.account) == 10_700_053 - 123_456
    assert bank.balance(payee.account) == 1_000 + 123_456

    # the receipt says so in figures and words
    receipt = bank.request("GET", f"/v1/transfers/{created.body['id']}/receipt", token=token)
    assert receipt.status == 200
    assert receipt.body["amount"] == "1234.56"
    assert receipt.body["amount_in_words"] == "人民币壹仟贰佰叁拾肆元伍角陆分"
    assert receipt.body["payer"]["account"] == payer.account
    assert receipt.body["payee"] == {
        "name": "钱红",
        "account": payee.account,
        "bank": "示范村镇银行总行营业部",
    }
    assert receipt.body["digest"] == created.body["digest"]
    assert receipt.body["number"].startswith("20261121")

    # both are told, once
    assert sum("转出人民币1,234.56元" in text and "余额105,765.97元" in text for text in bank.messages(payer)) == 1
    assert sum("转入人民币1,234.56元" in text and "余额1,244.56元" in text for text in bank.messages(payee)) == 1
    assert sum("转入人民币1,234.56元" in text for text in bank.messages(payee, "push")) == 1
    inbox = bank.request("GET", "/v1/notifications", token=token).body["notifications"]
    assert next(row["transfer_id"] for row in inbox) == created.body["id"]

    # statement lines carry the running balance
    lines = bank.request("GET", f"/v1/accounts/{payer.account}/movements", token=token).body["movements"]
    assert [(line["seq"], line["amount"], line["balance"]) for line in lines] == [
        (2, "-1234.56", "105765.97"),
        (1, "107000.53", "107000.53"),
    ]
    assert (lines[0]["counterparty_name"], lines[0]["purpose"]) == ("*红", "货款")
    listed = bank.request("GET", "/v1/transfers", token=token).body["transfers"]
    assert [(row["id"], row["state"]) for row in listed] == [(created.body["id"], "posted")]

    # and when the month is over, the schedule issues the bill
    bank.clock.set(dt.datetime(2026, 12, 1, 2, 0, tzinfo=clock.SHANGHAI))
    billed(bank, payer)


def billed(bank: Bank, payer: Person) -> None:
    """The schedule of bills fires, and the payer finds theirs."""
    event = {
        "id": "11111111-2222-3333-4444-555555555555",
        "time": "2026-11-30T18:00:00Z",
        "source": "aws.events",
        "account": "123456789012",
        "region": "cn-north-1",
        "detail": {},
        "detail-type": "Scheduled Event",
        "version": "0",
        "resources": [],
    }
    assert start_bill_run(event, LambdaContext()) == {"month": "2026-11"}
    start_bill_run(event, LambdaContext())  # the schedule fires twice
    bank.settle()
    token = bank.log_in(payer)
    bill = bank.request("GET", f"/v1/accounts/{payer.account}/bills/2026-11", token=token)
    assert bill.status == 200
    assert (bill.body["opening"], bill.body["incoming"], bill.body["outgoing"], bill.body["closing"]) == (
        "0.00",
        "107000.53",
        "1234.56",
        "105765.97",
    )
    listed_bills = bank.request("GET", f"/v1/accounts/{payer.account}/bills", token=token).body["bills"]
    assert [row["month"] for row in listed_bills] == ["2026-11"]
