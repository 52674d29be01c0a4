"""How a day's payments ended, against what the bank must reach (YQ-4.1.1). Pure; no I/O, no clock.

Decision 0044 says what counts as what.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chalicelib.platform.errors import Refusal

FAILED, REFUSED = "failed", "refused"
# What asks for a proof that is brought next, and what was announced: neither decides on a payment. Nor is anything
# decided for who is not logged in.
_UNDECIDED = frozenset({"step_up_required", "under_maintenance"})
_NOT_LOGGED_IN = 401

_WHOLE = 100_000
# In thousandths of a per cent: at least so much succeeds, and less than that fails.
SUCCESS_AIM, FAILURE_BOUND = 99_500, 50


def end_of(refusal: Refusal) -> str | None:
    """What a refusal makes of a payment: FAILED, REFUSED, or None where nothing was decided."""
    if refusal.code in _UNDECIDED or refusal.status == _NOT_LOGGED_IN:
        return None
    return FAILED if refusal.is_fault else REFUSED


class Outcome(NamedTuple):
    """The payments of a business date, or of several: made, refused for the customer's reasons, failed by the bank's
    fault.
    """

    day: str
    made: int
    refused: int
    failed: int

    @property
    def is_empty(self) -> bool:
        """Whether there was none."""
        return self.made + self.refused + self.failed == 0

    @property
    def failure(self) -> int:
        """The share that failed of what was made or failed, in thousandths of a per cent, rounded up."""
        return _share(self.failed, self.made + self.failed)

    @property
    def success(self) -> int:
        """The share that was made of the same, rounded down."""
        return _WHOLE - self.failure

    @property
    def refusal(self) -> int:
        """The share that was refused of all, rounded up."""
        return _share(self.refused, self.made + self.refused + self.failed)

    @property
    def is_met(self) -> bool:
        """Whether it is what the bank must reach, to the last payment."""
        tried = self.made + self.failed
        enough_made = self.made * _WHOLE >= SUCCESS_AIM * tried
        return self.failed == 0 or (enough_made and self.failed * _WHOLE < FAILURE_BOUND * tried)


def _share(part: int, whole: int) -> int:
    return -(-part * _WHOLE // whole) if whole else 0


def percent(share: int) -> str:
    """A share as text: `99.931`."""
    return f"{share // 1000}.{share % 1000:03d}"


def together(found: Sequence[Outcome]) -> Outcome:
    """All dates as one."""
    return Outcome("", *(sum(column) for column in zip(*(one[1:] for one in found), strict=True)))
