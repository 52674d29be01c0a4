"""Revocations and executions of what arrives later, at once on a real engine: each ends one way, once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter

import pytest

from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import dues
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.create_transfer import create_transfer
from chalicelib.transfers.commands.execute_due import execute, execute_due
from chalicelib.transfers.commands.revoke_transfer import revoke_transfer
from chalicelib.transfers.domain import NORMAL, Request
from tests.engine.test_transfer_races import Customer, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

# The schedule's clock is ahead, so that each transfer is due for it.
AHEAD = dt.timedelta(hours=3)


def pending(payer: Customer, payee: Customer, amount_fen: int) -> str:
    """A transfer whose money is set aside; its id."""
    request = Request(payer.account, payee.account, payee.name, amount_fen, "CNY", "", speed=NORMAL)
    image = create_transfer(payer.caller, uuid.uuid4().hex, request, "test", clock.now()).image
    code = factors.confirmation_code(image["digest"], image["attempt"])
    done = confirm_transfer(payer.caller, image["entry_id"], factors.Given(factors.SMS, code), clock.now())
    assert done.image["state"] == "pending"
    return str(image["entry_id"])


def account(who: Customer) -> ledger.Account:
    return ledger.read_accounts([who.account])[who.account]


def revoked(payer: Customer, entry_id: str) -> str:
    """`revoked`, `hit`, or the refusal's code."""
    try:
        return "hit" if revoke_transfer(payer.caller, entry_id).hit else "revoked"
    except Refusal as refusal:
        return refusal.code


@pytest.mark.requirement("XJ-5.3-smart")
def test_revocations_and_executions_at_once_end_one_way() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    ends: Counter[str] = Counter()
    for _ in range(8):
        entry_id = pending(payer, payee, 100_00)
        before = account(payee).available_fen
        ahead = clock.now() + AHEAD

        def end(i: int, entry_id: str = entry_id, ahead: dt.datetime = ahead) -> str:
            return revoked(payer, entry_id) if i % 2 else execute(entry_id, ahead)

        outcomes = together(end, 16)

        image = ledger.read_entry(entry_id)
        assert image is not None
        ends[image["state"]] += 1
        assert outcomes["executed"] + outcomes["revoked"] == 1
        assert set(outcomes) <= {"executed", "revoked", "hit", "done before", "transfer_not_pending"}
        assert (image["state"] == "posted") == (outcomes["executed"] == 1)
        assert account(payee).available_fen - before == 100_00 * outcomes["executed"]
        # and the account, with its counters, is as the one end left it
        paid = account(payee).available_fen
        held = account(payer)
        assert (held.held_fen, held.available_fen) == (0, 1_000_00 - paid)
        (day,) = [value for name, value in held.image.items() if name.startswith("day_")]
        assert held.image["limit_day"] - day == paid
    assert ends.total() == 8
    assert ends.keys() <= {"posted", "cancelled"}


def test_many_due_transfers_are_executed_once_by_many_machines() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 0)
    entries = [pending(payer, payee, 10_00) for _ in range(20)]
    ahead = clock.now() + AHEAD
    executed: list[int] = []

    def run(_: int) -> str:
        executed.append(execute_due(ahead)["executed"])
        return "ran"

    together(run, 6)

    # Contended ones are left for the next run, of which there are as many as there are transfers at most.
    for _ in range(20):
        if not {row.hold_id for row in dues.due_at(ahead, 1000)} & set(entries):
            break
        executed.append(execute_due(ahead)["executed"])
    assert {image["state"] for image in ledger.read_entries(entries).values()} == {"posted"}
    assert sum(executed) >= 20
    assert (account(payer).available_fen, account(payer).held_fen) == (800_00, 0)
    assert account(payee).available_fen == 200_00
