"""The three-day rule with edits, to the second: the clock starts anew at each version's publication (NB-5.1.8-5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.approvals.errors import ApprovalExpired, ApprovalFailed
from chalicelib.maintenance import service as maintenance
from chalicelib.maintenance.errors import (
    NoticeBoardFull,
    NoticeClosed,
    NoticeNotRunning,
    NoticeTooLate,
    UnderMaintenance,
)
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.errors import NotFound
from tests.chain.bank import START, Bank
from tests.chain.probe import table_items
from tests.chain.suspenders import AHEAD, HOUR, MS, SECOND, changed, payload, published, urgent
from tests.chain.two_people import MAKER, approved, asked, enter_staff

pytestmark = pytest.mark.requirement("NB-5.1.8-5")

DAY = dt.timedelta(days=1)


@pytest.fixture
def bank(bank: Bank) -> Bank:
    enter_staff()
    return bank


def is_shut() -> bool:
    parameters.forget()
    try:
        maintenance.require_up("POST", "/v1/transfers")
    except UnderMaintenance:
        return True
    return False


def listed(bank: Bank) -> dict[str, dict[str, Any]]:
    return {notice["id"]: notice for notice in bank.request("GET", "/v1/notices").body["notices"]}


def moments(bank: Bank, *offsets: dt.timedelta) -> list[bool]:
    """Whether the gate is shut at each moment after the bank began."""
    found = []
    for offset in offsets:
        bank.clock.set(START + offset)
        found.append(is_shut())
    return found


@pytest.mark.parametrize(
    ("published_at", "starts_at", "is_allowed"),
    [
        # the first version began at 80 h; a version published at 10 h may begin from 82 h on
        (10 * HOUR, 82 * HOUR, True),
        (10 * HOUR, 82 * HOUR - MS, False),
        (10 * HOUR, 82 * HOUR - SECOND, False),
        # the same window with other words or another end is another version, too
        (8 * HOUR, 80 * HOUR, True),
        (8 * HOUR + MS, 80 * HOUR, False),
        (8 * HOUR + SECOND, 80 * HOUR, False),
        # over midnight in Shanghai and over the night on which other countries change their clocks: a day is 24 hours
        (14 * HOUR, 14 * HOUR + 3 * DAY, True),
        (14 * HOUR, 14 * HOUR + 3 * DAY - SECOND, False),
        # while it goes on
        (81 * HOUR, 81 * HOUR + 3 * DAY, True),
        (81 * HOUR, 81 * HOUR + 3 * DAY - SECOND, False),
    ],
)
def test_a_change_starts_the_clock_anew(
    bank: Bank, published_at: dt.timedelta, starts_at: dt.timedelta, is_allowed: bool
) -> None:
    notice_id = published(bank, 80 * HOUR)
    bank.clock.set(START + published_at)
    if not is_allowed:
        with pytest.raises(NoticeTooLate):
            changed(bank, notice_id, starts_at - published_at)
        # the version before it still holds
        assert moments(bank, 80 * HOUR, 82 * HOUR - MS) == [True, True]
        return
    words = {"zh": "改期", "en": "Moved"}
    later = changed(bank, notice_id, starts_at - published_at, title=words).approval_id
    notices = listed(bank)
    assert (notices[notice_id]["state"], notices[notice_id]["replaced_by"]) == ("replaced", later)
    assert (notices[later]["state"], notices[later]["replaces"]) == ("planned", notice_id)
    assert notices[later]["published_at"] == clock.to_text(START + published_at)
    assert moments(bank, starts_at - MS, starts_at, starts_at + 2 * HOUR - MS, starts_at + 2 * HOUR) == [
        # a version that begins later than the first one ended leaves a gap; the same window leaves none
        False,
        True,
        True,
        False,
    ]


def test_the_clock_of_a_change_runs_until_it_is_published_not_asked_for(bank: Bank) -> None:
    notice_id = published(bank, 100 * HOUR)
    request = asked("notice.change", {**payload(bank, 80 * HOUR), "notice_id": notice_id})
    late = asked("notice.change", {**payload(bank, 80 * HOUR), "notice_id": notice_id})
    # the database's own condition: in the last millisecond it is taken, and in the next one no more
    bank.clock.set(START + 8 * HOUR + MS)
    with pytest.raises(ApprovalExpired):
        approved(late)
    assert listed(bank)[notice_id]["state"] == "planned"
    bank.clock.set(START + 8 * HOUR)
    approved(request)
    assert listed(bank)[notice_id]["state"] == "replaced"


def test_an_extension_that_cannot_wait_is_a_special_case_without_a_gap(bank: Bank) -> None:
    notice_id = published(bank, 72 * HOUR)
    bank.clock.set(START + 73 * HOUR)
    longer = {"ends_at": clock.to_text(START + 77 * HOUR)}
    with pytest.raises(NoticeTooLate):
        changed(bank, notice_id, -HOUR, **longer)
    later = changed(bank, notice_id, -HOUR, kind="urgent", **longer).approval_id
    assert (listed(bank)[later]["kind"], listed(bank)[later]["state"]) == ("urgent", "running")
    shut = moments(bank, 73 * HOUR, 73 * HOUR + AHEAD - MS, 73 * HOUR + AHEAD, 74 * HOUR, 77 * HOUR - MS, 77 * HOUR)
    assert shut == [True] * 5 + [False]


def test_a_narrower_scope_takes_over_without_a_gap(bank: Bank) -> None:
    notice_id = urgent(bank, HOUR, "everything")
    bank.clock.set(START + 2 * HOUR)
    changed(bank, notice_id, -HOUR, scope="cards", kind="urgent")
    for offset, transfers in ((AHEAD - MS, True), (AHEAD, False)):
        bank.clock.set(START + 2 * HOUR + offset)
        assert is_shut() == transfers
        with pytest.raises(UnderMaintenance):
            maintenance.require_up("POST", "/v1/cards")


def test_of_two_versions_the_second_is_of_a_notice_that_no_longer_stands(bank: Bank) -> None:
    notice_id = published(bank, 80 * HOUR)
    one, other = (
        asked("notice.change", {**payload(bank, 90 * HOUR, title=title), "notice_id": notice_id})
        for title in ({"zh": "甲", "en": "A"}, {"zh": "乙", "en": "B"})
    )
    later = approved(one).approval_id
    with pytest.raises(ApprovalFailed) as failed:
        approved(other)
    assert failed.value.facts == {"cause": "notice_closed"}
    # the later version is changed by its own name
    assert changed(bank, later, 100 * HOUR).state == "approved"
    with pytest.raises(NoticeClosed):
        asked("notice.withdraw", {"notice_id": later})
    with pytest.raises(NotFound):
        changed(bank, "no-such", 100 * HOUR)


def test_withdrawing_is_published_and_what_would_begin_later_never_does(bank: Bank) -> None:
    notice_id = published(bank, 72 * HOUR)
    bank.clock.set(START + 72 * HOUR - AHEAD)
    approved(asked("notice.withdraw", {"notice_id": notice_id}))
    assert listed(bank)[notice_id]["withdrawn_at"] == clock.to_text(bank.clock.now())
    assert moments(bank, 72 * HOUR, 73 * HOUR) == [False, False]


def test_a_withdrawal_in_the_last_minute_ends_what_has_just_begun(bank: Bank) -> None:
    notice_id = published(bank, 72 * HOUR)
    bank.clock.set(START + 72 * HOUR - SECOND)
    approved(asked("notice.withdraw", {"notice_id": notice_id}))
    # all instances together: some might not have heard of it before
    assert moments(bank, 72 * HOUR, 72 * HOUR + 59 * SECOND - MS, 72 * HOUR + 59 * SECOND) == [True, True, False]


def test_an_early_end_is_published_as_such(bank: Bank) -> None:
    notice_id = published(bank, 72 * HOUR)
    with pytest.raises(NoticeNotRunning):
        asked("notice.end", {"notice_id": notice_id})
    bank.clock.set(START + 72 * HOUR + 600 * SECOND)
    one, other = (asked("notice.end", {"notice_id": notice_id}) for _ in range(2))
    approved(one)
    ended = listed(bank)[notice_id]
    assert ended["shortened_at"] == clock.to_text(bank.clock.now())
    assert ended["ends_at"] == clock.to_text(bank.clock.now() + AHEAD)
    assert ended["planned_ends_at"] == clock.to_text(START + 74 * HOUR)
    # once
    with pytest.raises(ApprovalFailed) as failed:
        approved(other)
    assert failed.value.facts == {"cause": "notice_closed"}
    with pytest.raises(NoticeClosed):
        asked("notice.end", {"notice_id": notice_id})
    bank.clock.advance(AHEAD)
    assert listed(bank)[notice_id]["state"] == "over"
    assert not is_shut()


def test_a_request_of_the_maker_alone_neither_changes_nor_ends(bank: Bank) -> None:
    notice_id = urgent(bank, -HOUR)
    end = asked("notice.end", {"notice_id": notice_id})
    with pytest.raises(Exception, match="maker_is_checker"):
        approved(end, checker=MAKER)
    bank.clock.advance(AHEAD)
    assert is_shut()


def test_a_row_of_before_there_were_scopes_suspends_nothing_and_can_be_changed(bank: Bank) -> None:
    notice_id = published(bank, 72 * HOUR, "nothing")
    assert moments(bank, 72 * HOUR, 73 * HOUR) == [False, False]
    assert listed(bank)[notice_id]["scope"] == "nothing"


def test_what_instances_must_know_stays_short_and_what_is_over_leaves_it(bank: Bank) -> None:
    for count in range(10):
        published(bank, 72 * HOUR + count * SECOND, "cards")
    with pytest.raises(ApprovalFailed) as failed:
        published(bank, 80 * HOUR, "cards")
    assert failed.value.facts == {"cause": NoticeBoardFull.code}
    bank.clock.set(START + 80 * HOUR)
    published(bank, 72 * HOUR, "cards")
    (row,) = table_items(bank, "ParametersTable")
    assert row["value"].count("notice_id") == 1
