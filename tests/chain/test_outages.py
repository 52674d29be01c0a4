"""Outages over HTTP: noted, judged, reported, explained to everybody; two at once, whoever may not, and the history."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.staff import domain as staff
from tests.chain.bank import Bank, Reply
from tests.chain.clerks import CITY, Clerk, appoint, branches, log_in
from tests.chain.probe import table_items, unchanged

pytestmark = pytest.mark.requirement("NB-5.1.8-7")

PATH = "/v1/staff/outages"
HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)
# A Monday at two in the afternoon; an outage that began at half past nine.
NOW = dt.datetime(2026, 11, 23, 14, tzinfo=clock.SHANGHAI)
BEGAN = NOW.replace(hour=9, minute=30)


@pytest.fixture
def bank(bank: Bank) -> Bank:
    branches()
    bank.clock.set(NOW)
    return bank


@pytest.fixture
def operator(bank: Bank) -> Clerk:
    clerk = appoint(bank, staff.OPERATOR)
    log_in(bank, clerk)
    return clerk


def noted(bank: Bank, clerk: Clerk, key: str = "key-outage-1", **changes: Any) -> Reply:
    body = {"scope": "all", "began_at": BEGAN.isoformat(), "cause": "机房供电中断", **changes}
    return bank.request("POST", PATH, body, token=clerk.token, headers={"idempotency-key": key})


def read(bank: Bank, clerk: Clerk, outage_id: str) -> Any:
    reply = bank.request("GET", f"{PATH}/{outage_id}", token=clerk.token)
    assert reply.status == 200, reply
    return reply.body


def step(bank: Bank, clerk: Clerk, outage: Any, action: str, **more: Any) -> Reply:
    body = {"action": action, "revision": outage["revision"], "reason": "按值班记录", **more}
    return bank.request("POST", f"{PATH}/{outage['id']}/steps", body, token=clerk.token)


def stepped(bank: Bank, clerk: Clerk, outage: Any, action: str, **more: Any) -> Any:
    reply = step(bank, clerk, outage, action, **more)
    assert reply.status == 200, reply
    return reply.body


def publish(bank: Bank, clerk: Clerk, outage: Any) -> Reply:
    return bank.request(
        "POST", f"{PATH}/{outage['id']}/publication", {"revision": outage["revision"]}, token=clerk.token
    )


def at(moment: dt.datetime) -> str:
    return clock.to_text(moment)


def test_an_outage_from_its_beginning_to_its_end(bank: Bank, operator: Clerk) -> None:
    # given one that is noted four and a half hours after it began
    made = noted(bank, operator)
    assert made.status == 201
    one = made.body
    assert (one["state"], one["inside_s"], one["outside_s"], one["unknown_s"]) == ("running", 16_200, 0, 0)
    assert (one["reportable"], one["assumed"], one["report_due"]) == (True, False, at(BEGAN + 24 * HOUR))
    assert one["final_report_due"] is None
    # when service is back at seven in the evening, and handled an hour later
    bank.clock.set(NOW.replace(hour=20))
    log_in(bank, operator)
    one = stepped(bank, operator, one, "end", at=NOW.replace(hour=19).isoformat())
    assert (one["state"], one["inside_s"], one["outside_s"]) == ("ended", 27_000, 7_200)
    one = stepped(bank, operator, one, "handle")
    assert one["final_report_due"] == at(NOW.replace(hour=20) + 72 * HOUR)
    assert step(bank, operator, one, "close").code == "outage_report_missing"
    one = stepped(bank, operator, one, "describe", impact="转账、查询停办", remedy="切换备用电源", handling="已恢复")
    one = stepped(bank, operator, one, "report", what="first", reference="2026-17")
    assert step(bank, operator, one, "close").code == "outage_report_missing"
    one = stepped(bank, operator, one, "report", what="final", reference="2026-18")
    assert one["state"] == "reported"
    one = stepped(bank, operator, one, "close")
    assert (one["state"], one["revision"]) == ("closed", 7)
    # then its history has each step with who, why and what changed
    steps = read(bank, operator, one["id"])["steps"]
    assert [(row["step"], row["action"]) for row in steps] == [
        ("000001", "open"),
        ("000002", "end"),
        ("000003", "handle"),
        ("000004", "describe"),
        ("000005", "report"),
        ("000006", "report"),
        ("000007", "close"),
    ]
    assert {row["by"] for row in steps} == {operator.staff_id}
    assert steps[1]["changes"] == {"ended_at": [None, at(NOW.replace(hour=19))]}
    assert steps[3]["changes"]["remedy"] == ["", "切换备用电源"]
    # and the staff's log has them too
    actions = [row["action"] for row in table_items(bank, "StaffActionsTable") if row["on"] == one["id"]]
    assert sorted(actions) == sorted([f"outage.{row['action']}" for row in steps] + ["outages.record"] * 2)


def test_the_same_key_notes_it_once_and_a_scope_has_one_running(bank: Bank, operator: Clerk) -> None:
    first = noted(bank, operator)
    again = noted(bank, operator, cause="另一原因")
    assert (again.status, again.body["id"], again.body["cause"]) == (200, first.body["id"], "机房供电中断")
    assert again.headers["Idempotency-Hit"] == "true"
    assert noted(bank, operator, "key-outage-2").code == "outage_running"
    # another scope is another outage, and one that has ended makes room
    assert noted(bank, operator, "key-outage-3", scope="log_in").status == 201
    stepped(bank, operator, first.body, "end")
    assert noted(bank, operator, "key-outage-4").status == 201
    assert len(bank.request("GET", PATH, token=operator.token).body["outages"]) == 3


def test_who_has_not_seen_the_last_step_is_told_so_and_nothing_is_done(bank: Bank, operator: Clerk) -> None:
    seen = noted(bank, operator).body
    stepped(bank, operator, seen, "end")
    with unchanged(bank, but=("StaffActionsTable", "StaffActionLinksTable", "StaffSessionsTable")):
        assert step(bank, operator, seen, "annul").code == "register_changed"
        assert step(bank, operator, {**seen, "revision": 9}, "handle").code == "register_changed"
        assert step(bank, operator, {**seen, "revision": 2}, "end").code == "outage_step_refused"
        assert step(bank, operator, {**seen, "id": "nobody"}, "end").code == "not_found"


def test_a_wrong_time_is_corrected_with_its_reason_and_the_deadlines_follow(bank: Bank, operator: Clerk) -> None:
    one = noted(bank, operator, began_at=NOW.isoformat()).body
    assert (one["reportable"], one["report_due"]) == (False, None)
    one = stepped(bank, operator, one, "correct", what="opened_at", at=BEGAN.isoformat(), reason="日志显示更早")
    assert (one["began_at"], one["report_due"]) == (at(BEGAN), at(BEGAN + 24 * HOUR))
    row = read(bank, operator, one["id"])["steps"][-1]
    assert (row["reason"], row["changes"]) == ("日志显示更早", {"opened_at": [at(NOW), at(BEGAN)]})
    late = (NOW + SECOND).isoformat()
    assert step(bank, operator, one, "correct", what="opened_at", at=late).code == "outage_times_disordered"
    assert step(bank, operator, one, "correct", what="ended_at", at=at(NOW)).code == "outage_step_refused"


def test_rules_that_change_later_do_not_reach_an_outage(bank: Bank, operator: Clerk) -> None:
    one = noted(bank, operator).body
    parameters.set_value("outage.inside_min", 480)
    parameters.set_value("bank.working_hours", "08:00-12:00")
    assert read(bank, operator, one["id"])["outage"]["reportable"] is True
    assert read(bank, operator, one["id"])["outage"]["inside_s"] == 16_200
    other = noted(bank, operator, "key-outage-2", scope="queries").body
    assert (other["inside_s"], other["outside_s"], other["reportable"]) == (9_000, 7_200, False)


def test_an_outage_of_a_year_without_a_calendar_is_noted_and_reported(bank: Bank, operator: Clerk) -> None:
    bank.clock.set(dt.datetime(2027, 1, 4, 14, tzinfo=clock.SHANGHAI))
    log_in(bank, operator)
    one = noted(bank, operator, began_at="2027-01-04T09:30:00+08:00").body
    assert (one["inside_s"], one["outside_s"], one["unknown_s"]) == (0, 0, 16_200)
    assert (one["reportable"], one["assumed"]) == (True, True)
    draft = bank.request("GET", f"{PATH}/{one['id']}/drafts", token=operator.token).body
    assert "尚未公布" in draft["text_zh"]
    assert "as if due" in draft["text_en"]


def test_drafts_are_filled_from_what_is_known(bank: Bank, operator: Clerk) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    bank.pay(payer, payee, "1.00", "key-outage-pay")
    bank.settle()
    one = noted(bank, operator).body
    path = f"{PATH}/{one['id']}/drafts"
    first = bank.request("GET", path, token=operator.token).body
    for part in (
        "全部网上服务",
        "2026-11-23 09:30:00",
        "4 小时 30 分 0 秒",
        "须报告",
        "2026-11-24 09:30:00",
        "机房供电中断",
        "（待补充）",
    ):
        assert part in first["text_zh"], part
    assert "20261123 入账业务 2 笔，上周同日 0 笔" in first["text_zh"]
    assert "20261123: 2 entries booked, 0 a week before" in first["text_en"]
    assert "尚未恢复" in first["text_zh"]
    one = stepped(bank, operator, one, "end")
    one = stepped(bank, operator, one, "handle")
    stepped(bank, operator, one, "describe", impact="影响一", remedy="补救一", handling="处理一")
    final = bank.request("GET", f"{path}?report=final", token=operator.token).body
    for part in ("处理结果", "影响一", "补救一", "处理一", "2026-11-26 14:00:00"):
        assert part in final["text_zh"], part
    assert "（待补充）" not in final["text_zh"]
    assert "to be added" not in final["text_en"]


def test_a_draft_has_whole_seconds_in_both_languages(bank: Bank, operator: Clerk) -> None:
    bank.clock.advance(dt.timedelta(milliseconds=877))
    one = noted(bank, operator).body
    one = stepped(bank, operator, one, "end")
    draft = bank.request("GET", f"{PATH}/{one['id']}/drafts", token=operator.token).body
    assert "共 4 小时 30 分 0 秒" in draft["text_zh"]
    assert "  4:30:00 in all: 4:30:00 inside working hours" in draft["text_en"]


@pytest.mark.requirement("XJ-7.1")
@pytest.mark.requirement("NB-5.1.8-6")
@pytest.mark.requirement("NB-5.1.5")
def test_customers_read_what_a_second_person_has_published(bank: Bank, operator: Clerk) -> None:
    administrator = appoint(bank, staff.EBANK_ADMINISTRATOR, staff.MAKER, staff.CHECKER)
    other = appoint(bank, staff.EBANK_ADMINISTRATOR, staff.CHECKER)
    for clerk in (administrator, other):
        log_in(bank, clerk)
    one = noted(bank, operator).body
    assert publish(bank, administrator, one).code == "outage_step_refused"
    one = stepped(bank, administrator, one, "explain", zh="供电中断，正在抢修。", en="Power failed; at work on it.")
    assert bank.request("GET", "/v1/outages").body == {"outages": []}
    assert publish(bank, administrator, one).code == "explanation_own"
    assert publish(bank, operator, one).code == "staff_permission_denied"
    one = publish(bank, other, one).body
    (shown,) = bank.request("GET", "/v1/outages").body["outages"]
    assert shown == {
        "id": one["id"],
        "state": "running",
        "began_at": at(BEGAN),
        "ended_at": None,
        "affects_zh": "全部网上服务",
        "affects_en": "all online services",
        "text_zh": "供电中断，正在抢修。",
        "text_en": "Power failed; at work on it.",
        "published_at": at(bank.clock.now()),
    }
    # a better draft changes nothing of it until it is published
    one = stepped(bank, administrator, one, "end")
    one = stepped(bank, administrator, one, "explain", zh="已恢复。", en="It is back.")
    (shown,) = bank.request("GET", "/v1/outages").body["outages"]
    assert (shown["state"], shown["text_zh"]) == ("over", "供电中断，正在抢修。")
    assert publish(bank, other, one).status == 200
    (shown,) = bank.request("GET", "/v1/outages").body["outages"]
    assert shown["text_zh"] == "已恢复。"
    # it goes from the list with time, and a mistake goes at once
    bank.clock.advance(dt.timedelta(days=366, seconds=1))
    assert bank.request("GET", "/v1/outages").body == {"outages": []}


def test_a_mistake_is_annulled_and_stays_in_the_register(bank: Bank, operator: Clerk) -> None:
    one = noted(bank, operator).body
    one = stepped(bank, operator, one, "annul", reason="探测误报")
    assert (one["state"], one["reportable"], one["report_due"]) == ("annulled", False, None)
    assert read(bank, operator, one["id"])["steps"][-1]["reason"] == "探测误报"
    # and its scope is free
    assert noted(bank, operator, "key-outage-2").status == 201


@pytest.mark.parametrize(
    "more",
    [
        {"action": "end", "what": "ended_at"},
        {"action": "end", "reference": "2026-17"},
        {"action": "correct"},
        {"action": "correct", "what": "opened_at"},
        {"action": "correct", "at": "2026-11-23T09:00:00+08:00"},
        {"action": "correct", "what": "first", "at": "2026-11-23T09:00:00+08:00"},
        {"action": "report", "what": "first"},
        {"action": "report", "what": "ended_at", "reference": "2026-17"},
        {"action": "report", "reference": "2026-17"},
        {"action": "explain", "zh": "说明"},
        {"action": "explain", "en": "words"},
        {"action": "annul", "at": "2026-11-23T09:00:00+08:00"},
        {"action": "publish"},
        {"action": "describe", "impact": "x"},
        # what would be left out without a word
        {"action": "end", "impact": "转账停办"},
        {"action": "handle", "handling": "已恢复"},
        {"action": "explain", "zh": "说明", "en": "words", "cause": "机房供电中断"},
        {"action": "end", "reason": "x"},
        {"action": "end", "revision": 0},
    ],
)
def test_a_step_states_what_it_needs_and_nothing_else(bank: Bank, operator: Clerk, more: dict[str, Any]) -> None:
    one = noted(bank, operator).body
    assert step(bank, operator, one, **more).code == "malformed_request"


def test_who_may_read_and_who_may_write(bank: Bank, operator: Clerk) -> None:
    one = noted(bank, operator).body
    for role, posts, branch, reads, writes in (
        (staff.SYSTEM_ADMINISTRATOR, (staff.MAKER,), "0001", True, True),
        (staff.EBANK_ADMINISTRATOR, (staff.CHECKER,), "0001", True, True),
        (staff.OPERATOR, (staff.MAKER,), CITY, True, False),
        (staff.AUDITOR, (), "0001", True, False),
        (staff.TELLER, (staff.MAKER,), "0001", False, False),
    ):
        clerk = appoint(bank, role, *posts, branch_id=branch)
        log_in(bank, clerk)
        codes = [
            bank.request("GET", path, token=clerk.token).status
            for path in (PATH, f"{PATH}/{one['id']}", f"{PATH}/{one['id']}/drafts")
        ]
        assert codes == [200 if reads else 403] * 3, role
        found = noted(bank, clerk, f"key-{clerk.staff_id}", scope="notifications")
        assert (found.status == 201) == writes, role
        if writes:
            stepped(bank, clerk, found.body, "annul")
