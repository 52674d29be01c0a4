"""The pages about the bank: where its branches are, what it charges and what it pays (YQ-4.2.2-info)."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from tests.chain.bank import Bank
from tests.chain.test_service_pages import headings, main_of
from tests.chain.test_verify_page import ATTACKS, CHINESE, facts_of, in_language, one, opened, text_of, tree_of
from tests.chain.two_people import approved, asked, change_of, enter_staff

pytestmark = pytest.mark.requirement("YQ-4.2.2-info")

NOW = dt.datetime(2026, 11, 23, 14, tzinfo=clock.SHANGHAI)
TOWN = "城关支行 | Town branch | 东街8号 | 8 East Street | 0990-000 0002 | 09:00-17:00 | -"
MAIN = "总行营业部 | Main office | 人民路1号 | 1 Renmin Road | 0990-0000001 | 08:30-17:30 | 10:00-15:00"
RATES = "活期 | Demand | 0.0500 | 2026-11-01; 一年定期 | One year, fixed | 1.2500 | 2027-01-01"


@pytest.fixture
def bank(bank: Bank) -> Bank:
    bank.clock.set(NOW)
    enter_staff()
    return bank


def decided(name: str, value: object, **more: object) -> None:
    """What two people publish."""
    approved(asked("parameter.change", change_of(name, value, **more)))
    parameters.forget()


def tables(bank: Bank, language: str = "en") -> list[list[list[str]]]:
    """Rows of each table of the page about rates and fees."""
    root = tree_of(opened(bank, f"/rates?lang={language}"))
    return [[[text_of(cell) for cell in row] for row in body.iter("tr")] for body in root.iter("tbody")]


def test_before_any_are_published_the_page_says_so(bank: Bank) -> None:
    assert "None are published here at present." in main_of(bank, "/branches")
    assert "contact the bank" in main_of(bank, "/branches")


def test_branches_are_shown_as_two_people_published_them(bank: Bank) -> None:
    decided("site.branches", f"{MAIN}; {TOWN}")
    assert headings(bank, "/branches", "h1", "h2") == ["Branches", "Main office", "Town branch"]
    root = tree_of(opened(bank, "/branches?lang=en"))
    main, town = map(facts_of, root.iter("article"))
    assert main == {
        "In Chinese": "总行营业部人民路1号",
        "Address": "1 Renmin Road",
        "Telephone": "0990-0000001",
        "Monday to Friday": "08:30-17:30",
        "Saturday and Sunday": "10:00-15:00",
    }
    assert (town["Telephone"], town["Saturday and Sunday"]) == ("0990-000 0002", "closed")
    assert [link.get("href") for link in one(root, "main").iter("a")] == ["tel:0990-0000001", "tel:0990-000-0002"]
    # in Chinese once, and nothing of the English
    chinese = tree_of(opened(bank, "/branches?lang=zh"))
    assert [text_of(found) for found in chinese.iter("h2")] == ["总行营业部", "城关支行"]
    assert [facts["地址"] for facts in map(facts_of, chinese.iter("article"))] == ["人民路1号", "东街8号"]
    assert "Town branch" not in text_of(chinese)
    # and once they are taken back they are gone
    decided("site.branches", "")
    assert "None are published here at present." in main_of(bank, "/branches")


@pytest.mark.requirement("NB-5.1.6-4")
def test_the_fees_shown_are_those_that_are_quoted_now(bank: Bank) -> None:
    assert tables(bank) == [[["Transfer within the bank", "free"], ["Transfer to another bank", "free"]]]
    # given a fee from midnight on
    decided("fee.transfer.other_bank_fen", 5_50, effective_from="2026-11-24T00:00:00+08:00")
    assert tables(bank)[0][1] == ["Transfer to another bank", "free"]
    bank.clock.set(NOW + dt.timedelta(hours=10))
    assert tables(bank)[0][1] == ["Transfer to another bank", "5.50"]
    assert "As they are today, 2026-11-24." in main_of(bank, "/rates")


def test_deposit_rates_are_shown_with_the_day_from_which_they_hold(bank: Bank) -> None:
    assert "None are published here at present: ask at a branch." in main_of(bank, "/rates")
    decided("site.deposit_rates", RATES)
    expected = [["Demand", "0.0500%", "2026-11-01"], ["One year, fixed", "1.2500%", "2027-01-01"]]
    assert tables(bank)[1] == expected
    assert [row[0] for row in tables(bank, "zh")[1]] == ["活期", "一年定期"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_published_is_text_and_in_its_language(bank: Bank, language: str) -> None:
    attacks = [attack for attack in ATTACKS if attack.isprintable() and not set(attack) & set("|;")]
    assert len(attacks) > 3
    rows = [TOWN.replace("城关支行", f"支行{place} {attack}") for place, attack in enumerate(attacks)]
    rows = [row.replace("Town branch", attack) for row, attack in zip(rows, attacks, strict=True)]
    decided("site.branches", "; ".join(rows))
    decided(
        "site.deposit_rates",
        "; ".join(f"存款{place} | {one_} | 1.00 | 2026-11-01" for place, one_ in enumerate(attacks)),
    )
    for address in ("/branches", "/rates"):
        root = tree_of(opened(bank, f"{address}?lang={language}"))
        said = text_of(one(root, "main"))
        assert all(attack in said for attack in attacks) == (language == "en" or address == "/branches")
        assert [element.tag for element in root.iter() if element.tag in ("script", "img")] == []
        for said_to_be, text in in_language(root, "none"):
            assert said_to_be == "zh-CN" or not CHINESE.search(text.replace("乡", "")), text


def test_who_has_kept_them_is_told_that_they_are_the_same_all_day(bank: Bank) -> None:
    for address in ("/branches", "/rates"):
        bank.clock.set(NOW)
        tag = opened(bank, address).headers["ETag"]
        bank.clock.set(NOW + dt.timedelta(hours=9))
        assert opened(bank, address, **{"if-none-match": tag}).status == 304
    decided("fee.transfer.own_bank_fen", 1_00)
    assert opened(bank, "/rates", **{"if-none-match": tag}).status == 200
