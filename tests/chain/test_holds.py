"""Holds and reversals: balance and every limit counter move together, each thing happens once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.ledger.commands.holds import Hold
from chalicelib.ledger.commands.reverse_entry import reversal_id_of, reverse_entry
from chalicelib.ledger.errors import (
    EntryNotReversible,
    HoldExceeded,
    HoldExpired,
    HoldNotExpired,
    HoldNotOpen,
    InsufficientFunds,
    PayeeUnavailable,
    StateChangeRefused,
)
from chalicelib.limits import service as limits
from chalicelib.limits.errors import SingleLimitExceeded
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemUpdate
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import Bank, Person

DAY = "20261121"
SESSION = "sessionofthetest"


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def payee(bank: Bank) -> Person:
    return bank.sign_up("钱红")


def taking(payer: Person, amount_fen: int) -> holds.Others:
    """The payer's customer record takes part in placing: session, switch and customer-wide limits."""

    def others(business_date: str) -> tuple[ItemUpdate, ...]:
        update = customers.payer_update(payer.customer_id, SESSION, None, outward=True)
        limits.limit_customer(update, business_date, amount_fen, limits.Proof.FACTOR, no_certificate_day_fen=None)
        return (update,)

    return others


def giving_back(payer: Person, amount_fen: int) -> holds.Others:
    """… and gets its part back."""

    def others(held_on: str) -> tuple[ItemUpdate, ...]:
        return customers.give_back_updates(payer.customer_id, held_on, amount_fen, limits.Proof.FACTOR)

    return others


def place(bank: Bank, payer: Person, amount_fen: int, hold_id: str = "hold-1") -> None:
    """Hold for ten minutes, counted in every limit."""
    hold = Hold(
        hold_id=hold_id,
        customer_id=payer.customer_id,
        account_id=payer.account,
        amount_fen=amount_fen,
        counted_fen=amount_fen,
        expires_at=bank.clock.now() + dt.timedelta(minutes=10),
        purpose="跨行转账",
        correlation_id="test",
        request_digest=b"digest of the request",
        proof=limits.Proof.FACTOR,
    )
    holds.place(hold, taking(payer, amount_fen))


def account(person: Person) -> ledger.Account:
    return ledger.read_accounts([person.account])[person.account]


def buckets(person: Person) -> dict[str, Any]:
    """Remaining amounts of the account's and the customer's buckets of the day."""
    customer = customers.customer_of(person.customer_id)
    assert customer is not None
    names = (f"day_{DAY}", "month_202611", "year_2026", f"count_{DAY}")
    found = {name: account(person).image.get(name) for name in names}
    return found | {name: customer.image.get(name) for name in (f"outward_{DAY}", f"nocert_{DAY}")}


UNTOUCHED = {
    f"day_{DAY}": 100_000_00,
    "month_202611": 500_000_00,
    "year_2026": 2_000_000_00,
    f"count_{DAY}": 20,
    f"outward_{DAY}": 200_000_00,
    f"nocert_{DAY}": 50_000_00,
}


def less(amount_fen: int, count: int) -> dict[str, Any]:
    """Buckets after so much has been taken."""
    return {name: value - (count if name.startswith("count") else amount_fen) for name, value in UNTOUCHED.items()}


def test_a_hold_sets_money_and_limits_aside_and_writes_no_line(bank: Bank, payer: Person) -> None:
    place(bank, payer, 300_00)
    place(bank, payer, 300_00)  # sent twice

    found = account(payer)
    assert (found.available_fen, found.held_fen, found.posted_fen) == (700_00, 300_00, 1_000_00)
    assert buckets(payer) == less(300_00, 1)
    bank.settle()
    lines = bank.request("GET", f"/v1/accounts/{payer.account}/movements", token=bank.log_in(payer))
    assert [line["seq"] for line in lines.body["movements"]] == [1]


def test_releasing_gives_back_money_and_limits_once(bank: Bank, payer: Person) -> None:
    place(bank, payer, 300_00)

    holds.release("hold-1", giving_back(payer, 300_00))
    again = holds.release("hold-1", giving_back(payer, 300_00))

    assert again.replayed is not None
    assert (account(payer).available_fen, account(payer).held_fen) == (1_000_00, 0)
    assert buckets(payer) == UNTOUCHED
    with pytest.raises(HoldNotOpen):
        holds.capture("hold-1", payee_account=payer.account, amount_fen=1)


