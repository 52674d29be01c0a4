"""Races over holds and reversals on a real engine: each ends one way, and the money agrees."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter

import pytest

from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.holds import Hold
from chalicelib.ledger.commands.reverse_entry import reverse_entry
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from chalicelib.transfers.commands.expire_holds import expire_holds
from tests.engine.test_transfer_races import Customer, confirmed, created, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]


def hold(payer: Customer, amount_fen: int) -> str:
    """Set money aside for a minute; the hold's id, or the refusal's code."""
    hold_id = uuid.uuid4().hex
    wanted = Hold(
        hold_id=hold_id,
        customer_id=payer.caller.customer_id,
        account_id=payer.account,
        amount_fen=amount_fen,
        counted_fen=amount_fen,
        expires_at=clock.now() + dt.timedelta(minutes=1),
        purpose="",
        correlation_id="test",
        request_digest=hold_id.encode(),
    )
    try:
        holds.place(wanted)
    except Refusal as refusal:
        return refusal.code
    return hold_id


def account(who: Customer) -> ledger.Account:
    return ledger.read_accounts([who.account])[who.account]


def test_funds_for_ten_holds_let_exactly_ten_of_forty_pass() -> None:
    payer = customer("赵小明", 1_000_00)

    outcomes = together(lambda _: "held" if len(hold(payer, 100_00)) == 32 else "refused", 40)

    assert outcomes == {"held": 10, "refused": 30}
    assert (account(payer).available_fen, account(payer).held_fen) == (0, 1_000_00)


def test_a_hold_captured_and_released_at_once_ends_one_way() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    for _ in range(6):
        hold_id = hold(payer, 100_00)
        before = account(payee).available_fen

        def end(i: int, hold_id: str = hold_id) -> str:
            try:
                if i % 2:
                    done = holds.release(hold_id)
                else:
                    done = holds.capture(hold_id, payee_account=payee.account, amount_fen=60_00)
            except Refusal as refusal:
                return refusal.code
            return "hit" if done.replayed else ("released" if i % 2 else "captured")

        outcomes = together(end, 16)

        assert outcomes["released"] + outcomes["captured"] == 1
        assert account(payee).available_fen - before == 60_00 * outcomes["captured"]
    assert account(payer).held_fen == 0
    assert account(payer).available_fen + account(payee).available_fen == 1_000_00


def test_a_due_hold_is_freed_once_beside_captures_releases_and_other_runs() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    # Each hold is due for the schedule, whose clock is ahead, and in time for who captures it.
    ahead = clock.now() + dt.timedelta(hours=1)
    ends: Counter[str] = Counter()
    for _ in range(8):
        hold_id = hold(payer, 100_00)
        before = account(payee).available_fen

        def end(i: int, hold_id: str = hold_id) -> str:
            try:
                if i % 4 == 0:
                    done = holds.release(hold_id)
                elif i % 4 == 1:
                    done = holds.capture(hold_id, payee_account=payee.account, amount_fen=60_00)
                else:
                    # other tests' holds are due, too
                    return "swept" if expire_holds(ahead) else "nothing due"
            except Refusal as refusal:
                return refusal.code
            return "hit" if done.replayed else ("released" if i % 4 == 0 else "captured")

        outcomes = together(end, 16)

        image = ledger.read_entry(hold_id)
        assert image is not None
        ends[image["state"]] += 1
        assert (image["state"] == "posted") == (outcomes["captured"] == 1)
        assert (image["state"] == "released") == (outcomes["released"] == 1)
        assert account(payee).available_fen - before == 60_00 * outcomes["captured"]
        # and the account, with its counters, is as the one end left it
        image = account(payer).image
        paid = account(payee).available_fen
        assert (image["held_fen"], image["available_fen"]) == (0, 1_000_00 - paid)
        (day,) = [value for name, value in image.items() if name.startswith("day_")]
        assert image["limit_day"] - day == paid
        expire_holds(ahead)
        assert hold_id not in {row.hold_id for row in holds.due_expiries(ahead, 1000)}
    assert ends.total() == 8
    assert ends.keys() <= {"posted", "released", "expired"}


def test_many_due_holds_are_freed_once_by_many_runs() -> None:
    payer = customer("赵小明", 1_000_00)
    placed = [hold(payer, 10_00) for _ in range(30)]
    ahead = clock.now() + dt.timedelta(hours=1)
    freed: list[int] = []

    def run(_: int) -> str:
        freed.append(expire_holds(ahead))
        return "ran"

    together(run, 6)

    while holds_left := [row for row in holds.due_expiries(ahead, 1000) if row.hold_id in placed]:
        freed.append(expire_holds(ahead))
        assert len(holds_left) <= 30
    assert sum(freed) >= 30
    assert {entry["state"] for entry in ledger.read_entries(placed).values()} == {"expired"}
    assert (account(payer).available_fen, account(payer).held_fen) == (1_000_00, 0)


def test_an_entry_is_reversed_once_by_many() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 500_00)
    entry_id = created(payer, payee, 100_00)
    assert confirmed(payer, entry_id) == "posted"

    def undo(_: int) -> str:
        try:
            done = reverse_entry(entry_id, reason="冲正", by="T0001", correlation_id="test")
        except Refusal as refusal:
            return refusal.code
        return "hit" if done.replayed else "reversed"

    outcomes = together(undo, 16)

    assert outcomes["reversed"] == 1
    assert set(outcomes) <= {"reversed", "hit"}
    assert (account(payer).available_fen, account(payee).available_fen) == (1_000_00, 500_00)


def test_money_that_the_payee_has_spent_is_not_taken_back() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    entry_id = created(payer, payee, 100_00)
    assert confirmed(payer, entry_id) == "posted"
    assert confirmed(payee, created(payee, payer, 50_00)) == "posted"

    with pytest.raises(Refusal) as refused:
        reverse_entry(entry_id, reason="冲正", by="T0001", correlation_id="test")

    assert refused.value.code == "insufficient_funds"
    assert account(payee).available_fen == 50_00
    # once the money is there again, so is the way back
    assert confirmed(payer, created(payer, payee, 50_00)) == "posted"
    assert reverse_entry(entry_id, reason="冲正", by="T0001", correlation_id="test").replayed is None
