"""The life of an outage: every step from every state, its deadlines to the second, and what staff are warned of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest

from chalicelib.outages import domain, service
from chalicelib.outages.domain import APART, Ahead, Outage, Terms, Words
from chalicelib.outages.errors import (
    ExplanationOwn,
    OutageReportMissing,
    OutageStepRefused,
    OutageTimesDisordered,
)
from chalicelib.platform import clock
from chalicelib.platform.dynamo import to_image, to_raw
from chalicelib.platform.errors import Refusal

pytestmark = pytest.mark.requirement("NB-5.1.8-7")

HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)
# A Monday, ten o'clock.
T0 = dt.datetime(2026, 11, 23, 10, tzinfo=clock.SHANGHAI)
NOW = T0 + 100 * HOUR
AHEAD = Ahead(HOUR, 6 * HOUR, 24 * HOUR)
WORDS = Words("供电中断，现已恢复。", "Power failed and is back.")


def text(moment: dt.datetime) -> str:
    return clock.to_text(moment)


def outage(**changes: Any) -> Outage:
    terms = Terms("09:00-17:00", 240, 480, 24, 72, APART)
    return replace(Outage("o", "all", "供电中断", "O0001", text(T0), text(T0), terms), **changes)


STATES = {
    "running": outage(),
    "ended": outage(ended_at=text(T0 + 5 * HOUR)),
    "handled": outage(ended_at=text(T0 + 5 * HOUR), handled_at=text(T0 + 6 * HOUR)),
    "reported": outage(
        ended_at=text(T0 + 5 * HOUR),
        handled_at=text(T0 + 6 * HOUR),
        reported_at=text(T0 + 20 * HOUR),
        final_reported_at=text(T0 + 70 * HOUR),
    ),
}
STATES["closed"] = replace(STATES["reported"], closed_at=text(NOW))
STATES["annulled"] = replace(STATES["running"], annulled_at=text(NOW))
STEPS: dict[str, Callable[[Outage], Outage]] = {
    "end": lambda one: domain.ended(one, T0 + 5 * HOUR, NOW),
    "handle": lambda one: domain.handled(one, T0 + 6 * HOUR, NOW),
    "correct": lambda one: domain.corrected(one, "opened_at", T0 - HOUR, NOW),
    "describe": lambda one: domain.described(one, {"impact": "转账停办"}),
    "report": lambda one: domain.reported(one, "first", "R-1", T0 + 20 * HOUR, NOW),
    "final": lambda one: domain.reported(one, "final", "R-2", T0 + 70 * HOUR, NOW),
    "explain": lambda one: domain.explained(one, WORDS, "O0001"),
    "annul": lambda one: domain.annulled(one, NOW),
    "close": lambda one: domain.closed(one, NOW, service.kind_of_day),
}
# Written down in another way than the code's: the state after a step, or the refusal.
OWED, NO = "outage_report_missing", "outage_step_refused"
AFTER = {
    "running": {"end": "ended", "correct": "running", "describe": "running", "report": "running", "explain": "running"},
    "ended": {"handle": "handled", "correct": "ended", "describe": "ended", "report": "ended", "explain": "ended"},
    "handled": {
        "correct": "handled",
        "describe": "handled",
        "report": "handled",
        "final": "reported",
        "explain": "handled",
        "close": OWED,
    },
    "reported": {"correct": "reported", "describe": "reported", "explain": "reported", "close": "closed"},
    "closed": {"explain": "closed"},
    "annulled": {},
}
for state_ in ("running", "ended", "handled"):
    AFTER[state_]["annul"] = "annulled"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", STATES)
def test_every_step_from_every_state(state: str, step: str) -> None:
    before = STATES[state]
    assert before.state == state
    try:
        found = STEPS[step](before).state
    except Refusal as refusal:
        found = refusal.code
        assert "{" not in refusal.text("zh") + refusal.text("en")
    assert found == AFTER[state].get(step, NO)


@pytest.mark.parametrize("one", [*STATES.values(), outage(draft=WORDS, words=WORDS, told=("a@b",))], ids=str)
def test_a_row_reads_as_what_was_written(one: Outage) -> None:
    facts = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(one).items()}
    assert Outage.from_image(to_image(to_raw(facts))) == one


def test_times_follow_each_other_and_none_is_to_come() -> None:
    ended, handled = STATES["ended"], STATES["handled"]
    wrong: list[Callable[[], Outage]] = [
        lambda: domain.ended(outage(), T0 - SECOND, NOW),
        lambda: domain.corrected(outage(), "opened_at", T0 - domain.MAX_BACK - SECOND, NOW),
        lambda: domain.ended(outage(), NOW + SECOND, NOW),
        lambda: domain.handled(ended, T0 + 5 * HOUR - SECOND, NOW),
        lambda: domain.handled(ended, NOW + SECOND, NOW),
        lambda: domain.corrected(ended, "opened_at", T0 + 5 * HOUR + SECOND, NOW),
        lambda: domain.corrected(handled, "ended_at", T0 + 6 * HOUR + SECOND, NOW),
        lambda: domain.corrected(handled, "handled_at", T0 + 5 * HOUR - SECOND, NOW),
        lambda: domain.reported(outage(), "first", "R", T0 - SECOND, NOW),
        lambda: domain.reported(handled, "final", "R", T0 + 6 * HOUR - SECOND, NOW),
        lambda: domain.reported(handled, "final", "R", NOW + SECOND, NOW),
    ]
    for step in wrong:
        with pytest.raises(OutageTimesDisordered):
            step()
    # at the same moment is in order
    assert domain.handled(ended, T0 + 5 * HOUR, NOW).handled_at == ended.ended_at
    # and what was never noted is not corrected
    with pytest.raises(OutageStepRefused):
        domain.corrected(ended, "handled_at", T0 + 6 * HOUR, NOW)


def test_each_report_is_noted_once() -> None:
    first = domain.reported(outage(), "first", "R-1", T0 + HOUR, NOW)
    assert (first.reported_at, first.report_reference) == (text(T0 + HOUR), "R-1")
    with pytest.raises(OutageStepRefused):
        domain.reported(first, "first", "R-2", T0 + HOUR, NOW)
    with pytest.raises(OutageStepRefused):
        domain.reported(STATES["reported"], "final", "R-2", NOW, NOW)


def test_what_need_not_be_reported_is_closed_without_reports() -> None:
    short = outage(ended_at=text(T0 + HOUR), handled_at=text(T0 + HOUR))
    assert domain.closed(short, NOW, service.kind_of_day).state == "closed"
    exact = outage(ended_at=text(T0 + 4 * HOUR), handled_at=text(T0 + 4 * HOUR))
    assert domain.closed(exact, NOW, service.kind_of_day).state == "closed"
    over = replace(exact, ended_at=text(T0 + 4 * HOUR + SECOND), handled_at=text(T0 + 4 * HOUR + SECOND))
    with pytest.raises(OutageReportMissing):
        domain.closed(over, NOW, service.kind_of_day)


@pytest.mark.requirement("NB-5.1.5")
def test_an_explanation_is_published_by_another_person_and_a_new_draft_leaves_it_in_place() -> None:
    with pytest.raises(OutageStepRefused):
        domain.published(outage(), "E0002", NOW)
    drafted = domain.explained(outage(), WORDS, "O0001")
    with pytest.raises(ExplanationOwn):
        domain.published(drafted, "O0001", NOW)
    shown = domain.published(drafted, "E0002", NOW)
    assert (shown.words, shown.draft, shown.published_at, shown.published_by) == (WORDS, None, text(NOW), "E0002")
    with pytest.raises(OutageStepRefused):
        domain.published(shown, "E0003", NOW)
    better = domain.explained(shown, Words("补充", "more"), "O0001")
    assert (better.words, better.published_at) == (WORDS, text(NOW))
    for state in ("annulled",):
        with pytest.raises(OutageStepRefused):
            domain.published(replace(STATES[state], draft=WORDS, drafted_by="x"), "E0002", NOW)


def stages(one: Outage, at: dt.datetime) -> list[str]:
    """What is told, besides that there is an outage."""
    found = [warning.stage for warning in domain.warnings_due(one, AHEAD, at, service.kind_of_day)]
    assert found.count("noted") == (one.state not in ("closed", "annulled") and not one.told)
    return [stage for stage in found if stage != "noted"]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (3 * HOUR, []),
        (3 * HOUR + SECOND, ["threshold_near"]),
        (4 * HOUR, ["threshold_near"]),
        (4 * HOUR + SECOND, ["threshold_reached"]),
        (18 * HOUR - SECOND, ["threshold_reached"]),
        (18 * HOUR, ["threshold_reached", "report_soon"]),
        (24 * HOUR, ["threshold_reached", "report_soon"]),
        (24 * HOUR + SECOND, ["threshold_reached", "report_soon", "report_late"]),
    ],
)
def test_warnings_before_the_first_report(after: dt.timedelta, expected: list[str]) -> None:
    assert stages(outage(), T0 + after) == expected
    # once reported there is none
    if after > 4 * HOUR:
        assert stages(outage(reported_at=text(T0 + 4 * HOUR)), T0 + after) == []


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (48 * HOUR - SECOND, []),
        (48 * HOUR, ["final_soon"]),
        (72 * HOUR, ["final_soon"]),
        (72 * HOUR + SECOND, ["final_soon", "final_late"]),
    ],
)
def test_warnings_before_the_final_report(after: dt.timedelta, expected: list[str]) -> None:
    handled_at = T0 + 6 * HOUR
    one = replace(STATES["handled"], reported_at=text(T0 + 5 * HOUR))
    assert one.final_due == handled_at + 72 * HOUR
    assert stages(one, handled_at + after) == expected
    for state in ("reported", "closed", "annulled"):
        assert stages(STATES[state], handled_at + after) == []
    # one that need not be reported has no deadline
    short = replace(one, ended_at=text(T0 + HOUR))
    assert stages(short, handled_at + after) == []


def test_each_warning_is_given_once_and_again_only_for_a_deadline_that_moved() -> None:
    late = T0 + 25 * HOUR
    one = outage()
    given = domain.warnings_due(one, AHEAD, late, service.kind_of_day)
    told = replace(one, told=tuple(warning.mark for warning in given))
    assert stages(told, late) == stages(told, late + HOUR) == []
    moved = domain.corrected(told, "opened_at", T0 - HOUR, NOW)
    assert stages(moved, late) == ["threshold_reached", "report_soon", "report_late"]


@pytest.mark.parametrize("name", ["cause", "impact", "remedy", "handling"])
def test_what_is_described_is_kept_and_what_is_not_named_stays(name: str) -> None:
    found = domain.described(outage(impact="a", remedy="b", handling="c"), {name: "新"})
    assert {one: getattr(found, one) for one in ("cause", "impact", "remedy", "handling")} == {
        "cause": "供电中断",
        "impact": "a",
        "remedy": "b",
        "handling": "c",
        name: "新",
    }
