"""House accounts and deferred payees: legs that the stream brings, each exactly once."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import boto3
import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.ledger import store
from chalicelib.ledger.commands.post_deferred_legs import post_deferred_legs
from chalicelib.ledger.domain import FEE_INCOME_ACCOUNT, cash_account
from chalicelib.ledger.workers import post_deferred_legs as worker
from chalicelib.parameters import service as parameters
from chalicelib.platform import updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, to_image
from chalicelib.platform.errors import OutcomeUnknown, TryAgain
from tests.chain.bank import BRANCH, LIMITS, Bank, LambdaContext, Person

CASH = cash_account(BRANCH)


class Crash(BaseException):
    """The function is stopped where it stands."""


def merchant(bank: Bank, name: str = "兴隆超市", **more: Any) -> Person:
    """A customer whom many pay at once."""
    wish = AccountWish("merchant", ledger.RIGHT_FULL, LIMITS, credit=ledger.CREDIT_DEFERRED)
    return bank.sign_up(name, accounts=(wish,), **more)


def house(account_id: str) -> int:
    """The balance of a house account, in fen."""
    return ledger.read_accounts([account_id])[account_id].posted_fen


def rows(bank: Bank, logical_id: str, account_id: str) -> list[dict[str, Any]]:
    """An account's rows of a table, in order."""
    answer = boto3.client("dynamodb").query(
        TableName=bank.references[logical_id],
        KeyConditionExpression="account_id = :account",
        ExpressionAttributeValues={":account": {"S": account_id}},
    )
    return [to_image(item) for item in answer["Items"]]


def confirmed(bank: Bank, payee: Person, *payments: tuple[Person, str]) -> list[str]:
    """Transfers to one payee, confirmed one after the other; their deferred legs are still in the stream."""
    made = []
    for number, (payer, amount) in enumerate(payments):
        token = bank.log_in(payer)
        created = bank.create(token, payer, payee, amount, f"key-0000000{number}")
        assert created.status == 201, created
        made.append((payer, token, str(created.body["id"])))
    bank.settle()
    for payer, token, transfer_id in made:
        reply = bank.confirm(token, transfer_id, bank.code_for(payer, transfer_id))
        assert reply.status == 200, reply
    return [transfer_id for _, _, transfer_id in made]


@pytest.mark.parametrize("refusal", [TryAgain, OutcomeUnknown])
def test_a_house_account_whose_opening_was_not_answered_is_posted_to_by_the_next_attempt(
    bank: Bank, refusal: type[TryAgain | OutcomeUnknown]
) -> None:
    # given a fee, the first that the bank earns
    parameters.set_value("fee.transfer.own_bank_fen", 2_50)
    payer, payee = bank.sign_up("赵小明", deposit="102.50"), bank.sign_up("钱红")
    (transfer_id,) = confirmed(bank, payee, (payer, "100.00"))
    # when nobody answers for the account that it goes to
    put, silences = updates.put, [refusal()]

    def unanswered(write: ItemPut) -> Any:
        if silences:
            raise silences.pop()
        return put(write)

    with patch.object(updates, "put", unanswered):
        left = post_deferred_legs([transfer_id])
    # then the batch goes on, and nothing is left to be told again
    assert left == set()
    assert house(FEE_INCOME_ACCOUNT) == 2_50


@pytest.mark.requirement("NB-5.1.6-4")
@pytest.mark.requirement("NB-5.1.6")
def test_a_fee_is_quoted_charged_and_earned(bank: Bank) -> None:
    # given a fee, and a customer with exactly principal and fee
    parameters.set_value("fee.transfer.own_bank_fen", 2_50)
    payer, payee = bank.sign_up("赵小明", deposit="102.50"), bank.sign_up("钱红")
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, "100.00", "key-00000001")
    assert created.body["fee"] == "2.50"

    # when the fee goes up before the customer confirms
    parameters.set_value("fee.transfer.own_bank_fen", 5_00)
    bank.settle()
    confirmed_ = bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))
    assert confirmed_.status == 200
    bank.settle()

    # then what was quoted is charged, as a line of its own
    lines = bank.request("GET", f"/v1/accounts/{payer.account}/movements", token=token).body["movements"]
    assert [(line["kind"], line["amount"], line["balance"]) for line in lines[:2]] == [
        ("fee", "-2.50", "0.00"),
        ("principal", "-100.00", "2.50"),
    ]
    assert bank.balance(payee.account) == 100_00
    assert house(FEE_INCOME_ACCOUNT) == 2_50
    assert sum("手续费人民币2.50元" in text for text in bank.messages(payer)) == 1
    # and it counts in no limit
    image = ledger.read_accounts([payer.account])[payer.account].image
    assert image["day_20261121"] == LIMITS.day_fen - 100_00


