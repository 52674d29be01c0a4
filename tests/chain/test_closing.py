"""Trial balance and day close: zero at every cut-off that the workers have passed, and shut in order."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest.mock import patch

import boto3
import pytest

from chalicelib.closing import service as closing
from chalicelib.closing.commands import trial_balance as trial_balance_module
from chalicelib.closing.errors import (
    BusinessDateMalformed,
    BusinessDayNotOver,
    BusinessDayOutOfOrder,
    BusinessDayPending,
    BusinessDayUnbalanced,
)
from chalicelib.closing.workers import close_business_days
from chalicelib.ledger import service as ledger
from chalicelib.ledger import store
from chalicelib.ledger.commands import post_deferred_legs as command
from chalicelib.ledger.commands.deposit_cash import deposit_cash
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from tests.chain.bank import TELLER, Bank, LambdaContext, Person
from tests.chain.test_deferred_legs import CASH, confirmed, merchant

pytestmark = pytest.mark.requirement("NB-5.1.6")

DAY, NEXT, THIRD = "20261121", "20261122", "20261123"


def at(day: str, hour: int, minute: int = 0) -> dt.datetime:
    """A moment of a business date."""
    return dt.datetime.fromisoformat(f"{day}T{hour:02d}:{minute:02d}:00").replace(tzinfo=clock.SHANGHAI)


def busy_day(bank: Bank) -> tuple[Person, Person, Person]:
    """Deposits, a transfer with a fee, and one to a merchant; nothing is waiting."""
    parameters.set_value("fee.transfer.own_bank_fen", 1_00)
    payer, payee, shop = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红", deposit="5.00"), merchant(bank)
    bank.settle()
    confirmed(bank, payee, (payer, "100.00"))
    confirmed_more(bank, payer, shop, "20.00")
    bank.settle()
    return payer, payee, shop


def confirmed_more(bank: Bank, payer: Person, payee: Person, amount: str) -> str:
    """One more transfer, confirmed, its stream not yet worked off."""
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, amount, f"more-{bank.clock.now():%Y%m%d%H%M%S}")
    bank.settle()
    transfer_id = str(created.body["id"])
    assert bank.confirm(token, transfer_id, bank.code_for(payer, transfer_id)).status == 200
    return transfer_id


def force(bank: Bank, table: str, key: dict[str, str], name: str, value: int) -> None:
    """Set a number past the application, as an intruder would."""
    boto3.client("dynamodb").update_item(
        TableName=bank.references[table],
        Key={part: {"S": text} for part, text in key.items()},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": {"N": str(value)}},
    )


def line_of(bank: Bank, table: str, account_id: str, number: int = 0) -> dict[str, str]:
    """The key of one of an account's lines."""
    answer = boto3.client("dynamodb").query(
        TableName=bank.references[table],
        KeyConditionExpression="account_id = :account",
        ExpressionAttributeValues={":account": {"S": account_id}},
    )
    return {"account_id": account_id, "line": answer["Items"][number]["line"]["S"]}


def schedule(bank: Bank, time: dt.datetime) -> dict[str, list[str]]:
    """The nightly event, as Lambda gives it."""
    event = {
        "id": "11111111-2222-3333-4444-555555555555",
        "time": time.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
        "source": "aws.events",
        "account": "123456789012",
        "region": "cn-north-1",
        "detail": {},
        "detail-type": "Scheduled Event",
        "version": "0",
        "resources": [],
    }
    answer: dict[str, list[str]] = close_business_days(event, LambdaContext())
    return answer


def test_the_trial_balance_is_zero_and_opening_and_legs_make_closing(bank: Bank) -> None:
    busy_day(bank)
    bank.clock.set(at(NEXT, 0, 30))
    balance = closing.trial_balance(DAY, clock.now())
    assert balance.is_balanced, balance
    assert (balance.opening_fen, balance.closing_fen) == (0, 0)
    assert balance.customers_fen == 1005_00 - 2_00
    assert balance.house == {"H-CASH-0001": -1005_00, "H-FEE-INCOME": 2_00}
    # 3 customers, 2 house accounts; each of 2 deposits, 2 principals and 2 fees has two legs
    assert (balance.accounts, balance.lines) == (5, 12)
    # 1005.00 deposited, 120.00 transferred, 2.00 in fees
    assert balance.turnover_fen == 1005_00 + 120_00 + 2_00


