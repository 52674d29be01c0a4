"""End the orders whose last date is over, and bring those that waited into force."""

from __future__ import annotations

import datetime as dt

from chalicelib.counter import court_store
from chalicelib.counter.commands.court_orders import expiry_of
from chalicelib.platform import clock, log, updates
from chalicelib.platform.errors import TryAgain

# A run that finds more ends the oldest; the next run goes on.
MAX_A_RUN = 100
MAX_ATTEMPTS = 5


def expire_court_orders(now: dt.datetime) -> int:
    """End what is over at `now`, MAX_A_RUN at most; how many orders ended. A repeat ends each once."""
    ended = 0
    for line, account_id, place in list(court_store.due_before(clock.business_date(now), MAX_A_RUN)):
        try:
            ended += _ended(account_id, place, now)
        except TryAgain:
            log.logger.warning("a court order waits for the next run", extra={"place": place})
            continue
        court_store.forget_due(line)
    return ended


def _ended(account_id: str, place: int, now: dt.datetime) -> bool:
    """Whether the order ended by this very run; raises TryAgain when others were faster every time."""
    for _ in range(MAX_ATTEMPTS):
        writes = expiry_of(account_id, place, now)
        if not writes:
            return False
        try:
            updates.run_together(writes)
        except updates.Overtaken:
            continue
        return True
    raise TryAgain()
