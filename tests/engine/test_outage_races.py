"""Races over the registers on a real engine: one running outage a scope, one step a revision, each warning once."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from chalicelib.outages import service, store, watches
from chalicelib.outages.commands import keep_cases, keep_outages, watch
from chalicelib.outages.commands.keep_outages import Wish
from chalicelib.outages.domain import PROBE, Outage, Words
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import Refusal
from tests.chain.two_people import CHECKER, MAKER, THIRD, enter_staff, person
from tests.engine.test_transfer_races import together

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]

MINUTE = dt.timedelta(minutes=1)


def told(act: Callable[[], object]) -> str:
    try:
        return str(act())
    except Refusal as refusal:
        return refusal.code


def officer(number: int = 0) -> StaffCaller:
    enter_staff()
    return person("notice.publish", (MAKER, CHECKER, THIRD)[number % 3])


def opened(scope: str, began_at: dt.datetime | None = None) -> Outage:
    now = clock.now()
    return keep_outages.open_outage(officer(), ids.random_id(), scope, "原因", began_at or now, now)[0]


def opened_state(scope: str) -> str:
    return opened(scope).state


def look(scope: str, wrong: str | None, at: dt.datetime, _: int) -> str:
    return told(lambda: watch.note_look(scope, wrong, at))


def step(outage: Outage, number: int, action: str, words: Words | None = None) -> Outage:
    wish = Wish(action, f"reason {number}", words=words)
    return keep_outages.note_step(officer(number), outage.outage_id, outage.revision, wish, clock.now())


def of_scope(scope: str) -> list[Outage]:
    return [one for one in service.outages() if one.scope == scope]


@pytest.mark.requirement("NB-5.1.8-7")
def test_people_and_probes_at_once_open_one_outage_of_a_scope() -> None:
    for _ in range(3):
        scope, now = ids.random_id(), clock.now()
        wanted = watch.needed(scope, now)
        seen = watches.Watch(scope, clock.to_text(now - MINUTE), bad=wanted.bad, first_bad=clock.to_text(now - MINUTE))
        updates.put(store.new_put(seen))
        enter_staff()

        def act(number: int, scope: str = scope, now: dt.datetime = now) -> str:
            if number % 2:
                return told(lambda: opened(scope).state)
            return told(lambda: watch.note_look(scope, "down", now))

        done = together(act, 16)
        (one,) = of_scope(scope)
        assert [row.action for row in store.steps(one.outage_id)] == ["open"]
        assert set(done) <= {"running", "None", "outage_running", "register_changed"}
        assert done["running"] == (one.noted_by != PROBE)


def test_of_many_steps_on_one_revision_one_is_done() -> None:
    enter_staff()
    for _ in range(3):
        one = opened(ids.random_id())

        def act(number: int, one: Outage = one) -> str:
            action = (keep_outages.END, keep_outages.ANNUL, keep_outages.DESCRIBE)[number % 3]
            return told(lambda: step(one, number, action).revision)

        done = together(act, 15)
        assert done == Counter({"2": 1, "register_changed": 14})
        assert [row.step for row in store.steps(one.outage_id)] == ["000001", "000002"]
        # and the scope is free where it is no longer out
        after = service.outage_of(one.outage_id)
        assert told(partial(opened_state, one.scope)) == ("outage_running" if after.state == "running" else "running")


@pytest.mark.requirement("NB-5.1.5")
def test_an_explanation_that_is_redrafted_while_it_is_published_is_not_its_authors_to_publish() -> None:
    for _ in range(3):
        one = step(opened(ids.random_id()), 0, keep_outages.EXPLAIN, Words("甲", "a"))

        def act(number: int, one: Outage = one) -> str:
            if number % 2:
                return told(lambda: step(one, number, keep_outages.PUBLISH).words)
            return told(lambda: step(one, number, keep_outages.EXPLAIN, Words("乙", "b")).draft)

        done = together(act, 12)
        assert sum(count for outcome, count in done.items() if "Words" in outcome) == 1
        after = service.outage_of(one.outage_id)
        assert (after.words is None) != (after.draft is None)
        assert after.words is None or after.published_by != one.drafted_by


def test_runs_at_once_note_one_look_and_end_an_outage_once() -> None:
    scope, now = ids.random_id(), clock.now()
    together(partial(look, scope, None, now), 8)
    for number in range(1, 4):
        done = together(partial(look, scope, "down", now + number * MINUTE), 8)
        assert set(done) <= {"None", "register_changed"}
    seen = store.watch(scope)
    assert seen is not None
    assert seen.bad == 3
    (one,) = of_scope(scope)
    for number in range(4, 30):
        together(partial(look, scope, None, now + number * MINUTE), 4)
    assert [row.action for row in store.steps(one.outage_id)] == ["open", "end"]
    assert service.outage_of(one.outage_id).state == "ended"


@pytest.mark.requirement("NB-5.1.8-7")
def test_of_many_runs_at_once_one_warns() -> None:
    one = opened(ids.random_id(), clock.now() - dt.timedelta(hours=30))
    together(lambda _: told(lambda: watch.warn(clock.now())), 8)
    (row,) = [row for row in store.steps(one.outage_id) if row.action == watch.WARN]
    assert row.reason == "noted, threshold_reached, report_soon, report_late"
    assert watch.warn(clock.now()) == 0


@pytest.mark.requirement("NB-5.1.8-2")
def test_a_case_is_noted_once_and_each_step_once() -> None:
    actor, now = officer(), clock.now()
    wish = keep_cases.CaseWish("emergency", "phone", now, "本人", "手机丢失")
    key = ids.random_id()
    together(lambda _: told(lambda: keep_cases.open_case(actor, key, wish, now)[1]), 8)
    case, hit = keep_cases.open_case(actor, key, wish, now)
    assert (hit, case.revision) == (True, 1)

    def contact(_: int) -> str:
        return told(
            lambda: keep_cases.note_case_step(actor, case.case_id, 1, "contact", text="x", owner=None, now=now).revision
        )

    assert together(contact, 8) == Counter({"2": 1, "register_changed": 7})
    assert [row.action for row in store.steps(case.case_id)] == ["open", "contact"]
    assert case.case_id in {one.case_id for one in service.cases_of(actor, store.case_month(case.case_id))}
