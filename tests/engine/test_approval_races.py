"""Races over approvals on a real engine: whoever decides first decides, and what was approved is done once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from chalicelib.approvals import service as approvals
from chalicelib.approvals.commands.end_request import expire
from chalicelib.approvals.domain import Approval
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, passwords
from chalicelib.platform.errors import Refusal
from chalicelib.staff import store as staff_store
from chalicelib.staff.commands.hand_over import HandedOver, hand_over
from tests.chain.two_people import (
    CHECKER,
    MAKER,
    THIRD,
    approved,
    asked,
    change_of,
    enter_staff,
    id_of,
    person,
    rejected,
    withdrawn,
)
from tests.engine.test_hold_races import account
from tests.engine.test_staff_races import clerk
from tests.engine.test_transfer_races import Customer, confirmed, created, customer, together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

NAME, TIMES = "notice.lead_h", 24


@pytest.fixture(autouse=True)
def staffed() -> None:
    enter_staff()
    parameters.set_value(NAME, 72)


def outcome(work: Callable[[], Approval]) -> str:
    try:
        return work().state
    except Refusal as refusal:
        return refusal.code


def current(approval: Approval) -> Approval:
    return approvals.read(person(approval.kind, MAKER), approval.approval_id)


def history_of(approval: Approval) -> list[str]:
    return [event.state for event in approvals.show(person(approval.kind, MAKER), approval.approval_id).history]


@pytest.mark.requirement("NB-5.1.5")
def test_two_checkers_at_once_execute_once() -> None:
    approval = asked("parameter.change", change_of(NAME, 80))
    outcomes = together(lambda i: outcome(lambda: approved(approval, checker=(CHECKER, THIRD)[i % 2])), TIMES)
    # the same checker again is answered what is stored
    assert set(outcomes) == {"approved", "approval_not_open"}
    assert outcomes["approval_not_open"] == TIMES // 2
    standing = parameters.standing_of(NAME, clock.now())
    assert (standing.value, standing.revision) == (80, 1)
    assert history_of(approval) == ["requested", "approved"]


@pytest.mark.requirement("NB-5.1.5")
def test_two_checkers_at_once_suspend_a_member_once() -> None:
    member = clerk()
    approval = asked("staff.state", {"staff_id": member.staff_id, "state": "suspended"})
    outcomes = together(lambda i: outcome(lambda: approved(approval, checker=(CHECKER, THIRD)[i % 2])), TIMES)
    assert set(outcomes) == {"approved", "approval_not_open"}
    assert outcomes["approval_not_open"] == TIMES // 2
    found = staff_store.read(member.staff_id)
    assert found is not None
    assert (found.state, found.standing) == ("suspended", 1)


@pytest.mark.requirement("NB-5.2.4")
def test_credentials_that_many_take_at_once_are_given_once() -> None:
    member = clerk()
    approved(asked("staff.password", {"staff_id": member.staff_id}))
    given: list[HandedOver] = []

    def take(_: int) -> str:
        try:
            given.append(hand_over(person("staff.password", MAKER), member.staff_id, clock.now()))
        except Refusal as refusal:
            return refusal.code
        return "given"

    outcomes = together(take, 8)
    assert outcomes["given"] == 1
    assert set(outcomes) <= {"given", "credentials_not_due", "try_again"}
    # what was given is what opens, and nothing else is due
    (one,) = given
    found = staff_store.read(member.staff_id)
    assert found is not None
    assert found.hand_over is None
    assert passwords.matches(found.password_hash, one.password or "")


@pytest.mark.requirement("NB-5.1.5")
def test_a_maker_never_gets_through_among_many_checkers() -> None:
    approval = asked("parameter.change", change_of(NAME, 80))
    outcomes = together(lambda i: outcome(lambda: approved(approval, checker=(MAKER, CHECKER)[i % 2])), TIMES)
    assert set(outcomes) <= {"maker_is_checker", "approved", "approval_not_open"}
    assert outcomes["approved"] == TIMES // 2
    assert current(approval).decided_by == id_of("parameter.change", CHECKER)


def test_approving_rejecting_withdrawing_and_expiring_at_once_end_it_one_way() -> None:
    for round_ in range(6):
        parameters.set_value(NAME, 72)
        approval = asked("parameter.change", change_of(NAME, 80))
        over = clock.from_text(approval.expires_at) + dt.timedelta(seconds=1)

        def end(i: int, approval: Approval = approval, over: dt.datetime = over) -> str:
            ways: list[Callable[[], Approval]] = [
                lambda: approved(approval),
                lambda: rejected(approval, checker=THIRD),
                lambda: withdrawn(approval),
                lambda: expire(approval, now=over, correlation_id="test"),
            ]
            return outcome(ways[i % 4])

        outcomes = together(end, 16)
        state = current(approval).state
        ended = {"approved", "rejected", "withdrawn", "expired"} & set(outcomes)
        # what was approved is answered to the same checker again; any other end is told once
        assert ended == {state}, (round_, outcomes)
        assert state == "approved" or outcomes[state] == 1
        assert (parameters.standing_of(NAME, clock.now()).value == 80) == (state == "approved")
        assert history_of(approval) == ["requested", state]


@pytest.mark.requirement("NB-5.2.2")
def test_of_many_changes_of_one_parameter_approved_at_once_one_is_done_and_the_others_fail() -> None:
    made = [asked("parameter.change", change_of(NAME, 100 + i)) for i in range(8)]
    outcomes = together(lambda i: outcome(lambda: approved(made[i])), 8)
    assert outcomes == {"approved": 1, "approval_outdated": 7}
    states = [current(one).state for one in made]
    standing = parameters.standing_of(NAME, clock.now())
    assert standing.value == 100 + states.index("approved")
    assert (standing.revision, states.count("failed")) == (1, 7)


@pytest.mark.requirement("NB-5.1.5")
def test_two_requests_to_reverse_one_entry_move_the_money_once() -> None:
    payer, payee = customer("赵小明", 1_000_00), customer("钱红", 500_00)
    entry_id = created(payer, payee, 100_00)
    assert confirmed(payer, entry_id) == "posted"
    made = [asked("entry.reverse", {"entry_id": entry_id}) for _ in range(6)]
    outcomes = together(lambda i: outcome(lambda: approved(made[i % 6])), 18)
    # each request is approved or fails; again it answers what it was
    assert set(outcomes) <= {"approved", "approval_outdated", "approval_not_open", "try_again"}
    assert outcomes["approved"] >= 1
    states = [current(one).state for one in made]
    assert states.count("approved") == 1
    assert (account(payer).available_fen, account(payee).available_fen) == (1_000_00, 500_00)


def test_a_reversal_beside_payments_takes_back_what_was_paid_or_nothing() -> None:
    # given a payee who spends what a reversal would take back, at the same moment
    for _ in range(4):
        payer, payee, shop = customer("赵小明", 1_000_00), customer("钱红", 0), customer("孙立", 0)
        entry_id = created(payer, payee, 100_00)
        assert confirmed(payer, entry_id) == "posted"
        approval, spending = asked("entry.reverse", {"entry_id": entry_id}), created(payee, shop, 60_00)

        def meet(i: int, undo: Approval = approval, spender: Customer = payee, entry: str = spending) -> str:
            return outcome(lambda: approved(undo)) if i else confirmed(spender, entry)

        outcomes = together(meet, 2)
        state = current(approval).state
        total_fen = sum(account(one).available_fen for one in (payer, payee, shop))
        assert total_fen == 1_000_00
        assert account(payer).available_fen == (1_000_00 if state == "approved" else 900_00), outcomes
        assert state in ("approved", "failed", "requested")
