"""The pages about service: what is out or suspended, what to do meanwhile, what is planned and what was."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.outages.commands import keep_outages
from chalicelib.outages.commands.keep_outages import Wish
from chalicelib.outages.domain import Outage, Words
from chalicelib.platform import clock
from chalicelib.platform.callers import StaffCaller
from tests.chain.bank import Bank, Reply
from tests.chain.suspenders import HOUR, MS, changed, published, urgent
from tests.chain.test_busy_engine import busy, engine
from tests.chain.test_verify_page import ALLOWED, ATTACKS, CHINESE, in_language, one, opened, text_of, tree_of
from tests.chain.two_people import CHECKER, MAKER, approved, asked, enter_staff, person

pytestmark = pytest.mark.requirement("NB-5.1.8-6")

NOW = dt.datetime(2026, 11, 23, 14, tzinfo=clock.SHANGHAI)
PAGES = ("/status", "/maintenance", "/availability")
# With those about the bank, which have tests of their own beside.
ALL_PAGES = (*PAGES, "/branches", "/rates")
WORDS = Words("机房断电，已恢复。", "The power had failed; it is back.")
WHY = "按值班记录"


@pytest.fixture
def bank(bank: Bank) -> Bank:
    bank.clock.set(NOW)
    enter_staff()
    return bank


def main_of(bank: Bank, address: str) -> str:
    """What a page's main part says, in English."""
    reply = opened(bank, f"{address}?lang=en")
    assert reply.status == 200, reply
    return text_of(one(tree_of(reply), "main"))


def headings(bank: Bank, address: str, *ranks: str) -> list[str]:
    root = tree_of(opened(bank, f"{address}?lang=en"))
    return [text_of(element) for element in root.iter() if element.tag in ranks]


def officer(who: str = MAKER) -> StaffCaller:
    return person("notice.publish", who)


def noted(bank: Bank) -> Outage:
    """An outage that began an hour ago, and that nobody has explained."""
    now = bank.clock.now()
    return keep_outages.open_outage(officer(), "key-page-outage", "transfers", "机房供电中断", now - HOUR, now)[0]


def stepped(bank: Bank, outage: Outage, wish: Wish, who: str = MAKER) -> Outage:
    return keep_outages.note_step(officer(who), outage.outage_id, outage.revision, wish, bank.clock.now())


def test_while_all_is_well_it_says_so_and_where_to_turn(bank: Bank) -> None:
    assert headings(bank, "/status", "h1") == ["Service is up"]
    said = main_of(bank, "/status")
    assert "As of 2026-11-23 14:00" in said
    assert "Nothing is planned at present." in said
    assert "Working hours: " in said
    assert main_of(bank, "/maintenance").count("Nothing is planned at present.") == 1


@pytest.mark.requirement("NB-5.1.8-5")
def test_a_suspension_is_shown_from_its_publication_until_long_after_its_end(bank: Bank) -> None:
    # given one that is planned, with what customers can do meanwhile
    other = {"zh": "可到任一网点办理", "en": "Any branch does it"}
    published(bank, 80 * HOUR, alternatives=other, reason={"zh": "扩容", "en": "Growth"})
    assert headings(bank, "/status", "h1", "h3") == ["Service is up", "Upgrade"]
    assert headings(bank, "/maintenance", "h2", "h3")[:2] == ["Planned", "Upgrade"]
    said = main_of(bank, "/maintenance")
    for told in (
        "What is suspended transfers and all other payments",
        "2026-11-26 22:00:00 to 2026-11-27 00:00:00",
        "Any branch does it",
        "Why Growth",
        "Transfers pause; enquiries work.",
        "Announced at (Shanghai) 2026-11-23 14:00:00",
    ):
        assert told in said
    assert "Special case" not in said
    # when it begins
    bank.clock.set(NOW + 80 * HOUR - MS)
    assert headings(bank, "/status", "h1") == ["Service is up"]
    bank.clock.set(NOW + 80 * HOUR)
    assert headings(bank, "/status", "h1", "h2")[:2] == ["Some service is suspended as announced", "Going on now"]
    assert "Any branch does it" in main_of(bank, "/status")
    # and when it is over
    bank.clock.set(NOW + 82 * HOUR)
    assert headings(bank, "/status", "h1") == ["Service is up"]
    assert "Upgrade" not in main_of(bank, "/status")
    assert "Over: service is restored." in main_of(bank, "/maintenance")


