"""Lost lines of an account with deferred credit come back, valued on the day of their entry."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.accounts.commands.verify_chain import Verdict, verify_chain
from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from tests.chain.bank import LIMITS, Bank
from tests.chain.lost_lines import lose_last, sweep
from tests.chain.probe import lines_of


@pytest.mark.requirement("NB-5.1.3")
def test_lines_of_a_deferred_account_come_back_with_their_value_date(bank: Bank) -> None:
    # given a merchant whose lines came from the stream, the last of a payment before midnight that came after
    wish = AccountWish("merchant", ledger.RIGHT_FULL, LIMITS, credit=ledger.CREDIT_DEFERRED)
    merchant = bank.sign_up("小卖部", accounts=(wish,))
    payer = bank.sign_up("赵小明", deposit="1000.00")
    bank.settle()
    for number in range(3):
        if number == 2:
            bank.clock.set(clock.start_of_day("20261122") - dt.timedelta(seconds=1))
        bank.pay(payer, merchant, "10.00", f"key-defer-{number:04d}")
        if number == 2:
            bank.clock.advance(dt.timedelta(seconds=2))
        bank.settle()
    before = lines_of(bank, merchant.account)
    assert [line.get("value_date") for line in before] == [None, None, "20261121"]
    assert verify_chain(merchant.account) == Verdict(3, None)
    # when they are lost and the sweep comes
    lose_last(bank, merchant.account, 2)
    bank.clock.set(clock.start_of_day("20261122") + dt.timedelta(hours=1))
    sweep(bank)
    # then figures, entries and the day they count for are as they were, and the chain holds
    after = lines_of(bank, merchant.account)
    names = ("seq", "entry_id", "kind", "amount_fen", "balance_fen")
    assert [[line[name] for name in names] for line in after] == [[line[name] for name in names] for line in before]
    valued = [[line.get("value_date") or line["business_date"] for line in lines] for lines in (after, before)]
    assert valued[0] == valued[1]
    assert verify_chain(merchant.account) == Verdict(3, None)
