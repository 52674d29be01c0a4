"""Races over receive codes on a real engine: paid once, and an account has one static code."""

from __future__ import annotations

from collections import Counter

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.paycodes import service as paycodes
from chalicelib.paycodes import store
from chalicelib.paycodes.commands.pay_by_code import Scan, pay_by_code
from chalicelib.platform import clock, ids
from tests.engine.test_recall_races import told
from tests.engine.test_transfer_races import Customer, available, confirmed, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]


def made(payer: Customer, payload: str, amount_fen: int) -> str:
    scan = Scan(payload, payer.account, amount_fen, "", "sms", "")
    return str(pay_by_code(payer.caller, ids.random_id(), scan, "test", clock.now()).image["entry_id"])


@pytest.mark.requirement("YQ-4.2.2-f2f")
def test_of_many_who_confirm_one_code_at_once_one_pays() -> None:
    for _ in range(3):
        payee, payers = customer("钱红", 0), [customer("赵小明", 100_00) for _ in range(8)]
        shown = paycodes.show(payee.caller, payee.account, paycodes.SINGLE, 10_00, clock.now())
        waiting = [made(payer, shown.payload, 10_00) for payer in payers]
        done = together(lambda i, of=payers, by=waiting: confirmed(of[i], by[i]), len(payers))  # type: ignore[misc]
        assert done == Counter({"posted": 1, "receive_code_used": len(payers) - 1})
        assert available(payee.account) == 10_00
        assert sum(available(payer.account) for payer in payers) == len(payers) * 100_00 - 10_00


def test_static_payments_at_once_stay_within_the_day() -> None:
    payee, payer = customer("钱红", 0), customer("赵小明", 10_000_00)
    shown = paycodes.show(payee.caller, payee.account, paycodes.STATIC, None, clock.now())
    amount_fen = parameters.STATIC_CODES_DAY_FEN.default // 4
    waiting = [made(payer, shown.payload, amount_fen) for _ in range(8)]
    done = together(lambda i: confirmed(payer, waiting[i]), len(waiting))
    assert done == Counter(posted=4, static_code_limit_exceeded=4)
    assert available(payee.account) == 4 * amount_fen


def test_a_withdrawal_beside_a_payment_leaves_one_of_the_two() -> None:
    for _ in range(3):
        payee, payer = customer("钱红", 0), customer("赵小明", 100_00)
        shown = paycodes.show(payee.caller, payee.account, paycodes.SINGLE, None, clock.now())
        waiting = made(payer, shown.payload, 1_00)

        def act(
            index: int,
            payee: Customer = payee,
            payer: Customer = payer,
            code_id: str = shown.code.code_id,
            waiting: str = waiting,
        ) -> str:
            if index == 0:
                return confirmed(payer, waiting)
            return told(lambda: paycodes.withdraw(payee.caller, code_id).state)

        done = together(act, 8)
        if done["posted"]:
            # Whoever was told that it is withdrawn was told so in vain for none: a used code is no withdrawn one.
            assert (available(payee.account), done["withdrawn"]) == (1_00, 0)
        else:
            assert (available(payee.account), done["receive_code_withdrawn"]) == (0, 1)


def test_an_account_has_one_static_code_however_many_ask() -> None:
    payee = customer("钱红", 0)
    shown: list[paycodes.Shown] = []

    def show(_: int) -> str:
        shown.append(paycodes.show(payee.caller, payee.account, paycodes.STATIC, None, clock.now()))
        return "shown"

    done = together(lambda i: told(lambda: show(i)), 8)
    assert done["shown"] + done["try_again"] == 8
    assert done["shown"] >= 1
    states = Counter((store.read(one.code.code_id) or {})["state"] for one in shown)
    assert states["open"] == 1
    (open_one,) = [one for one in shown if (store.read(one.code.code_id) or {})["state"] == "open"]
    assert paycodes.static_code(payee.caller, payee.account).code_id == open_one.code.code_id
