"""Races over a payee book on a real engine: never more payees than allowed, each once, no guess more than a day has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.payees import service as payees
from chalicelib.payees import store
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from tests.engine.test_transfer_races import Customer, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

MOST = 5
BANK = "102100099996"


@pytest.fixture(autouse=True)
def small_book() -> Iterator[None]:
    parameters.set_value("payees.max", MOST)
    yield
    for parameter in (parameters.PAYEES_MAX, parameters.PAYEE_LOOKUPS_DAY):
        parameters.set_value(parameter.name, parameter.default)


def added(owner: Customer, account: str, bank_code: str = BANK, name: str = "钱红") -> str:
    try:
        done = payees.add(owner.caller, payees.Wanted(bank_code, account, name), clock.now())
    except Refusal as refusal:
        return refusal.code
    return "hit" if done.hit else "added"


def removed(owner: Customer, payee_id: str) -> str:
    try:
        payees.remove(owner.caller, payee_id, clock.now())
    except Refusal as refusal:
        return refusal.code
    return "removed"


def counted(owner: Customer) -> int:
    book = store.read(owner.caller.customer_id, store.BOOK)
    assert book is not None
    return int(book["payees"])


def test_adding_at_once_fills_the_book_and_no_more() -> None:
    owner = customer("赵小明", 0)
    # forty accounts at once, into a book that has not been opened
    done = together(lambda index: added(owner, f"62000000{index:08d}"), 40)
    assert done == Counter(added=MOST, payee_book_full=40 - MOST)
    assert len(store.all_of(owner.caller.customer_id)) == counted(owner) == MOST


def test_the_same_payee_at_once_is_one_row() -> None:
    owner, payee = customer("赵小明", 0), customer("钱红", 0)
    done = together(lambda _: added(owner, payee.account, payees.THIS_BANK), 16)
    assert done == Counter(added=1, hit=15)
    assert counted(owner) == 1
    # and removed by many at once it goes once
    (row,) = store.all_of(owner.caller.customer_id)
    done = together(lambda _: removed(owner, row.payee_id), 16)
    assert done == Counter(removed=1, not_found=15)
    assert counted(owner) == 0


def test_rows_and_their_count_agree_while_all_come_and_go() -> None:
    owner = customer("赵小明", 0)
    ids = [store.id_of(owner.caller.customer_id, BANK, f"62000000{index:08d}") for index in range(8)]

    def come_or_go(index: int) -> str:
        return added(owner, f"62000000{index % 8:08d}") if index % 3 else removed(owner, ids[index % 8])

    done = together(come_or_go, 120)
    assert done["added"] > MOST  # some went and came again
    assert done["added"] - done["removed"] == len(store.all_of(owner.caller.customer_id)) == counted(owner) <= MOST


def test_no_guess_more_than_a_day_has() -> None:
    owner, payee = customer("赵小明", 0), customer("钱红", 0)
    parameters.set_value("payees.lookups_day", 7)

    def guess(index: int) -> str:
        try:
            return str(payees.look_up(owner.caller, payee.account, f"钱{index}", clock.now()))
        except Refusal as refusal:
            return refusal.code

    before = clock.business_date(clock.now())
    done = together(guess, 40)
    if clock.business_date(clock.now()) == before:  # midnight in Shanghai would begin a new count
        assert done == Counter({"False": 7, "payee_lookups_exhausted": 33})