def test_a_later_day_does_not_change_an_earlier_cut_off(bank: Bank) -> None:
    payer, payee, _ = busy_day(bank)
    bank.clock.set(at(NEXT, 0, 30))
    before = closing.trial_balance(DAY, clock.now())
    bank.pay(payer, payee, "50.00", "key-next-day")
    bank.deposit(payee.account, 7_00)
    # not even while that later work is pending
    assert closing.trial_balance(DAY, clock.now()) == before
    bank.settle()
    assert closing.trial_balance(DAY, clock.now()) == before
    bank.clock.set(at(THIRD, 0, 30))
    assert closing.trial_balance(NEXT, clock.now()).house == {"H-CASH-0001": -1012_00, "H-FEE-INCOME": 3_00}


def test_what_is_pending_is_called_pending_until_the_workers_have_passed(bank: Bank) -> None:
    payer, _, shop = busy_day(bank)
    # given a payment of the last minute, whose stream nobody has read yet
    bank.clock.set(at(DAY, 23, 59))
    transfer_id = confirmed_more(bank, payer, shop, "30.00")
    bank.clock.set(at(NEXT, 0, 30))
    balance = closing.trial_balance(DAY, clock.now())
    assert (balance.is_pending, balance.is_wrong) == (True, False)
    assert balance.pending_accounts.names == [payer.account]
    with pytest.raises(BusinessDayPending):
        closing.close_day(DAY, clock.now())

    # when the lines are there, and the deferred legs (to merchant and fee income) are not
    with patch.object(command, "MAX_ATTEMPTS", 1), patch.object(store, "transact", _refuse):
        for _ in range(3):
            bank._streams()
    bank._streams()
    balance = closing.trial_balance(DAY, clock.now())
    assert (balance.pending_accounts.count, balance.pending_entries.names) == (0, [transfer_id])
    assert (balance.is_pending, balance.is_wrong) == (True, False)

    # then, dated the next day in the merchant's statement, they count at the cut-off by their value date
    bank.settle()
    (line,) = [line for line in _lines(bank, shop.account) if line["entry_id"]["S"] == transfer_id]
    assert (line["business_date"]["S"], line["value_date"]["S"]) == (NEXT, DAY)
    assert closing.trial_balance(DAY, clock.now()).is_balanced
    closing.close_day(DAY, clock.now())
    bank.clock.set(at(THIRD, 0, 30))
    assert closing.trial_balance(NEXT, clock.now()).is_balanced
    assert sum("转入人民币30.00元" in text for text in bank.messages(shop)) == 1


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("is_first", [False, True], ids=["known accounts", "a house account made meanwhile"])
def test_a_row_that_lands_between_the_two_reads_is_pending(bank: Bank, is_first: bool, batch: int) -> None:
    # given a payment of the last minute: its lines are there, its deferred legs are not
    payer, _, shop = busy_day(bank)
    bank.clock.set(at(DAY, 23, 59))
    entry_id = deposit_cash(
        account_id=shop.account,
        branch_id="0002" if is_first else "0001",
        amount_fen=3_00,
        reference="voucher-last-minute",
        teller_id=TELLER,
        at=clock.now(),
    )
    transfer_id = confirmed_more(bank, payer, shop, "30.00")
    with patch.object(command, "MAX_ATTEMPTS", 1), patch.object(store, "transact", _refuse):
        for _ in range(3):
            bank._streams()
    bank._streams()
    bank.clock.set(at(NEXT, 0, 30))
    own = ledger.deferred_lines_at

    def rows_land_first(keys: Any) -> Any:
        bank.settle()
        return own(keys)

    # when they come after their accounts were read, and before their rows are
    with (
        patch.object(ledger, "deferred_lines_at", rows_land_first),
        patch.object(trial_balance_module, "_BATCH", batch),
    ):
        balance = closing.trial_balance(DAY, clock.now())
    assert (balance.is_wrong, balance.is_pending) == (False, True)
    assert set(balance.pending_entries.names) <= {entry_id, transfer_id}
    # then the next look finds them, in batches of any size
    with patch.object(trial_balance_module, "_BATCH", batch):
        assert closing.trial_balance(DAY, clock.now()).is_balanced


def _refuse(items: Any, token: str) -> None:
    raise store.WriteContended


def _lines(bank: Bank, account_id: str) -> list[dict[str, Any]]:
    answer = boto3.client("dynamodb").query(
        TableName=bank.references["MovementsTable"],
        KeyConditionExpression="account_id = :account",
        ExpressionAttributeValues={":account": {"S": account_id}},
    )
    return list(answer["Items"])


