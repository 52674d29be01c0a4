"""A limit lowered and raised while sixteen phones pay: never more than allowed at any time, exact at the end."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.ledger import service as ledger
from chalicelib.limits.commands.change_limits import change_account_limits
from chalicelib.limits.service import AccountLimits
from chalicelib.platform import clock
from tests.engine.test_transfer_races import THREADS, available, confirmed, created, customer

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

AMOUNT_FEN = 1_00
TRANSFERS = 160


def limits_of(day_fen: int) -> AccountLimits:
    """Only the day's limit binds."""
    return AccountLimits(
        single_fen=AMOUNT_FEN, day_fen=day_fen, day_count=10_000, month_fen=10_000_00, year_fen=10_000_00
    )


def bucket_of(image: dict[str, int]) -> int | None:
    """What remains of today, or None while nothing was paid."""
    return image.get(f"day_{clock.business_date(clock.now())}")


@pytest.mark.requirement("XJ-5.3-limit")
def test_a_limit_that_moves_under_payments_is_exact() -> None:
    # given instructions that only the day's limit can refuse
    payer, payee = customer("赵小明", 1_000_00, limits_of(100_00)), customer("钱红", 0)
    entries = [created(payer, payee, AMOUNT_FEN) for _ in range(TRANSFERS)]
    values = itertools.cycle([40_00, 90_00, 20_00, 100_00, 60_00])
    done, outcomes, wrong, changes = threading.Event(), Counter[str](), [], 0
    owner = payer.caller.customer_id

    def watch() -> None:
        # In every consistent read: used = limit - bucket, and what was used is what has left the account.
        while not done.is_set():
            image = ledger.read_accounts([payer.account])[payer.account].image
            left = bucket_of(image)
            used = 0 if left is None else image["limit_day"] - left
            if used != 1_000_00 - image["available_fen"] or used > 100_00:
                wrong.append((image["limit_day"], left, image["available_fen"]))

    def move() -> None:
        nonlocal changes
        while not done.is_set():
            change_account_limits(owner, payer.account, {"limit_day": next(values)}, may_raise=True)
            changes += 1

    with ThreadPoolExecutor(THREADS + 2) as pool:
        watching, moving = pool.submit(watch), pool.submit(move)
        try:
            for outcome in pool.map(lambda i: confirmed(payer, entries[i]), range(TRANSFERS)):
                outcomes[outcome] += 1
        finally:
            done.set()
        watching.result()
        moving.result()

    # then nothing was ever wrong, many changes met the payments, and every payment has one of two outcomes
    assert wrong == []
    assert changes > 5
    assert set(outcomes) <= {"posted", "account_day_limit_exceeded"}
    assert outcomes.total() == TRANSFERS
    # and the account adds up: raising the limit to the end lets exactly the rest of it pass
    assert available(payee.account) == outcomes["posted"] * AMOUNT_FEN
    final = change_account_limits(owner, payer.account, {"limit_day": 120_00}, may_raise=True)
    assert bucket_of(final) == 120_00 - outcomes["posted"] * AMOUNT_FEN
    rest = 120 - outcomes["posted"]
    more = [created(payer, payee, AMOUNT_FEN) for _ in range(rest + 1)]
    with ThreadPoolExecutor(THREADS) as pool:
        last = Counter(pool.map(lambda entry: confirmed(payer, entry), more))
    assert last == {"posted": rest, "account_day_limit_exceeded": 1}


@pytest.mark.requirement("XJ-5.3-limit")
def test_a_lowered_limit_stops_payments_from_the_moment_it_is_answered() -> None:
    # given a hundred payments under way and a limit that is lowered to nothing in their midst
    payer, payee = customer("赵小明", 1_000_00, limits_of(200_00)), customer("钱红", 0)
    entries = [created(payer, payee, AMOUNT_FEN) for _ in range(100)]
    started = threading.Barrier(2)

    def pay(index: int) -> str:
        if index == THREADS:
            started.wait()
        return confirmed(payer, entries[index])

    with ThreadPoolExecutor(THREADS) as pool:
        running = [pool.submit(pay, index) for index in range(len(entries))]
        started.wait()
        change_account_limits(payer.caller.customer_id, payer.account, {"limit_day": 0}, may_raise=False)
        paid_then_fen = 1_000_00 - available(payer.account)
        outcomes = Counter(future.result() for future in running)

    # then what had been paid when the answer came is all that is ever paid
    assert 1_000_00 - available(payer.account) == paid_then_fen == outcomes["posted"] * AMOUNT_FEN
    assert outcomes["account_day_limit_exceeded"] == len(entries) - outcomes["posted"] > 0


@pytest.mark.requirement("XJ-5.3-limit")
def test_changes_from_many_hands_end_as_one_of_them() -> None:
    payer, payee = customer("赵小明", 1_000_00, limits_of(100_00)), customer("钱红", 0)
    assert confirmed(payer, created(payer, payee, AMOUNT_FEN)) == "posted"
    values = [fen * 100 for fen in range(10, 42)]
    owner = payer.caller.customer_id

    def change(value: int) -> None:
        change_account_limits(owner, payer.account, {"limit_day": value, "limit_count": value}, may_raise=True)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(change, values))
    image = ledger.read_accounts([payer.account])[payer.account].image
    assert image["limit_day"] == image["limit_count"]
    assert image["limit_day"] in values
    assert bucket_of(image) == image["limit_day"] - AMOUNT_FEN
