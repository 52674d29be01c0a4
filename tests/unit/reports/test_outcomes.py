"""What counts as what of a payment, and when a day met its aim, to the last payment."""

from __future__ import annotations

import pytest

from chalicelib.customers.errors import SessionEnded
from chalicelib.ledger.errors import InsufficientFunds
from chalicelib.maintenance.errors import UnderMaintenance
from chalicelib.platform.errors import InternalError, OutcomeUnknown, Refusal, TryAgain
from chalicelib.reports import outcomes
from chalicelib.reports.outcomes import FAILED, REFUSED, Outcome
from chalicelib.routing.errors import CalendarUnknown
from chalicelib.stepup.errors import StepUpRequired

pytestmark = pytest.mark.requirement("YQ-4.1.1")


@pytest.mark.parametrize(
    ("refusal", "end"),
    [
        (InternalError(), FAILED),
        (TryAgain(), FAILED),
        (OutcomeUnknown(), FAILED),
        (CalendarUnknown(), FAILED),
        (InsufficientFunds(), REFUSED),
        (StepUpRequired(), None),
        (SessionEnded(), None),
        (UnderMaintenance(), None),
    ],
)
def test_what_a_refusal_makes_of_a_payment(refusal: Refusal, end: str | None) -> None:
    assert outcomes.end_of(refusal) == end


@pytest.mark.parametrize(
    ("made", "refused", "failed", "success", "refusal", "is_met"),
    [
        (0, 0, 0, "100.000", "0.000", True),
        (0, 5, 0, "100.000", "100.000", True),
        (0, 0, 1, "0.000", "0.000", False),
        # what the customer was refused weighs on neither side
        (1_999, 0, 1, "99.950", "0.000", False),
        (1_999, 1_000, 1, "99.950", "33.334", False),
        (2_000, 0, 1, "99.950", "0.000", True),
        (10_000_000, 1, 1, "99.999", "0.001", True),
    ],
)
def test_a_day_is_judged_by_what_was_made_and_what_failed(
    made: int, refused: int, failed: int, success: str, refusal: str, *, is_met: bool
) -> None:
    day = Outcome("20261123", made, refused, failed)
    assert (outcomes.percent(day.success), outcomes.percent(day.refusal), day.is_met) == (success, refusal, is_met)
    assert day.success + day.failure == 100_000
    assert day.is_empty == (made + refused + failed == 0)


def test_several_days_are_added_up() -> None:
    assert outcomes.together([Outcome("20261123", 1, 2, 3), Outcome("20261124", 10, 20, 30)]) == ("", 11, 22, 33)
