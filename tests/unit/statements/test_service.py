"""A bill run: pages of customers, one message each, by internal ids only."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.customers import service as customers
from chalicelib.platform import clock, queues
from chalicelib.platform.queues import Message
from chalicelib.statements import service
from tests.event_schemas import check

IDS = ["a2b3c4d5e6f7a2b3c4d5", "b2b3c4d5e6f7a2b3c4d5"]
DECEMBER = dt.datetime(2026, 12, 1, 2, 0, tzinfo=clock.SHANGHAI)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Message]]:
    """What goes to queues."""
    found: list[tuple[str, Message]] = []
    monkeypatch.setattr(queues, "send", lambda queue, messages: found.extend((queue, m) for m in messages))
    return found


def test_a_run_is_for_the_month_that_is_over(sent: list[tuple[str, Message]]) -> None:
    assert service.start_run(DECEMBER, "run-1") == "2026-11"
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
