"""Auditors read the staff's log by day and filters, and take it home with its chain (NB-4-audit)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from chalicelib.audit import service as audit
from chalicelib.audit import store
from chalicelib.audit.commands.verify_actions import verify_lines
from chalicelib.platform import transactions
from chalicelib.staff import domain
from tests.chain.bank import Bank, Reply
from tests.chain.clerks import Clerk, appoint, log_in
from tests.chain.probe import table_items, unchanged

DATE = "20261121"
ACTIONS, EXPORT = "/v1/staff/audit/actions", "/v1/staff/audit/export"


@pytest.fixture
def auditor(shared_bank: Bank) -> Clerk:
    clerk = appoint(shared_bank, domain.AUDITOR)
    log_in(shared_bank, clerk)
    return clerk


def read(bank: Bank, clerk: Clerk, path: str = ACTIONS, **query: Any) -> Reply:
    asked = "&".join(f"{name}={value}" for name, value in {"date": DATE, **query}.items())
    return bank.request("GET", f"{path}?{asked}", token=clerk.token)


def all_pages(bank: Bank, clerk: Clerk, path: str, part: str, **query: str | int) -> list[Any]:
    found: list[Any] = []
    more: dict[str, str | int] = {}
    for _ in range(200):
        reply = read(bank, clerk, path, **query, **more)
        assert reply.status == 200, reply
        found += reply.body[part]
        if reply.body["next_cursor"] is None:
            return found
        more = {"cursor": reply.body["next_cursor"]}
    raise AssertionError("no end")


def note(bank: Bank, staff_id: str, action: str, on: str) -> None:
    bank.clock.sleep(1)
    assert transactions.commit([audit.staff_event(staff_id, action, bank.clock.now(), on=on, why="按规定")])


@pytest.mark.requirement("NB-4-audit")
def test_an_auditor_reads_a_day_by_member_action_and_object(shared_bank: Bank, auditor: Clerk) -> None:
    for number in range(7):
        note(shared_bank, "W0001" if number % 2 else "W0002", f"probe.{number % 3}", f"thing-{number}")
    shown = all_pages(shared_bank, auditor, ACTIONS, "actions", limit=3)
    assert [one["at"] for one in shown] == sorted((one["at"] for one in shown), reverse=True)
    probes = [one for one in shown if one["action"].startswith("probe.")]
    assert [one["on"] for one in probes] == [f"thing-{number}" for number in reversed(range(7))]
    assert probes[0] | {"id": "", "at": ""} == {
        "id": "",
        "at": "",
        "staff_id": "W0002",
        "action": "probe.0",
        "on": "thing-6",
        "outcome": "done",
        "purpose": "",
        "source_address": None,
        "session_id": None,
        "branch_id": None,
        "correlation_id": None,
        "case_id": None,
        "facts": {"why": "按规定"},
    }

    def found(**query: str | int) -> list[str]:
        pages = all_pages(shared_bank, auditor, ACTIONS, "actions", limit=2, **query)
        return sorted(one["on"] for one in pages if one["action"].startswith("probe."))

    assert found(staff_id="W0001") == ["thing-1", "thing-3", "thing-5"]
    assert found(action="probe.0") == ["thing-0", "thing-3", "thing-6"]
    assert found(action="probe.0", staff_id="W0001") == ["thing-3"]
    assert found(on="thing-4") == ["thing-4"]
    assert found(on="thing") == []
    assert read(shared_bank, auditor, date="20200101").body == {"actions": [], "next_cursor": None}


@pytest.mark.requirement("NB-4-audit")
def test_who_read_the_log_is_in_it_once_a_reading(shared_bank: Bank, auditor: Clerk) -> None:
    all_pages(shared_bank, auditor, ACTIONS, "actions", limit=1, staff_id=auditor.staff_id)
    all_pages(shared_bank, auditor, EXPORT, "lines")
    rows = [row for row in table_items(shared_bank, "StaffActionsTable") if row["staff_id"] == auditor.staff_id]
    looks = sorted((row for row in rows if row["action"] == "audit.read"), key=lambda row: row["facts"]["operation"])
    assert [(row["outcome"], row["on"]) for row in looks] == [("asked", DATE)] * 2
    assert [row["facts"] for row in looks] == [
        {"operation": "export_staff_log"},
        {"operation": "read_staff_log", "asked_staff_id": auditor.staff_id},
    ]


@pytest.mark.requirement("NB-4-audit")
def test_a_cursor_that_nobody_was_given_is_no_way_past_the_record(shared_bank: Bank, auditor: Clerk) -> None:
    made = cursor_of(business_date=DATE, action_key="9")
    given = read(shared_bank, auditor, limit=1).body["next_cursor"]
    seal = given.partition(".")[2]
    assert read(shared_bank, auditor, cursor=given).status == 200
    # neither one's own, nor another's seal on it, nor one of the other route, nor of another session
    for path, cursor in ((ACTIONS, made), (ACTIONS, f"{made}."), (ACTIONS, f"{made}.{seal}"), (EXPORT, given)):
        assert read(shared_bank, auditor, path, cursor=cursor).code == "cursor_malformed"
    log_in(shared_bank, auditor)
    assert read(shared_bank, auditor, cursor=given).code == "cursor_malformed"


@pytest.mark.requirement("NB-4-audit")
def test_the_pages_of_an_export_are_a_file_that_holds_by_itself(
    shared_bank: Bank, auditor: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(9):
        note(shared_bank, "W0003", "probe", f"item-{number}")
    shared_bank.settle()
    monkeypatch.setattr(store, "PAGE", 4)
    lines = all_pages(shared_bank, auditor, EXPORT, "lines")
    kinds = [json.loads(line)["type"] for line in lines]
    assert (kinds[0], kinds[-1], kinds.count("log"), kinds.count("end")) == ("log", "end", 1, 1)
    rows = table_items(shared_bank, "StaffActionsTable")
    assert kinds.count("row") == len([row for row in rows if row["business_date"] == DATE])
    (verdict,) = verify_lines(lines, shared_bank.clock.now())
    # the row about this very export is too young to be linked
    assert (verdict.wrong, verdict.pending) == (0, 1)
    assert verdict.held == kinds.count("link") == kinds.count("row") - 1
    # and a file that somebody edited does not
    edited = [line.replace("item-4", "item-5") for line in lines]
    (verdict,) = verify_lines(edited, shared_bank.clock.now())
    assert [finding.how for finding in verdict.findings] == ["altered"]


@pytest.mark.requirement("NB-4-audit")
@pytest.mark.parametrize("path", [ACTIONS, EXPORT])
@pytest.mark.parametrize("role", sorted(set(domain.ROLES) - {domain.AUDITOR}))
def test_nobody_but_an_auditor_reads_it(shared_bank: Bank, path: str, role: str) -> None:
    clerk = appoint(shared_bank, role, domain.MAKER, domain.CHECKER)
    log_in(shared_bank, clerk)
    assert read(shared_bank, clerk, path).code == "staff_permission_denied"


@pytest.mark.parametrize("path", [ACTIONS, EXPORT])
@pytest.mark.parametrize("date", ["", "2026112", "20261131", "20261121x", "today", "20261121%23"])
def test_a_date_that_is_none_is_malformed(shared_bank: Bank, auditor: Clerk, path: str, date: str) -> None:
    with unchanged(shared_bank, but=["StaffSessionsTable"]):
        assert read(shared_bank, auditor, path, date=date).code == "malformed_request"


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 1000}, {"staff_id": ""}, {"on": "x" * 301}, {"role": "auditor"}, {"action": ""}]
)
def test_other_bad_queries_are_malformed(shared_bank: Bank, auditor: Clerk, query: dict[str, Any]) -> None:
    assert read(shared_bank, auditor, **query).code == "malformed_request"


def cursor_of(**key: str) -> str:
    raw = json.dumps({name: {"S": value} for name, value in key.items()}, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize("path", [ACTIONS, EXPORT])
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        cursor_of(business_date="20261120", action_key="a"),
        cursor_of(business_date=DATE),
        cursor_of(business_date=DATE, place="row#a"),
        cursor_of(business_date=DATE, place="zzz"),
        cursor_of(business_date=DATE, action_key=""),
        cursor_of(business_date=DATE, action_key="a", place="link#1"),
        cursor_of(customer_id="c1", event="a"),
    ],
)
def test_a_cursor_of_another_list_is_refused(shared_bank: Bank, auditor: Clerk, path: str, cursor: str) -> None:
    assert read(shared_bank, auditor, path, cursor=cursor).code == "cursor_malformed"


def test_no_route_changes_the_log(shared_bank: Bank, auditor: Clerk) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in (ACTIONS, EXPORT):
            assert shared_bank.request(method, path, {}, token=auditor.token).status == 405
