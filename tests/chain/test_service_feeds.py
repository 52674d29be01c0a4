"""The calendar and the feed about service, read by other programs than those that wrote them (NB-5.1.8-5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import feedparser
import pytest
import vobject

from chalicelib.outages import service as outages
from chalicelib.outages.commands.keep_outages import Wish
from chalicelib.platform import clock
from tests.chain.bank import Bank, Reply
from tests.chain.suspenders import HOUR, changed, published, urgent
from tests.chain.test_service_pages import NOW, WHY, WORDS, noted, stepped
from tests.chain.test_verify_page import ATTACKS, opened
from tests.chain.two_people import CHECKER, approved, asked, enter_staff

pytestmark = pytest.mark.requirement("NB-5.1.8-5")

ICS, ATOM = "/maintenance.ics", "/feed.atom"


@pytest.fixture
def bank(bank: Bank) -> Bank:
    bank.clock.set(NOW)
    enter_staff()
    return bank


def got(bank: Bank, address: str, language: str = "en") -> Reply:
    reply = opened(bank, f"{address}?lang={language}")
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "public, max-age=60")
    return reply


def events(bank: Bank, language: str = "en") -> dict[str, Any]:
    """The calendar's events by what they are called, as vobject reads them."""
    reply = got(bank, ICS, language)
    assert reply.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert all(len(line.encode()) <= 75 for line in reply.body.split("\r\n"))
    calendar = vobject.readOne(reply.body)
    calendar.validate(raiseException=True)
    return {event.summary.value: event for event in calendar.contents.get("vevent", [])}


def entries(bank: Bank, language: str = "en") -> dict[str, Any]:
    """The feed's entries by their titles, as feedparser reads them."""
    reply = got(bank, ATOM, language)
    assert reply.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(reply.body)
    assert (found.bozo, found.version) == (False, "atom10")
    return {entry.title: entry for entry in found.entries}


def test_before_anything_was_published_both_are_empty_and_whole(bank: Bank) -> None:
    assert (events(bank), entries(bank)) == ({}, {})


def test_a_suspension_is_an_event_and_an_entry(bank: Bank) -> None:
    published(bank, 80 * HOUR, alternatives={"zh": "可到网点办理", "en": "Any branch does it; ask there, or call"})
    (event,) = events(bank).values()
    assert event.summary.value == "Upgrade"
    assert (event.dtstart.value, event.dtend.value) == (NOW + 80 * HOUR, NOW + 82 * HOUR)
    assert (event.status.value, event.sequence.value, event.transp.value) == ("CONFIRMED", "0", "TRANSPARENT")
    assert event.description.value.split("\n") == [
        "Suspended: transfers and all other payments.",
        "Transfers pause; enquiries work.",
        "Any branch does it; ask there, or call",
    ]
    (entry,) = entries(bank).values()
    assert entry.summary == event.description.value
    assert entry.published == entry.updated == clock.to_text(NOW)
    assert entry.link == "https://bank.example/status?lang=en"
    # and in Chinese under the same names
    (chinese,) = events(bank, "zh").values()
    assert (chinese.uid.value, chinese.summary.value) == (event.uid.value, "系统升级")
    assert entries(bank, "zh")["系统升级"].id == entry.id


def test_the_bytes_change_only_with_the_facts(bank: Bank) -> None:
    notice_id = published(bank, 80 * HOUR)
    before = [got(bank, address).body for address in (ICS, ATOM)]
    for moment in (NOW + HOUR, NOW + 81 * HOUR, NOW + 83 * HOUR):
        bank.clock.set(moment)
        assert [got(bank, address).body for address in (ICS, ATOM)] == before
    bank.clock.set(NOW + 70 * HOUR)
    approved(asked("notice.withdraw", {"notice_id": notice_id}))
    assert all(got(bank, address).body != old for address, old in zip((ICS, ATOM), before, strict=True))


def test_what_was_taken_back_or_changed_is_cancelled_under_its_own_name(bank: Bank) -> None:
    gone, old = published(bank, 80 * HOUR), published(bank, 90 * HOUR, title={"zh": "扩容", "en": "Growth"})
    ids = {event.summary.value: event.uid.value for event in events(bank).values()}
    bank.clock.advance(HOUR)
    approved(asked("notice.withdraw", {"notice_id": gone}))
    changed(bank, old, 95 * HOUR, title={"zh": "扩容（改期）", "en": "Growth, later"})
    found = events(bank)
    assert found.keys() == {"Cancelled: Upgrade", "Changed: Growth", "Growth, later"}
    for title, was in (("Cancelled: Upgrade", "Upgrade"), ("Changed: Growth", "Growth")):
        event = found[title]
        assert event.uid.value == ids[was]
        assert (event.status.value, event.sequence.value) == ("CANCELLED", "1")
        assert event.last_modified.value == NOW + HOUR
    assert found["Growth, later"].status.value == "CONFIRMED"
    told = entries(bank)
    assert told.keys() == found.keys()
    assert told["Cancelled: Upgrade"].updated == clock.to_text(NOW + HOUR)