def test_fees_of_many_transfers_are_earned_in_one_write(bank: Bank) -> None:
    parameters.set_value("fee.transfer.own_bank_fen", 1_00)
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
    entries = confirmed(bank, payee, *[(payer, "10.00")] * 3)
    sizes: list[int] = []
    transact = store.transact

    def spy(items: list[ItemPut | ItemUpdate], token: str) -> None:
        sizes.append(len(items))
        transact(items, token)

    # when the worker meets all of them at once
    with patch.object(store, "transact", spy):
        assert post_deferred_legs(entries) == set()
    # then one write posts them: the account and a row each
    assert sizes == [4]
    assert house(FEE_INCOME_ACCOUNT) == 3_00
    assert [row["entry_id"] for row in rows(bank, "DeferredLegsTable", FEE_INCOME_ACCOUNT)] == sorted(entries)
    assert ledger.read_accounts([FEE_INCOME_ACCOUNT])[FEE_INCOME_ACCOUNT].seq == 3


def test_cash_is_the_other_side_of_deposits(bank: Bank) -> None:
    for name, deposit in (("赵小明", "1000.00"), ("钱红", "0.53"), ("孙建国", "20.00")):
        bank.sign_up(name, deposit=deposit)
    bank.settle()
    assert house(CASH) == -1020_53
    assert [row["seq"] for row in sorted(rows(bank, "DeferredLegsTable", CASH), key=lambda row: row["seq"])] == [
        1,
        2,
        3,
    ]


def test_no_customer_write_touches_a_house_account_or_a_deferred_payee(bank: Bank) -> None:
    parameters.set_value("fee.transfer.own_bank_fen", 1_00)
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), merchant(bank)
    bank.settle()
    seen: list[list[str]] = []
    transact = store.transact

    def spy(items: list[ItemPut | ItemUpdate], token: str) -> None:
        keys = [item.key if isinstance(item, ItemUpdate) else {"entry_id": item.item["entry_id"]} for item in items]
        seen.append([next(iter(key.values()))["S"] for key in keys])
        transact(items, token)

    with patch.object(store, "transact", spy):
        (transfer_id,) = confirmed(bank, payee, (payer, "100.00"))
    # the write is the entry, the customer and the payer's account
    assert seen == [[transfer_id, payer.customer_id, payer.account]]
    # the payee's state was judged when the instruction was made
    assert bank.balance(payee.account) == 0
    bank.settle()
    assert bank.balance(payee.account) == 100_00


def test_a_merchant_gets_lines_alerts_and_the_right_balance(bank: Bank) -> None:
    # given a merchant paid by three customers at about the same time
    shop = merchant(bank)
    payers = [bank.sign_up(name, deposit="100.00") for name in ("赵小明", "钱红", "孙建国")]
    bank.settle()
    entries = confirmed(bank, shop, *((payer, f"{i}0.00") for i, payer in enumerate(payers, 1)))
    assert bank.balance(shop.account) == 0
    # when the worker meets all three at once
    assert post_deferred_legs(entries) == set()
    bank.settle()

    # then one write brought three lines, each with its own entry and payer, and a running balance
    lines = sorted(rows(bank, "MovementsTable", shop.account), key=lambda row: row["seq"])
    assert [line["seq"] for line in lines] == [1, 2, 3]
    assert {line["entry_id"] for line in lines} == set(entries)
    assert {line["counterparty_name"] for line in lines} == {"赵小明", "钱红", "孙建国"}
    assert sum(line["amount_fen"] for line in lines) == lines[-1]["balance_fen"] == bank.balance(shop.account) == 60_00
    image = ledger.read_accounts([shop.account])[shop.account].image
    assert [image[f"e{i}"] for i in range(4)] == [*(line["entry_id"] for line in reversed(lines)), "-"]
    # and the merchant was told each of them once
    for amount in ("10.00", "20.00", "30.00"):
        assert sum(f"转入人民币{amount}元" in text for text in bank.messages(shop)) == 1
    token = bank.log_in(payers[0])
    receipt = bank.request("GET", f"/v1/transfers/{entries[0]}/receipt", token=token)
    assert receipt.body["payee"]["name"] == "兴隆超市"
    # and can spend it at once, like anybody
    bank.pay(shop, payers[0], "60.00", "key-00000009")
    bank.settle()
    assert (bank.balance(shop.account), bank.balance(payers[0].account)) == (0, 150_00)


def test_a_merchant_that_cannot_receive_is_refused_when_the_transfer_is_made(bank: Bank) -> None:
    payer, shop = bank.sign_up("赵小明", deposit="100.00"), merchant(bank)
    boto3.client("dynamodb").update_item(
        TableName=bank.references["AccountsTable"],
        Key={"account_id": {"S": shop.account}},
        UpdateExpression="SET #state = :closed",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":closed": {"S": "closed"}},
    )
    refused = bank.create(bank.log_in(payer), payer, shop, "10.00", "key-00000001")
    assert refused.code == "payee_unavailable"


