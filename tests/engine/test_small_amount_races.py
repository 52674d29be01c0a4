"""Small amounts without a factor, many at once: neither the day nor what was agreed on gives way (XJ-5.3-small)."""

from __future__ import annotations

import uuid

import pytest

from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.limits.commands.change_limits import change_customer_limits
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.domain import Request
from tests.engine.test_transfer_races import Customer, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

AT_ONCE = 24


def paid_small(payer: Customer, payee: Customer, amount_fen: int) -> str:
    """Pay a small amount; `posted`, or the refusal's code."""
    request = Request(payer.account, payee.account, payee.name, amount_fen, "CNY", "", factor=factors.SMALL)
    try:
        made = create_transfer(payer.caller, uuid.uuid4().hex, request, "test", clock.now()).image
        confirm_transfer(payer.caller, made["entry_id"], factors.Given(factors.SMALL), clock.now())
    except Refusal as refusal:
        return refusal.code
    return "posted"


@pytest.mark.requirement("XJ-5.3-small")
def test_the_day_without_a_factor_is_exact_however_many_come_at_once() -> None:
    payer, payee = customer("赵小明", 10_000_00), customer("钱红", 0)
    change_customer_limits(
        payer.caller.customer_id, {"limit_small": 100_00, "limit_nofactor": 1_000_00}, may_raise=True
    )
    outcomes = together(lambda _: paid_small(payer, payee, 100_00), AT_ONCE)
    assert outcomes == {"posted": 10, "no_factor_day_limit_exceeded": AT_ONCE - 10}
    accounts = ledger.read_accounts([payer.account, payee.account])
    assert accounts[payee.account].image["available_fen"] == 1_000_00
    assert accounts[payer.account].image["available_fen"] == 9_000_00


@pytest.mark.requirement("XJ-5.3-small")
def test_an_agreement_that_ends_meanwhile_lets_nothing_more_pass() -> None:
    payer, payee = customer("赵小明", 10_000_00), customer("钱红", 0)
    owner = payer.caller.customer_id
    change_customer_limits(owner, {"limit_small": 1_00, "limit_nofactor": 1_000_00}, may_raise=True)

    def act(index: int) -> str:
        if index == AT_ONCE // 2:
            change_customer_limits(owner, {"limit_small": 0}, may_raise=False)
            return "ended"
        return paid_small(payer, payee, 1_00)

    outcomes = together(act, AT_ONCE)
    assert outcomes["ended"] == 1
    assert outcomes.keys() <= {"ended", "posted", "small_amount_exceeded"}
    received = ledger.read_accounts([payee.account])[payee.account].image["available_fen"]
    assert received == outcomes["posted"] * 1_00
    assert paid_small(payer, payee, 1) == "small_amount_exceeded"