def test_capturing_part_pays_it_and_gives_back_the_rest(bank: Bank, payer: Person, payee: Person) -> None:
    place(bank, payer, 300_00)

    holds.capture("hold-1", payee_account=payee.account, amount_fen=120_00, others=giving_back(payer, 180_00))

    found = account(payer)
    assert (found.available_fen, found.held_fen) == (880_00, 0)
    assert account(payee).available_fen == 120_00
    assert buckets(payer) == less(120_00, 1)
    bank.settle()
    lines = bank.request("GET", f"/v1/accounts/{payer.account}/movements", token=bank.log_in(payer))
    assert next((line["amount"], line["balance"]) for line in lines.body["movements"]) == ("-120.00", "880.00")


def test_capturing_all_leaves_nothing_held(bank: Bank, payer: Person, payee: Person) -> None:
    place(bank, payer, 300_00)

    holds.capture("hold-1", payee_account=payee.account, amount_fen=300_00)
    assert holds.capture("hold-1", payee_account=payee.account, amount_fen=300_00).replayed is not None

    assert (account(payer).available_fen, account(payer).held_fen) == (700_00, 0)
    assert account(payee).available_fen == 300_00
    assert buckets(payer) == less(300_00, 1)


@pytest.mark.parametrize("amount_fen", [0, -1, 300_01], ids=["nothing", "negative", "one fen over"])
def test_no_more_than_is_held_can_be_captured(bank: Bank, payer: Person, payee: Person, amount_fen: int) -> None:
    place(bank, payer, 300_00)
    with pytest.raises(HoldExceeded):
        holds.capture("hold-1", payee_account=payee.account, amount_fen=amount_fen)
    assert (account(payer).held_fen, account(payee).available_fen) == (300_00, 0)


def test_a_hold_expires_when_its_time_is_over_and_not_before(bank: Bank, payer: Person, payee: Person) -> None:
    place(bank, payer, 300_00)
    bank.clock.advance(dt.timedelta(minutes=10, milliseconds=-1))
    with pytest.raises(HoldNotExpired):
        holds.expire("hold-1", bank.clock.now())
    bank.clock.advance(dt.timedelta(milliseconds=1))
    with pytest.raises(HoldExpired):
        holds.capture("hold-1", payee_account=payee.account, amount_fen=300_00)

    holds.expire("hold-1", bank.clock.now(), giving_back(payer, 300_00))

    assert account(payer).available_fen == 1_000_00
    assert buckets(payer) == UNTOUCHED


def test_what_yesterday_took_is_given_back_to_yesterday(bank: Bank, payer: Person) -> None:
    bank.clock.set(dt.datetime(2026, 11, 21, 23, 59, tzinfo=clock.SHANGHAI))
    place(bank, payer, 300_00)
    bank.clock.advance(dt.timedelta(minutes=2))

    holds.release("hold-1", giving_back(payer, 300_00))

    image = account(payer).image
    assert image[f"day_{DAY}"] == 100_000_00
    assert "day_20261122" not in image
    assert image["month_202611"] == 500_000_00


@pytest.mark.parametrize(
    ("amount_fen", "refusal"),
    [(1_000_01, InsufficientFunds), (50_000_01, SingleLimitExceeded)],
    ids=["funds", "single limit"],
)
def test_a_hold_is_refused_like_a_payment(bank: Bank, payer: Person, amount_fen: int, refusal: type[Exception]) -> None:
    if refusal is SingleLimitExceeded:
        bank.deposit(payer.account, 200_000_00)
    with pytest.raises(refusal):
        place(bank, payer, amount_fen)
    assert account(payer).held_fen == 0
    assert buckets(payer) == dict.fromkeys(UNTOUCHED)


def test_held_money_cannot_be_paid_out(bank: Bank, payer: Person, payee: Person) -> None:
    place(bank, payer, 300_00)
    refused = bank.create(bank.log_in(payer), payer, payee, "700.01", "key-00000001")
    assert refused.code == "insufficient_funds"


