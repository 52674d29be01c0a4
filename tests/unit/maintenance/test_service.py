"""A planned suspension is announced at least three days ahead, to the millisecond (NB-5.1.8-5)."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from chalicelib.maintenance import domain, service, store
from chalicelib.maintenance.commands.publish_notice import plan_notice, plan_withdrawal
from chalicelib.maintenance.domain import Notice, Wish, Words
from chalicelib.maintenance.errors import NoticeClosed, NoticeMalformed, NoticeTooLate
from chalicelib.parameters import store as parameters_store
from chalicelib.parameters.domain import Row
from chalicelib.platform import clock
from chalicelib.platform.errors import NotFound

STARTS = dt.datetime(2026, 12, 1, 2, 0, tzinfo=clock.SHANGHAI)
ENDS = STARTS + dt.timedelta(hours=2)
SECOND, TICK = dt.timedelta(seconds=1), dt.timedelta(milliseconds=1)
WISH = Wish("planned", STARTS, ENDS, "transfers", Words("系统升级", "Upgrade"), Words("暂停转账", "Transfers pause"))
URGENT = dataclasses.replace(WISH, kind="urgent")
AT = clock.to_text(STARTS - dt.timedelta(days=10))
NOTICE = Notice("n1", "planned", AT, clock.to_text(STARTS), clock.to_text(ENDS), "transfers", WISH.title, WISH.text)


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Stands for ParametersTable."""
    found: dict[str, int] = {}
    monkeypatch.setattr(parameters_store, "rows", lambda: {name: Row(value) for name, value in found.items()})
    monkeypatch.setattr(parameters_store, "row", lambda _: None)
    return found


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[Notice]:
    """Stands for NoticesTable."""
    found = [NOTICE]
    monkeypatch.setattr(store, "all_notices", lambda: iter(found))

    def read(notice_id: str) -> Notice | None:
        return {one.notice_id: one for one in found}.get(notice_id)

    monkeypatch.setattr(store, "read", read)
    return found


@pytest.mark.requirement("NB-5.1.8-5")
@pytest.mark.parametrize(
    ("lead_h", "needed_h"),
    [
        pytest.param(None, 72, id="the default"),
        pytest.param(72, 72, id="the least"),
        pytest.param(96, 96, id="a stricter bank"),
        pytest.param(48, 72, id="a laxer value is out of bounds"),
    ],
)
def test_the_lead_is_exact_to_the_millisecond(values: dict[str, int], lead_h: int | None, needed_h: int) -> None:
    # given the bank's policy
    if lead_h is not None:
        values["notice.lead_h"] = lead_h
    latest = STARTS - dt.timedelta(hours=needed_h)
    # when somebody plans it later, then it is refused
    for late in (TICK, SECOND, dt.timedelta(days=2)):
        with pytest.raises(NoticeTooLate) as refused:
            plan_notice(WISH, latest + late)
        assert refused.value.facts == {"lead_h": str(needed_h)}
    # and in the last moment, and before, it can be published, until just then
    for early in (latest, latest - SECOND):
        assert plan_notice(WISH, early).before == latest + TICK


@pytest.mark.requirement("NB-5.1.8-5")
def test_a_special_case_is_announced_until_it_is_over(values: dict[str, int]) -> None:
    for moment in (STARTS - SECOND, STARTS, ENDS - TICK):
        assert plan_notice(URGENT, moment).before == ENDS
    with pytest.raises(NoticeMalformed):
        plan_notice(URGENT, ENDS)


@pytest.mark.parametrize("kind", ["planned", "urgent"])
@pytest.mark.parametrize("ends_at", [STARTS, STARTS - SECOND], ids=["no time", "backwards"])
def test_a_notice_that_ends_before_it_starts_is_refused(
    values: dict[str, int], kind: str, ends_at: dt.datetime
) -> None:
    wish = dataclasses.replace(WISH, kind=kind, ends_at=ends_at)
    with pytest.raises(NoticeMalformed):
        plan_notice(wish, STARTS - dt.timedelta(days=10))


@pytest.mark.parametrize("kind", ["planned", "urgent"])
@pytest.mark.parametrize(
    ("starts_at", "ends_at"),
    [
        pytest.param(dt.datetime(1, 1, 1, tzinfo=dt.UTC), ENDS, id="since year one, which no date lies before"),
        pytest.param(STARTS, dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC), id="for ever"),
        pytest.param(STARTS, ENDS.replace(year=2062), id="26 as 62"),
    ],
)
def test_a_slip_of_the_pen_suspends_nothing_for_years(
    values: dict[str, int], kind: str, starts_at: dt.datetime, ends_at: dt.datetime
) -> None:
    wish = dataclasses.replace(WISH, kind=kind, starts_at=starts_at, ends_at=ends_at)
    with pytest.raises(NoticeMalformed):
        plan_notice(wish, STARTS - dt.timedelta(days=10))


@pytest.mark.usefixtures("values")
@pytest.mark.parametrize(
    ("at", "listed"),
    [
        (STARTS - dt.timedelta(days=9), True),
        (STARTS, True),
        (ENDS + dt.timedelta(days=30) - SECOND, True),
        (ENDS + dt.timedelta(days=30), False),
    ],
    ids=["coming", "running", "over for less than 30 days", "long over"],
)
def test_a_notice_is_listed_until_30_days_after_its_window(
    notices: list[Notice], at: dt.datetime, listed: bool
) -> None:
    assert bool(service.listed(at)) == listed


@pytest.mark.parametrize(
    ("at", "state"),
    [(STARTS - TICK, "planned"), (STARTS, "running"), (ENDS - TICK, "running"), (ENDS, "over")],
)
def test_its_state_follows_the_clock_unless_it_was_withdrawn(at: dt.datetime, state: str) -> None:
    assert NOTICE.state_at(clock.to_text(at)) == state
    assert dataclasses.replace(NOTICE, withdrawn_at=AT).state_at(clock.to_text(at)) == domain.WITHDRAWN


@pytest.mark.usefixtures("values")
def test_what_is_over_or_withdrawn_or_none_cannot_be_withdrawn(notices: list[Notice]) -> None:
    assert plan_withdrawal("n1", ENDS - TICK).notice == NOTICE
    with pytest.raises(NoticeClosed):
        plan_withdrawal("n1", ENDS)
    notices[0] = dataclasses.replace(NOTICE, withdrawn_at=AT)
    with pytest.raises(NoticeClosed):
        plan_withdrawal("n1", STARTS)
    with pytest.raises(NotFound):
        plan_withdrawal("n2", STARTS)
