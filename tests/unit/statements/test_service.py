"""A bill run: pages of customers, one message each, by internal ids only."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.customers import service as customers
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, queues
from chalicelib.platform.queues import Message
from chalicelib.statements import service
from chalicelib.statements.errors import MonthMalformed
from tests.event_schemas import check

IDS = ["a2b3c4d5e6f7a2b3c4d5", "b2b3c4d5e6f7a2b3c4d5"]
DECEMBER = dt.datetime(2026, 12, 1, 2, 0, tzinfo=clock.SHANGHAI)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Message]]:
    """What goes to queues."""
    found: list[tuple[str, Message]] = []
    monkeypatch.setattr(queues, "send", lambda queue, messages: found.extend((queue, m) for m in messages))
    return found


@pytest.fixture(autouse=True)
def _policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "value", lambda parameter, _: parameter.default)


def test_a_run_is_for_the_month_that_is_over(sent: list[tuple[str, Message]]) -> None:
    assert service.start_due_run(DECEMBER, "run-1") == "2026-11"
    ((queue, message),) = sent
    assert queue == "bill_runs"
    assert check(message.to_json())["data"] == {"month": "2026-11", "after": ""}


@pytest.mark.parametrize("cursor", [None, IDS[-1]], ids=["last page", "more to come"])
def test_a_page_asks_for_each_customer_and_for_the_next_page(
    monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, Message]], cursor: str | None
) -> None:
    # given a page of two customers, when it is visited twice
    monkeypatch.setattr(customers, "customer_page", lambda after: (IDS, cursor))
    for _ in range(2):
        assert service.run_page("2026-11", "", "run-1") == 2
    # then each visit asks for the same, so that whoever listens can tell a repeat
    told = [(queue, check(message.to_json())) for queue, message in sent]
    assert told[: len(told) // 2] == told[len(told) // 2 :]
    first = told[: len(told) // 2]
    assert [message["aggregate_id"] for queue, message in first if queue == "bills"] == IDS
    following = [message["data"]["after"] for queue, message in first if queue == "bill_runs"]
    assert following == ([cursor] if cursor else [])


@pytest.mark.parametrize("month", ["2026-12", "2027-01"])
def test_a_month_that_is_not_over_has_no_bill(month: str) -> None:
    with pytest.raises(service.MonthNotOver):
        service.issue_bills(IDS[0], month, DECEMBER)


@pytest.mark.parametrize(("day", "is_run"), [(1, True), (2, True), (3, True), (4, False), (30, False)])
def test_the_first_nights_of_a_month_look_for_its_bills(
    sent: list[tuple[str, Message]], day: int, is_run: bool
) -> None:
    month = service.start_due_run(DECEMBER.replace(day=day), "run-1")
    assert (month, len(sent)) == (("2026-11", 1) if is_run else (None, 0))


def test_a_run_by_hand_is_for_a_month_that_is_over(sent: list[tuple[str, Message]]) -> None:
    with pytest.raises(service.MonthNotOver):
        service.start_run("2026-12", DECEMBER, "run-1")
    with pytest.raises(MonthMalformed):
        service.start_run("2026-13", DECEMBER, "run-1")
    assert sent == []
    service.start_run("2026-10", DECEMBER, "run-1")
    ((_, message),) = sent
    assert check(message.to_json())["data"] == {"month": "2026-10", "after": ""}


@pytest.mark.parametrize(
    ("at", "is_late"),
    [(DECEMBER, False), (DECEMBER.replace(hour=23, minute=59), False), (DECEMBER.replace(day=2), True)],
)
def test_a_bill_that_a_later_night_issues_is_late(at: dt.datetime, is_late: bool) -> None:
    assert service.is_late("2026-11", at) is is_late
