"""Each step of an instruction's life, sent in each state that it does not start from: refused, and nothing moves.

The writes themselves are judged. A use case often reads first and would not send them: it is shown the instruction as
it was while the step was allowed, as to one whose read is overtaken. All else that the write asks for is there, money
included, so that it is the state alone that stops it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.platform import aws, clock, settings
from chalicelib.platform.dynamo import Image, to_image
from chalicelib.platform.errors import Refusal
from chalicelib.transfers import later, service, states
from chalicelib.transfers.commands import create_transfer, transfer_at_once
from chalicelib.transfers.commands.confirm_transfer import confirm_transfer
from chalicelib.transfers.commands.execute_due import execute
from chalicelib.transfers.commands.revoke_transfer import revoke_transfer
from chalicelib.transfers.commands.send_code_again import send_code_again
from chalicelib.transfers.domain import Request
from chalicelib.transfers.posting import draft_of
from chalicelib.transfers.states import (
    AWAITING,
    CANCELLED,
    CONFIRMED,
    EXPIRED,
    NOTHING,
    PENDING,
    POSTED,
    RETURNED,
    Step,
)
from tests.engine.test_big_race import four_accounts
from tests.engine.test_speed_races import AHEAD, pending
from tests.engine.test_transfer_races import Customer, created, customer

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

FEN = 100_00
FAR = "2099-12-31T00:00:00.000Z"
DAY = dt.timedelta(days=1)
TABLES = ("journal", "accounts", "customers", "transfer_dues")
DONE_BEFORE = "done before"


@dataclass(frozen=True)
class Story:
    """Who pays whom; `other` is an account of the payer's own."""

    payer: Customer
    other: Customer
    payee: Customer


# How an instruction gets into each state: its id, by the use cases alone.
def executed(story: Story) -> str:
    entry_id = pending(story.payer, story.payee, FEN)
    assert execute(entry_id, clock.now() + AHEAD) == "executed"
    return entry_id


def revoked(story: Story) -> str:
    entry_id = pending(story.payer, story.payee, FEN)
    assert not revoke_transfer(story.payer.caller, entry_id).hit
    return entry_id


def returned(story: Story) -> str:
    entry_id = pending(story.payer, story.payee, FEN)
    change_state(story.payer.account, before="open", after="frozen")
    assert execute(entry_id, clock.now() + AHEAD) == "returned"
    change_state(story.payer.account, before="frozen", after="open")
    return entry_id


WAYS: dict[str, Callable[[Story], str]] = {
    NOTHING: lambda _: "a" * 26,
    AWAITING: lambda story: created(story.payer, story.payee, FEN),
    EXPIRED: lambda story: created(story.payer, story.payee, FEN),  # the clock of who sends is a day ahead
    PENDING: lambda story: pending(story.payer, story.payee, FEN),
    POSTED: executed,
    CANCELLED: revoked,
    RETURNED: returned,
}


@dataclass(frozen=True)
class Sent:
    """A step that is sent to `entry_id` at `now`, by one who saw the instruction as `seen`."""

    story: Story
    entry_id: str
    seen: Image
    now: dt.datetime


# How each step is sent; each tells whether the stored instruction was taken for done before.
def create(sent: Sent) -> bool:
    request = Request(sent.story.payer.account, sent.story.payee.account, sent.story.payee.name, 1_00, "CNY", "")
    accounts = ledger.read_accounts([request.payer_account, request.payee_account])
    with (
        patch.object(create_transfer, "entry_id_of", return_value=sent.entry_id),
        patch.object(ledger, "read", return_value=(None, accounts)),
    ):
        return create_transfer.create_transfer(sent.story.payer.caller, "key", request, "test", sent.now).hit


def at_once(sent: Sent) -> bool:
    payer, other = sent.story.payer, sent.story.other
    until = clock.to_text(clock.now() + dt.timedelta(hours=1))
    request = Request(payer.account, other.account, payer.name, 1_00, "CNY", "", valid_until=until)
    with patch.object(transfer_at_once, "entry_id_of", return_value=sent.entry_id):
        return transfer_at_once.transfer_at_once(payer.caller, "key", request, "test", clock.now()).hit


def try_(sent: Sent) -> bool:
    code = factors.confirmation_code(sent.seen["digest"], sent.seen["attempt"])
    given = factors.Given(factors.SMS, code)
    return confirm_transfer(sent.story.payer.caller, sent.entry_id, given, sent.now).hit


def send_again(sent: Sent) -> bool:
    with patch.object(service, "transfer_of", return_value=sent.seen):
        send_code_again(sent.story.payer.caller, sent.entry_id, sent.now)
    return False


def confirm(sent: Sent) -> bool:
    return _confirmed(sent, arrives_at=None)


def set_aside(sent: Sent) -> bool:
    return _confirmed(sent, arrives_at=clock.to_text(clock.now() + DAY))


def _confirmed(sent: Sent, arrives_at: str | None) -> bool:
    image = {**sent.seen, "arrives_at": arrives_at}
    proof = factors.expected(sent.now)
    return _is_replay(lambda _: draft_of(image, sent.story.payer.caller, sent.now, proof))