def test_a_change_stays_when_it_was_though_the_notice_after_it_is_listed_no_more(bank: Bank) -> None:
    # given a suspension of late February, moved to next week
    old = published(bank, 90 * 24 * HOUR)
    bank.clock.advance(HOUR)
    changed(bank, old, 90 * HOUR, title={"zh": "提前", "en": "Sooner"})
    before = events(bank)["Changed: Upgrade"]
    # when the later version has been over for longer than notices are listed
    bank.clock.set(NOW + 60 * 24 * HOUR)
    found = events(bank)
    assert found.keys() == {"Changed: Upgrade"}
    after = found["Changed: Upgrade"]
    assert after.last_modified.value == before.last_modified.value == NOW + HOUR
    assert after.serialize() == before.serialize()


def test_an_early_end_moves_the_events_end_and_a_special_case_says_so(bank: Bank) -> None:
    notice_id = urgent(bank, HOUR)
    bank.clock.advance(HOUR + HOUR / 2)
    approved(asked("notice.end", {"notice_id": notice_id}))
    (event,) = events(bank).values()
    assert event.summary.value == "Special case: Upgrade"
    assert event.dtend.value == bank.clock.now() + dt.timedelta(minutes=1)
    assert (event.status.value, event.sequence.value) == ("CONFIRMED", "1")


@pytest.mark.requirement("NB-5.1.8-6")
def test_an_outage_is_an_entry_once_it_is_explained_and_its_end_a_change(bank: Bank) -> None:
    outage = noted(bank)
    assert entries(bank) == {}
    outage = stepped(bank, outage, Wish("explain", WHY, words=WORDS))
    outage = stepped(bank, outage, Wish("publish", WHY), CHECKER)
    (entry,) = entries(bank).values()
    assert entry.title == "Out of service: transfers"
    assert entry.summary == f"Shanghai time, 2026-11-23 13:00:00\n{WORDS.en}"
    bank.clock.advance(HOUR)
    stepped(bank, outage, Wish("end", WHY))
    (after,) = entries(bank).values()
    assert (after.id, after.updated) == (entry.id, clock.to_text(NOW + HOUR))
    assert after.summary.startswith("Shanghai time, 2026-11-23 13:00:00 to 2026-11-23 15:00:00")
    # a time that is noted later, or corrected, is a change when it is noted
    bank.clock.advance(HOUR)
    outage = stepped(
        bank, outages.outage_of(outage.outage_id), Wish("correct", WHY, at=NOW + HOUR / 2, what="ended_at")
    )
    (corrected,) = entries(bank).values()
    assert (corrected.id, corrected.updated) == (entry.id, clock.to_text(NOW + 2 * HOUR))
    assert corrected.summary.startswith("Shanghai time, 2026-11-23 13:00:00 to 2026-11-23 14:30:00")
    # it was none that a calendar knew of
    assert events(bank) == {}


def test_whatever_staff_write_is_text(bank: Bank) -> None:
    typed = [*(attack for attack in ATTACKS if attack.isprintable()), "a;b,c\\d:e", "长" * 60]
    for number, attack in enumerate(typed, start=1):
        words = {"zh": attack, "en": attack}
        urgent(bank, number * HOUR, "cards", title=words, text=words)
    titles = {f"Special case: {attack}" for attack in typed}
    assert events(bank).keys() == titles
    raw = feedparser.parse(got(bank, ATOM).body, sanitize_html=False)
    assert {entry.title for entry in raw.entries} == titles
    assert {entry.title_detail.type for entry in raw.entries} == {"text/plain"}


@pytest.mark.parametrize("address", [ICS, ATOM, "/verify", "/v1/jwks.json"])
def test_who_kept_it_is_told_that_it_is_the_same_until_it_changes(bank: Bank, address: str) -> None:
    def asked_again(tag: str, language: str = "en") -> Reply:
        headers = {"if-none-match": tag, "accept-language": language}
        return bank.request("GET", address, media_type=None, headers=headers)

    first = asked_again("")
    again = asked_again(f"W/{first.headers['ETag']}")
    assert (first.status, again.status, again.body) == (200, 304, None)
    for name in ("Cache-Control", "Content-Type", "ETag", "Vary"):
        assert again.headers.get(name) == first.headers.get(name)
    if address.startswith("/v1"):
        return
    # what is kept in one language is not what the other would be
    assert first.headers["Vary"] == "Accept-Language"
    assert (asked_again(first.headers["ETag"], "zh").status, asked_again("*", "zh").status) == (200, 304)
    published(bank, 80 * HOUR)
    assert asked_again(first.headers["ETag"]).status == (304 if address == "/verify" else 200)
