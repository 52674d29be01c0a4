"""Tell staff of a day on which too many payments failed by the bank's fault (YQ-4.1.1)."""

from __future__ import annotations

import datetime as dt

from chalicelib.platform import clock, log, metrics
from chalicelib.reports import service


def watch_outcome(now: dt.datetime) -> None:
    """Ring while the day before `now` missed what the bank must reach: all the next day, so that no run is the one that
    counts. A day that goes wrong rings while it does by the alarm on the API's errors.
    """
    outcome = service.outcome_of(clock.business_date(now - dt.timedelta(days=1)), now)
    if not outcome.is_met:
        metrics.count(metrics.PAYMENTS_FAILED)
        log.logger.error("too many payments failed", extra=outcome._asdict())
