"""Administrators appoint and administer staff over HTTP, two people each; credentials are handed over once."""

from __future__ import annotations

import base64
import datetime as dt
import io
from typing import Any

import pytest

from chalicelib.parameters import service as parameters
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
from tests.chain.clerks import CITY, Clerk, appoint, ask, branches, log_in, try_log_in
from tests.chain.probe import table_items
from tests.chain.searched import Secret, found, listening

NEW_PASSWORD = "Copper-Window-Sparrow-9"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    branches()
    read_functions.forget()
    return shared_bank


# ---- a person is appointed, and logs in -----------------------------------------------------------------------
@pytest.mark.requirement("NB-5.2.4")
@pytest.mark.requirement("NB-5.1.5")
def test_a_person_is_appointed_by_two_and_logs_in_with_what_was_handed_over_once(bank: Bank) -> None:
    by = pair(bank)
    asked_for = appointment(bank, by[0], "O7101")
    # nothing is due before another person has approved, and nobody has the number yet
    assert taken(bank, by[0], "O7101").code == "not_found"
    shown = {row["fact"]: row["after"] for row in asked_for.body["changes"]}
    assert (shown["name"], shown["role"], shown["posts"]) == ("*敏", domain.OPERATOR, "maker")
    assert approved(bank, by[1], asked_for).status == 200
    member = bank.request("GET", "/v1/staff/members/O7101", token=by[0].token).body
    assert (member["has_token"], member["state"]) == (False, "active")
    assert member["credentials_due_until"] > asked_for.body["request"]["created_at"]
    # the checker is not who takes it, and who asked takes it once
    assert taken(bank, by[1], "O7101").code == "staff_permission_denied"
    given = taken(bank, by[0], "O7101")
    assert given.headers["Cache-Control"] == "no-store"
    assert "algorithm=SHA256&digits=6&period=60" in given.body["token_uri"]
    assert taken(bank, by[0], "O7101").code == "credentials_not_due"
    # the member logs in, may only change the password, and then works
    clerk = with_what_was_given(Clerk("O7101", BRANCH, b""), given)
    reply = try_log_in(bank, clerk)
    assert (reply.status, reply.body["must_change_password"]) == (201, True)
    clerk.token = reply.body["access_token"]
    body = {"old_password": clerk.password, "new_password": NEW_PASSWORD}
    assert bank.request("GET", PATH, token=clerk.token).code == "staff_password_expired"
    assert bank.request("PUT", "/v1/staff/password", body, token=clerk.token).status == 204
    clerk.password = NEW_PASSWORD
    log_in(bank, clerk)
    assert ask(bank, clerk).body["role"] == domain.OPERATOR
    # and the log says who did what
    rows = [row for row in table_items(bank, "StaffActionsTable") if row["on"] == "O7101"]
    assert {(row["action"], row["staff_id"]) for row in rows} >= {
        ("staff.appointed", by[1].staff_id),
        ("staff.credentials_handed_over", by[0].staff_id),
    }


@pytest.mark.requirement("YQ-4.1.2")
def test_nothing_secret_of_an_appointment_or_a_reset_is_stored_or_told(bank: Bank, logged: io.StringIO) -> None:
    identity_number, secrets = person(), []
    with listening(bank, logged) as heard:
        by = pair(bank)
        assert approved(bank, by[1], appointment(bank, by[0], "O7102", identity_number=identity_number)).status == 200
        replies = [taken(bank, by[0], "O7102")]
        for kind in ("staff.password", "staff.token"):
            done(bank, by, kind, staff_id="O7102")
            replies.append(taken(bank, by[0], "O7102"))
        bank.request("GET", f"{PATH}?state=approved", token=by[1].token)
    for reply in replies:
        if reply.body["password"] is not None:
            secrets.append(Secret("password", reply.body["password"], ("answers",)))
        if reply.body["token_uri"] is not None:
            seed = seed_in(reply.body["token_uri"])
            secrets += [Secret("seed", seed), Secret("seed in base32", base64.b32encode(seed).decode().rstrip("="))]
            secrets[-1].lawful = ("answers",)
    assert len(secrets) == 2 + 4
    secrets.append(Secret("identity number", identity_number))
    assert found(secrets, heard.places(bank)) == []
    # each was answered once
    answers = heard.places(bank)["answers"]
    assert [answers.count(str(one.value)) for one in secrets if one.name == "password"] == [1, 1]
    members = [item for item in table_items(bank, "StaffTable") if item["staff_id"] == "O7102"]
    assert "hand_over" not in members[0]


@pytest.mark.requirement("NB-5.2.4")
def test_credentials_wait_for_who_asked_and_not_for_ever(bank: Bank) -> None:
    by, other = pair(bank), pair(bank)
    assert approved(bank, by[1], appointment(bank, by[0], "O7103")).status == 200
    # another maker of the same level is not who asked
    assert taken(bank, other[0], "O7103").code == "credentials_not_due"
    # nor is one of another level, or one who manages nobody there
    for stranger in (pair(bank, branch_id=CITY)[0], pair(bank, domain.SYSTEM_ADMINISTRATOR)[0]):
        assert taken(bank, stranger, "O7103").code == "not_found"
    assert taken(bank, pair(bank, domain.OPERATOR)[0], "O7103").code == "staff_permission_denied"
    # and a day later it is too late: they are asked for anew, both of them, as neither was taken
    bank.clock.advance(dt.timedelta(hours=parameters.STAFF_HAND_OVER_H.default))
    for one in by:
        log_in(bank, one)
    assert taken(bank, by[0], "O7103").code == "credentials_not_due"
    done(bank, by, "staff.password", staff_id="O7103")
    given = taken(bank, by[0], "O7103")
    assert try_log_in(bank, with_what_was_given(Clerk("O7103", BRANCH, b""), given)).status == 201


