"""Expired buckets go, money stays, and a payment's items stay under 1 KB for ever."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.accounts.commands import clean_buckets
from chalicelib.accounts.commands.verify_chain import verify_chain
from chalicelib.customers import service as customers
from chalicelib.identity import service as identity
from chalicelib.platform import aws, clock, updates
from chalicelib.platform.dynamo import ItemUpdate
from chalicelib.platform.http import Caller
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.domain import Request
from tests.chain.bank import Bank, Person
from tests.chain.probe import AMPLE, account_image, force_account, force_customer, lines_of, wiretap
from tests.unit.test_item_sizes import KB, item_size

BUCKETS = ("day_", "count_", "month_", "year_", "outward_", "nocert_")


def buckets(image: dict[str, Any]) -> set[str]:
    return {name for name in image if name.startswith(BUCKETS)}


def customer_image(person: Person) -> dict[str, Any]:
    customer = customers.customer_of(person.customer_id)
    assert customer is not None
    return customer.image


def pay_fast(bank: Bank, payer: Person, payee: Person, key: str) -> None:
    """A transfer through the use cases, without log-in and SMS: a year of them must not take minutes."""
    caller = Caller(payer.customer_id, "s" * 20, "professional")
    request = Request(payer.account, payee.account, payee.name, 1_00, "CNY", "")
    image = create_transfer(caller, key, request, "correlation-1", bank.clock.now()).image
    code = identity.confirmation_code(image["digest"], image["attempt"])
    confirm_transfer(caller, image["entry_id"], code, bank.clock.now())


def test_a_year_of_daily_use_leaves_small_items(bank: Bank) -> None:
    # given a customer who pays every day from one year into the next
    payer = bank.sign_up("赵小明", deposit="10000.00", limits=AMPLE)
    payee = bank.sign_up("钱红")
    bank.settle()
    largest = 0
    for day in range(370):
        bank.clock.advance(dt.timedelta(days=1))
        pay_fast(bank, payer, payee, f"key-day-{day:04d}")
        bank.settle()
        # then at no time are there buckets of more than three days, two months, two years
        image, owner = account_image(payer.account), customer_image(payer)
        today = clock.business_date(bank.clock.now())
        two_days_ago = clock.business_date(bank.clock.now() - dt.timedelta(days=2))
        for words, word_buckets in ((("day_", "count_"), buckets(image)), (("outward_", "nocert_"), buckets(owner))):
            days = {name[-8:] for name in word_buckets if name.startswith(words)}
            assert min(days) >= two_days_ago
            assert today in days
            assert len(days) <= 3
        assert len([name for name in image if name.startswith(("month_", "year_"))]) <= 4
        for table, key, value in (
            ("AccountsTable", "account_id", payer.account),
            ("CustomersTable", "customer_id", payer.customer_id),
        ):
            raw = aws.dynamodb().get_item(TableName=bank.references[table], Key={key: {"S": value}})["Item"]
            largest = max(largest, item_size(raw))
    assert largest < KB
    # and every line is there
    assert verify_chain(payer.account).broken is None
    assert verify_chain(payer.account).lines == 371


def test_cleaning_touches_nothing_but_expired_buckets(bank: Bank) -> None:
    # given old buckets on an account and its owner, and one of each that is still live
    person, other = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    bank.settle()
    old = {"day_20261118": -5, "count_20261118": 0, "month_202610": 7, "year_2025": 1}
    live = {"day_20261119": 3, "count_20261119": 2, "month_202611": 4, "year_2026": 100_00}
    force_account(bank, person.account, **old, **live)
    force_customer(bank, person, outward_20261118=1, nocert_20261118=-1, outward_20261119=9)
    before = account_image(person.account)
    # when money comes in
    bank.deposit(person.account, 5_00)
    deposited = account_image(person.account)
    with wiretap() as tap:
        bank.settle()
    # then the old buckets are gone from the account and nothing else has changed
    after = account_image(person.account)
    assert after == {name: value for name, value in deposited.items() if name not in old}
    assert live.items() <= after.items()
    assert buckets(before) - buckets(after) == old.keys()
    # the record it caused has an unchanged sequence and stands for no line
    changes = [record["dynamodb"] for record in tap.of("write_movements")]
    cleaned = [c for c in changes if "day_20261118" in c.get("OldImage", {}) and "day_20261118" not in c["NewImage"]]
    assert len(cleaned) == 1
    assert cleaned[0]["OldImage"]["seq"] == cleaned[0]["NewImage"]["seq"]
    assert [line["seq"] for line in lines_of(bank, person.account)] == [1, 2]
    # and the owner's record is cleaned by the first payment, the only way by which it grows
    assert "outward_20261118" in customer_image(person)
    bank.pay(person, other, "1.00", "key-clean-001")
    bank.settle()
    assert buckets(customer_image(person)) == {"outward_20261119", "outward_20261121", "nocert_20261121"}


def test_a_record_that_comes_late_or_twice_cleans_nothing_twice(bank: Bank) -> None:
    person = bank.sign_up("赵小明", deposit="100.00")
    force_account(bank, person.account, day_20261118=5)
    image = account_image(person.account)
    bank.settle()
    assert "day_20261118" not in account_image(person.account)
    before = account_image(person.account)
    clean_buckets.clean_buckets(None, image, "20261121")
    assert account_image(person.account) == before


@pytest.mark.parametrize("fault", [updates.UpdateContended, updates.UpdateInDoubt])
def test_a_line_never_waits_for_cleaning(bank: Bank, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]) -> None:
    # given that a payment has the item just then
    person = bank.sign_up("赵小明", deposit="100.00")
    force_account(bank, person.account, day_20261118=5)

    def busy(_: ItemUpdate) -> None:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(updates, "run", busy)
        bank.settle()
    # then the line is there, and the next change cleans
    assert len(lines_of(bank, person.account)) == 1
    assert "day_20261118" in account_image(person.account)
    bank.deposit(person.account, 1_00)
    bank.settle()
    assert "day_20261118" not in account_image(person.account)
