"""Two people: one asks, another decides, what was approved is what is done, once (NB-5.1.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.approvals import service as approvals
from chalicelib.approvals.commands import decide
from chalicelib.approvals.commands.make_request import Wish, make_request
from chalicelib.approvals.domain import Approval
from chalicelib.approvals.errors import (
    ApprovalAltered,
    ApprovalChangesNothing,
    ApprovalDigestMismatch,
    ApprovalExpired,
    ApprovalNotOpen,
    ApprovalOutdated,
    MakerIsChecker,
    MakerOnly,
)
from chalicelib.approvals.workers import expire_approvals
from chalicelib.audit import service as audit
from chalicelib.ledger.errors import IdempotencyKeyReused
from chalicelib.parameters import service as parameters
from chalicelib.parameters.errors import ParameterOutOfBounds, ParameterUnknown
from chalicelib.platform import clock
from chalicelib.platform.errors import MalformedRequest, NotFound, Refusal, TryAgain
from chalicelib.staff.errors import StaffPermissionDenied
from tests.chain.bank import START, Bank, LambdaContext
from tests.chain.probe import force, scheduled, table_items
from tests.chain.two_people import (
    CHECKER,
    ELSEWHERE,
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

KIND, NAME = "parameter.change", "factor.sms.tries"
TRIES = parameters.SMS_CODE_TRIES


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    enter_staff()
    return shared_bank


def request(value: int = 3, **more: Any) -> Approval:
    return asked(KIND, change_of(NAME, value), **more)


def state_of(approval: Approval) -> str:
    return approvals.read(person(KIND, CHECKER), approval.approval_id).state


@pytest.mark.requirement("NB-5.1.5")
def test_what_one_asks_for_another_approves_and_it_is_done(bank: Bank) -> None:
    # given a request: nothing is done yet
    approval = request(3)
    assert (approval.state, approval.maker) == ("requested", id_of(KIND, MAKER))
    assert parameters.value(TRIES, bank.clock.now()) == 5
    # when another person approves what they saw
    bank.clock.advance(dt.timedelta(minutes=1))
    done = approved(approval)
    # then it is done, and everybody can see by whom
    assert (done.state, done.decided_by) == ("approved", id_of(KIND, CHECKER))
    parameters.forget()
    assert parameters.value(TRIES, bank.clock.now()) == 3
    shown = approvals.show(person(KIND, THIRD), approval.approval_id)
    assert shown.approval == done
    assert [(one.state, one.by) for one in shown.history] == [
        ("requested", id_of(KIND, MAKER)),
        ("approved", id_of(KIND, CHECKER)),
    ]
    value = next(change for change in shown.changes if change.fact == "value")
    assert (value.zh, value.en, value.before, value.after) == ("取值", "value", "5", "3")


@pytest.mark.requirement("NB-5.1.5")
@pytest.mark.parametrize("way", [approved, rejected], ids=["approve", "reject"])
def test_nobody_decides_on_their_own_request(bank: Bank, way: Callable[..., Approval]) -> None:
    approval = request()
    with pytest.raises(MakerIsChecker):
        way(approval, checker=MAKER)
    assert state_of(approval) == "requested"
    assert parameters.value(TRIES, bank.clock.now()) == 5


def test_a_maker_learns_nothing_else_and_fails_nothing_by_approving_an_outdated_request(bank: Bank) -> None:
    approval = request()
    approved(request(4))
    with pytest.raises(MakerIsChecker):
        approved(approval, checker=MAKER)
    assert state_of(approval) == "requested"


def test_the_same_approval_sent_again_is_answered_and_done_once(bank: Bank) -> None:
    approval = request()
    first = approved(approval)
    approved(request(4))
    assert approved(approval) == first
    parameters.forget()
    assert parameters.value(TRIES, bank.clock.now()) == 4
    # another person, or another digest, finds it decided
    for again in ({"checker": THIRD}, {"digest": "0" * 64}):
        with pytest.raises(Refusal) as refused:
            approved(approval, **again)
        assert refused.value.code in ("approval_not_open", "approval_digest_mismatch")


def test_only_what_the_checker_saw_is_approved(bank: Bank) -> None:
    approval, other = request(3), request(4)
    for digest in (other.digest, "", approval.digest.upper(), approval.digest[:-1]):
        with pytest.raises(ApprovalDigestMismatch):
            approved(approval, digest=digest)
    assert state_of(approval) == "requested"


@pytest.mark.parametrize(
    "change",
    [{"payload": '{"name":"factor.sms.tries","value":10}'}, {"maker": "E0103"}, {"before": {}}, {"reason": "x"}],
    ids=["payload", "maker", "before", "reason"],
)
def test_a_request_that_somebody_altered_in_the_table_is_not_executed(bank: Bank, change: dict[str, Any]) -> None:
    approval = request()
    force(bank, "ApprovalsTable", {"approval_id": approval.approval_id}, **change)
    with pytest.raises(ApprovalAltered):
        approved(approval)
    # also with a digest that was made to fit nothing that was seen
    force(bank, "ApprovalsTable", {"approval_id": approval.approval_id}, digest="0" * 64)
    with pytest.raises(ApprovalAltered):
        approved(approval, digest="0" * 64)
    assert parameters.value(TRIES, bank.clock.now()) == 5


def test_a_request_is_refused_for_a_reason_by_another_person(bank: Bank) -> None:
    approval = request()
    done = rejected(approval, reason="  缺少批准文件 ")
    assert (done.state, done.decided_by, done.decision_reason) == ("rejected", id_of(KIND, CHECKER), "缺少批准文件")
    assert approvals.read(person(KIND, MAKER), approval.approval_id) == done
    with pytest.raises(ApprovalNotOpen):
        approved(approval)
    for reason in ("", "   ", "x" * 201, "a\u202eb"):
        with pytest.raises(MalformedRequest):
            rejected(request(), reason=reason)


def test_only_the_maker_takes_a_request_back(bank: Bank) -> None:
    approval = request()
    with pytest.raises(MakerOnly):
        withdrawn(approval, maker=CHECKER)
    assert withdrawn(approval).state == "withdrawn"
    for way in (approved, rejected, withdrawn):
        with pytest.raises(ApprovalNotOpen):
            way(approval)


def test_a_request_expires_to_the_millisecond_and_leaves_the_list(bank: Bank) -> None:
    # given two requests, decided at the last moment and just after it
    in_time, late = request(3), request(4)
    bank.clock.set(START + dt.timedelta(hours=72) - dt.timedelta(milliseconds=1))
    assert rejected(in_time).state == "rejected"
    bank.clock.set(START + dt.timedelta(hours=72))
    for way in (approved, rejected, withdrawn):
        with pytest.raises(ApprovalExpired):
            way(late)
    assert late.state_at("2026-11-24T02:00:00.000Z") == "expired"
    # when the schedule runs, twice
    event = scheduled(bank.clock.now())
    assert [expire_approvals(event, LambdaContext())["expired"] > 0 for _ in range(2)] == [True, False]
    # then it is noted
    assert state_of(late) == "expired"
    assert [(e.state, e.by) for e in approvals.show(person(KIND, MAKER), late.approval_id).history] == [
        ("requested", id_of(KIND, MAKER)),
        ("expired", "clock"),
    ]
    assert approvals.page(person(KIND, MAKER), "requested", kind=None, branch_id=None, limit=100, cursor=None) == (
        [],
        None,
    )


@pytest.mark.requirement("NB-5.2.2")
def test_of_two_requests_on_one_parameter_the_first_outdates_the_second(bank: Bank) -> None:
    first, second = request(3), request(4, maker=THIRD)
    approved(first)
    with pytest.raises(ApprovalOutdated) as refused:
        approved(second)
    assert refused.value.facts == {"changed": "revision,value"}
    failed = approvals.read(person(KIND, MAKER), second.approval_id)
    assert (failed.state, failed.failure) == ("failed", "approval_outdated:revision,value")
    parameters.forget()
    assert parameters.value(TRIES, bank.clock.now()) == 3
    # for good: also when things are again as they were
    approved(request(5))
    with pytest.raises(ApprovalNotOpen):
        approved(second)


def test_a_change_to_and_fro_outdates_a_request_too(bank: Bank) -> None:
    approval = request(3)
    approved(request(4))
    approved(request(5))
    with pytest.raises(ApprovalOutdated) as refused:
        approved(approval)
    assert refused.value.facts == {"changed": "revision"}


def test_the_same_key_is_the_same_request(bank: Bank) -> None:
    first = request(3, key="k")
    bank.clock.advance(dt.timedelta(seconds=5))
    assert request(3, key="k") == first
    with pytest.raises(IdempotencyKeyReused):
        request(4, key="k")
    with pytest.raises(IdempotencyKeyReused):
        request(3, key="k", reason="另一原因")
    assert request(3, key="k", maker=THIRD).approval_id != first.approval_id
    # also after it was approved, when there is nothing to change any more
    done = approved(first)
    assert request(3, key="k") == done


@pytest.mark.parametrize(
    ("payload", "refusal"),
    [
        (change_of(NAME, 5), ApprovalChangesNothing),
        (change_of(NAME, 11), ParameterOutOfBounds),
        (change_of(NAME, -1), ParameterOutOfBounds),
        (change_of(NAME, 10**30), ParameterOutOfBounds),
        (change_of(NAME, "3"), ParameterOutOfBounds),
        (change_of("no.such", 3), ParameterUnknown),
        (change_of(NAME, True), MalformedRequest),
        (change_of(NAME, 3.0), MalformedRequest),
        (change_of(NAME, None), MalformedRequest),
        (change_of(NAME, 3, more=1), MalformedRequest),
        (change_of(NAME, 3, department=""), MalformedRequest),
        (change_of(NAME, 3, approver="x" * 41), MalformedRequest),
        (change_of(NAME, 3, effective_from="2026-11-22"), MalformedRequest),
        ({}, MalformedRequest),
    ],
    ids=lambda case: str(case)[:60],
)
def test_what_makes_no_sense_is_not_stored(bank: Bank, payload: dict[str, Any], refusal: type[Refusal]) -> None:
    count = len(table_items(bank, "ApprovalsTable"))
    with pytest.raises(refusal):
        asked(KIND, payload)
    assert len(table_items(bank, "ApprovalsTable")) == count


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "no.such"}, {"reason": ""}, {"reason": " "}, {"reason": "x" * 201}, {"reason": "a\nb"}],
    ids=str,
)
def test_a_request_has_a_known_kind_and_a_reason(bank: Bank, wrong: dict[str, str]) -> None:
    given = {"kind": KIND, "reason": "x", **wrong}
    with pytest.raises(MalformedRequest):
        asked(given["kind"], change_of(NAME, 3), reason=given["reason"])


def test_people_of_another_branch_see_and_decide_nothing(bank: Bank) -> None:
    # given a request of the head office, and tellers of another branch beside those of the head office
    approval = request()
    stranger = person(KIND, ELSEWHERE)
    with pytest.raises(StaffPermissionDenied):
        request(maker=ELSEWHERE)
    for look in (approvals.read, approvals.show):
        with pytest.raises(NotFound):
            look(stranger, approval.approval_id)
    for way in (approved, rejected):
        with pytest.raises(NotFound):
            way(approval, checker=ELSEWHERE)
    with pytest.raises(NotFound):
        withdrawn(approval, maker=ELSEWHERE)
    everything: dict[str, Any] = {"kind": None, "limit": 9, "cursor": None}
    assert approvals.page(stranger, "requested", branch_id=None, **everything) == ([], None)
    for branch_id in ("0001", "no-such-branch"):
        with pytest.raises(NotFound):
            approvals.page(stranger, "requested", branch_id=branch_id, **everything)
    with pytest.raises(NotFound):
        approvals.show(person(KIND, MAKER), "no-such-request")


@pytest.mark.requirement("NB-5.2.3")
@pytest.mark.parametrize("role", ["entry.reverse", "login.unlock"], ids=["operator", "teller"])
def test_what_a_role_does_not_hold_it_neither_asks_for_nor_approves(bank: Bank, role: str) -> None:
    approval, somebody = request(), person(role, THIRD)
    with pytest.raises(StaffPermissionDenied):
        make_request(somebody, Wish(KIND, change_of(NAME, 3), "x"), key="k", now=bank.clock.now())
    with pytest.raises(StaffPermissionDenied):
        decide.approve(somebody, approval.approval_id, approval.digest, now=bank.clock.now())
    with pytest.raises(StaffPermissionDenied):
        decide.reject(somebody, approval.approval_id, reason="x", now=bank.clock.now())


def test_a_checker_who_was_suspended_a_moment_ago_approves_nothing(bank: Bank) -> None:
    # given a checker whose request came in before the suspension
    approval, checker = request(), person(KIND, THIRD)
    force(bank, "StaffTable", {"staff_id": checker.staff_id}, state="suspended")
    with pytest.raises(TryAgain):
        decide.approve(checker, approval.approval_id, approval.digest, now=bank.clock.now())
    force(bank, "StaffTable", {"staff_id": checker.staff_id}, state="active", standing=1)
    with pytest.raises(TryAgain):
        decide.approve(checker, approval.approval_id, approval.digest, now=bank.clock.now())
    force(bank, "StaffTable", {"staff_id": checker.staff_id}, standing=0)
    assert state_of(approval) == "requested"


@pytest.mark.requirement("NB-5.1.5")
def test_what_somebody_asked_for_who_has_left_is_not_done(bank: Bank) -> None:
    approval = request(4)
    force(bank, "StaffTable", {"staff_id": id_of(KIND, MAKER)}, state="suspended")
    with pytest.raises(ApprovalOutdated) as refused:
        approved(approval)
    force(bank, "StaffTable", {"staff_id": id_of(KIND, MAKER)}, state="active")
    assert refused.value.facts == {"changed": "maker"}
    found = approvals.read(person(KIND, CHECKER), approval.approval_id)
    assert (found.state, found.failure) == ("failed", "approval_outdated:maker")


def test_what_staff_decide_is_in_their_log(bank: Bank) -> None:
    approval = request()
    approved(approval)
    rows, _ = audit.staff_actions(clock.business_date(bank.clock.now()), limit=1000)
    found = {(row.action, row.staff_id) for row in rows if row.on == approval.approval_id}
    wanted = {("approval_requested", MAKER), ("approval_approved", CHECKER)}
    assert found == {(action, id_of(KIND, who)) for action, who in wanted}
