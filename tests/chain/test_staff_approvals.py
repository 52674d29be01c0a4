"""Administrators appoint and administer staff over HTTP, two people each; credentials are handed over once."""

from __future__ import annotations

import base64
import datetime as dt
import io
import itertools
import uuid
from typing import Any

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.platform import totp
from chalicelib.staff import domain, store
from chalicelib.staff.commands import read_functions
from tests.chain.bank import BRANCH, Bank, Reply
from tests.chain.clerks import CITY, OTHER, VILLAGE, Clerk, appoint, ask, branches, log_in, try_log_in
from tests.chain.probe import force, table_items
from tests.chain.searched import Secret, found, listening
from tests.unit.samples import resident_number

PATH = "/v1/staff/approvals"
NEW_PASSWORD = "Copper-Window-Sparrow-9"
_serials = itertools.count(1)
Pair = tuple[Clerk, Clerk]


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    branches()
    read_functions.forget()
    return shared_bank


def pair(bank: Bank, role: str = domain.EBANK_ADMINISTRATOR, branch_id: str = BRANCH) -> Pair:
    """A maker and a checker of a role, logged in."""
    both = (
        appoint(bank, role, domain.MAKER, branch_id=branch_id),
        appoint(bank, role, domain.CHECKER, branch_id=branch_id),
    )
    for one in both:
        log_in(bank, one)
    return both


def asked(bank: Bank, who: Clerk, kind: str, *, key: str = "", **payload: Any) -> Reply:
    body = {"kind": kind, "payload": payload, "reason": "人员调整"}
    return bank.request("POST", PATH, body, token=who.token, headers={"idempotency-key": key or str(uuid.uuid4())})


def approved(bank: Bank, who: Clerk, request: Reply) -> Reply:
    assert request.status == 201, request
    body = {"digest": request.body["digest"]}
    return bank.request("POST", f"{PATH}/{request.body['request']['id']}/approval", body, token=who.token)


def done(bank: Bank, by: Pair, kind: str, **payload: Any) -> Reply:
    reply = approved(bank, by[1], asked(bank, by[0], kind, **payload))
    assert (reply.status, reply.body["request"]["state"]) == (200, "approved"), reply
    return reply


def person() -> str:
    return resident_number(next(_serials), "19710203")


def appointment(bank: Bank, who: Clerk, number: str, *, key: str = "", **changes: Any) -> Reply:
    body = {
        "staff_id": number,
        "name": "周敏",
        "branch_id": BRANCH,
        "role": domain.OPERATOR,
        "posts": ["maker"],
        "identity_number": "",
        "reason": "新员工入职",
        **changes,
    }
    body["identity_number"] = body["identity_number"] or person()
    headers = {"idempotency-key": key or str(uuid.uuid4())}
    return bank.request("POST", "/v1/staff/members", body, token=who.token, headers=headers)


def taken(bank: Bank, who: Clerk, number: str) -> Reply:
    return bank.request("POST", f"/v1/staff/members/{number}/credentials", token=who.token)


def seed_in(token_uri: str) -> bytes:
    """What an authenticator app reads from the address."""
    secret = token_uri.partition("secret=")[2].partition("&")[0]
    return base64.b32decode(secret + "=" * (-len(secret) % 8))


def with_what_was_given(clerk: Clerk, reply: Reply) -> Clerk:
    assert reply.status == 201, reply
    clerk.password = reply.body["password"] or clerk.password
    if reply.body["token_uri"] is not None:
        clerk.seed, clerk.last_step = seed_in(reply.body["token_uri"]), 0
    return clerk


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
    by, clerk, key = pair(bank), member_for(bank, kind), str(uuid.uuid4())
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
