"""One step of a check as one write, judged anew where somebody else was quicker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.billchecks import store
from chalicelib.billchecks.domain import BillCheck, Event
from chalicelib.billchecks.errors import BillCheckOvertaken
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import NotFound, TryAgain

# One person and a schedule; more than a few at once is a defect.
MAX_ATTEMPTS = 5

Writes = Sequence[ItemPut | ItemUpdate]


def step(
    check_id: str,
    move: Callable[[BillCheck], BillCheck],
    said: Event,
    now: dt.datetime,
    with_: Callable[[BillCheck], Writes] = lambda _: (),
) -> BillCheck:
    """Make of the check what `move` makes of it; it is left alone where that is itself.

    `said` is the row of its history, whose state, place and time are filled in; `with_` gives what else is in the same
    write. Raises NotFound, what `move` and the other writes refuse, TryAgain (nothing was done), OutcomeUnknown.
    """
    for _ in range(MAX_ATTEMPTS):
        before = store.read(check_id)
        if before is None:
            raise NotFound()
        after = move(before)
        if after is before:
            return before
        row = replace(said, check_id=check_id, revision=after.revision, state=after.state, at=clock.to_text(now))
        try:
            updates.run_together([store.update_of(before, after), store.event_put(row), *with_(after)])
        except (BillCheckOvertaken, updates.Overtaken):
            continue
        return after
    raise TryAgain()