def test_whoever_was_suspended_meanwhile_is_given_nothing(bank: Bank) -> None:
    by = pair(bank)
    assert approved(bank, by[1], appointment(bank, by[0], "O7104")).status == 200
    done(bank, by, "staff.state", staff_id="O7104", state="suspended")
    assert taken(bank, by[0], "O7104").code == "staff_state_unfit"
    done(bank, by, "staff.state", staff_id="O7104", state="active")
    assert taken(bank, by[0], "O7104").status == 201


# ---- members there are ----------------------------------------------------------------------------------------
@pytest.mark.requirement("NB-5.2.4")
def test_each_change_of_a_member_by_two_people(bank: Bank) -> None:
    by, clerk = pair(bank), appoint(bank, domain.OPERATOR)
    seat = {"role": domain.TELLER, "posts": ["checker"], "branch_id": BRANCH}
    for kind, payload in (("staff.seat", seat), ("staff.state", {"state": "suspended"})):
        log_in(bank, clerk)
        done(bank, by, kind, staff_id=clerk.staff_id, **payload)
        assert ask(bank, clerk).code == "session_ended"
    assert try_log_in(bank, clerk).code == "staff_login_refused"
    done(bank, by, "staff.state", staff_id=clerk.staff_id, state="active")
    for kind in ("staff.password", "staff.token"):
        log_in(bank, clerk)
        done(bank, by, kind, staff_id=clerk.staff_id)
        assert ask(bank, clerk).code == "session_ended"
        # the old one is worth nothing before the new one is taken, and not afterwards
        assert try_log_in(bank, clerk).code == "staff_login_refused"
        before = Clerk(clerk.staff_id, BRANCH, clerk.seed, clerk.password, clerk.last_step)
        given = taken(bank, by[0], clerk.staff_id)
        assert (given.body["password"] is None) == (kind == "staff.token")
        assert (given.body["token_uri"] is None) == (kind == "staff.password")
        assert try_log_in(bank, before).code == "staff_login_refused"
        with_what_was_given(clerk, given)
    log_in(bank, clerk)
    done(bank, by, "staff.state", staff_id=clerk.staff_id, state="left")
    assert ask(bank, clerk).code == "session_ended"
    member = store.read(clerk.staff_id)
    assert member is not None
    assert (member.role, sorted(member.posts), member.state) == (domain.TELLER, ["checker"], "left")
    assert asked(bank, by[0], "staff.state", staff_id=clerk.staff_id, state="active").code == "staff_state_unfit"


@pytest.mark.requirement("NB-5.2.4")
def test_a_locked_member_is_let_in_before_the_time_by_two_people(bank: Bank) -> None:
    by, clerk = pair(bank), appoint(bank, domain.OPERATOR)
    nothing = asked(bank, by[0], "staff.unlock", staff_id=clerk.staff_id)
    assert nothing.code == "approval_changes_nothing"
    for _ in range(parameters.STAFF_LOGIN_TRIES.default):
        assert try_log_in(bank, clerk, password="wrong", code="000000").code == "staff_login_refused"
    assert try_log_in(bank, clerk).code == "staff_login_refused"
    request = asked(bank, by[0], "staff.unlock", staff_id=clerk.staff_id)
    (lock,) = [row for row in request.body["changes"] if row["fact"] == "locked_until"]
    assert lock["before"] != lock["after"] == "-"
    assert try_log_in(bank, clerk).code == "staff_login_refused"
    assert approved(bank, by[1], request).status == 200
    log_in(bank, clerk)
    rows = [row for row in table_items(bank, "StaffActionsTable") if row["on"] == clerk.staff_id]
    assert [(row["action"], row["staff_id"], row["facts"]["maker"]) for row in rows] == [
        ("staff.unlocked", by[1].staff_id, by[0].staff_id)
    ]


@pytest.mark.requirement("NB-5.2.3")
def test_a_function_of_a_role_is_switched_by_two_system_administrators(bank: Bank) -> None:
    by, clerk = pair(bank, domain.SYSTEM_ADMINISTRATOR), appoint(bank, domain.TELLER)
    log_in(bank, clerk)
    wanted: dict[str, Any] = {"role": domain.TELLER, "function": domain.STATISTICS_READ, "is_on": True}
    assert domain.STATISTICS_READ not in ask(bank, clerk).body["functions"]
    done(bank, by, "function.switch", **wanted)
    bank.clock.advance(read_functions.MAX_STALENESS)
    assert domain.STATISTICS_READ in ask(bank, clerk).body["functions"]
    assert asked(bank, by[0], "function.switch", **wanted).code == "approval_changes_nothing"
    wrong = {**wanted, "function": domain.STAFF_MANAGE}
    assert asked(bank, by[0], "function.switch", **wrong).code == "function_not_switchable"
    assert asked(bank, by[0], "function.switch", **{**wanted, "role": "president"}).code == "not_found"
    assert asked(bank, pair(bank)[0], "function.switch", **wanted).code == "staff_permission_denied"