def test_a_special_case_a_change_and_a_withdrawal_are_told_apart(bank: Bank) -> None:
    urgent(bank, HOUR, "cards", title={"zh": "抢修", "en": "Repair"})
    first = published(bank, 80 * HOUR)
    changed(bank, first, 90 * HOUR, title={"zh": "改期", "en": "Upgrade, later"})
    gone = published(bank, 100 * HOUR, title={"zh": "取消的", "en": "Called off"})
    approved(asked("notice.withdraw", {"notice_id": gone}))
    root = tree_of(opened(bank, "/maintenance?lang=en"))
    shown = {text_of(next(one_.iter("h3"))): text_of(one_) for one_ in root.iter("article")}
    assert list(shown) == ["Special case Repair", "Upgrade, later", "Called off", "Upgrade"]
    assert "Cancelled: service is not suspended." in shown["Called off"]
    assert "Changed: the new announcement holds." in shown["Upgrade"]
    assert "Cancelled" not in shown["Upgrade, later"]
    # the page about now shows what is to come only
    assert headings(bank, "/status", "h3") == ["Special case Repair", "Upgrade, later"]


def test_what_only_announces_is_no_suspension(bank: Bank) -> None:
    urgent(bank, -HOUR, "nothing")
    assert headings(bank, "/status", "h1", "h2")[:2] == ["Service is up", "Going on now"]


def test_an_outage_is_shown_at_once_and_its_cause_only_as_explained(bank: Bank) -> None:
    outage = noted(bank)
    said = main_of(bank, "/status")
    assert headings(bank, "/status", "h1", "h2")[:2] == ["Some service is out", "Out of service: transfers"]
    assert "Since (Shanghai): 2026-11-23 13:00" in said
    assert "do not send it again" in said
    assert "机房供电中断" not in said
    # a draft is nobody's business yet
    outage = stepped(bank, outage, Wish("explain", WHY, words=WORDS))
    assert WORDS.en not in main_of(bank, "/status")
    outage = stepped(bank, outage, Wish("publish", WHY), CHECKER)
    assert WORDS.en in main_of(bank, "/status")
    stepped(bank, outage, Wish("end", WHY))
    assert headings(bank, "/status", "h1", "h2")[0] == "Service is up"
    assert headings(bank, "/status", "h2")[-1] == "Outages that are over"
    assert "2026-11-23 13:00:00 to 2026-11-23 14:00:00" in main_of(bank, "/status")


def test_one_that_is_over_without_an_explanation_is_not_listed(bank: Bank) -> None:
    stepped(bank, noted(bank), Wish("end", WHY))
    assert "Outages that are over" not in headings(bank, "/status", "h2")
    assert headings(bank, "/status", "h1") == ["Service is up"]


def test_the_pages_stay_up_whatever_is_suspended(bank: Bank) -> None:
    urgent(bank, HOUR, "everything")
    bank.clock.advance(HOUR)
    assert bank.request("GET", "/v1/overview").code == "under_maintenance"
    for address in PAGES:
        assert "all online services" in main_of(bank, address)
    assert {opened(bank, address).status for address in ALL_PAGES} == {200}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("address", ALL_PAGES)
def test_they_are_pages_as_the_others_are(bank: Bank, address: str, language: str) -> None:
    # given everything that a page can show, with words that would be a page of somebody else's
    typed = [attack for attack in ATTACKS if attack.isprintable()]
    for number, attack in enumerate(typed, start=1):
        words = {"zh": attack, "en": attack}
        urgent(bank, number * HOUR, "cards", title=words, text=words, reason=words, alternatives=words)
    noted(bank)
    reply: Reply = opened(bank, f"{address}?lang={language}")
    root = tree_of(reply)
    # then they are text
    assert {str(element.tag) for element in root.iter()} <= ALLOWED
    attributes = {attribute for element in root.iter() for attribute in element.attrib}
    assert not any(attribute.startswith("on") or attribute in ("style", "src") for attribute in attributes)
    # it says where it is, and leads to the others in its language
    links = {link.get("href", ""): link.get("aria-current") for link in one(root, "nav").iter("a")}
    assert links == {
        f"{name}?lang={language}": "page" if f"/{name}" == address else None
        for name in ("status", "maintenance", "availability", "branches", "rates", "verify")
    }
    assert reply.headers["Cache-Control"] == "public, max-age=60"
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    for said_to_be, text in in_language(root, "none"):
        assert said_to_be == "zh-CN" or not CHINESE.search(text.replace("乡", "")), text


def test_the_other_language_is_a_link(bank: Bank) -> None:
    for address in ALL_PAGES:
        root = tree_of(opened(bank, address))
        assert one(root, "html").get("lang") == "zh-CN"
        assert "?lang=en" in [link.get("href") for link in one(root, "header").iter("a")]


