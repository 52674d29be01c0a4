"""Every step in every state that an instruction gets into: taken, answered as done, or refused and nothing moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from chalicelib.ledger import service as ledger
from chalicelib.transfers.commands.execute_due import DONE_BEFORE, execute
from chalicelib.transfers.states import STATES
from tests.chain.bank import Bank, Reply
from tests.chain.phones import NORMAL, Phone
from tests.chain.probe import force_account, unchanged

DAY = dt.timedelta(days=1)


@pytest.fixture
def phone(shared_bank: Bank) -> Phone:
    return Phone(shared_bank)


def due(phone: Phone, *, closed: bool = False) -> str:
    transfer_id = phone.pending()
    if closed:
        force_account(phone.bank, phone.payee.account, state="closed")
    phone.bank.clock.advance(NORMAL)
    execute(transfer_id, phone.bank.clock.now())
    return transfer_id


def expired(phone: Phone) -> str:
    created = phone.create("realtime", "key-state-1")
    phone.bank.settle()
    phone.bank.clock.advance(DAY)
    return str(created.body["id"])


def revoked(phone: Phone) -> str:
    transfer_id = phone.pending()
    assert revoke(phone, transfer_id).status == 200
    return transfer_id


# How an instruction gets into each state.
WAYS: dict[str, Callable[[Phone], str]] = {
    "awaiting": lambda phone: str(phone.create("realtime", "key-state-1").body["id"]),
    "expired": expired,
    "pending": lambda phone: phone.pending(),
    "posted": due,
    "cancelled": revoked,
    "returned": lambda phone: due(phone, closed=True),
}


def confirm(phone: Phone, transfer_id: str) -> Reply:
    code = phone.bank.code_for(phone.payer, transfer_id)
    return phone.bank.confirm(phone.bank.log_in(phone.payer), transfer_id, code)


def send_again(phone: Phone, transfer_id: str) -> Reply:
    phone.bank.clock.advance(dt.timedelta(seconds=61))
    token = phone.bank.log_in(phone.payer)
    return phone.bank.request("POST", f"/v1/transfers/{transfer_id}/codes", token=token)


def revoke(phone: Phone, transfer_id: str) -> Reply:
    token = phone.bank.log_in(phone.payer)
    return phone.bank.request("POST", f"/v1/transfers/{transfer_id}/revocation", token=token)


STEPS: dict[str, Callable[[Phone, str], Reply]] = {"confirm": confirm, "send_again": send_again, "revoke": revoke}
# What is answered where the step is not taken: the state as it stands for what was done before, else a code.
TOLD = {
    **{("confirm", state): state for state in ("pending", "posted", "cancelled", "returned")},
    ("confirm", "expired"): "transfer_expired",
    ("revoke", "cancelled"): "cancelled",
    **{("send_again", state): "transfer_not_awaiting" for state in ("pending", "posted", "cancelled", "returned")},
    ("send_again", "expired"): "transfer_expired",
    **{("revoke", state): "transfer_not_pending" for state in ("awaiting", "expired", "posted", "returned")},
}
TAKEN = {("confirm", "awaiting"): "posted", ("send_again", "awaiting"): "awaiting", ("revoke", "pending"): "cancelled"}
_SESSIONS = ["SessionsTable", "CustomersTable", "SecurityEventsTable", "AttemptsTable"]


def test_the_cells_are_all_there() -> None:
    assert {*TOLD, *TAKEN} == {(step, state) for step in STEPS for state in STATES}
    assert WAYS.keys() == set(STATES)


@pytest.mark.parametrize(("step", "state"), sorted(TAKEN), ids=str)
def test_a_step_of_the_table_is_taken(phone: Phone, step: str, state: str) -> None:
    transfer_id = WAYS[state](phone)
    phone.bank.settle()
    done = STEPS[step](phone, transfer_id)
    assert (done.status // 100, done.body["state"]) == (2, TAKEN[step, state])


@pytest.mark.parametrize(("step", "state"), sorted(TOLD), ids=str)
def test_any_other_step_moves_nothing_and_says_what_to_do(phone: Phone, step: str, state: str) -> None:
    transfer_id = WAYS[state](phone)
    phone.bank.settle()
    with unchanged(phone.bank, but=_SESSIONS):
        told = STEPS[step](phone, transfer_id)
    assert (told.body["state"] if told.status == 200 else told.code) == TOLD[step, state]


@pytest.mark.parametrize("state", [state for state in STATES if state != "pending"])
def test_the_schedule_executes_only_what_is_pending(phone: Phone, state: str) -> None:
    transfer_id = WAYS[state](phone)
    phone.bank.settle()
    before = ledger.read_entry(transfer_id)
    assert execute(transfer_id, phone.bank.clock.now() + DAY) == DONE_BEFORE
    assert ledger.read_entry(transfer_id) == before
