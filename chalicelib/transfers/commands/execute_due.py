"""Execute the transfers whose time has come, or give back what cannot be executed (PBoC notice 261)."""

from __future__ import annotations

import datetime as dt

from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import dues
from chalicelib.platform import metrics
from chalicelib.platform.errors import NotFound, OutcomeUnknown, Refusal, TryAgain
from chalicelib.transfers import later
from chalicelib.transfers.commands.end_waiting import end_waiting
from chalicelib.transfers.errors import TransferNotPending
from chalicelib.transfers.states import PENDING

EXECUTED, RETURNED, DONE_BEFORE = "executed", "returned", "done before"


def execute_due(now: dt.datetime) -> dict[str, int]:
    """Execute what is due at `now`; how many were executed, and how many returned.

    Two runs at a time, a late one, and a revocation beside them end each transfer once: its state is a condition of
    the write. One that can neither be executed nor returned rings (`TRANSFERS_NOT_EXECUTED`).
    """
    outcomes = end_waiting(dues.due_at, execute, dues.forget, stuck=metrics.TRANSFERS_NOT_EXECUTED, now=now)
    return {outcome: outcomes[outcome] for outcome in (EXECUTED, RETURNED, DONE_BEFORE)}


def execute(entry_id: str, now: dt.datetime) -> str:
    """Execute one, or return it; what came of it.

    Raises NotFound; TryAgain, OutcomeUnknown (nothing is decided: the next run goes on); whatever else stops even its
    return, which is a defect.
    """
    image = ledger.read_entry(entry_id)
    if image is None:
        raise NotFound()
    if image["state"] != PENDING:
        return DONE_BEFORE
    if not later.is_due(image, now):
        raise ValueError("a transfer is executed when its time has come")
    try:
        try:
            done = ledger.post(lambda at: later.arrival_draft(entry_id, at))
        except (TryAgain, OutcomeUnknown, TransferNotPending):
            raise
        except Refusal as refusal:
            # A lambda outlives the name that `except` gives.
            why = refusal
            done = ledger.post(lambda at: later.return_draft(entry_id, why, at))
            return DONE_BEFORE if done.replayed is not None else RETURNED
    except TransferNotPending:
        return DONE_BEFORE  # somebody was quicker: the payer, or another run
    return DONE_BEFORE if done.replayed is not None else EXECUTED
