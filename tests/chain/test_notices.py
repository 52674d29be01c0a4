"""Maintenance notices: published by two people, planned ones three days ahead; public without log-in (NB-5.1.8-5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.approvals.domain import Approval
from chalicelib.approvals.errors import ApprovalExpired, ApprovalFailed, ApprovalNotOpen, MakerIsChecker
from chalicelib.maintenance.errors import NoticeClosed, NoticeMalformed, NoticeTooLate
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import ItemPut, to_raw
from chalicelib.platform.errors import MalformedRequest, NotFound
from chalicelib.staff import domain
from chalicelib.staff.errors import StaffPermissionDenied
from tests.chain import clerks
from tests.chain.bank import START, Bank
from tests.chain.probe import state_of
from tests.chain.two_people import CHECKER, ELSEWHERE, MAKER, THIRD, approved, asked, enter_staff, notice_of

HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)
MS = dt.timedelta(milliseconds=1)


@pytest.fixture
def bank(bank: Bank) -> Bank:
    enter_staff()
    return bank


def wanted(bank: Bank, ahead: dt.timedelta, **changes: Any) -> Approval:
    """A request to announce something that begins so long from now."""
    payload = notice_of(bank.clock.now(), milliseconds=int(ahead / MS))
    return asked("notice.publish", {**payload, **changes})


def listed(bank: Bank) -> list[tuple[str, str, str]]:
    reply = bank.request("GET", "/v1/notices")  # without any log-in
    assert reply.status == 200
    return [(notice["id"], notice["kind"], notice["state"]) for notice in reply.body["notices"]]


@pytest.mark.requirement("NB-5.1.8-5")
@pytest.mark.requirement("NB-5.1.5")
def test_a_notice_that_two_publish_is_read_by_everybody_in_both_languages(bank: Bank) -> None:
    request = wanted(bank, 80 * HOUR)
    assert listed(bank) == []
    with pytest.raises(MakerIsChecker):
        approved(request, checker=MAKER)
    assert listed(bank) == []
    approved(request)
    assert listed(bank) == [(request.approval_id, "planned", "planned")]
    (notice,) = bank.request("GET", "/v1/notices").body["notices"]
    assert (notice["title_zh"], notice["title_en"]) == ("系统升级", "Upgrade")
    assert (notice["text_zh"], notice["text_en"]) == ("暂停转账，查询不受影响。", "Transfers pause; enquiries work.")
    assert notice["published_at"] == clock.to_text(bank.clock.now())
    # again it is the same one, and no second
    approved(request)
    with pytest.raises(ApprovalNotOpen):
        approved(request, checker=THIRD)
    assert len(listed(bank)) == 1


@pytest.mark.requirement("NB-5.1.8-5")
def test_later_than_three_days_ahead_is_refused_unless_it_is_a_special_case(bank: Bank) -> None:
    before = state_of(bank)
    for ahead in (72 * HOUR - MS, 72 * HOUR - SECOND, HOUR, -HOUR):
        with pytest.raises(NoticeTooLate) as refusal:
            wanted(bank, ahead)
        assert "72" in refusal.value.text("zh")
        assert "72" in refusal.value.text("en")
    assert state_of(bank) == before
    # a special case is announced at once, with its reason, by two people too
    urgent = wanted(bank, HOUR, kind="urgent")
    with pytest.raises(MakerIsChecker):
        approved(urgent, checker=MAKER)
    approved(urgent)
    running = wanted(bank, -HOUR, kind="urgent")
    approved(running)
    assert listed(bank) == [
        (running.approval_id, "urgent", "running"),
        (urgent.approval_id, "urgent", "planned"),
    ]
    assert (urgent.reason, urgent.after["kind"]) == ("按业务部门申请", "urgent")


@pytest.mark.requirement("NB-5.1.8-5")
def test_what_counts_is_when_it_is_published_not_when_it_is_asked_for(bank: Bank) -> None:
    request, late = wanted(bank, 80 * HOUR), wanted(bank, 80 * HOUR)
    # in the last moment three days ahead it still is
    bank.clock.advance(8 * HOUR)
    approved(request)
    # and a moment later it is not
    bank.clock.advance(MS)
    with pytest.raises(ApprovalExpired):
        approved(late)
    assert [row[0] for row in listed(bank)] == [request.approval_id]


def test_a_longer_lead_that_came_in_between_makes_a_request_fail(bank: Bank) -> None:
    request = wanted(bank, 80 * HOUR)
    parameters.set_value("notice.lead_h", 96)
    with pytest.raises(ApprovalFailed) as failed:
        approved(request)
    assert failed.value.facts == {"cause": "notice_too_late"}
    assert listed(bank) == []
    with pytest.raises(NoticeTooLate):
        wanted(bank, 95 * HOUR)
    approved(wanted(bank, 96 * HOUR))
    with pytest.raises(ValueError, match="out of bounds"):
        parameters.set_value("notice.lead_h", 71)


def test_its_state_follows_the_clock_and_30_days_after_its_end_it_is_gone(bank: Bank) -> None:
    request = wanted(bank, 72 * HOUR)
    approved(request)
    over = 74 * HOUR
    for moment, state in (
        (72 * HOUR - SECOND, "planned"),
        (72 * HOUR, "running"),
        (over - SECOND, "running"),
        (over, "over"),
        (over + dt.timedelta(days=30) - SECOND, "over"),
    ):
        bank.clock.set(START + moment)
        assert listed(bank) == [(request.approval_id, "planned", state)]
    bank.clock.set(START + over + dt.timedelta(days=30))
    assert listed(bank) == []


def test_how_long_a_notice_stays_is_the_banks_to_say(bank: Bank) -> None:
    request = approved(wanted(bank, HOUR, kind="urgent"))
    parameters.set_value("notice.listed_d", 1)
    bank.clock.advance(3 * HOUR + dt.timedelta(days=1) - SECOND)
    assert listed(bank) == [(request.approval_id, "urgent", "over")]
    bank.clock.advance(SECOND)
    assert listed(bank) == []


def test_the_next_notice_comes_first(bank: Bank) -> None:
    requests = [wanted(bank, ahead) for ahead in (100 * HOUR, 80 * HOUR, 90 * HOUR)]
    for request in requests:
        approved(request)
    assert [row[0] for row in listed(bank)] == [requests[place].approval_id for place in (1, 2, 0)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "special"},
        {"title": {"zh": "", "en": "Upgrade"}},
        {"title": {"zh": "系统升级"}},
        {"text": {"zh": "暂停", "en": "x" * 201}},
        {"text": {"zh": "暂停\n转账", "en": "x"}},
        {"affects": ""},
        {"affects": "x" * 61},
        {"starts_at": "2026-12-01"},
        {"ends_at": "tomorrow"},
        {"ends_at": None},
        {"more": "x"},
    ],
    ids=lambda wrong: "-".join(map(str, wrong)),
)
def test_a_notice_that_is_not_whole_is_refused(bank: Bank, wrong: dict[str, Any]) -> None:
    with pytest.raises(MalformedRequest):
        wanted(bank, 80 * HOUR, **wrong)


def test_a_notice_ends_after_it_starts_and_not_in_the_past(bank: Bank) -> None:
    starts_at, ended = clock.to_text(START + 80 * HOUR), clock.to_text(START - SECOND)
    for changes in ({"ends_at": starts_at}, {"ends_at": ended}, {"kind": "urgent", "ends_at": ended}):
        with pytest.raises(NoticeMalformed):
            wanted(bank, 80 * HOUR, **changes)


# ---- taken back -----------------------------------------------------------------------------------------------
@pytest.mark.requirement("NB-5.1.5")
def test_a_notice_is_taken_back_by_two_and_everybody_reads_that(bank: Bank) -> None:
    notice_id = approved(wanted(bank, 80 * HOUR)).approval_id
    requests = [asked("notice.withdraw", {"notice_id": notice_id}) for _ in range(2)]
    with pytest.raises(MakerIsChecker):
        approved(requests[0], checker=MAKER)
    approved(requests[0])
    assert listed(bank) == [(notice_id, "planned", "withdrawn")]
    (notice,) = bank.request("GET", "/v1/notices").body["notices"]
    assert notice["withdrawn_at"] == clock.to_text(bank.clock.now())
    # once
    with pytest.raises(ApprovalFailed) as failed:
        approved(requests[1])
    assert failed.value.facts == {"cause": "notice_closed"}
    with pytest.raises(NoticeClosed):
        asked("notice.withdraw", {"notice_id": notice_id})
    with pytest.raises(NotFound):
        asked("notice.withdraw", {"notice_id": "no-such"})


def test_what_is_over_is_not_taken_back(bank: Bank) -> None:
    notice_id = approved(wanted(bank, HOUR, kind="urgent")).approval_id
    late = asked("notice.withdraw", {"notice_id": notice_id})
    bank.clock.advance(3 * HOUR)
    with pytest.raises(ApprovalExpired):
        approved(late)
    with pytest.raises(NoticeClosed):
        asked("notice.withdraw", {"notice_id": notice_id})
    assert listed(bank) == [(notice_id, "urgent", "over")]


@pytest.mark.requirement("NB-5.2.5")
def test_nobody_but_e_banking_administrators_of_the_head_office_announces(bank: Bank) -> None:
    payload = notice_of(bank.clock.now(), days=5)
    with pytest.raises(StaffPermissionDenied):
        asked("notice.publish", payload, maker=ELSEWHERE)
    with pytest.raises(NotFound):
        approved(asked("notice.publish", payload), checker=ELSEWHERE)
    operator = clerks.appoint(bank, domain.OPERATOR)
    body = {"kind": "notice.publish", "payload": payload, "reason": "x"}
    headers = {"idempotency-key": "operator-1"}
    reply = bank.request("POST", "/v1/staff/approvals", body, token=clerks.log_in(bank, operator), headers=headers)
    assert reply.code == "staff_permission_denied"


def test_a_notice_from_before_there_were_kinds_is_still_read(bank: Bank) -> None:
    row = {
        "notice_id": "old",
        "published_at": clock.to_text(START - HOUR),
        "starts_at": clock.to_text(START + HOUR),
        "ends_at": clock.to_text(START + 2 * HOUR),
        "affects": "transfers",
        "zh": "暂停转账",
        "en": "Transfers pause",
    }
    assert updates.put(ItemPut(bank.references["NoticesTable"], "notice_id", to_raw(row))) is None
    (notice,) = bank.request("GET", "/v1/notices").body["notices"]
    assert (notice["kind"], notice["title_en"], notice["text_en"]) == ("planned", "transfers", "Transfers pause")
    approved(asked("notice.withdraw", {"notice_id": "old"}), checker=CHECKER)
    assert listed(bank) == [("old", "planned", "withdrawn")]
