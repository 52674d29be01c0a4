"""A customer's emergency, or an instruction that is suspicious or cannot be accepted: its life. Pure (NB-5.1.8-2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields, replace

from chalicelib.outages.errors import CaseStepRefused
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image

OPEN, CONTACTED, HANDLED, CLOSED = "open", "contacted", "handled", "closed"


@dataclass(frozen=True, slots=True)
class Case:
    """A row of the emergency register. Times as text (UTC); `owner` is the member of staff who sees to it.

    `caller` says who called in words (the holder, a relative), never a number to call: that is in the profile.
    """

    case_id: str
    branch_id: str
    kind: str
    channel: str
    received_at: str
    caller: str
    what: str
    owner: str
    noted_by: str
    noted_at: str
    customer_id: str | None = None
    entry_id: str | None = None
    contacted_at: str | None = None
    outcome: str | None = None
    handled_at: str | None = None
    closed_at: str | None = None
    revision: int = 1

    @classmethod
    def from_image(cls, image: Image) -> Case:
        """A case from its stored row."""
        return cls(**{field.name: image[field.name] for field in fields(cls) if field.name in image})

    @property
    def state(self) -> str:
        """Where it stands."""
        if self.closed_at is not None:
            return CLOSED
        if self.handled_at is not None:
            return HANDLED
        return CONTACTED if self.contacted_at is not None else OPEN


def _require(case: Case, *states: str) -> None:
    if case.state not in states:
        raise CaseStepRefused(state=case.state)


def contacted(case: Case, now: dt.datetime) -> Case:
    """The customer was spoken to; the first time is kept, what was said is in the history. Raises CaseStepRefused."""
    _require(case, OPEN, CONTACTED, HANDLED)
    return replace(case, contacted_at=case.contacted_at or clock.to_text(now))


def handed_over(case: Case, owner: str) -> Case:
    """Another member of staff sees to it. Raises CaseStepRefused."""
    _require(case, OPEN, CONTACTED, HANDLED)
    return replace(case, owner=owner)


def handled(case: Case, outcome: str, now: dt.datetime) -> Case:
    """What was done, once the customer was spoken to; said again it is the better account. Raises CaseStepRefused."""
    _require(case, CONTACTED, HANDLED)
    return replace(case, outcome=outcome, handled_at=case.handled_at or clock.to_text(now))


def closed(case: Case, now: dt.datetime) -> Case:
    """Nothing is left to do. Raises CaseStepRefused."""
    _require(case, HANDLED)
    return replace(case, closed_at=clock.to_text(now))
