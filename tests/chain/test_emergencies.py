"""Break-glass: a named function for a while, on record, which another person must review (issue of staff; NB-5.2.3)."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.staff import domain
from chalicelib.staff.commands import read_functions
from chalicelib.staff.commands.check_session import checks_session
from chalicelib.staff.errors import StaffPermissionDenied
from tests.chain.bank import Bank, Reply
from tests.chain.clerks import Clerk, appoint, log_in
from tests.chain.probe import table_items, unchanged
from tests.chain.test_staff_sessions import called

REASON = "核心系统中断，须核对客户余额"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    read_functions.forget()
    return shared_bank


def opened(bank: Bank, clerk: Clerk, function: str = domain.CUSTOMERS_READ, reason: str = REASON) -> Reply:
    body = {"function": function, "reason": reason}
    return bank.request("POST", "/v1/staff/emergencies", body, token=clerk.token or log_in(bank, clerk))


def review(bank: Bank, clerk: Clerk, case_id: str) -> Reply:
    body = {"finding": "查询与事由相符"}
    return bank.request(
        "POST", f"/v1/staff/emergencies/{case_id}/review", body, token=clerk.token or log_in(bank, clerk)
    )


def test_a_function_is_held_for_a_while_and_every_use_is_on_record(bank: Bank, logged: io.StringIO) -> None:
    clerk = appoint(bank, domain.SYSTEM_ADMINISTRATOR)
    token = log_in(bank, clerk)
    purpose = {"purpose": "check"}
    with pytest.raises(StaffPermissionDenied):
        checks_session(called(bank, token, domain.CUSTOMERS_READ, **purpose))
    case = opened(bank, clerk)
    assert (case.status, case.body["state"]) == (201, "open")
    # administrators are told: an alarm watches this count
    assert "EmergenciesOpened" in logged.getvalue() or "emergency opened" in logged.getvalue()
    caller = checks_session(called(bank, token, domain.CUSTOMERS_READ, **purpose))
    assert caller.case_id == case.body["id"]
    # nothing else comes with it
    with pytest.raises(StaffPermissionDenied):
        checks_session(called(bank, token, domain.TRANSACTIONS_MONITOR, **purpose))
    rows = [row for row in table_items(bank, "StaffActionsTable") if row.get("case_id") == case.body["id"]]
    assert [(row["action"], row["on"], row["purpose"]) for row in rows] == [(domain.CUSTOMERS_READ, "c1", "check")]
    # to the second
    until = dt.datetime.fromisoformat(case.body["until"])
    bank.clock.set(until - dt.timedelta(minutes=2))
    token = log_in(bank, clerk)
    bank.clock.set(until - dt.timedelta(milliseconds=1))
    assert checks_session(called(bank, token, domain.CUSTOMERS_READ, **purpose)).case_id == case.body["id"]
    bank.clock.set(until)
    with pytest.raises(StaffPermissionDenied):
        checks_session(called(bank, token, domain.CUSTOMERS_READ, **purpose))


@pytest.mark.requirement("NB-5.1.5")
def test_another_person_reviews_it_once_and_until_then_there_is_no_other(bank: Bank) -> None:
    clerk = appoint(bank, domain.SYSTEM_ADMINISTRATOR, domain.MAKER, domain.CHECKER)
    other = appoint(bank, domain.EBANK_ADMINISTRATOR, domain.CHECKER)
    case_id = opened(bank, clerk).body["id"]
    assert opened(bank, clerk, domain.TRANSACTIONS_MONITOR).code == "emergency_unreviewed"
    log_in(bank, other)
    with unchanged(bank, but=["StaffSessionsTable", "StaffActionsTable", "StaffActionLinksTable"]):
        assert review(bank, clerk, case_id).code == "emergency_own"
        assert review(bank, other, case_id[:8] + "x").code == "not_found"
        assert review(bank, other, "x").code == "not_found"
    reviewed = review(bank, other, case_id)
    assert (reviewed.body["state"], reviewed.body["reviewed_by"]) == ("reviewed", other.staff_id)
    assert review(bank, other, case_id).code == "emergency_reviewed"
    # the right ends with the review
    with pytest.raises(StaffPermissionDenied):
        checks_session(called(bank, clerk.token, domain.CUSTOMERS_READ, purpose="check"))
    assert opened(bank, clerk).status == 201
    month = case_id[:7]
    listed = bank.request("GET", f"/v1/staff/emergencies?month={month}", token=other.token).body["cases"]
    assert {"open", "reviewed"} <= {case["state"] for case in listed}
    assert bank.request("GET", "/v1/staff/emergencies?month=2026-13", token=other.token).code == "malformed_request"


@pytest.mark.parametrize("function", ["counter.customers", "staff.manage", "emergency.review", "", "x", "audit.read"])
def test_only_what_the_matrix_marks_can_be_taken(bank: Bank, function: str) -> None:
    clerk = appoint(bank, domain.SYSTEM_ADMINISTRATOR)
    log_in(bank, clerk)
    with unchanged(bank, but=["StaffSessionsTable", "StaffActionsTable", "StaffActionLinksTable"]):
        reply = opened(bank, clerk, function)
        assert reply.code in ("emergency_function_refused", "malformed_request")


def test_who_holds_it_already_needs_no_emergency(bank: Bank) -> None:
    clerk = appoint(bank, domain.OPERATOR)
    assert opened(bank, clerk).code == "emergency_function_refused"


@pytest.mark.parametrize("role", [domain.TELLER, domain.AUDITOR])
def test_tellers_and_auditors_open_none(bank: Bank, role: str) -> None:
    assert opened(bank, appoint(bank, role)).code == "staff_permission_denied"


@pytest.mark.parametrize("reason", ["", "x", "x" * 201, "a\u202eb"])
def test_a_reason_is_required_and_bounded(bank: Bank, reason: str) -> None:
    assert opened(bank, appoint(bank, domain.SYSTEM_ADMINISTRATOR), reason=reason).code == "malformed_request"


def test_the_time_is_the_parameters(bank: Bank) -> None:
    parameters.set_value("staff.emergency_s", 300)
    body = opened(bank, appoint(bank, domain.SYSTEM_ADMINISTRATOR)).body
    lasts = dt.datetime.fromisoformat(body["until"]) - dt.datetime.fromisoformat(body["opened_at"])
    assert lasts == dt.timedelta(seconds=300)
