"""The check of a bill: every step from every state, and until when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.billchecks import domain
from chalicelib.billchecks.domain import BillCheck, last_moment
from chalicelib.platform import clock
from chalicelib.platform.dynamo import to_image, to_raw
from chalicelib.platform.errors import Refusal

IN_TIME, LAST, LATE = "2026-12-31T15:59:59.999Z", "2026-12-31T16:00:00.000Z", "2026-12-31T16:00:00.001Z"
WAITING = BillCheck("c", "9", "2026-11", "C1", "0001", -5, 3, 7, "2026-12-01", LAST, "2026-12-01")
UNANSWERED = WAITING.lapsed(LAST)
CONFIRMED = WAITING.confirmed("-0.05", IN_TIME)
DISPUTED = WAITING.disputed("amount", "金额不符", [7, 3, 7], IN_TIME)
TAKEN = DISPUTED.taken("S1", "", IN_TIME)
REPLIED = TAKEN.replied("S1", "经核实无误", IN_TIME)
CLOSED = REPLIED.closed("S1", "bill_stands", IN_TIME)
STATES = {
    "waiting": WAITING,
    "unanswered": UNANSWERED,
    "confirmed": CONFIRMED,
    "disputed": DISPUTED,
    "taken": TAKEN,
    "replied": REPLIED,
    "closed": CLOSED,
}
STEPS: dict[str, Callable[[BillCheck], BillCheck]] = {
    "confirm": lambda check: check.confirmed("-0.05", IN_TIME),
    "dispute": lambda check: check.disputed("other", "另有异议", [], IN_TIME),
    "lapse": lambda check: check.lapsed(LATE),
    "take": lambda check: check.taken("S1", "", IN_TIME),
    "take over": lambda check: check.taken("S2", "S1", IN_TIME),
    "reply": lambda check: check.replied("S1", "再次答复", IN_TIME),
    "close": lambda check: check.closed("S1", "corrected", IN_TIME),
}
ANSWERED, REFUSED, OTHERS, SAME = "bill_check_answered", "dispute_step_refused", "dispute_of_another", "same"
# What becomes of each state by each step, in the order of STEPS: state/ticket, a refusal, or nothing.
EXPECTED = {
    "waiting": ["confirmed/", "disputed/open", "unanswered/", REFUSED, REFUSED, REFUSED, REFUSED],
    "unanswered": ["confirmed/", "disputed/open", SAME, REFUSED, REFUSED, REFUSED, REFUSED],
    "confirmed": [SAME, ANSWERED, SAME, REFUSED, REFUSED, REFUSED, REFUSED],
    "disputed": [ANSWERED, ANSWERED, SAME, "disputed/taken", OTHERS, REFUSED, REFUSED],
    "taken": [ANSWERED, ANSWERED, SAME, SAME, "disputed/taken", "disputed/replied", REFUSED],
    "replied": [ANSWERED, ANSWERED, SAME, SAME, "disputed/replied", "disputed/replied", "resolved/closed"],
    "closed": [ANSWERED, ANSWERED, SAME, REFUSED, REFUSED, REFUSED, REFUSED],
}


def outcome(check: BillCheck, step: str) -> str:
    try:
        after = STEPS[step](check)
    except Refusal as refusal:
        return refusal.code
    if after is check:
        return SAME
    assert (after.revision, after.changed_at != "2026-12-01") == (check.revision + 1, True)
    return f"{after.state}/{after.ticket}"


@pytest.mark.requirement("XJ-5.3-recon")
@pytest.mark.parametrize("name", STATES)
def test_every_step_from_every_state(name: str) -> None:
    assert {step: outcome(STATES[name], step) for step in STEPS} == dict(zip(STEPS, EXPECTED[name], strict=True))


def test_what_is_sent_again_changes_nothing() -> None:
    assert CONFIRMED.confirmed("-0.05", LATE) is CONFIRMED
    assert DISPUTED.disputed("amount", "金额不符", [3, 7], LATE) is DISPUTED
    assert TAKEN.taken("S1", "", LATE) is TAKEN
    assert REPLIED.replied("S1", "经核实无误", LATE) is REPLIED
    assert CLOSED.closed("S1", "bill_stands", LATE) is CLOSED


@pytest.mark.parametrize("closing", ["0.05", "-0.06", "-0.5", "0.00", ""])
@pytest.mark.parametrize("state", ["waiting", "unanswered", "confirmed", "disputed"])
def test_another_balance_is_never_confirmed(state: str, closing: str) -> None:
    with pytest.raises(Refusal) as refused:
        STATES[state].confirmed(closing, IN_TIME)
    assert refused.value.code == "bill_balance_differs"


@pytest.mark.parametrize(
    ("first", "last", "line", "known"),
    [(3, 7, 3, True), (3, 7, 7, True), (3, 7, 2, False), (3, 7, 8, False), (0, 0, 0, False), (0, 0, 1, False)],
)
def test_only_the_bills_own_lines_are_disputed(first: int, last: int, line: int, known: bool) -> None:
    check = replace(WAITING, first_seq=first, last_seq=last)
    if known:
        assert check.disputed("amount", "不符", [line], IN_TIME).lines == [line]
        return
    with pytest.raises(Refusal) as refused:
        check.disputed("amount", "不符", [line], IN_TIME)
    assert (refused.value.code, refused.value.facts) == ("bill_line_unknown", {"line": str(line)})


@pytest.mark.parametrize(("at", "state", "late"), [(IN_TIME, "waiting", False), (LAST, "unanswered", True)])
def test_the_last_moment_divides_in_time_from_late(at: str, state: str, late: bool) -> None:
    assert WAITING.state_at(at) == state
    assert (WAITING.lapsed(at) is WAITING) != late
    assert WAITING.confirmed("-0.05", at).late == late
    assert WAITING.disputed("other", "不符", [], at).late == late


def test_staff_have_a_bill_on_a_list_while_there_is_something_to_do() -> None:
    desks = {name: check.desk for name, check in STATES.items()}
    disputed = "0001#disputed"
    assert desks == {
        "waiting": None,
        "unanswered": "0001#unanswered",
        "confirmed": None,
        "disputed": disputed,
        "taken": disputed,
        "replied": disputed,
        "closed": None,
    }


@pytest.mark.parametrize("name", STATES)
def test_a_check_is_stored_whole(name: str) -> None:
    assert BillCheck.from_image(to_image(to_raw(STATES[name].to_item()))) == STATES[name]


@pytest.mark.parametrize(
    ("issued", "days", "last"),
    [
        # the day in Shanghai counts, not that of UTC: both are issued on 1 December there
        (dt.datetime(2026, 11, 30, 16, 0, tzinfo=dt.UTC), 1, "2026-12-02T16:00:00.000Z"),
        (dt.datetime(2026, 12, 1, 15, 59, 59, tzinfo=dt.UTC), 1, "2026-12-02T16:00:00.000Z"),
        (dt.datetime(2026, 12, 1, 16, 0, tzinfo=dt.UTC), 1, "2026-12-03T16:00:00.000Z"),
        (dt.datetime(2026, 12, 1, 2, 0, tzinfo=clock.SHANGHAI), 30, "2026-12-31T16:00:00.000Z"),
    ],
)
def test_a_customer_has_whole_days_to_answer(issued: dt.datetime, days: int, last: str) -> None:
    assert clock.to_text(last_moment(issued, days)) == last


def test_every_word_has_two_languages() -> None:
    for zh, en in (*domain.REASONS.values(), *domain.OUTCOMES.values()):
        assert en.isascii()
        assert not zh.isascii()
