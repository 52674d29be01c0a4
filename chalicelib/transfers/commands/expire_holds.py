"""Free holds whose time is over: money, and what they took from every limit, go back, once."""

from __future__ import annotations

import datetime as dt

from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.errors import HoldNotOpen
from chalicelib.platform import metrics
from chalicelib.platform.dynamo import Image, ItemUpdate
from chalicelib.platform.errors import NotFound
from chalicelib.transfers.commands.end_waiting import end_waiting
from chalicelib.transfers.posting import proof_in

_FREED, _ENDED_BEFORE = "freed", "ended before"


def expire_holds(now: dt.datetime) -> int:
    """Free the holds whose time is over at `now`; how many were freed.

    Two runs at a time, or a capture and a release beside them, free each hold once: its state is a condition of
    the write. A hold that cannot be freed rings (`HOLDS_NOT_EXPIRED`).
    """
    outcomes = end_waiting(holds.due_expiries, _expire, holds.forget_expiry, stuck=metrics.HOLDS_NOT_EXPIRED, now=now)
    return outcomes[_FREED]


def _expire(hold_id: str, now: dt.datetime) -> str:
    image = ledger.read_entry(hold_id)
    if image is None:
        raise NotFound()
    if image["state"] in holds.ENDED:
        return _ENDED_BEFORE
    try:
        done = holds.expire(hold_id, now, lambda held_on: _customer(image, held_on))
    except HoldNotOpen as refusal:
        if refusal.facts["state"] in holds.ENDED:
            return _ENDED_BEFORE  # somebody was quicker
        raise
    return _ENDED_BEFORE if done.replayed is not None else _FREED


def _customer(image: Image, held_on: str) -> tuple[ItemUpdate, ...]:
    """The payer's customer record gives back what the hold says that it took there."""
    proof = proof_in(image)
    if proof is None:
        return ()
    return customers.give_back_updates(image["customer_id"], held_on, image["counted_fen"], proof)