def rows(bank: Bank, section: str = "availability") -> dict[str, list[str]]:
    """A table of the page about availability, by day."""
    root = tree_of(opened(bank, "/availability?lang=en"))
    (part,) = [found for found in root.iter("section") if found.get("aria-labelledby") == section]
    cells = [[text_of(cell) for cell in row if cell.tag in ("th", "td")] for row in one(part, "tbody").iter("tr")]
    return {row[0]: row[1:] for row in cells}


def bars(bank: Bank, section: str) -> list[tuple[str | None, str | None]]:
    """What a chart of the page has for each day: its colour's name and its height."""
    root = tree_of(opened(bank, "/availability?lang=en"))
    (part,) = [found for found in root.iter("section") if found.get("aria-labelledby") == section]
    return [(bar.get("class"), bar.get("height")) for bar in part.iter("{http://www.w3.org/2000/svg}rect")]


@pytest.mark.requirement("YQ-4.1.1")
@pytest.mark.requirement("XJ-4.3")
def test_availability_counts_what_was_out_and_what_was_suspended_once(bank: Bank) -> None:
    assert len(rows(bank)) == 30
    assert set(map(tuple, rows(bank).values())) == {("100.000%", "0", "0")}
    # given everything suspended from 22 to 24 o'clock, the last hour of it out besides, until half past midnight
    published(bank, 80 * HOUR, "everything")
    bank.clock.set(NOW + 83 * HOUR)
    now = bank.clock.now()
    outage, _ = keep_outages.open_outage(officer(), "key-all", "all", "机房供电中断", now - 2 * HOUR, now)
    stepped(bank, outage, Wish("end", WHY, at=now - HOUR / 2))
    # and what is a part of service, or was a mistake, counts for nothing
    noted(bank)
    slip, _ = keep_outages.open_outage(officer(), "key-slip", "log_in", "误报", now - HOUR, now)
    stepped(bank, slip, Wish("annul", WHY))
    found = rows(bank)
    assert found["2026-11-26"] == ["91.666% missed", "60", "120"]
    # that day is an hour old
    assert found["2026-11-27"] == ["50.000% missed", "30", "0"]
    assert found["2026-11-25"] == ["100.000%", "0", "0"]
    assert "Availability, the last 30 days: 99.641%" in main_of(bank, "/availability")
    assert "It is not met." in main_of(bank, "/availability")


def test_a_suspension_that_was_taken_back_or_moved_counts_for_as_long_as_it_held(bank: Bank) -> None:
    first = urgent(bank, HOUR, "everything")
    urgent(bank, 3 * HOUR, "everything")
    bank.clock.advance(2 * HOUR - dt.timedelta(minutes=1))
    approved(asked("notice.withdraw", {"notice_id": first}))
    bank.clock.advance(dt.timedelta(hours=3, minutes=1))
    assert rows(bank)["2026-11-23"][1:] == ["0", "180"]


@pytest.mark.requirement("YQ-4.1.1")
def test_payments_are_shown_by_day_with_what_failed_and_what_was_refused(bank: Bank) -> None:
    assert len(rows(bank, "payments")) == 30
    assert set(map(tuple, rows(bank, "payments").values())) == {("no payments",)}
    assert "Success of payments, the last 30 days: 100.000%" in main_of(bank, "/availability")
    assert set(bars(bank, "payments")) == {("up", "4")}
    # given a day with one that was made, and one that was refused
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    bank.pay(payer, payee, "10.00", "key-page-paid")
    assert bank.create(bank.log_in(payer), payer, payee, "100.01", "key-page-poor").code == "insufficient_funds"
    bank.settle()
    assert rows(bank, "payments")["2026-11-23"] == ["100.000%", "0.000%", "50.000%"]
    assert bars(bank, "payments")[-1] == ("up", "40")
    # and then one that the bank could not make
    with engine(bank, "put_item", "JournalTable", lambda: busy("ThrottlingException")):
        assert bank.create(bank.log_in(payer), payer, payee, "1.00", "key-page-busy").code == "try_again"
    assert rows(bank, "payments")["2026-11-23"] == ["50.000% missed", "50.000%", "33.334%"]
    assert bars(bank, "payments")[-1] == ("down", "20")
    said = main_of(bank, "/availability")
    assert "Success of payments, the last 30 days: 50.000%" in said
    assert "at least 99.500% succeed and less than 0.050% fail. It is not met." in said
