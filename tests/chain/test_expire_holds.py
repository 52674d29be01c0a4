"""Holds whose time is over are freed by the schedule: money and every counter, once, whatever else happens."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.ledger import store as ledger_store
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.holds import Hold
from chalicelib.ledger.errors import InsufficientFunds
from chalicelib.limits import service as limits
from chalicelib.limits.service import Proof
from chalicelib.platform import aws, due, metrics
from chalicelib.platform.dynamo import ItemUpdate
from chalicelib.platform.errors import TryAgain
from chalicelib.transfers.commands import end_waiting
from chalicelib.transfers.workers import expire_holds
from tests.chain.bank import Bank, LambdaContext, Person
from tests.chain.probe import force_account, scheduled, table_items, unchanged

MINUTE = dt.timedelta(minutes=1)
MS = dt.timedelta(milliseconds=1)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    for row in table_items(shared_bank, "HoldExpiriesTable"):
        ledger_store.drop_expiry(ledger_store.Expiry(**row))
    return shared_bank


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


def place(
    bank: Bank, payer: Person, amount_fen: int, minutes: int, proof: Proof | None = Proof.FACTOR, counted: bool = True
) -> str:
    """Hold money; the id. With a proof the customer's counters take part."""
    hold_id = f"hold-{len(table_items(bank, 'JournalTable'))}"

    def others(business_date: str) -> tuple[ItemUpdate, ...]:
        if proof is None:
            return ()
        update = customers.payer_update(payer.customer_id, "session", None, outward=True)
        limits.limit_customer(update, business_date, amount_fen, proof, no_certificate_day_fen=None)
        return (update,)

    holds.place(
        Hold(
            hold_id=hold_id,
            customer_id=payer.customer_id,
            account_id=payer.account,
            amount_fen=amount_fen,
            counted_fen=amount_fen if counted else 0,
            expires_at=bank.clock.now() + minutes * MINUTE,
            purpose="跨行转账",
            correlation_id="test",
            request_digest=hold_id.encode(),
            proof=proof,
        ),
        others,
    )
    return hold_id


