"""The table of an instruction's life: every step in every state, by the rule that its write carries."""

from __future__ import annotations

import itertools

import pytest

from chalicelib.transfers import states
from chalicelib.transfers.states import STATES, STEPS, Step

# The bank's rules in their own words: what may be done in which state.
ALLOWED = {
    "awaiting": {"try", "send_again", "confirm", "set_aside", "expire"},
    "pending": {"execute", "revoke", "give_back"},
    "expired": set(),
    "posted": set(),
    "cancelled": set(),
    "returned": set(),
}
ASKED = [step for step in STEPS.values() if step.refusal is not None]


@pytest.mark.parametrize(("state", "step"), list(itertools.product(STATES, STEPS.values())), ids=str)
def test_each_step_is_taken_from_where_it_may(state: str, step: Step) -> None:
    assert (states.leads_to(step, state) is not None) == (step.code in ALLOWED[state])


@pytest.mark.parametrize(("state", "step"), list(itertools.product(STATES, ASKED)), ids=str)
def test_the_write_of_a_step_asks_the_table(state: str, step: Step) -> None:
    rule = step.rule()
    assert rule.holds({"state": state}) == (states.leads_to(step, state) is not None)
    assert rule.refuse is not None
    if not rule.holds({"state": state}):
        refusal = rule.refuse({"state": state})
        assert isinstance(refusal, step.refusal or type(None))
        # what is told names the state in words, in both languages
        assert refusal.text("zh") != refusal.text("en")
        assert "{" not in refusal.text("zh") + refusal.text("en")
        assert state not in refusal.text("zh")


def test_a_step_that_asks_nothing_has_no_rule() -> None:
    with pytest.raises(ValueError, match="asks for no state"):
        states.EXPIRE.rule()


def test_every_state_is_reached_and_ends_are_ends() -> None:
    reached = {step.after for step in STEPS.values()}
    assert reached == set(STATES) == ALLOWED.keys()
    assert {state for state, steps in ALLOWED.items() if not steps} == {"expired", "posted", "cancelled", "returned"}
