"""Maintenance notices: three days ahead, public, and what state each is in (NB-5.1.8-5)."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.maintenance import service as maintenance
from chalicelib.maintenance.errors import NoticeMalformed, NoticeTooLate
from chalicelib.parameters import service as parameters
from tests.chain.bank import START, Bank
from tests.chain.probe import state_of

HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)


def publish(bank: Bank, notice_id: str, ahead: dt.timedelta, length: dt.timedelta = HOUR, zh: str = "系统升级") -> None:
    starts_at = bank.clock.now() + ahead
    maintenance.publish(
        notice_id,
        starts_at=starts_at,
        ends_at=starts_at + length,
        affects="transfers",
        zh=zh,
        en="Upgrade",
        now=bank.clock.now(),
    )


def listed(bank: Bank) -> list[tuple[str, str]]:
    reply = bank.request("GET", "/v1/notices")  # without any log-in
    assert reply.status == 200
    return [(notice["id"], notice["state"]) for notice in reply.body["notices"]]


@pytest.mark.requirement("NB-5.1.8-5")
def test_later_than_three_days_ahead_is_refused(bank: Bank) -> None:
    before = state_of(bank)
    for ahead in (72 * HOUR - SECOND, HOUR, dt.timedelta(0), -HOUR):
        with pytest.raises(NoticeTooLate) as refusal:
            publish(bank, "late", ahead)
        assert "72" in refusal.value.text("zh")
        assert "72" in refusal.value.text("en")
    # nor does one that is not whole pass
    for length, zh in ((-HOUR, "x"), (dt.timedelta(0), "x"), (HOUR, "")):
        with pytest.raises(NoticeMalformed):
            publish(bank, "malformed", 80 * HOUR, length, zh)
    assert state_of(bank) == before
    assert listed(bank) == []


@pytest.mark.requirement("NB-5.1.8-5")
def test_exactly_three_days_ahead_is_published_and_its_state_follows_the_clock(bank: Bank) -> None:
    publish(bank, "exact", 72 * HOUR)
    assert listed(bank) == [("exact", "planned")]
    for moment, state in (
        (72 * HOUR - SECOND, "planned"),
        (72 * HOUR, "running"),
        (73 * HOUR - SECOND, "running"),
        (73 * HOUR, "over"),
        (73 * HOUR + dt.timedelta(days=30) - SECOND, "over"),
    ):
        bank.clock.set(START + moment)
        assert listed(bank) == [("exact", state)]
    bank.clock.set(START + 73 * HOUR + dt.timedelta(days=30))
    assert listed(bank) == []


def test_the_next_notice_comes_first_and_carries_both_languages(bank: Bank) -> None:
    for name, ahead in (("third", 100 * HOUR), ("first", 80 * HOUR), ("second", 90 * HOUR)):
        publish(bank, name, ahead)
    assert [name for name, _ in listed(bank)] == ["first", "second", "third"]
    (first, *_) = bank.request("GET", "/v1/notices").body["notices"]
    assert (first["text_zh"], first["text_en"]) == ("系统升级", "Upgrade")


def test_the_bank_may_ask_for_more_than_three_days_but_never_for_less(bank: Bank) -> None:
    parameters.set_value("notice.lead_h", 96)
    with pytest.raises(NoticeTooLate):
        publish(bank, "short", 95 * HOUR)
    publish(bank, "long", 96 * HOUR)
    with pytest.raises(ValueError, match="out of bounds"):
        parameters.set_value("notice.lead_h", 71)
