"""Races over recalls on a real engine: asked once, answered once, and the money comes back once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from chalicelib.recalls import service as recalls
from chalicelib.recalls.commands.agree import agree
from chalicelib.recalls.commands.ask import ask
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.engine.test_transfer_races import Customer, available, confirmed, created, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

PAID = 100_00


def paid() -> tuple[Customer, Customer, str]:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    transfer_id = created(payer, payee, PAID)
    assert confirmed(payer, transfer_id) == "posted"
    return payer, payee, transfer_id


def told(act: Callable[[], object]) -> str:
    try:
        return str(act())
    except Refusal as refusal:
        return refusal.code


def agreed(payee: Customer, recall_id: str) -> str:
    made = agree(payee.caller, recall_id, factor="sms", factor_id="", correlation_id="test", now=clock.now())
    return str(made.image["entry_id"])


def test_asked_at_once_it_is_asked_once() -> None:
    payer, _, transfer_id = paid()
    done = together(lambda _: told(lambda: ask(payer.caller, transfer_id, "other", "test", clock.now()).hit), 16)
    assert done == Counter({"False": 1, "True": 15})


def test_one_answer_wins() -> None:
    for _ in range(5):
        payer, payee, transfer_id = paid()
        recall_id = ask(payer.caller, transfer_id, "other", "test", clock.now()).recall.recall_id

        def answer(index: int, payer: Customer = payer, payee: Customer = payee, recall_id: str = recall_id) -> str:
            if index % 2:
                return told(lambda: recalls.withdraw(payer.caller, recall_id, clock.now()).state)
            return told(lambda: recalls.refuse(payee.caller, recall_id, "owed", clock.now()).state)

        done = together(answer, 16)
        assert done["recall_not_open"] == 15
        assert done["refused"] + done["withdrawn"] == 1
        recall = recalls.read(recall_id)
        assert recall is not None
        assert done[recall.state] == 1
        assert (recall.refusal_reason is None) == (recall.state == "withdrawn")


def test_agreed_and_confirmed_by_many_at_once_the_money_comes_back_once() -> None:
    payer, payee, transfer_id = paid()
    recall_id = ask(payer.caller, transfer_id, "other", "test", clock.now()).recall.recall_id
    returns = together(lambda _: told(lambda: agreed(payee, recall_id)), 16)
    (return_id,) = returns  # one instruction, whoever asked for it
    done = together(lambda _: confirmed(payee, return_id), 16)
    assert done["posted"] == 1
    assert (available(payer.account), available(payee.account)) == (1_000_00, 0)
    # told by many workers at once, and after it nothing is agreed to again
    image = ledger.read_entry(return_id)
    assert image is not None
    together(lambda _: told(lambda: recalls.note_returned(image)), 16)
    recall = recalls.recall_of(payer.caller.customer_id, recall_id)
    assert (recall.state, recall.return_id, recall.attempts) == ("returned", return_id, 1)
    assert together(lambda _: told(lambda: agreed(payee, recall_id)), 16) == Counter(recall_not_open=16)


def test_a_withdrawal_beside_an_agreement_leaves_one_of_the_two() -> None:
    for _ in range(5):
        payer, payee, transfer_id = paid()
        recall_id = ask(payer.caller, transfer_id, "other", "test", clock.now()).recall.recall_id

        def act(index: int, payer: Customer = payer, payee: Customer = payee, recall_id: str = recall_id) -> str:
            if index % 4:
                return told(lambda: agreed(payee, recall_id))
            return told(lambda: recalls.withdraw(payer.caller, recall_id, clock.now()).state)

        done = together(act, 16)
        recall = recalls.read(recall_id)
        assert recall is not None
        assert recall.state in ("withdrawn", "agreed")
        assert done["withdrawn"] == (recall.state == "withdrawn")
        assert (recall.return_id in done) == (recall.state == "agreed")


def test_a_reversal_beside_the_return_gives_the_money_back_once() -> None:
    outcomes = Counter[str]()
    for _ in range(5):
        # given a payee who has enough to give it back twice
        payer, payee = customer("赵小明", 1_000_00), customer("钱红", 500_00)
        transfer_id = created(payer, payee, PAID)
        assert confirmed(payer, transfer_id) == "posted"
        recall_id = ask(payer.caller, transfer_id, "other", "test", clock.now()).recall.recall_id
        return_id = agreed(payee, recall_id)

        def reversed_by_staff(transfer_id: str = transfer_id) -> str:
            reverse_transfer(transfer_id, reason="冲正", by="T0001", correlation_id="test")
            return "reversed"

        def act(
            index: int,
            payee: Customer = payee,
            return_id: str = return_id,
            reverse: Callable[[], str] = reversed_by_staff,
        ) -> str:
            # One try at the code, so that none of the tries is spent on what is over.
            return confirmed(payee, return_id) if index == 0 else told(reverse)

        done = together(act, 8)
        outcomes.update(done.keys() & {"posted", "reversed"})
        assert ("posted" in done) + ("reversed" in done) == 1, done
        assert (available(payer.account), available(payee.account)) == (1_000_00, 500_00)
    print(dict(outcomes))
