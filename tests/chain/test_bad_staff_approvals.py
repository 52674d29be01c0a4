"""What two people do about staff, misused: by one for two, out of scope, too late, for what cannot be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.platform import ids, totp
from chalicelib.staff import domain, store
from chalicelib.staff.commands import read_functions
from tests.chain.appointers import (
    PATH,
    appointment,
    approved,
    asked,
    done,
    pair,
    person,
    seed_in,
    taken,
    with_what_was_given,
)
from tests.chain.bank import BRANCH, Bank
from tests.chain.clerks import CITY, OTHER, VILLAGE, Clerk, appoint, branches, log_in, try_log_in
from tests.chain.probe import force


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    branches()
    read_functions.forget()
    return shared_bank


# ---- misuse ---------------------------------------------------------------------------------------------------
KINDS: list[tuple[str, dict[str, Any]]] = [
    ("staff.seat", {"role": domain.OPERATOR, "posts": ["checker"], "branch_id": BRANCH}),
    ("staff.state", {"state": "suspended"}),
    ("staff.password", {}),
    ("staff.token", {}),
    ("staff.unlock", {}),
]


each = pytest.mark.parametrize(("kind", "payload"), KINDS, ids=[kind for kind, _ in KINDS])


def member_for(bank: Bank, kind: str) -> Clerk:
    """An operator of the head office whom the kind changes: locked, where it ends a lock."""
    clerk = appoint(bank, domain.OPERATOR)
    if kind == "staff.unlock":
        for _ in range(parameters.STAFF_LOGIN_TRIES.default):
            try_log_in(bank, clerk, password="wrong", code="000000")
    return clerk


@pytest.mark.requirement("NB-5.1.5")
@each
def test_one_person_with_both_posts_is_still_one(bank: Bank, kind: str, payload: dict[str, Any]) -> None:
    both = appoint(bank, domain.EBANK_ADMINISTRATOR, domain.MAKER, domain.CHECKER)
    log_in(bank, both)
    request = asked(bank, both, kind, staff_id=member_for(bank, kind).staff_id, **payload)
    reply = approved(bank, both, request)
    assert (reply.status, reply.code) == (403, "maker_is_checker")
    shown = bank.request("GET", f"{PATH}/{request.body['request']['id']}", token=both.token).body
    assert shown["request"]["state"] == "requested"
    assert approved(bank, pair(bank)[1], request).status == 200


@pytest.mark.requirement("NB-5.2.5")
@each
def test_administrators_of_another_scope_or_level_neither_ask_nor_decide(
    bank: Bank, kind: str, payload: dict[str, Any]
) -> None:
    by, clerk = pair(bank), member_for(bank, kind)
    request = asked(bank, by[0], kind, staff_id=clerk.staff_id, **payload)
    for role, branch_id in ((domain.EBANK_ADMINISTRATOR, CITY), (domain.SYSTEM_ADMINISTRATOR, BRANCH)):
        strangers = pair(bank, role, branch_id)
        assert asked(bank, strangers[0], kind, staff_id=clerk.staff_id, **payload).code == "not_found"
        assert approved(bank, strangers[1], request).code == "not_found"
        path = f"{PATH}/{request.body['request']['id']}/rejection"
        assert bank.request("POST", path, {"reason": "x"}, token=strangers[1].token).code == "not_found"
    # none of them has failed it
    assert approved(bank, by[1], request).status == 200


@pytest.mark.requirement("NB-5.2.5")
def test_a_branch_administrator_does_not_decide_about_those_who_appoint_them(bank: Bank) -> None:
    # given a member of the branch whom only the head office manages
    by, city = pair(bank), pair(bank, branch_id=CITY)
    fellow = appoint(bank, domain.EBANK_ADMINISTRATOR, branch_id=CITY)
    request = asked(bank, by[0], "staff.state", staff_id=fellow.staff_id, state="suspended")
    # when the branch's own checker, in whose scope it lies, decides
    assert approved(bank, city[1], request).code == "not_found"
    assert asked(bank, city[0], "staff.password", staff_id=fellow.staff_id).code == "not_found"
    assert approved(bank, by[1], request).status == 200
    # nobody moves a member to a place that is not theirs to fill
    teller = appoint(bank, domain.TELLER, branch_id=CITY)
    for role, branch_id in ((domain.TELLER, OTHER), (domain.EBANK_ADMINISTRATOR, CITY)):
        wanted: dict[str, Any] = {"role": role, "posts": ["maker"], "branch_id": branch_id}
        assert asked(bank, city[0], "staff.seat", staff_id=teller.staff_id, **wanted).code == "not_found"
    done(bank, city, "staff.seat", staff_id=teller.staff_id, role=domain.TELLER, posts=["maker"], branch_id=VILLAGE)


@each
def test_what_changed_since_makes_a_request_fail(bank: Bank, kind: str, payload: dict[str, Any]) -> None:
    by, clerk = pair(bank), member_for(bank, kind)
    request = asked(bank, by[0], kind, staff_id=clerk.staff_id, **payload)
    done(bank, by, "staff.seat", staff_id=clerk.staff_id, role=domain.TELLER, posts=["maker"], branch_id=BRANCH)
    done(bank, by, "staff.seat", staff_id=clerk.staff_id, role=domain.OPERATOR, posts=["maker"], branch_id=BRANCH)
    reply = approved(bank, by[1], request)
    # the seat is what it was; that it was another in between is seen
    assert (reply.code, reply.body["facts"]["changed"]) == ("approval_outdated", "standing")
    assert approved(bank, by[1], request).code == "approval_not_open"


@each
def test_a_request_is_done_once_and_not_after_its_time(bank: Bank, kind: str, payload: dict[str, Any]) -> None:
    by, clerk, key = pair(bank), member_for(bank, kind), ids.random_id()
    request = asked(bank, by[0], kind, key=key, staff_id=clerk.staff_id, **payload)
    again = asked(bank, by[0], kind, key=key, staff_id=clerk.staff_id, **payload)
    assert again.body["request"]["id"] == request.body["request"]["id"]
    assert approved(bank, by[1], request).status == 200
    standing = store.read(clerk.staff_id).standing  # type: ignore[union-attr]  # appointed above
    # the same checker again is answered what was done, and another one comes too late
    assert approved(bank, by[1], request).body["request"]["state"] == "approved"
    assert approved(bank, pair(bank)[1], request).code == "approval_not_open"
    assert store.read(clerk.staff_id).standing == standing  # type: ignore[union-attr]  # appointed above
    # one that nobody decided on in time is over
    late = asked(bank, by[0], "staff.token", staff_id=appoint(bank, domain.OPERATOR).staff_id)
    bank.clock.advance(dt.timedelta(hours=parameters.APPROVAL_VALID_H.default))
    log_in(bank, by[1])
    assert approved(bank, by[1], late).code == "approval_expired"


def test_who_lost_the_seat_after_asking_has_asked_for_nothing(bank: Bank) -> None:
    by, above, clerk = pair(bank), pair(bank, domain.SYSTEM_ADMINISTRATOR), appoint(bank, domain.OPERATOR)
    request = asked(bank, by[0], "staff.state", staff_id=clerk.staff_id, state="suspended")
    done(bank, above, "staff.state", staff_id=by[0].staff_id, state="suspended")
    reply = approved(bank, by[1], request)
    assert (reply.code, reply.body["facts"]["cause"]) == ("approval_failed", "not_found")
    assert store.read(clerk.staff_id).state == domain.ACTIVE  # type: ignore[union-attr]  # appointed above


def test_an_altered_request_is_carried_out_for_nobody(bank: Bank) -> None:
    by, clerk = pair(bank), appoint(bank, domain.OPERATOR)
    request = asked(bank, by[0], "staff.state", staff_id=clerk.staff_id, state="suspended")
    approval_id = request.body["request"]["id"]
    force(bank, "ApprovalsTable", {"approval_id": approval_id}, payload='{"x": 1}')
    assert approved(bank, by[1], request).code == "approval_altered"
    path = f"{PATH}/{approval_id}/rejection"
    assert bank.request("POST", path, {"reason": "被改动"}, token=by[1].token).status == 200


# ---- appointments that are refused ----------------------------------------------------------------------------
@pytest.mark.requirement("NB-5.2.4")
def test_an_appointment_is_refused_for_what_cannot_be(bank: Bank) -> None:
    by = pair(bank)
    identity_number = person()
    first = appointment(bank, by[0], "O7110", key="first-key", identity_number=identity_number)
    assert appointment(bank, by[0], "O7110", key="first-key", identity_number=identity_number).body == first.body
    reused = appointment(bank, by[0], "O7111", key="first-key", identity_number=identity_number)
    assert reused.code == "idempotency_key_reused"
    second = appointment(bank, by[0], "O7112", identity_number=identity_number)
    assert approved(bank, by[1], first).status == 200
    # one number a person, also where both were asked for before either was approved
    reply = approved(bank, by[1], second)
    assert (reply.code, reply.body["facts"]["cause"]) == ("approval_failed", "staff_person_taken")
    refusals = {
        "staff_person_taken": {"number": "O7113", "identity_number": identity_number},
        "staff_number_taken": {"number": "O7110"},
        "document_invalid": {"number": "O7113", "identity_number": "110101197102030011"},
        "appointment_refused": {"number": "7113"},
        "not_found": {"number": "O7113", "role": domain.SYSTEM_ADMINISTRATOR},
    }
    for code, changes in refusals.items():
        assert appointment(bank, by[0], **changes).code == code, code
    no_seats: list[dict[str, Any]] = [{"branch_id": "9999"}, {"posts": ["reader"]}, {"role": "president"}]
    for wrong in no_seats:
        assert appointment(bank, by[0], "O7113", **wrong).code == "appointment_refused", wrong
    malformed: list[dict[str, Any]] = [{"posts": []}, {"branch_id": ""}, {"name": ""}, {"reason": ""}]
    for wrong in (*malformed, {"identity_number": "1" * 19}, {"posts": ["maker"] * 4}, {"name": "周\n敏"}):
        assert appointment(bank, by[0], "O7113", **wrong).code == "malformed_request", wrong
    body = {"staff_id": "O7113"}
    assert bank.request("POST", "/v1/staff/members", body, token=by[1].token).code == "staff_permission_denied"


@pytest.mark.requirement("NB-5.2.4")
def test_an_appointment_made_by_hand_brings_no_person_that_nobody_saw(bank: Bank) -> None:
    by = pair(bank)
    payload = appointment(bank, by[0], "O7120").body["payload"]
    forged = [{"person": "0" * 64}, {"staff_id": "O7121"}, {"document": "居民身份证 *0000"}, {"seal": "0" * 64}]
    for changes in forged:
        assert asked(bank, by[0], "staff.appoint", **{**payload, **changes}).code == "appointment_unchecked", changes


def test_a_code_of_the_old_token_is_worth_nothing_once_another_is_granted(bank: Bank) -> None:
    by, clerk = pair(bank), appoint(bank, domain.OPERATOR)
    done(bank, by, "staff.token", staff_id=clerk.staff_id)
    given = taken(bank, by[0], clerk.staff_id)
    new = seed_in(given.body["token_uri"])
    step = totp.step_at(bank.clock.now())
    assert totp.code_at(new, step) != totp.code_at(clerk.seed, step)
    assert try_log_in(bank, clerk).code == "staff_login_refused"
    log_in(bank, with_what_was_given(clerk, given))