def test_legs_whose_message_was_lost_are_told_again_by_the_day_close(bank: Bank) -> None:
    payer, _, shop = busy_day(bank)
    confirmed_more_at = at(DAY, 12)
    bank.clock.set(confirmed_more_at)
    confirmed_more(bank, payer, shop, "30.00")
    # given that the queue lost its messages
    bank._streams()
    sqs = boto3.client("sqs")
    url = bank.references["DeferredLegsQueue"]
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    bank.settle()
    bank.clock.set(at(NEXT, 0, 30))
    with pytest.raises(BusinessDayPending):
        schedule(bank, at(NEXT, 0, 30))
    bank.settle()
    assert schedule(bank, at(NEXT, 0, 30)) == {"closed": [DAY]}


@pytest.mark.parametrize("where", ["customer_item", "house_item", "merchant_item", "line", "house_line", "entry"])
def test_a_tampered_book_does_not_close(bank: Bank, where: str) -> None:
    payer, _, shop = busy_day(bank)
    changes: dict[str, tuple[str, dict[str, str], str]] = {
        "customer_item": ("AccountsTable", {"account_id": payer.account}, "available_fen"),
        "house_item": ("AccountsTable", {"account_id": CASH}, "available_fen"),
        "merchant_item": ("AccountsTable", {"account_id": shop.account}, "available_fen"),
        "line": ("MovementsTable", line_of(bank, "MovementsTable", payer.account, 1), "amount_fen"),
        "house_line": ("DeferredLegsTable", line_of(bank, "DeferredLegsTable", CASH), "amount_fen"),
    }
    if where == "entry":
        entry_id = _lines(bank, payer.account)[1]["entry_id"]["S"]
        boto3.client("dynamodb").update_item(
            TableName=bank.references["JournalTable"],
            Key={"entry_id": {"S": entry_id}},
            UpdateExpression="SET postings[0].f = :less, postings[1].f = :more",
            ExpressionAttributeValues={":less": {"N": "-10001"}, ":more": {"N": "10001"}},
        )
    else:
        force(bank, *changes[where], 12_345)
    bank.clock.set(at(NEXT, 0, 30))
    assert closing.trial_balance(DAY, clock.now()).is_wrong
    with pytest.raises(BusinessDayUnbalanced):
        closing.close_day(DAY, clock.now())
    with pytest.raises(BusinessDayUnbalanced):
        schedule(bank, at(NEXT, 0, 30))
    assert boto3.client("dynamodb").scan(TableName=bank.references["BusinessDaysTable"])["Count"] == 0


def test_money_moved_between_house_accounts_by_hand_is_found(bank: Bank) -> None:
    busy_day(bank)
    # the sum stays zero
    force(bank, "AccountsTable", {"account_id": CASH}, "available_fen", -1005_00 + 50)
    force(bank, "AccountsTable", {"account_id": ledger.FEE_INCOME_ACCOUNT}, "available_fen", 2_00 - 50)
    bank.clock.set(at(NEXT, 0, 30))
    balance = closing.trial_balance(DAY, clock.now())
    assert (balance.closing_fen, balance.changed.names) == (0, ["H-CASH-0001", "H-FEE-INCOME"])
    with pytest.raises(BusinessDayUnbalanced):
        closing.close_day(DAY, clock.now())


def test_days_close_in_order_once_and_only_when_over(bank: Bank) -> None:
    payer, payee, _ = busy_day(bank)
    bank.clock.set(at(DAY, 23, 59))
    for call in (closing.trial_balance, closing.close_day):
        with pytest.raises(BusinessDayNotOver):
            call(DAY, clock.now())
        with pytest.raises(BusinessDateMalformed):
            call("20261131", clock.now())
    # a payment planned in the last second may still be on its way
    with pytest.raises(BusinessDayNotOver):
        closing.close_day(DAY, at(NEXT, 0, 0) + dt.timedelta(seconds=59))

    bank.clock.set(at(THIRD, 0, 30))
    closed = closing.close_day(DAY, clock.now())
    assert (closed.customers_fen, closed.house_fen, closed.lines) == (1003_00, -1003_00, 12)
    assert closed.closed_at == "2026-11-22T16:30:00.000Z"
    # a repeat is harmless, whatever was posted since
    bank.pay(payer, payee, "1.00", "key-00000009")
    again = closing.close_day(DAY, clock.now() + dt.timedelta(hours=1))
    assert again.closed_at == closed.closed_at

    bank.clock.set(at("20261125", 0, 30))
    with pytest.raises(BusinessDayOutOfOrder) as refusal:
        closing.close_day(THIRD, clock.now())
    assert refusal.value.facts == {"next": NEXT}
    with pytest.raises(BusinessDayOutOfOrder):
        closing.close_day("20261120", clock.now())
    bank.settle()
    # the schedule closes what is open before yesterday too, in order; a late repeat finds it done
    assert schedule(bank, at("20261125", 0, 30)) == {"closed": [NEXT, THIRD, "20261124"]}
    assert schedule(bank, at("20261125", 0, 30)) == {"closed": []}
    assert schedule(bank, at(NEXT, 0, 30)) == {"closed": []}


