"""Races over orders of courts on a real engine: none is lost, none is in force twice, and the money agrees."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.counter import court_store
from chalicelib.counter.commands.court_orders import Freeze, plan_freeze, plan_lifting
from chalicelib.counter.commands.expire_court_orders import expire_court_orders
from chalicelib.counter.court import IN_FORCE, WAITING, Document
from chalicelib.counter.domain import People, Plan
from chalicelib.counter.errors import CourtOrderEnded
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, updates
from chalicelib.platform.errors import Refusal
from tests.engine.conftest import TELLER
from tests.engine.test_transfer_races import confirmed, created, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

PAPER = Document("（2026）示01执123号", "示范县人民法院", ("法警0001", "法警0002"))
MAX_ROUNDS = 60


def carried_out(plan: Plan) -> None:
    """As an approval does it."""
    updates.run_together(plan.writes(People(TELLER, "T0002", clock.now())))


def frozen(account_id: str, amount_fen: int | None, until: str) -> str:
    """Place an order, planned again while others come in between."""
    for _ in range(MAX_ROUNDS):
        try:
            carried_out(plan_freeze(Freeze(account_id, PAPER, until, amount_fen), clock.now()))
        except updates.Overtaken:
            continue
        return "placed"
    return "never"


def lifted(account_id: str, place: int) -> str:
    for _ in range(MAX_ROUNDS):
        try:
            carried_out(plan_lifting(account_id, place, PAPER))
        except updates.Overtaken:
            continue
        except CourtOrderEnded:
            return "was lifted"
        return "lifted"
    return "never"


def until() -> str:
    return clock.business_date(clock.now() + dt.timedelta(days=3))


def test_orders_that_come_at_once_take_turns() -> None:
    account = customer("赵小明", 100_00).account

    assert together(lambda _: frozen(account, None, until()), 8) == {"placed": 8}

    orders = court_store.orders_of(account)
    assert [order.place for order in orders] == list(range(1, 9))
    assert [order.state for order in orders] == [IN_FORCE] + [WAITING] * 7


def test_an_order_that_comes_while_another_is_lifted_is_not_forgotten() -> None:
    for _ in range(6):
        account = customer("赵小明", 100_00).account
        frozen(account, None, until())

        def work(i: int, account: str = account) -> str:
            return lifted(account, 1) if i % 2 else frozen(account, None, until())

        outcomes = together(work, 4)

        assert outcomes == {"placed": 2, "lifted": 1, "was lifted": 1}
        # whichever was first: one of the later ones keeps the account frozen
        states = [order.state for order in court_store.orders_of(account)]
        assert sorted(states) == ["in_force", "lifted", "waiting"]
        assert ledger.read_accounts([account])[account].state == "frozen"


def test_an_amount_is_held_once_beside_payments_and_freed_once_by_many_runs() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    entries = [created(payer, payee, 100_00) for _ in range(8)]

    def work(i: int) -> str:
        return confirmed(payer, entries[i]) if i < 8 else frozen(payer.account, 600_00, until())

    outcomes = together(work, 9)

    def found() -> ledger.Account:
        return ledger.read_accounts([payer.account])[payer.account]

    paid_fen = outcomes["posted"] * 100_00
    assert set(outcomes) <= {"posted", "placed", "insufficient_funds"}
    assert (found().available_fen, found().held_fen) == (400_00 - paid_fen, 600_00)
    ahead = clock.now() + dt.timedelta(days=9)
    runs: list[int] = []

    def run(_: int) -> str:
        try:
            runs.append(expire_court_orders(ahead))
        except Refusal as refusal:
            return refusal.code
        return "ran"

    together(run, 4)
    while expire_court_orders(ahead):
        pass
    assert (found().available_fen, found().held_fen) == (1_000_00 - paid_fen, 0)
