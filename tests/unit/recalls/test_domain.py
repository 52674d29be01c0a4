"""The state machine of a recall: every step from every state, and the picture of it in the docs."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.parameters.known import SMS_CODE_VALID_S
from chalicelib.recalls import domain
from chalicelib.recalls.domain import STEPS, Recall
from chalicelib.recalls.errors import RecallNotOpen

DOCS = Path(__file__).resolve().parents[3] / "docs" / "architecture.md"
NOW, BEFORE, AFTER = "2026-11-21T02:00:00.000Z", "2026-11-21T01:59:59.999Z", "2026-11-21T02:00:00.001Z"
# Written down in another way than the code's table: what each state still allows.
ALLOWED = {
    "asked": {
        "agree": "agreed",
        "refuse": "refused",
        "withdraw": "withdrawn",
        "return": "returned",
        "expire": "expired",
    },
    "agreed": {"agree": "agreed", "return": "returned", "expire": "expired"},
    "refused": {},
    "withdrawn": {},
    "returned": {},
    "expired": {},
}

RECALL = Recall("r", "t", "p", "q", "1", "2", "甲", "乙", 100, "CNY", NOW, "other", NOW, NOW, NOW, "c")


@pytest.mark.parametrize(("state", "step"), list(itertools.product(domain.STATES, STEPS)))
def test_each_step_from_each_state(state: str, step: str) -> None:
    assert STEPS[step].get(state) == ALLOWED[state].get(step)
    rule = domain.step_rule(step)
    assert rule.holds({"state": state}) == (step in ALLOWED[state])
    assert rule.refuse is not None
    refusal = rule.refuse({"state": state})
    assert isinstance(refusal, RecallNotOpen)
    assert refusal.facts == {"state": state}


def test_a_state_reads_in_chinese() -> None:
    for state in domain.STATES:
        assert not re.search("[a-z]", RecallNotOpen(state=state).text("zh"))


@pytest.mark.parametrize(("expires_at", "reads"), [(BEFORE, "expired"), (NOW, "expired"), (AFTER, "asked")])
def test_time_ends_what_nobody_ended(expires_at: str, reads: str) -> None:
    assert replace(RECALL, expires_at=expires_at).state_at(NOW) == reads
    assert domain.in_time_rule(NOW).holds({"expires_at": expires_at}) == (reads == "asked")
    for state in ("refused", "withdrawn", "returned"):
        assert replace(RECALL, state=state, expires_at=expires_at).state_at(NOW) == state


def test_the_docs_draw_what_the_code_says() -> None:
    text = DOCS.read_text(encoding="utf-8")
    drawn = re.findall(r"^  (\w+) --> (\w+): (\w+)$", text[text.index("## Recalls") :], flags=re.MULTILINE)
    said = [(before, after, step) for step, leads in STEPS.items() for before, after in leads.items()]
    assert sorted(drawn) == sorted(said)


def test_a_return_is_dead_before_the_next_one_is_made() -> None:
    # A request lives for 29 s at the gateway, and another return comes well before a recall ends.
    assert dt.timedelta(seconds=29) < domain.LANDS_WITHIN < dt.timedelta(seconds=SMS_CODE_VALID_S.default)
