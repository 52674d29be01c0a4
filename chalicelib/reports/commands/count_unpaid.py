"""Count a payment that was not made, on the day it was asked for (YQ-4.1.1)."""

from __future__ import annotations

from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from chalicelib.reports import outcomes, store


def count_unpaid(refusal: Refusal, correlation_id: str) -> None:
    """Count what the refusal made of the request with that id: one write, and only here, so that a payment that is made
    costs nothing more. Raises ClientError, and what says that the engine did not answer.
    """
    end = outcomes.end_of(refusal)
    if end is not None:
        store.count_unpaid(clock.business_date(clock.now()), end, correlation_id)