def test_the_banks_first_day_is_never_skipped(bank: Bank) -> None:
    # given a first day on which something is still pending in its night
    payer, payee, _ = busy_day(bank)
    bank.clock.set(at(DAY, 12))
    confirmed_more(bank, payer, payee, "1.00")
    bank.clock.set(at(NEXT, 0, 30))
    with pytest.raises(BusinessDayPending):
        schedule(bank, at(NEXT, 0, 30))
    bank.settle()
    # when the next night comes, then no later day goes before it, not by hand either
    bank.clock.set(at(THIRD, 0, 30))
    with pytest.raises(BusinessDayOutOfOrder) as refusal:
        closing.close_day(NEXT, clock.now())
    assert refusal.value.facts == {"next": DAY}
    assert schedule(bank, at(THIRD, 0, 30)) == {"closed": [DAY, NEXT]}


def test_the_first_day_is_that_of_the_first_account_though_nothing_was_posted_on_it(bank: Bank) -> None:
    payer, payee = bank.sign_up("赵小明"), bank.sign_up("钱红")
    bank.clock.set(at(THIRD, 10))
    bank.sign_up("孙建国")
    bank.deposit(payer.account, 100_00)
    bank.settle()
    confirmed_more(bank, payer, payee, "1.00")
    bank.settle()
    bank.clock.set(at("20261124", 0, 30))
    assert schedule(bank, at("20261124", 0, 30)) == {"closed": [DAY, NEXT, THIRD]}


def test_a_bank_without_accounts_closes_yesterday(bank: Bank) -> None:
    bank.clock.set(at(NEXT, 0, 30))
    assert schedule(bank, at(NEXT, 0, 30)) == {"closed": [DAY]}


def test_what_is_written_into_a_closed_day_stops_the_next(bank: Bank) -> None:
    _, payee, _ = busy_day(bank)
    bank.clock.set(at(NEXT, 0, 30))
    closing.close_day(DAY, clock.now())
    # a deposit with yesterday's date, balanced in itself, to an account that has no later line
    bank.clock.set(at(DAY, 23, 0))
    bank.deposit(payee.account, 9_00)
    bank.settle()
    bank.clock.set(at(THIRD, 0, 30))
    balance = closing.trial_balance(NEXT, clock.now())
    assert (balance.closing_fen, balance.changed.names) == (0, ["customers", "H-CASH-0001"])
    with pytest.raises(BusinessDayUnbalanced):
        closing.close_day(NEXT, clock.now())


def test_a_large_bank_is_added_up_a_page_at_a_time(bank: Bank) -> None:
    for number in range(5):
        bank.sign_up("赵小明", deposit=f"{number + 1}.00")
    bank.settle()
    bank.clock.set(at(NEXT, 0, 30))
    with patch.object(store, "SCAN_PAGE", 2):
        assert [len(page) for page in ledger.account_pages()] == [2, 2, 2]
        assert closing.trial_balance(DAY, clock.now()).is_balanced


@pytest.mark.parametrize(
    "refusal",
    [
        BusinessDayPending(date=DAY, accounts="1", entries="2"),
        BusinessDayUnbalanced(date=DAY, difference="0.01", findings="1"),
        BusinessDayOutOfOrder(next=NEXT),
        BusinessDayNotOver(date=DAY),
        BusinessDateMalformed(),
    ],
    ids=lambda refusal: refusal.code,
)
def test_refusals_speak_both_languages(refusal: Refusal) -> None:
    assert refusal.text("zh") != refusal.text("en")
    assert refusal.code.startswith("business_da")
