"""Races over payments to other banks on a real engine: each is claimed once and ends one way, and the money agrees."""

from __future__ import annotations

import uuid

import pytest

from chalicelib.clearing import store
from chalicelib.clearing.commands.send_payment import ask_time
from chalicelib.clearing.commands.take_answer import take_answer
from chalicelib.clearing.domain import RETURNED, SETTLED, Answer
from chalicelib.clearing.errors import PaymentNotOpen
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import Refusal
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.domain import Request
from tests.engine.test_transfer_races import Customer, available, confirmed, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]


def posted(payer: Customer) -> Image:
    """A confirmed payment of 100 yuan to another bank that clearing has taken on."""
    request = Request(payer.account, "6200000000000000017", "钱远方", 100_00, "CNY", "", payee_bank="999100000018")
    entry_id = create_transfer(payer.caller, uuid.uuid4().hex, request, "test", clock.now()).image["entry_id"]
    assert confirmed(payer, entry_id) == "posted"
    image = ledger.read_entry(entry_id)
    assert image is not None
    store.take_on(image, ask_time(clock.now()))
    return image


def claimed(image: Image) -> str:
    update = store.claim_update(image["business_date"], image["entry_id"], "simulated", clock.to_text(clock.now()))
    try:
        updates.insist(update)
    except PaymentNotOpen:
        return "not mine"
    return "mine"


def answered(image: Image, answer: Answer) -> str:
    try:
        return "applied" if take_answer(image["entry_id"], answer, clock.now()) else "skipped"
    except Refusal as refusal:
        return refusal.code


def test_a_payment_is_claimed_by_one_of_many() -> None:
    image = posted(customer("赵小明", 1_000_00))
    assert together(lambda _: claimed(image), 16) == {"mine": 1, "not mine": 15}


def test_a_return_that_comes_many_times_at_once_gives_back_once() -> None:
    payer = customer("赵小明", 1_000_00)
    image = posted(payer)
    claimed(image)

    outcomes = together(lambda _: answered(image, Answer(RETURNED, "AC04")), 12)

    assert outcomes["applied"] == 1
    assert set(outcomes) <= {"applied", "skipped", "try_again"}
    assert available(payer.account) == 1_000_00
    bucket = ledger.read_accounts([payer.account])[payer.account].image
    assert bucket[f"day_{image['business_date']}"] == bucket["limit_day"]


def test_settled_and_returned_at_once_end_one_way() -> None:
    payer = customer("赵小明", 1_000_00)
    for _ in range(6):
        image, before = posted(payer), available(payer.account)
        claimed(image)
        answers = (Answer(SETTLED), Answer(RETURNED, "AC01"))

        outcomes = together(lambda i, image=image, answers=answers: answered(image, answers[i % 2]), 6)  # type: ignore[misc]

        found = store.read(image["business_date"], image["entry_id"])
        assert found is not None
        assert outcomes["applied"] == 1
        back_fen = 100_00 if found["state"] == RETURNED else 0
        assert available(payer.account) == before + back_fen
        assert found["contradicted"] in ("settled", "returned AC01")
        assert not found["contradicted"].startswith(found["state"])
