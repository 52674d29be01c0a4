"""The register of customers' emergencies: who called, what was done, in scope, on record, with its history."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.platform import clock
from chalicelib.staff import domain as staff
from tests.chain.bank import Bank, Reply
from tests.chain.clerks import CITY, OTHER, Clerk, appoint, branches, log_in
from tests.chain.probe import table_items, unchanged

pytestmark = pytest.mark.requirement("NB-5.1.8-2")

PATH = "/v1/staff/emergency-cases"
PURPOSE = {"purpose": quote("处理客户来电")}
MINE = ("StaffActionsTable", "StaffActionLinksTable", "StaffSessionsTable")


@pytest.fixture
def bank(bank: Bank) -> Bank:
    branches()
    return bank


def clerk_of(bank: Bank, role: str, branch_id: str, *posts: str) -> Clerk:
    clerk = appoint(bank, role, *posts, branch_id=branch_id)
    log_in(bank, clerk)
    return clerk


@pytest.fixture
def teller(bank: Bank) -> Clerk:
    return clerk_of(bank, staff.TELLER, CITY)


def noted(bank: Bank, clerk: Clerk, key: str = "key-case-1", **changes: Any) -> Reply:
    body = {
        "kind": "suspicious_instruction",
        "channel": "phone",
        "received_at": "2026-11-21T09:50:00+08:00",
        "caller": "本人",
        "what": "称未发起该笔转账",
        "customer_id": "cccccccccccccccccccc",
        **changes,
    }
    return bank.request("POST", PATH, body, token=clerk.token, headers={"idempotency-key": key, **PURPOSE})


def step(bank: Bank, clerk: Clerk, case: Any, action: str, text: str = "已联系", **more: Any) -> Reply:
    body = {"action": action, "revision": case["revision"], "text": text, **more}
    return bank.request("POST", f"{PATH}/{case['id']}/steps", body, token=clerk.token, headers=PURPOSE)


def read(bank: Bank, clerk: Clerk, path: str) -> Reply:
    return bank.request("GET", path, token=clerk.token, headers=PURPOSE)


def test_a_case_from_the_call_to_its_end(bank: Bank, teller: Clerk) -> None:
    made = noted(bank, teller)
    assert (made.status, made.body["state"], made.body["owner"]) == (201, "open", teller.staff_id)
    case = made.body
    assert (case["branch_id"], case["received_at"]) == (CITY, "2026-11-21T01:50:00.000Z")
    # it is not handled before the customer was spoken to, nor closed before it was handled
    for action in ("handle", "close"):
        assert step(bank, teller, case, action).code == "case_step_refused"
    bank.clock.advance(dt.timedelta(minutes=3))
    case = step(bank, teller, case, "contact", "客户确认非本人操作").body
    assert (case["state"], case["contacted_at"]) == ("contacted", "2026-11-21T02:03:00.000Z")
    assert step(bank, teller, case, "close").code == "case_step_refused"
    other = clerk_of(bank, staff.OPERATOR, "0001")
    case = step(bank, teller, case, "hand_over", "转总行", owner=other.staff_id).body
    assert case["owner"] == other.staff_id
    bank.clock.advance(dt.timedelta(minutes=3))
    case = step(bank, other, case, "contact", "再次联系").body
    # the first word with the customer is when they were contacted
    assert case["contacted_at"] == "2026-11-21T02:03:00.000Z"
    case = step(bank, other, case, "handle", "已冻结账户").body
    case = step(bank, other, case, "close", "客户无异议").body
    assert (case["state"], case["outcome"]) == ("closed", "已冻结账户")
    assert step(bank, other, case, "contact").code == "case_step_refused"
    steps = read(bank, teller, f"{PATH}/{case['id']}").body["steps"]
    assert [(one["action"], one["by"], one["text"]) for one in steps] == [
        ("open", teller.staff_id, ""),
        ("contact", teller.staff_id, "客户确认非本人操作"),
        ("hand_over", teller.staff_id, "转总行"),
        ("contact", other.staff_id, "再次联系"),
        ("handle", other.staff_id, "已冻结账户"),
        ("close", other.staff_id, "客户无异议"),
    ]
    # and each is in the staff's log, with the customer and the purpose
    rows = [row for row in table_items(bank, "StaffActionsTable") if row["action"] == "case.handle"]
    assert [(row["on"], row["purpose"], row["facts"]["case"]) for row in rows] == [
        ("cccccccccccccccccccc", "处理客户来电", case["id"])
    ]


def test_sent_again_it_is_the_same_case(bank: Bank, teller: Clerk) -> None:
    first, again = noted(bank, teller), noted(bank, teller)
    assert (again.status, again.body) == (200, first.body)
    assert noted(bank, teller, "key-case-2").body["id"] != first.body["id"]
    months = read(bank, teller, f"{PATH}?month=2026-11").body["cases"]
    assert len(months) == 2
    assert read(bank, teller, f"{PATH}?month=2026-10").body == {"cases": []}
    assert read(bank, teller, f"{PATH}?month=2026-13").code == "malformed_request"


def test_sent_again_after_the_month_has_ended_it_is_the_same_case(bank: Bank, teller: Clerk) -> None:
    # given a case whose answer was lost in the last millisecond of a year
    last = dt.datetime(2027, 1, 1, tzinfo=clock.SHANGHAI) - dt.timedelta(milliseconds=1)
    bank.clock.set(last)
    log_in(bank, teller)
    first = noted(bank, teller)
    bank.clock.advance(dt.timedelta(milliseconds=1))
    again = noted(bank, teller)
    assert (first.status, again.status, again.body) == (201, 200, first.body)
    assert read(bank, teller, f"{PATH}?month=2027-01").body == {"cases": []}
    # and another key notes one of the new month
    assert noted(bank, teller, "key-case-2").body["id"].startswith("2027-01-")


def test_who_has_not_seen_the_last_step_is_told_so(bank: Bank, teller: Clerk) -> None:
    case = noted(bank, teller).body
    step(bank, teller, case, "contact")
    with unchanged(bank, but=MINE):
        assert step(bank, teller, case, "contact").code == "register_changed"


def test_another_branch_finds_nothing_and_is_handed_nothing(bank: Bank, teller: Clerk) -> None:
    case = noted(bank, teller).body
    elsewhere, above = clerk_of(bank, staff.TELLER, OTHER), clerk_of(bank, staff.OPERATOR, "0001")
    for path in (f"{PATH}/{case['id']}", f"{PATH}/2026-11-nobody", f"{PATH}/x"):
        assert read(bank, elsewhere, path).code == "not_found"
    assert read(bank, elsewhere, f"{PATH}?month=2026-11").body == {"cases": []}
    assert step(bank, elsewhere, case, "contact").code == "not_found"
    assert [one["id"] for one in read(bank, above, f"{PATH}?month=2026-11").body["cases"]] == [case["id"]]
    for owner in (elsewhere.staff_id, "S99999"):
        assert step(bank, teller, case, "hand_over", owner=owner).code == "not_found"
    # to oneself it is no trouble
    assert step(bank, teller, case, "hand_over", owner=teller.staff_id).body["owner"] == teller.staff_id


def test_nobody_is_handed_what_they_may_not_see_to(bank: Bank, teller: Clerk) -> None:
    case = noted(bank, teller).body
    for role in (staff.AUDITOR, staff.SYSTEM_ADMINISTRATOR):
        other = clerk_of(bank, role, "0001")
        assert step(bank, teller, case, "hand_over", owner=other.staff_id).code == "not_found", role


def test_a_look_states_its_purpose_and_who_may_not_is_refused(bank: Bank, teller: Clerk) -> None:
    case = noted(bank, teller).body
    assert bank.request("GET", f"{PATH}/{case['id']}", token=teller.token).code == "purpose_required"
    auditor = clerk_of(bank, staff.AUDITOR, "0001")
    assert read(bank, auditor, f"{PATH}/{case['id']}").status == 200
    assert step(bank, auditor, case, "contact").code == "staff_permission_denied"
    system = clerk_of(bank, staff.SYSTEM_ADMINISTRATOR, "0001")
    assert read(bank, system, f"{PATH}?month=2026-11").code == "staff_permission_denied"


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "other"},
        {"channel": "fax"},
        {"caller": ""},
        {"what": "x"},
        {"what": "长" * 501},
        {"customer_id": "x"},
        {"received_at": "2026-11-21T09:50:00"},
    ],
)
def test_what_is_no_case_is_refused(bank: Bank, teller: Clerk, changes: dict[str, Any]) -> None:
    assert noted(bank, teller, **changes).code == "malformed_request"


def test_a_step_names_an_owner_where_it_hands_over_and_nowhere_else(bank: Bank, teller: Clerk) -> None:
    case = noted(bank, teller).body
    assert step(bank, teller, case, "hand_over").code == "malformed_request"
    assert step(bank, teller, case, "contact", owner=teller.staff_id).code == "malformed_request"
    assert step(bank, teller, case, "reopen").code == "malformed_request"
