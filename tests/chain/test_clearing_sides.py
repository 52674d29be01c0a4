"""What holds whichever network takes payments to other banks: simulated, or by files of either message."""

from __future__ import annotations

import pytest

from chalicelib.clearing import networks, store
from chalicelib.clearing.commands.ask_open import ask_open
from chalicelib.clearing.commands.send_payment import send_payment
from chalicelib.clearing.commands.take_answer import take_answer
from chalicelib.clearing.domain import RETURNED, SETTLED, Answer
from chalicelib.ledger import service as ledger
from chalicelib.platform import metrics
from tests.chain.bank import Bank, Person
from tests.chain.outward import (
    BANK_NAME,
    FEE_FEN,
    MINUTE,
    Side,
    ask,
    confirmed,
    decide,
    forget_open,
    limits_of,
    owed,
    payment,
)
from tests.chain.outward import side_of as made
from tests.chain.probe import force_account, table_items


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    forget_open(shared_bank)
    return shared_bank


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture(params=["simulated", "pacs.008", "pain.001"])
def side(request: pytest.FixtureRequest, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Side:
    decide(monkeypatch, OTHER_BANK_FEE_FEN=FEE_FEN)
    return made(request.param, bank, monkeypatch)


@pytest.mark.requirement("YQ-4.2.2-xfer")
def test_what_is_accepted_is_taken_at_once_and_settled(bank: Bank, payer: Person, side: Side) -> None:
    side.meets(networks.ACCEPT)
    before = owed()
    entry_id = confirmed(bank, payer)
    # then money and fee have gone with the confirmation, before anything was sent
    assert (bank.balance(payer.account), side.sent()) == (100_000 - 10_000 - FEE_FEN, [])
    side.play(bank)
    assert side.sent() == [entry_id]
    assert (payment(entry_id)["state"], owed() - before) == (SETTLED, 10_000)
    assert payment(entry_id)["network"] == side.name
    # and the rows of what is open go at the next run, which asks nothing
    bank.clock.advance(11 * MINUTE)
    assert ask(bank) == 0
    assert table_items(bank, "ClearingOpenTable") == []


@pytest.mark.requirement("YQ-4.2.2-xfer")
def test_what_is_rejected_gives_back_money_fee_and_limits_once(bank: Bank, payer: Person, side: Side) -> None:
    side.meets(networks.REJECT)
    before = owed()
    entry_id = confirmed(bank, payer)
    taken = limits_of(bank, payer)
    side.play(bank)
    found = payment(entry_id)
    assert found["state"] == RETURNED
    assert found["reason"] in networks.REASONS
    assert (bank.balance(payer.account), owed() - before) == (100_000, 0)
    given = limits_of(bank, payer)
    assert {name: abs(given[name] - taken[name]) for name in taken} == {
        name: 1 if name.startswith("count_") else 10_000 for name in taken
    }
    # when the answer comes again, and is asked for
    assert not take_answer(entry_id, Answer(RETURNED, found["reason"]), bank.clock.now())
    bank.clock.advance(11 * MINUTE)
    assert ask(bank) == 0
    # then nothing is given back twice, and the payer sees that it came back
    assert (bank.balance(payer.account), limits_of(bank, payer)) == (100_000, given)
    assert "contradicted" not in payment(entry_id)
    read = bank.request("GET", f"/v1/transfers/{entry_id}", token=bank.log_in(payer))
    assert (read.body["state"], read.body["returned"]) == ("posted", True)
    # who has two receipts, of what was sent and of what came back
    there, back = (
        bank.request("GET", f"/v1/transfers/{entry_id}/{which}", token=bank.log_in(payer)).body
        for which in ("receipt", "reversal-receipt")
    )
    assert (there["payee"]["bank"], back["payer"], back["payee"]) == (BANK_NAME, there["payee"], there["payer"])
    assert (back["reverses"], back["amount"], back["fee"]) == (there["number"], there["amount"], "2.00")


def test_an_answer_that_comes_twice_counts_once(bank: Bank, payer: Person, side: Side) -> None:
    side.meets(networks.TWICE)
    before = owed()
    entry_id = confirmed(bank, payer)
    side.play(bank)
    assert (payment(entry_id)["state"], side.sent(), owed() - before) == (SETTLED, [entry_id], 10_000)
    assert "contradicted" not in payment(entry_id)


def test_a_late_answer_is_asked_for_until_it_is_there(bank: Bank, payer: Person, side: Side) -> None:
    side.meets(networks.LATE)
    entry_id = confirmed(bank, payer)
    side.play(bank)
    for minutes in (9, 2):  # not asked yet; asked, and not known yet
        bank.clock.advance(minutes * MINUTE)
        assert ask(bank) == 0
        side.play(bank)
        assert (payment(entry_id)["state"], len(table_items(bank, "ClearingOpenTable"))) == ("sent", 1)
    bank.clock.advance(11 * MINUTE)
    side.play(bank)
    ask(bank)
    assert (payment(entry_id)["state"], table_items(bank, "ClearingOpenTable")) == (SETTLED, [])
    assert side.sent() == [entry_id]


def test_what_is_never_answered_stays_open_and_moves_nothing(bank: Bank, payer: Person, side: Side) -> None:
    side.meets(networks.NEVER)
    entry_id = confirmed(bank, payer)
    side.play(bank)
    for _ in range(5):
        bank.clock.advance(11 * MINUTE)
        assert ask(bank) == 0
        side.play(bank)
    assert (payment(entry_id)["state"], side.sent()) == ("sent", [entry_id])
    assert bank.balance(payer.account) == 100_000 - 10_000 - FEE_FEN
    (row,) = table_items(bank, "ClearingOpenTable")
    assert row["entry_id"] == entry_id


def test_a_payment_told_twice_is_sent_once(bank: Bank, payer: Person, side: Side) -> None:
    side.meets(networks.ACCEPT)
    entry_id = confirmed(bank, payer)
    side.play(bank)
    assert not send_payment(entry_id, bank.clock.now())
    side.play(bank)
    assert side.sent() == [entry_id]


def test_a_crash_between_claim_and_sending_is_made_good_by_asking(bank: Bank, payer: Person, side: Side) -> None:
    side.meets(networks.ACCEPT)
    before = owed()
    entry_id = confirmed(bank, payer)
    with side.dies(), pytest.raises(ConnectionError):
        send_payment(entry_id, bank.clock.now())
    side.play(bank)
    assert (side.sent(), payment(entry_id)["state"]) == ([], "sent")
    bank.clock.advance(11 * MINUTE)
    ask(bank)
    side.play(bank)
    assert (payment(entry_id)["state"], owed() - before) == (SETTLED, 10_000)
    assert len(side.sent()) <= 1


def test_a_crash_before_the_claim_is_made_good(bank: Bank, payer: Person, side: Side) -> None:
    side.meets(networks.ACCEPT)
    entry_id = confirmed(bank, payer)
    image = ledger.read_entry(entry_id)
    assert image is not None
    store.put_open(entry_id, image["business_date"], image["posted_at"])
    assert ask_open(bank.clock.now()) == 0
    side.play(bank)
    assert (payment(entry_id)["state"], side.sent()) == (SETTLED, [entry_id])


def test_a_return_to_an_account_that_cannot_receive_waits_for_a_person(
    bank: Bank, payer: Person, side: Side, counted: list[str]
) -> None:
    side.meets(networks.REJECT)
    entry_id = confirmed(bank, payer)
    force_account(bank, payer.account, state="dormant")
    with side.dies(), pytest.raises(ConnectionError):
        send_payment(entry_id, bank.clock.now())
    bank.clock.advance(11 * MINUTE)
    ask(bank)
    side.play(bank)
    assert (payment(entry_id)["state"], counted) == ("sent", [metrics.CLEARING_NOT_RETURNED])
    force_account(bank, payer.account, state="open")
    bank.clock.advance(11 * MINUTE)
    assert (ask(bank), bank.balance(payer.account)) == (1, 100_000)
    assert payment(entry_id)["state"] == RETURNED