@pytest.mark.requirement("NB-5.1.6")
def test_a_reversal_mirrors_its_original_once(bank: Bank, payer: Person, payee: Person) -> None:
    transfer_id = bank.pay(payer, payee, "250.00", "key-00000001")
    bank.settle()

    reverse_transfer(transfer_id, reason="柜面冲正", by="T0001", correlation_id="test")

    assert (account(payer).available_fen, account(payee).available_fen) == (1_000_00, 0)
    original, mirror = ledger.read_entry(transfer_id), ledger.read_entry(reversal_id_of(transfer_id))
    assert original is not None
    assert mirror is not None
    assert original["reversed_by"] == mirror["entry_id"]
    assert [leg["f"] for leg in mirror["postings"]] == [-leg["f"] for leg in original["postings"]]
    bank.settle()
    lines = bank.request("GET", f"/v1/accounts/{payer.account}/movements", token=bank.log_in(payer))
    assert [(line["amount"], line["counterparty_name"]) for line in lines.body["movements"]][:2] == [
        ("250.00", "*红"),
        ("-250.00", "*红"),
    ]
    assert buckets(payer) == UNTOUCHED  # every limit came back

    # sent again, it is answered as stored (last: moto tells its streams of a cancelled transaction too)
    again = reverse_transfer(transfer_id, reason="柜面冲正", by="T0001", correlation_id="test")
    assert again.replayed == mirror
    assert (account(payer).available_fen, account(payee).available_fen) == (1_000_00, 0)


def test_what_cannot_be_reversed_is_refused(bank: Bank, payer: Person, payee: Person) -> None:
    transfer_id = bank.pay(payer, payee, "250.00", "key-00000001")
    waiting = bank.create(bank.log_in(payer), payer, payee, "1.00", "key-00000002").body["id"]
    with pytest.raises(EntryNotReversible):
        reverse_entry(waiting, reason="x", by="T0001", correlation_id="test")
    bank.pay(payee, payer, "200.00", "key-00000003")  # the payee has spent most of it
    with pytest.raises(InsufficientFunds):
        reverse_entry(transfer_id, reason="x", by="T0001", correlation_id="test")
    assert account(payee).available_fen == 50_00
    # moto tells its streams of a cancelled transaction too, so this bank is of no further use


def test_a_reversal_is_not_reversed(bank: Bank, payer: Person, payee: Person) -> None:
    transfer_id = bank.pay(payer, payee, "250.00", "key-00000001")
    reverse_entry(transfer_id, reason="x", by="T0001", correlation_id="test")
    with pytest.raises(EntryNotReversible):
        reverse_entry(reversal_id_of(transfer_id), reason="x", by="T0001", correlation_id="test")


STATES = ("dormant", "frozen", "lost", "closed")


@pytest.mark.parametrize("state", STATES)
def test_only_an_open_account_pays(bank: Bank, payer: Person, payee: Person, state: str) -> None:
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, "1.00", "key-00000001")
    bank.settle()
    if state == "closed":
        reply = bank.pay(payer, payee, "1000.00", "key-00000002")
        assert reply
    change_state(payer.account, before="open", after=state)

    refused = bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))

    assert refused.code == "account_not_active"
    assert refused.body["facts"] == {"state": state}


@pytest.mark.parametrize(
    ("state", "receives"), [("frozen", True), ("lost", True), ("dormant", False), ("closed", False)]
)
def test_frozen_and_lost_accounts_receive(bank: Bank, payer: Person, payee: Person, state: str, receives: bool) -> None:
    change_state(payee.account, before="open", after=state)
    if receives:
        bank.pay(payer, payee, "1.00", "key-00000001")
        assert account(payee).available_fen == 1_00
    else:
        with pytest.raises(PayeeUnavailable):
            bank.deposit(payee.account, 1_00)


def test_an_account_with_money_is_not_closed_and_a_closed_one_stays_so(
    bank: Bank, payer: Person, payee: Person
) -> None:
    with pytest.raises(StateChangeRefused):
        change_state(payer.account, before="open", after="closed")
    change_state(payee.account, before="open", after="closed")
    with pytest.raises(StateChangeRefused):
        change_state(payee.account, before="closed", after="open")
    with pytest.raises(StateChangeRefused):  # somebody else was quicker
        change_state(payee.account, before="open", after="frozen")
