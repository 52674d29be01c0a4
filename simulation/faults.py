"""What goes wrong, how often, and a count of it. All chances are drawn from the run's one generator."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rates:
    """Chances in a thousand, each time the thing could go wrong."""

    crash: int = 8
    conflict: int = 40
    throttle: int = 12
    silence_after: int = 25
    # The longest of all calls outlasts a client's patience most easily.
    silence_after_transaction: int = 120
    silence_before: int = 6
    provider_silent: int = 200
    queue_refuses: int = 60
    message_twice: int = 60
    message_late: int = 60
    delivered_again: int = 50
    batch_again: int = 150
    stall: int = 100
    poison: int = 15


class Faults:
    """The seed's accidents. `calm` ends them, so that the bank can come to rest and be judged."""

    def __init__(self, rng: random.Random, rates: Rates | None = None) -> None:
        self._rng = rng
        self._rates = rates or Rates()
        self.calm = False
        self.counts: Counter[str] = Counter()

    def strikes(self, kind: str) -> bool:
        """Whether `kind` (a field of Rates) happens here and now; counted when it does."""
        if self.calm or self._rng.randrange(1000) >= getattr(self._rates, kind):
            return False
        self.counts[kind] += 1
        return True

    @property
    def total(self) -> int:
        return sum(self.counts.values())
