"""Staff log in with password and token, apart from customers; sessions are short and end at once (NB-5.2.4)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import jwt
import pytest
from chalice.app import Request

from chalicelib.audit import service as audit
from chalicelib.contract.operations import all_apis
from chalicelib.customers.errors import SessionEnded
from chalicelib.identity import tokens as customers_tokens
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, totp
from chalicelib.platform.errors import NotFound, Refusal
from chalicelib.platform.http import MAX_BODY_BYTES, Call, Operation
from chalicelib.staff import domain, store
from chalicelib.staff import service as staff
from chalicelib.staff.commands import check_session
from chalicelib.staff.errors import PurposeRequired, StaffPasswordExpired, StaffPermissionDenied
from tests.chain.bank import BRANCH, Bank
from tests.chain.clerks import CITY, OTHER, PASSWORD, VILLAGE, Clerk, appoint, ask, branches, log_in, try_log_in
from tests.chain.probe import force, same_refusal, table_items, unchanged, wrong_code
from tests.chain.test_log_in_work import counted

STAFF_ROUTES = [o for api in all_apis() for o in api.operations if o.permission is not None]
CUSTOMER_ROUTES = [o for api in all_apis() for o in api.operations if o.entitlement is not None]


@pytest.fixture
def clerk(shared_bank: Bank) -> Clerk:
    return appoint(shared_bank, domain.OPERATOR)


def actions_of(bank: Bank, staff_id: str) -> list[tuple[str, str]]:
    """What is on record of somebody today, oldest first: (action, outcome)."""
    found, _ = audit.staff_actions(clock.business_date(bank.clock.now()), limit=1000)
    return [(one.action, one.outcome) for one in reversed(found) if one.staff_id == staff_id]


def called(bank: Bank, token: str, permission: str, **headers: str) -> Call:
    """A call of an operation that needs a permission, as the edge makes it."""
    operation = Operation(
        "GET",
        "/v1/staff/probe",
        "probe",
        "",
        "",
        check_session.checks_session,
        None,
        None,
        None,
        200,
        (),
        None,
        MAX_BODY_BYTES,
        permission,
    )
    event: dict[str, Any] = {
        "headers": {"authorization": f"Bearer {token}", **headers},
        "multiValueHeaders": {},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {"resourcePath": "/", "httpMethod": "GET", "requestId": "request-0001"},
    }
    return Call(operation, Request(event), {"customer_id": "c1"})


# ---- log in ---------------------------------------------------------------------------------------------------
@pytest.mark.requirement("NB-5.2.4")
def test_who_knows_the_password_and_holds_the_token_is_in(shared_bank: Bank, clerk: Clerk) -> None:
    reply = try_log_in(shared_bank, clerk)
    assert reply.status == 201
    assert reply.body["must_change_password"] is False
    assert reply.body["staff"] | {"functions": []} == {
        "staff_id": clerk.staff_id,
        "branch_id": BRANCH,
        "level": "head_office",
        "role": "operator",
        "posts": ["maker"],
        "functions": [],
    }
    assert "customers.read" in reply.body["staff"]["functions"]
    assert not [name for name in reply.body["staff"]["functions"] if name.startswith("counter.")]
    clerk.token = reply.body["access_token"]
    assert ask(shared_bank, clerk).body == reply.body["staff"]
    # a number is known in any case
    assert try_log_in(shared_bank, clerk, staff_id=f" {clerk.staff_id.lower()} ").status == 201
    assert actions_of(shared_bank, clerk.staff_id) == [("logged_in", "done")] * 2


@pytest.mark.requirement("NB-5.2.4")
def test_one_answer_for_unknown_wrong_used_suspended_and_locked(shared_bank: Bank, clerk: Clerk) -> None:
    code = clerk.code(shared_bank)
    wrong = try_log_in(shared_bank, clerk, password="Wrong-Horse-7", code=code)
    assert (wrong.code, wrong.status) == ("staff_login_refused", 401)
    answers = [
        try_log_in(shared_bank, clerk, staff_id="S99999", code=code),
        try_log_in(shared_bank, clerk, staff_id="' OR 1=1", code=code),
        try_log_in(shared_bank, clerk, code=wrong_code(code)),
    ]
    # the code was not used up by who did not know the password
    assert try_log_in(shared_bank, clerk, code=code).status == 201
    answers.append(try_log_in(shared_bank, clerk, code=code))
    force(shared_bank, "StaffTable", {"staff_id": clerk.staff_id}, state="suspended")
    answers.append(try_log_in(shared_bank, clerk))
    force(shared_bank, "StaffTable", {"staff_id": clerk.staff_id}, state="active")
    for _ in range(parameters.STAFF_LOGIN_TRIES.default):
        answers.append(try_log_in(shared_bank, clerk, password="Wrong-Horse-7"))
    answers.append(try_log_in(shared_bank, clerk))
    assert all(same_refusal(wrong, answer) for answer in answers)
    # when the lock's time has passed, the right ones do
    shared_bank.clock.sleep(parameters.STAFF_LOGIN_LOCK_S.default)
    assert try_log_in(shared_bank, clerk).status == 201
    found = [action for action, _ in actions_of(shared_bank, clerk.staff_id)]
    assert found.count("locked") == found.count("unlocked") == 1
    # and ten minutes of refusals are one row
    assert found.count("login_refused") == 1


@pytest.mark.requirement("NB-5.2.4")
def test_every_refused_log_in_is_the_same_work(shared_bank: Bank, clerk: Clerk) -> None:
    # given an unknown number, one without a token, a wrong password, a wrong code, and both
    staff.appoint_teller("T0078", "柜员", BRANCH, PASSWORD)
    parameters.value(parameters.STAFF_LOGIN_TRIES, shared_bank.clock.now())
    code = clerk.code(shared_bank)
    wrongs: dict[str, dict[str, str]] = {
        "unknown": {"staff_id": "S99997"},
        "no token": {"staff_id": "T0078"},
        "password": {"password": "Wrong-Horse-7"},
        "code": {"code": wrong_code(code)},
        "both": {"password": "Wrong-Horse-7", "code": wrong_code(code)},
    }
    found = {}
    for name, wrong in wrongs.items():
        shared_bank.clock.sleep(audit.REFUSALS_PER_ROW_S)  # a row of the log each
        with counted() as work:
            assert try_log_in(shared_bank, clerk, **{"code": code, **wrong}).code == "staff_login_refused"
        found[name] = dict(work)
    # then the engine is asked the same, and one password is verified
    assert all(work == found["unknown"] for work in found.values()), found
    assert found["unknown"]["argon2"] == 1


def test_a_teller_without_a_token_cannot_log_in(shared_bank: Bank, clerk: Clerk) -> None:
    staff.appoint_teller("T0077", "柜员", BRANCH, PASSWORD)
    assert try_log_in(shared_bank, clerk, staff_id="T0077").code == "staff_login_refused"
    with pytest.raises(ValueError, match="once"):
        staff.appoint_teller("T0077", "柜员", BRANCH, PASSWORD)


@pytest.mark.requirement("NB-5.2.4")
@pytest.mark.parametrize("minutes", [0, 1])
def test_a_code_is_good_once_inside_its_window(shared_bank: Bank, clerk: Clerk, minutes: int) -> None:
    code = clerk.code(shared_bank)
    assert try_log_in(shared_bank, clerk, code=code).status == 201
    shared_bank.clock.sleep(60 * minutes)
    with unchanged(shared_bank, but=["LoginTriesTable", "StaffActionsTable", "StaffActionLinksTable"]):
        assert try_log_in(shared_bank, clerk, code=code).code == "staff_login_refused"
    # nor is a code of a minute before the one that was used
    before = totp.code_at(clerk.seed, clerk.last_step - 1)
    assert try_log_in(shared_bank, clerk, code=before).code == "staff_login_refused"


BODIES: list[dict[str, Any]] = [
    {},
    {"staff_id": "S00001", "password": "x"},
    {"staff_id": "", "password": "x", "code": "123456"},
    {"staff_id": "S" * 21, "password": "x", "code": "123456"},
    {"staff_id": "S00001", "password": "x" * 129, "code": "123456"},
    {"staff_id": "S00001", "password": "x", "code": "12345"},
    {"staff_id": "S00001", "password": "x", "code": 123456},
    {"staff_id": "S00001", "password": "x", "code": "123456", "role": "auditor"},
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_malformed_log_in_is_told_where(shared_bank: Bank, body: dict[str, Any]) -> None:
    assert shared_bank.request("POST", "/v1/staff/sessions", body).code == "malformed_request"


# ---- whose token where ----------------------------------------------------------------------------------------
def path_of(operation: Operation) -> str:
    return "/".join("a" * 26 if part.startswith("{") else part for part in operation.path.split("/"))


def body_of(operation: Operation) -> dict[str, Any] | None:
    return {} if operation.body is not None else None


def takers_of(bank: Bank, token: str, operations: list[Operation]) -> list[str]:
    """The operations that do not answer that nobody is logged in."""
    assert operations
    return [
        f"{operation.method} {operation.path}"
        for operation in operations
        if bank.request(operation.method, path_of(operation), body_of(operation), token=token).body.get("code")
        != "not_logged_in"
    ]


@pytest.mark.requirement("NB-5.1.4")
def test_no_customers_route_takes_a_token_of_staff(shared_bank: Bank) -> None:
    token = log_in(shared_bank, appoint(shared_bank, domain.SYSTEM_ADMINISTRATOR))
    with unchanged(shared_bank):
        assert takers_of(shared_bank, token, CUSTOMER_ROUTES) == []


@pytest.mark.requirement("NB-5.1.4")
def test_no_route_of_staff_takes_a_customers_token(shared_bank: Bank) -> None:
    token = shared_bank.log_in(shared_bank.sign_up("赵小明"))
    with unchanged(shared_bank):
        assert takers_of(shared_bank, token, STAFF_ROUTES) == []


SUBSTITUTED = ["staff's kind, customers' audience", "customers' kind, staff's audience", "no kind", "another bank's"]


@pytest.mark.parametrize("name", SUBSTITUTED)
def test_a_substituted_claim_opens_neither_side(shared_bank: Bank, clerk: Clerk, name: str) -> None:
    # given claims of a live session of each side, signed by the very key that both sides trust
    now = int(shared_bank.clock.now().timestamp())
    person = shared_bank.sign_up("钱红")
    log_in(shared_bank, clerk)
    live = jwt.decode(clerk.token, options={"verify_signature": False})
    customer = jwt.decode(shared_bank.log_in(person), options={"verify_signature": False})
    kind, audience = {
        "staff's kind, customers' audience": (check_session.TOKEN_TYPE, customers_tokens.issuer()),
        "customers' kind, staff's audience": (customers_tokens.TYPE, check_session.audience()),
        "no kind": ("", check_session.audience()),
        "another bank's": (check_session.TOKEN_TYPE, "rural-bank-prod-staff"),
    }[name]
    for claims in (live, customer):
        own = {key: claims[key] for key in claims if key not in ("iss", "aud")} | {
            "exp": now + 60,
            "edn": "professional",
        }
        forged = customers_tokens.sign(own, kind, audience)
        assert shared_bank.request("GET", "/v1/staff/sessions/current", token=forged).code == "not_logged_in"
        assert shared_bank.request("GET", "/v1/accounts", token=forged).code == "not_logged_in"
    # and a customer's id in a token of staff's kind is nobody's session
    nobody = check_session.issue_token(person.customer_id, customer["sid"], now, now + 60)
    assert shared_bank.request("GET", "/v1/staff/sessions/current", token=nobody).code == "session_ended"


# ---- sessions -------------------------------------------------------------------------------------------------
@pytest.mark.requirement("NB-5.2.4")
def test_a_session_ends_when_idle_and_at_its_end_in_any_case(shared_bank: Bank, clerk: Clerk) -> None:
    idle, most = parameters.STAFF_SESSION_IDLE_S.default, parameters.STAFF_SESSION_MAX_S.default
    log_in(shared_bank, clerk)
    shared_bank.clock.sleep(idle - 1)
    assert ask(shared_bank, clerk).status == 200
    shared_bank.clock.sleep(idle)
    assert ask(shared_bank, clerk).code == "session_ended"
    # however busy somebody is
    log_in(shared_bank, clerk)
    for _ in range(most // (idle - 1)):
        shared_bank.clock.sleep(idle - 1)
        assert ask(shared_bank, clerk).status == 200
    shared_bank.clock.sleep(idle - 1)
    assert ask(shared_bank, clerk).code == "token_expired"


@pytest.mark.requirement("NB-5.2.4")
def test_a_log_out_holds_at_once_and_for_that_session_only(shared_bank: Bank, clerk: Clerk) -> None:
    log_in(shared_bank, clerk)
    first = clerk.token
    log_in(shared_bank, clerk)
    assert shared_bank.request("DELETE", "/v1/staff/sessions/current", token=first).status == 204
    assert shared_bank.request("GET", "/v1/staff/sessions/current", token=first).code == "session_ended"
    assert shared_bank.request("DELETE", "/v1/staff/sessions/current", token=first).code == "session_ended"
    assert ask(shared_bank, clerk).status == 200
    assert actions_of(shared_bank, clerk.staff_id).count(("logged_out", "done")) == 1


def test_whatever_ends_all_sessions_ends_them_at_once(shared_bank: Bank, clerk: Clerk) -> None:
    for changes in ({"standing": 1}, {"state": "suspended"}, {"state": "left"}):
        force(shared_bank, "StaffTable", {"staff_id": clerk.staff_id}, state="active")
        log_in(shared_bank, clerk)
        assert ask(shared_bank, clerk).status == 200
        force(shared_bank, "StaffTable", {"staff_id": clerk.staff_id}, **changes)
        assert ask(shared_bank, clerk).code == "session_ended"


def test_a_write_can_ask_that_the_actor_still_stands(shared_bank: Bank, clerk: Clerk) -> None:
    caller = check_session.checks_session(called(shared_bank, log_in(shared_bank, clerk), domain.OWN_SESSION))
    member = staff.member_of(clerk.staff_id)
    assert member is not None
    rules = staff.acting(caller).rules
    assert all(rule.holds(member.image) for rule in rules)
    for changes in ({"standing": 1}, {"state": "suspended"}):
        assert not all(rule.holds({**member.image, **changes}) for rule in rules)


# ---- passwords ------------------------------------------------------------------------------------------------
NEW = "Copper-Window-Sparrow-9"


def change(bank: Bank, clerk: Clerk, old: str, new: str) -> Any:
    return bank.request("PUT", "/v1/staff/password", {"old_password": old, "new_password": new}, token=clerk.token)


@pytest.mark.requirement("NB-5.2.4")
def test_a_new_password_ends_every_session(shared_bank: Bank, clerk: Clerk) -> None:
    log_in(shared_bank, clerk)
    first = clerk.token
    log_in(shared_bank, clerk)
    assert change(shared_bank, clerk, PASSWORD, NEW).status == 204
    for token in (first, clerk.token):
        assert shared_bank.request("GET", "/v1/staff/sessions/current", token=token).code == "session_ended"
    assert try_log_in(shared_bank, clerk).code == "staff_login_refused"
    clerk.password = NEW
    log_in(shared_bank, clerk)


@pytest.mark.requirement("NB-5.2.4")
@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("Wrong-Horse-7", NEW, "old_password_wrong"),
        (PASSWORD, PASSWORD, "staff_password_reused"),
        (PASSWORD, "short", "password_too_short"),
        (PASSWORD, "aaaaaaaaaaaa", "password_pattern"),
        (PASSWORD, "Password1", "password_common"),
        (PASSWORD, "", "malformed_request"),
    ],
)
def test_a_password_that_will_not_do_changes_nothing(
    shared_bank: Bank, clerk: Clerk, old: str, new: str, code: str
) -> None:
    log_in(shared_bank, clerk)
    assert change(shared_bank, clerk, old, new).code == code
    assert change(shared_bank, clerk, PASSWORD, f"{clerk.staff_id}-Harbour-2").code == "password_personal"
    log_in(shared_bank, clerk)


def test_wrong_old_passwords_lock_as_wrong_log_ins_do(shared_bank: Bank, clerk: Clerk) -> None:
    log_in(shared_bank, clerk)
    for _ in range(parameters.STAFF_LOGIN_TRIES.default):
        assert change(shared_bank, clerk, "Wrong-Horse-7", NEW).code == "old_password_wrong"
    assert change(shared_bank, clerk, PASSWORD, NEW).code == "old_password_wrong"
    assert try_log_in(shared_bank, clerk).code == "staff_login_refused"


@pytest.mark.requirement("NB-5.2.4")
def test_the_last_passwords_are_not_taken_again(shared_bank: Bank, clerk: Clerk) -> None:
    parameters.set_value("staff.password_history", 2)
    used = [PASSWORD]
    for new in ("Copper-Window-Sparrow-9", "Marble-Kettle-Orchard-3", "Velvet-Anchor-Meadow-6"):
        log_in(shared_bank, clerk)
        assert change(shared_bank, clerk, used[-1], new).status == 204
        clerk.password = new
        used.append(new)
    log_in(shared_bank, clerk)
    # the present one and the one before are two
    for old in used[-2:]:
        assert change(shared_bank, clerk, clerk.password, old).code == "staff_password_reused"
    assert change(shared_bank, clerk, clerk.password, used[1]).status == 204


@pytest.mark.requirement("NB-5.2.4")
@pytest.mark.parametrize("how", ["old", "first"])
def test_with_an_old_or_first_password_only_a_new_one_is_open(shared_bank: Bank, how: str) -> None:
    clerk = appoint(shared_bank, domain.OPERATOR, password_is_new=how == "first")
    if how == "old":
        shared_bank.clock.advance(dt.timedelta(days=parameters.STAFF_PASSWORD_D.default, seconds=-1))
        log_in(shared_bank, clerk)
        assert ask(shared_bank, clerk).status == 200
        check_session.checks_session(called(shared_bank, clerk.token, domain.STATISTICS_READ))
        shared_bank.clock.sleep(120)
    reply = try_log_in(shared_bank, clerk)
    assert reply.body["must_change_password"] is True
    clerk.token = reply.body["access_token"]
    assert ask(shared_bank, clerk).status == 200
    with pytest.raises(StaffPasswordExpired):
        check_session.checks_session(called(shared_bank, clerk.token, domain.STATISTICS_READ))
    assert change(shared_bank, clerk, PASSWORD, NEW).status == 204
    clerk.password = NEW
    log_in(shared_bank, clerk)
    check_session.checks_session(called(shared_bank, clerk.token, domain.STATISTICS_READ))


# ---- permission, purpose, scope -------------------------------------------------------------------------------
@pytest.mark.requirement("NB-5.2.3")
def test_what_a_role_does_not_hold_is_refused_and_on_record(shared_bank: Bank, clerk: Clerk) -> None:
    log_in(shared_bank, clerk)
    with pytest.raises(StaffPermissionDenied):
        check_session.checks_session(called(shared_bank, clerk.token, domain.COUNTER_CUSTOMERS))
    assert (domain.COUNTER_CUSTOMERS, "refused") in actions_of(shared_bank, clerk.staff_id)


@pytest.mark.requirement("NB-4-audit")
def test_a_look_at_a_customer_states_its_purpose_and_is_on_record_first(shared_bank: Bank, clerk: Clerk) -> None:
    log_in(shared_bank, clerk)
    for purpose in (None, "", "x", " %20 ", "%E4%BD", "x" * 101, "%E6%8A%95%00%E8%AF%89"):
        headers = {} if purpose is None else {"purpose": purpose}
        with pytest.raises(PurposeRequired):
            check_session.checks_session(called(shared_bank, clerk.token, domain.CUSTOMERS_READ, **headers))
    stated = "%E5%AE%A2%E6%88%B7%E6%8A%95%E8%AF%89%202026-12"
    caller = check_session.checks_session(called(shared_bank, clerk.token, domain.CUSTOMERS_READ, purpose=stated))
    assert caller.purpose == "客户投诉 2026-12"
    rows = [row for row in table_items(shared_bank, "StaffActionsTable") if row["staff_id"] == clerk.staff_id]
    (row,) = [row for row in rows if row["action"] == domain.CUSTOMERS_READ]
    assert (row["purpose"], row["on"], row["outcome"]) == ("客户投诉 2026-12", "c1", "asked")
    assert (row["session_id"], row["branch_id"], row["correlation_id"]) == (caller.session_id, BRANCH, "request-0001")


@pytest.mark.requirement("NB-5.2.5")
def test_what_is_out_of_scope_looks_like_not_there(shared_bank: Bank) -> None:
    branches()
    seen = {
        BRANCH: {BRANCH, CITY, VILLAGE, OTHER},
        CITY: {CITY, VILLAGE},
        VILLAGE: {VILLAGE},
        OTHER: {OTHER},
    }
    for own, scope in seen.items():
        clerk = appoint(shared_bank, domain.OPERATOR, branch_id=own)
        caller = check_session.checks_session(called(shared_bank, log_in(shared_bank, clerk), domain.OWN_SESSION))
        found = set()
        for branch_id in (*seen, "9999", ""):
            try:
                staff.require_scope(caller, branch_id)
            except NotFound:
                continue
            found.add(branch_id)
        assert found == scope


def test_an_organisation_keeps_its_place(shared_bank: Bank) -> None:
    branches()
    branches()  # the same again is no change
    for branch_id, parent in ((VILLAGE, OTHER), (CITY, OTHER), ("0009", VILLAGE)):
        with pytest.raises(ValueError, match=r"place|under a branch"):
            staff.register_branch(staff.Branch(branch_id, "x", "x", "x", parent))
    with pytest.raises(KeyError):
        staff.register_branch(staff.Branch("0009", "x", "x", "x", "0099"))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é"])
def test_what_is_no_token_is_nobody(shared_bank: Bank, token: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_session.checks_session(called(shared_bank, token, domain.OWN_SESSION))
    assert refused.value.code == "not_logged_in"


def test_a_session_of_a_number_that_is_gone_has_ended(shared_bank: Bank, clerk: Clerk) -> None:
    log_in(shared_bank, clerk)
    now = int(shared_bank.clock.now().timestamp())
    for staff_id, session_id in (("S99998", "x"), (clerk.staff_id, "x")):
        token = check_session.issue_token(staff_id, session_id, now, now + 60)
        with pytest.raises(SessionEnded):
            check_session.checks_session(called(shared_bank, token, domain.OWN_SESSION))
    assert store.read("S99998") is None