def execute_(sent: Sent) -> bool:
    return _overtaken(sent, lambda now: later.arrival_draft(sent.entry_id, now))


def revoke(sent: Sent) -> bool:
    return _overtaken(sent, lambda now: later.revocation_draft(sent.entry_id, now))


def give_back(sent: Sent) -> bool:
    return _overtaken(sent, lambda now: later.return_draft(sent.entry_id, ledger.PayeeUnavailable(), now))


def _overtaken(sent: Sent, plan: Callable[[dt.datetime], ledger.Draft]) -> bool:
    with patch.object(ledger, "read_entry", return_value=sent.seen):
        return _is_replay(plan)


def _is_replay(plan: Callable[[dt.datetime], ledger.Draft]) -> bool:
    return ledger.post(plan).replayed is not None


SENDERS: dict[Step, Callable[[Sent], bool]] = {
    states.CREATE: create,
    states.AT_ONCE: at_once,
    states.TRY: try_,
    states.SEND_AGAIN: send_again,
    states.CONFIRM: confirm,
    states.SET_ASIDE: set_aside,
    states.EXECUTE: execute_,
    states.REVOKE: revoke,
    states.GIVE_BACK: give_back,
}
# What a reader makes of an instruction is never sent: see the last test.
READ_ONLY = {states.EXPIRE}
# In which states a step is answered as done before, as it led there.
DONE = {
    states.TRY: CONFIRMED,
    states.CONFIRM: CONFIRMED,
    states.SET_ASIDE: CONFIRMED,
    states.EXECUTE: (POSTED,),
    states.REVOKE: (CANCELLED,),
    states.GIVE_BACK: (RETURNED,),
}


def expected(step: Step, state: str) -> str:
    """What a step is answered in a state that it does not start from."""
    if step.before == NOTHING:
        return "idempotency_key_reused"
    if state == NOTHING:
        return "not_found"
    if state in DONE.get(step, ()):
        return DONE_BEFORE
    if state == EXPIRED and step.before == AWAITING:
        return "transfer_expired"
    assert step.refusal is not None
    stored = AWAITING if state == EXPIRED else state  # nobody writes that it has expired
    return f"{step.refusal.code} {stored}"


def answer(step: Step, sent: Sent) -> str:
    """What the step came to; `taken` is the defect that is looked for."""
    try:
        return DONE_BEFORE if SENDERS[step](sent) else "taken"
    except Refusal as refusal:
        return " ".join((refusal.code, *(value for name, value in refusal.facts.items() if name == "state")))


def whole() -> dict[str, list[Any]]:
    """All rows of all tables that a step writes, but for the count of codes: a creation asks for one, and is counted
    before it is known whether its key is free, so that the tries of a day are bounded.
    """
    found = {}
    for name in TABLES:
        pages = aws.dynamodb().get_paginator("scan").paginate(TableName=settings.table(name), ConsistentRead=True)
        rows = (to_image(item) for page in pages for item in page["Items"])
        found[name] = sorted((_but_codes(row) for row in rows), key=repr)
    return found


def _but_codes(row: Image) -> Image:
    return {name: value for name, value in sorted(row.items()) if not name.startswith("codes_")}


def seen_by(step: Step, story: Story, entry_id: str) -> Image:
    """The instruction, or for none one like it, as it is where the step is allowed, and in time."""
    stored = ledger.read_entry(entry_id)
    image = stored or {**(ledger.read_entry(created(story.payer, story.payee, FEN)) or {}), "entry_id": entry_id}
    return {"held_on": clock.business_date(clock.now()), **image, "state": step.before, "valid_until": FAR}


def test_every_step_and_every_state_has_its_way() -> None:
    assert {*SENDERS, *READ_ONLY} == set(states.STEPS.values())
    assert WAYS.keys() == {NOTHING, *states.STATES}


@pytest.mark.parametrize("state", [NOTHING, *states.STATES], ids=lambda state: state or "nothing")
def test_no_step_is_taken_in_a_state_that_it_does_not_start_from(state: str) -> None:
    # given an instruction in that state, and beside it one whose money is set aside, so that no step lacks any
    payer, other, *_ = four_accounts("赵小明")
    story = Story(payer, other, customer("钱红", 0))
    pending(story.payer, story.payee, 3 * FEN)
    entry_id = WAYS[state](story)
    steps = [step for step in SENDERS if states.leads_to(step, state) is None]
    now = clock.now() + (DAY if state == EXPIRED else dt.timedelta(minutes=2))
    sent = {step: Sent(story, entry_id, seen_by(step, story, entry_id), now) for step in steps}
    before = whole()
    # when each step that the table does not have there is sent
    told = {step.code: answer(step, sent[step]) for step in steps}
    # then each is refused in its own words, or told to be done, and not a row has changed
    assert told == {step.code: expected(step, state) for step in steps}
    assert whole() == before


@pytest.mark.parametrize("state", [state for state in states.STATES if state not in (AWAITING, EXPIRED)])
def test_nothing_expires_but_what_waits_for_its_confirmation(state: str) -> None:
    payer, other, *_ = four_accounts("赵小明")
    image = ledger.read_entry(WAYS[state](Story(payer, other, customer("钱红", 0))))
    assert image is not None
    assert service.state_at(image, FAR) == state
