"""The asset overview (资产总览): what is on all of a customer's accounts, and nothing of anybody else's."""

from __future__ import annotations

import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from tests.chain.bank import LIMITS, Bank


@pytest.mark.requirement("YQ-4.2.2-query")
def test_it_adds_up_what_is_on_all_accounts(bank: Bank) -> None:
    # given a customer with two accounts, and one of somebody else
    accounts = tuple(AccountWish("savings", ledger.RIGHT_FULL, LIMITS) for _ in range(2))
    person, other = bank.sign_up("赵小明", deposit="1000.00", accounts=accounts), bank.sign_up("钱红", deposit="5.00")
    _, second = person.signed.account_ids
    bank.deposit(second, 200_53)
    # when one of them pays
    bank.pay(person, other, "10.00", "key-overview-1")
    bank.settle()
    # then the overview has the balances of both as they are now, and their sum
    seen = bank.request("GET", "/v1/overview", token=bank.log_in(person)).body
    assert {one["id"]: one["balance"] for one in seen["accounts"]} == {person.account: "990.00", second: "200.53"}
    assert (seen["assets"], seen["liabilities"], seen["net"]) == ("1190.53", "0.00", "1190.53")
