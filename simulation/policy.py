"""The books of parameters: which value was in force when, from the writes alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from simulation.engine import Changed
from simulation.images import text, whole

FEE = "fee.transfer.own_bank_fen"
OTHER_BANK_FEE = "fee.transfer.other_bank_fen"
TRIES = "factor.sms.tries"
DEFAULTS = {FEE: 0, OTHER_BANK_FEE: 0, TRIES: 5}
# Every function sees a change within half a minute; a request that has begun lasts no longer than that again.
SEEN_AFTER = dt.timedelta(seconds=30)
REQUEST = dt.timedelta(seconds=30)
LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


class Policy:
    """Values by name, in order of time. `now` tells when a write is seen."""

    def __init__(self, now: Callable[[], dt.datetime]) -> None:
        self._now = now
        self.changes = 0
        self._history = {name: [(LONG_AGO, value)] for name, value in DEFAULTS.items()}

    def see(self, change: Changed) -> None:
        """One row of ParametersTable."""
        if change.new is not None and change.new != change.old and (name := text(change.new, "name")) in self._history:
            self.changes += change.old is not None
            self._history[name].append((self._now(), whole(change.new, "value")))

    def in_force(self, name: str, since: dt.datetime) -> set[int]:
        """All values that were in force at some time from `since` until now."""
        found = {value for at, value in self._history[name] if at > since}
        return found | {[value for at, value in self._history[name] if at <= since][-1]}

    def fees(self, created_at: str, *, to_other_bank: bool) -> set[int]:
        """The fees in fen that may be quoted in what was created then, and is written now."""
        return self.in_force(
            OTHER_BANK_FEE if to_other_bank else FEE, dt.datetime.fromisoformat(created_at) - SEEN_AFTER
        )

    def most_tries(self) -> int:
        """How many tries a code may have had when one is counted now."""
        return max(self.in_force(TRIES, self._now() - SEEN_AFTER - REQUEST))