def test_cash_paid_in_to_a_merchant_is_there_at_once(bank: Bank) -> None:
    shop = merchant(bank, deposit="50.00")
    assert bank.balance(shop.account) == 50_00


def test_repeated_and_reordered_messages_post_each_leg_once(bank: Bank) -> None:
    payer, shop = bank.sign_up("赵小明", deposit="1000.00"), merchant(bank)
    bank.settle()
    entries = confirmed(bank, shop, *[(payer, "10.00")] * 4)
    for batch in ([entries[2]], [entries[2], entries[0]], [entries[3], entries[1], entries[0]], entries, entries[::-1]):
        assert post_deferred_legs(batch) == set()
    bank.settle()
    assert bank.balance(shop.account) == 40_00
    assert [line["seq"] for line in rows(bank, "MovementsTable", shop.account)] == [1, 2, 3, 4]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_crash_around_any_write_loses_and_doubles_nothing(bank: Bank, when: str, nth: int) -> None:
    # given an entry with two deferred legs (merchant and fee income), so two writes
    parameters.set_value("fee.transfer.own_bank_fen", 1_00)
    payer, shop = bank.sign_up("赵小明", deposit="1000.00"), merchant(bank)
    bank.settle()
    (entry_id,) = confirmed(bank, shop, (payer, "10.00"))
    transact, calls = store.transact, 0

    def crash(items: list[ItemPut | ItemUpdate], token: str) -> None:
        nonlocal calls
        calls += 1
        if when == "after" or calls != nth:
            transact(items, token)
        if calls == nth:
            raise Crash

    # when the function stops around one of them
    with patch.object(store, "transact", crash), pytest.raises(Crash):
        post_deferred_legs([entry_id])
    # then the message comes again
    bank.settle()
    assert (bank.balance(shop.account), house(FEE_INCOME_ACCOUNT)) == (10_00, 1_00)
    assert len(rows(bank, "MovementsTable", shop.account)) == 1


def test_silence_and_contention_are_tried_again_without_doubling(bank: Bank) -> None:
    payer, shop = bank.sign_up("赵小明", deposit="1000.00"), merchant(bank)
    bank.settle()
    (entry_id,) = confirmed(bank, shop, (payer, "10.00"))
    transact = store.transact
    faults: list[Exception | None] = [
        store.WriteContended(),
        store.WriteCancelled([{"Code": "TransactionConflict"}, {"Code": "None"}]),
        store.WriteInDoubt(),
    ]

    def faulty(items: list[ItemPut | ItemUpdate], token: str) -> None:
        fault = faults.pop(0) if faults else None
        if not isinstance(fault, store.WriteContended | store.WriteCancelled):
            transact(items, token)  # silence came after the write
        if fault:
            raise fault

    with patch.object(store, "transact", faulty):
        assert post_deferred_legs([entry_id]) == set()
    assert bank.balance(shop.account) == 10_00


def test_an_account_that_is_always_busy_is_left_to_the_queue(bank: Bank) -> None:
    bank.sign_up("赵小明", deposit="10.00")
    messages: list[str] = []

    def busy(items: list[ItemPut | ItemUpdate], token: str) -> None:
        messages.append(token)
        raise store.WriteContended

    with patch.object(store, "transact", busy):
        answer = worker(_batch(bank), LambdaContext())
    assert len(messages) == 8
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["0"]


def test_poison_and_a_tampered_entry_fail_alone(bank: Bank) -> None:
    payer, shop = bank.sign_up("赵小明", deposit="100.00"), merchant(bank)
    bank.settle()
    good, bad = confirmed(bank, shop, (payer, "10.00"), (payer, "10.00"))
    boto3.client("dynamodb").update_item(
        TableName=bank.references["JournalTable"],
        Key={"entry_id": {"S": bad}},
        UpdateExpression="SET postings[1].f = :more",
        ExpressionAttributeValues={":more": {"N": "99999"}},
    )
    event = _event([good, bad, "z" * 26])
    event["Records"].append({**event["Records"][0], "messageId": "poison", "body": "{}"})
    answer = worker(event, LambdaContext())
    failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
    assert failed == {"1", "2", "poison"}
    assert bank.balance(shop.account) == 10_00


def _batch(bank: Bank) -> dict[str, Any]:
    """The entries of the journal, as one batch for the worker."""
    items = boto3.client("dynamodb").scan(TableName=bank.references["JournalTable"])["Items"]
    return _event([item["entry_id"]["S"] for item in items])


def _event(entry_ids: list[str]) -> dict[str, Any]:
    """One batch as Lambda gives it; messages are numbered."""
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": "r",
                "body": ledger.deferred_message(entry_id, entry_id).to_json(),
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:cn-north-1:123456789012:test",
                "awsRegion": "cn-north-1",
            }
            for number, entry_id in enumerate(entry_ids)
        ]
    }
