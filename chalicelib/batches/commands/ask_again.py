"""Ask again for the payments of batches that have not ended: a record or a message may be lost, or given up."""

from __future__ import annotations

import datetime as dt

from chalicelib.batches import service, store
from chalicelib.platform import clock, queues

# What was just confirmed is being worked off.
AFTER = dt.timedelta(minutes=5)
# Oldest first; what is left is the next run's.
MAX_BATCHES = 500


def ask_again(now: dt.datetime, correlation_id: str) -> int:
    """Ask for what waits since over AFTER, and pays nothing twice; how many batches. Raises Retryable."""
    waiting = store.waiting_before(clock.to_text(now - AFTER), MAX_BATCHES)
    queues.send("batches", [service.confirmed_message(batch_id, correlation_id) for batch_id in waiting])
    return len(waiting)
