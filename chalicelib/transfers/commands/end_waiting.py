"""End what waits in the journal for a moment, once it has come: the loop of every schedule that does so."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator

from chalicelib.ledger.commands.dues import Due
from chalicelib.platform import log, metrics
from chalicelib.platform.errors import OutcomeUnknown, Refusal, TryAgain

# Of each of the eight parts, oldest first: some 25 s of work. What is left is the next run's.
MAX_A_PART = 50


def end_waiting(
    find: Callable[[dt.datetime, int], Iterator[Due]],
    end: Callable[[str, dt.datetime], str],
    forget: Callable[[Due], None],
    *,
    stuck: str,
    now: dt.datetime,
) -> Counter[str]:
    """`end` each entry whose row `find` finds at `now`, and `forget` the row; how many came to which outcome.

    One that cannot be ended is told to the operators by the metric `stuck`, keeps its row and holds back no other.
    """
    outcomes: Counter[str] = Counter()
    for row in find(now, MAX_A_PART):
        try:
            outcomes[end(row.hold_id, now)] += 1
        except (TryAgain, OutcomeUnknown):
            log.logger.info("an entry is left for the next run", extra={"entry_id": row.hold_id})
            continue
        except Refusal as refusal:
            metrics.count(stuck)
            log.logger.error("a due entry cannot be ended", extra={"entry_id": row.hold_id, "code": refusal.code})
            continue
        # Only now: a crash before this finds the entry ended, and takes the row away the next time.
        forget(row)
    return outcomes
