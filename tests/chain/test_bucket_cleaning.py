"""Expired buckets go, money stays, and a payment's items stay under 1 KB for ever."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.accounts.commands import clean_buckets
from chalicelib.accounts.commands.verify_chain import Verdict, verify_chain
from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.limits import service as limits
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import ItemUpdate, to_raw
from tests.chain.bank import START, Bank, Person
from tests.chain.probe import AMPLE, account_image, force_account, force_customer, lines_of, wiretap
from tests.unit.test_item_sizes import KB, item_size

OWNERS = ("outward_", "nocert_", "nofactor_", "uncertified_")
BUCKETS = ("day_", "count_", "month_", "year_", *OWNERS)


def buckets(image: dict[str, Any]) -> set[str]:
    return {name for name in image if name.startswith(BUCKETS)}


def customer_image(person: Person) -> dict[str, Any]:
    customer = customers.customer_of(person.customer_id)
    assert customer is not None
    return customer.image


def count_a_payment(payer: Person, business_date: str) -> None:
    """What a payment does to the counters of both items, by its own rules, without the payment."""
    account = ledger.account_update(payer.account, payee=False)
    limits.limit_account(account, business_date, 1_00)
    customer = customers.customer_update(payer.customer_id)
    limits.limit_customer(customer, business_date, 1_00, limits.Proof.NONE, no_certificate_day_fen=None)
    assert updates.run(account)[0]
    assert updates.run(customer)[0]


def test_a_year_of_daily_use_leaves_small_items(bank: Bank) -> None:
    # given a customer who pays every day from one year into the next
    payer = bank.sign_up("赵小明", limits=AMPLE)
    day, largest, image = START, 0, account_image(payer.account)
    for _ in range(400):
        day += dt.timedelta(days=1)
        today, two_days_ago = clock.business_date(day), clock.business_date(day - dt.timedelta(days=2))
        before = image
        count_a_payment(payer, today)
        clean_buckets.clean_buckets(before, account_image(payer.account), today)
        # then at no time are there buckets of more than three days, two months, two years
        image, owner = account_image(payer.account), customer_image(payer)
        of_the_owner = [(word, owner) for word in OWNERS]
        for word, item in (("day_", image), ("count_", image), *of_the_owner):
            days = {name.removeprefix(word) for name in item if name.startswith(word)}
            assert today in days
            assert min(days) >= two_days_ago
        assert len([name for name in image if name.startswith("month_")]) <= 2
        assert len([name for name in image if name.startswith("year_")]) <= 2
        largest = max(largest, item_size(to_raw(image)), item_size(to_raw(owner)))
    # test_item_sizes weighs an item with that many buckets and everything else at its longest
    assert largest < KB


def test_payments_around_new_year_are_cleaned_by_the_worker(bank: Bank) -> None:
    bank.clock.set(clock.start_of_day("20261230") + dt.timedelta(hours=10))
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    for number in range(6):
        bank.pay(payer, payee, "1.00", f"key-year-{number:04d}")
        bank.settle()
        bank.clock.advance(dt.timedelta(days=1))
    days = ("20270102", "20270103", "20270104")
    assert buckets(account_image(payer.account)) == {
        *(f"{word}_{day}" for word in ("day", "count") for day in days),
        "month_202701",
        "year_2027",
    }
    words = ("outward", "nocert", "uncertified")
    assert buckets(customer_image(payer)) == {f"{word}_{day}" for word in words for day in days}
    assert verify_chain(payer.account) == Verdict(7, None)


def test_cleaning_touches_nothing_but_expired_buckets(bank: Bank) -> None:
    # given old buckets on an account and its owner, and one of each that is still live
    person, other = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    bank.settle()
    old = {"day_20261118": -5, "count_20261118": 0, "month_202610": 7, "year_2025": 1}
    live = {"day_20261119": 3, "count_20261119": 2, "month_202611": 4_00, "year_2026": 100_00}
    force_account(bank, person.account, **old, **live)
    before = account_image(person.account)
    # when the account changes
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
    force_customer(bank, person, outward_20261118=1, nofactor_20261118=-1, outward_20261119=9)
    bank.deposit(person.account, 5_00)
    bank.settle()
    assert "outward_20261118" in customer_image(person)
    bank.pay(person, other, "1.00", "key-clean-001")
    bank.settle()
    todays = {"outward_20261121", "nocert_20261121", "uncertified_20261121"}
    assert buckets(customer_image(person)) == {"outward_20261119", *todays}


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
