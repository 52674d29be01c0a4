"""Customers hear of a notice at its publication, a day before, at start and end, each once, by inbox alone."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.customers import store as customers_store
from chalicelib.maintenance.commands.announce import page_message
from chalicelib.notifications.workers import page_notices
from chalicelib.platform import clock, queues
from chalicelib.platform.errors import Retryable
from chalicelib.staff import domain as staff
from tests.chain import clerks
from tests.chain.bank import START, Bank, LambdaContext, Person
from tests.chain.probe import queued, table_items
from tests.chain.suspenders import AHEAD, HOUR, MS, SECOND, changed, published, tell, urgent
from tests.chain.two_people import approved, asked, enter_staff

pytestmark = pytest.mark.requirement("NB-5.1.8-5")

DAY = dt.timedelta(days=1)


@pytest.fixture
def bank(bank: Bank) -> Bank:
    enter_staff()
    return bank


@pytest.fixture
def people(bank: Bank) -> list[Person]:
    return [bank.sign_up(name) for name in ("赵小明", "钱红", "孙立")]


def told(bank: Bank, person: Person) -> list[tuple[str, str]]:
    """When and what a customer was told of notices, oldest first."""
    rows = [row for row in table_items(bank, "InboxTable") if row["customer_id"] == person.customer_id]
    found = sorted((row["created_at"], row["text"]) for row in rows if row["kind"] == "notice")
    assert all("sms" not in row and "push" not in row for row in rows if row["kind"] == "notice")
    return found


def at(bank: Bank, offset: dt.timedelta) -> int:
    bank.clock.set(START + offset)
    return tell(bank)


def test_each_customer_is_told_on_each_occasion_once_and_of_no_other(bank: Bank, people: list[Person]) -> None:
    published(bank, 80 * HOUR)
    moments = [0 * HOUR, 80 * HOUR - DAY, 80 * HOUR, 82 * HOUR]
    for moment in moments:
        if moment:
            assert at(bank, moment - MS) == 0
        assert at(bank, moment) == 1
        # however often the schedule fires
        assert tell(bank) == 0
    assert at(bank, 82 * HOUR + DAY) == 0
    for person in people:
        found = told(bank, person)
        assert [when for when, _ in found] == [clock.to_text(START + moment) for moment in moments]
        assert "公告：系统升级" in found[0][1]
        assert "2026-11-24 18:00:00至2026-11-24 20:00:00" in found[0][1]
        assert "提醒：系统升级将于2026-11-24 18:00:00开始" in found[1][1]
        assert "现已开始" in found[2][1]
        assert "服务已恢复" in found[3][1]
        assert bank.messages(person) == bank.messages(person, "push") == []


def test_the_inbox_shows_it_in_the_callers_language(bank: Bank, people: list[Person]) -> None:
    published(bank, 80 * HOUR)
    tell(bank)
    token = bank.log_in(people[0])
    for language, words in (("zh", "公告：系统升级"), ("en", "Notice: Upgrade. From 2026-11-24 18:00:00")):
        reply = bank.request("GET", "/v1/notifications", token=token, headers={"accept-language": language})
        (row,) = [row for row in reply.body["notifications"] if row["kind"] == "notice"]
        assert words in row["text"]


def test_a_special_case_that_goes_on_is_told_once_and_its_end(bank: Bank, people: list[Person]) -> None:
    urgent(bank, -HOUR)
    assert tell(bank) == 1
    assert at(bank, HOUR) == 1
    assert [text.count("公告") + 2 * text.count("已恢复") for _, text in told(bank, people[0])] == [1, 2]


def test_what_is_withdrawn_is_told_as_such_and_nothing_else_of_it(bank: Bank, people: list[Person]) -> None:
    notice_id = published(bank, 80 * HOUR)
    assert tell(bank) == 1
    bank.clock.set(START + 10 * HOUR)
    approved(asked("notice.withdraw", {"notice_id": notice_id}))
    assert tell(bank) == 1
    for moment in (80 * HOUR - DAY, 80 * HOUR, 82 * HOUR):
        assert at(bank, moment) == 0
    assert [text for _, text in told(bank, people[0])][1:] == [
        "【乡村银行】原定2026-11-24 18:00:00开始的“系统升级”已取消。"
    ]


def test_a_page_that_is_under_way_stops_once_the_notice_was_changed(bank: Bank, people: list[Person]) -> None:
    notice_id = published(bank, 80 * HOUR)
    first = page_message(notice_id, "published", "", "told")
    later = changed(bank, notice_id, 90 * HOUR, title={"zh": "新版", "en": "New"}).approval_id
    # when the page of the version before arrives after the change, nobody is told of it
    give_page(first.to_json())
    assert told(bank, people[0]) == []
    # and of the later version everybody is, at its own times
    assert tell(bank) == 1
    assert at(bank, 80 * HOUR - DAY) == 0
    assert at(bank, 90 * HOUR - DAY) == 1
    assert ["新版" in text for _, text in told(bank, people[0])] == [True, True]
    assert "公告变更：新版" in told(bank, people[0])[0][1]
    assert later != notice_id


def give_page(body: str) -> list[Any]:
    answer: Any = page_notices({"Records": [queued(body, "page-1")]}, LambdaContext())
    return list(answer["batchItemFailures"])


def test_pages_follow_each_other_and_a_page_that_comes_again_tells_nobody_twice(
    bank: Bank, people: list[Person]
) -> None:
    notice_id = published(bank, 80 * HOUR)
    with patch.object(customers_store, "MAX_SCAN_PAGE", 1):
        assert tell(bank) == 1
    rows = [row for row in table_items(bank, "InboxTable") if row["kind"] == "notice"]
    assert {row["customer_id"] for row in rows} == {person.customer_id for person in people}
    for _ in range(2):
        assert give_page(page_message(notice_id, "published", "", "told").to_json()) == []
    bank.settle()
    assert len([row for row in table_items(bank, "InboxTable") if row["kind"] == "notice"]) == len(people)


def test_a_queue_that_fails_is_asked_again_by_the_next_run(
    bank: Bank, people: list[Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    published(bank, 80 * HOUR)
    with monkeypatch.context() as broken:

        def fails(*_: Any) -> None:
            raise Retryable("the queue fails")

        broken.setattr(queues, "send", fails)
        with pytest.raises(Retryable):
            tell(bank)
    bank.clock.advance(60 * SECOND)
    assert tell(bank) == 1
    assert len(told(bank, people[0])) == 1


def test_news_that_a_long_outage_held_up_is_no_news(bank: Bank, people: list[Person]) -> None:
    published(bank, 80 * HOUR)
    # nothing ran until the window went on: that it did is told, and that it was published three days ago is not
    assert at(bank, 81 * HOUR) == 1
    assert ["现已开始" in text for _, text in told(bank, people[0])] == [True]


def test_an_early_end_is_told_when_it_holds(bank: Bank, people: list[Person]) -> None:
    notice_id = urgent(bank, -HOUR)
    tell(bank)
    bank.clock.set(START + 600 * SECOND)
    approved(asked("notice.end", {"notice_id": notice_id}))
    assert tell(bank) == 0
    bank.clock.advance(AHEAD)
    assert tell(bank) == 1
    assert "已于2026-11-21 10:11:00结束" in told(bank, people[0])[-1][1]
    assert at(bank, 2 * HOUR) == 0


# ---- when few are disturbed ----------------------------------------------------------------------------------------


def test_staff_see_the_quietest_hours_of_the_banks_own_days(bank: Bank, people: list[Person]) -> None:
    payer, payee, _ = people
    bank.deposit(payer.account, 100_00)
    # given payments at 09:00, 10:00 and 23:00 in Shanghai, on two days
    for day in range(2):
        for hour, count in ((9, 1), (10, 2), (23, 1)):
            bank.clock.set(START.replace(hour=hour) + day * DAY + 30 * 60 * SECOND)
            for place in range(count):
                bank.pay(payer, payee, "1.00", f"key-{day}-{hour}-{place}-hint")
                bank.settle()
    bank.clock.set(START + 3 * DAY)
    office = clerks.appoint(bank, staff.EBANK_ADMINISTRATOR, staff.MAKER)
    token = clerks.log_in(bank, office)
    reply = bank.request("GET", "/v1/staff/notices/suitable-times?hours=14", token=token)
    assert reply.status == 200, reply
    hours = reply.body["entries_by_hour"]
    # the deposit of the first day was at 10:00
    assert (hours[9], hours[10], hours[23], sum(hours)) == (2, 5, 2, 9)
    # fourteen hours that begin at eleven would meet the payments of the night; those from midnight on meet others
    assert reply.body["days"] == 14
    assert reply.body["starts"][0] == {"hour": 11, "entries": 2}
    quiet = bank.request("GET", "/v1/staff/notices/suitable-times?hours=2", token=token).body["starts"]
    assert quiet[0] == {"hour": 0, "entries": 0}
    # who does not plan is not told
    teller = clerks.appoint(bank, staff.TELLER, staff.MAKER)
    refused = bank.request("GET", "/v1/staff/notices/suitable-times", token=clerks.log_in(bank, teller))
    assert refused.code == "staff_permission_denied"