def tick(bank: Bank) -> int:
    """The schedule fires; how many holds it freed."""
    answer: dict[str, int] = expire_holds(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()
    return answer["freed"]


def state(hold_id: str) -> str:
    image = ledger.read_entry(hold_id)
    assert image is not None
    return str(image["state"])


def money(person: Person) -> tuple[int, int]:
    account = ledger.read_accounts([person.account])[person.account]
    return account.available_fen, account.held_fen


def used(person: Person) -> dict[str, int]:
    """What of the day's buckets is taken; those that are absent are not named."""
    customer = customers.customer_of(person.customer_id)
    assert customer is not None
    both = {**ledger.read_accounts([person.account])[person.account].image, **customer.image}
    words = ("day", "count", "outward", "nocert", "nofactor")
    return {w: both[f"limit_{w}"] - both[f"{w}_20261121"] for w in words if f"{w}_20261121" in both}


@pytest.mark.parametrize(
    ("proof", "own"),
    [
        (Proof.CERTIFICATE, {"outward": 300_00}),
        (Proof.FACTOR, {"outward": 300_00, "nocert": 300_00}),
        (Proof.NONE, {"outward": 300_00, "nocert": 300_00, "nofactor": 300_00}),
        (None, {}),
    ],
)
def test_a_due_hold_is_freed_by_the_schedule_and_gives_back_what_it_took(
    bank: Bank, payer: Person, proof: Proof | None, own: dict[str, int]
) -> None:
    hold_id = place(bank, payer, 300_00, 10, proof)
    assert used(payer) == {"day": 300_00, "count": 1, **own}
    # not before its time
    bank.clock.advance(10 * MINUTE - MS)
    assert tick(bank) == 0
    assert (state(hold_id), money(payer)) == ("held", (700_00, 300_00))
    # then, once, money and counters come back, and no line is written
    bank.clock.advance(MS)
    assert tick(bank) == 1
    assert (state(hold_id), money(payer)) == ("expired", (1_000_00, 0))
    assert used(payer) == dict.fromkeys(("day", "count", *own), 0)
    assert table_items(bank, "HoldExpiriesTable") == []
    with unchanged(bank):
        assert tick(bank) == 0
    assert len([row for row in table_items(bank, "MovementsTable") if row["account_id"] == payer.account]) == 1


def test_a_hold_that_counts_nowhere_is_freed(bank: Bank, payer: Person) -> None:
    hold_id = place(bank, payer, 300_00, 1, None, counted=False)
    bank.clock.advance(MINUTE)
    assert tick(bank) == 1
    assert (state(hold_id), money(payer), used(payer)) == ("expired", (1_000_00, 0), {})


def test_what_was_paid_or_released_is_left_as_it_is(bank: Bank, payer: Person) -> None:
    payee = bank.sign_up("钱红")
    paid, released = (place(bank, payer, 100_00, 1) for _ in range(2))
    holds.capture(paid, payee_account=payee.account, amount_fen=60_00)
    holds.release(released)
    before = money(payer)
    assert len(table_items(bank, "HoldExpiriesTable")) == 2
    bank.clock.advance(MINUTE)
    assert tick(bank) == 0
    assert (state(paid), state(released), money(payer)) == ("posted", "released", before)
    assert table_items(bank, "HoldExpiriesTable") == []


def test_who_is_quicker_than_the_schedule_has_it(bank: Bank, payer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    # given that somebody releases the hold after the schedule has read it
    hold_id = place(bank, payer, 100_00, 1)
    bank.clock.advance(MINUTE)
    own = holds.expire

    def late(*arguments: Any) -> Any:
        holds.release(hold_id)
        return own(*arguments)

    monkeypatch.setattr(holds, "expire", late)
    assert tick(bank) == 0
    assert (state(hold_id), money(payer)) == ("released", (1_000_00, 0))
    assert table_items(bank, "HoldExpiriesTable") == []


def test_a_crash_between_freeing_and_its_note_frees_nothing_twice(
    bank: Bank, payer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_id = place(bank, payer, 100_00, 1)
    bank.clock.advance(MINUTE)

    def crash(_: object) -> None:
        raise RuntimeError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(holds, "forget_expiry", crash)
        with pytest.raises(RuntimeError):
            tick(bank)
    assert (state(hold_id), money(payer)) == ("expired", (1_000_00, 0))
    assert tick(bank) == 0
    assert money(payer) == (1_000_00, 0)
    assert table_items(bank, "HoldExpiriesTable") == []


def test_the_oldest_come_first_and_a_run_is_bounded(bank: Bank, payer: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end_waiting, "MAX_A_PART", 1)
    monkeypatch.setattr(due, "PARTS", 1)
    placed = {minutes: place(bank, payer, 10_00, minutes) for minutes in (3, 1, 2)}
    bank.clock.advance(3 * MINUTE)
    for freed in (1, 2, 3):
        assert tick(bank) == 1
        assert [state(placed[minutes]) for minutes in (1, 2, 3)] == ["expired"] * freed + ["held"] * (3 - freed)


def test_a_hold_that_cannot_be_freed_is_told_and_holds_back_no_other(
    bank: Bank, payer: Person, counted: list[str]
) -> None:
    # given an account that holds less than its hold says, a row of a hold that is gone, and a hold like any other
    other = bank.sign_up("钱红", deposit="1000.00")
    broken, gone, plain = place(bank, payer, 10_00, 1), place(bank, other, 10_00, 1), place(bank, other, 10_00, 1)
    force_account(bank, payer.account, held_fen=9_99)
    aws.dynamodb().delete_item(TableName=bank.references["JournalTable"], Key={"entry_id": {"S": gone}})
    bank.clock.advance(MINUTE)
    # when the schedule fires, then the two are told, and stay to be looked at
    assert tick(bank) == 1
    assert (state(broken), state(plain)) == ("held", "expired")
    assert counted == [metrics.HOLDS_NOT_EXPIRED] * 2
    assert {row["hold_id"] for row in table_items(bank, "HoldExpiriesTable")} == {broken, gone}


def test_what_is_contended_is_left_for_the_next_run(
    bank: Bank, payer: Person, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_id = place(bank, payer, 10_00, 1)
    bank.clock.advance(MINUTE)

    def busy(*_: object) -> None:
        raise TryAgain

    with monkeypatch.context() as patch:
        patch.setattr(holds, "expire", busy)
        assert tick(bank) == 0
    assert (state(hold_id), counted) == ("held", [])
    assert tick(bank) == 1


def test_a_refused_hold_leaves_no_row(bank: Bank, payer: Person) -> None:
    with pytest.raises(InsufficientFunds):
        place(bank, payer, 1_000_01, 1)
    assert table_items(bank, "HoldExpiriesTable") == []
