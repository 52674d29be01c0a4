"""Free holds whose time is over: money, and what they took from every limit, go back, once."""

from __future__ import annotations

import datetime as dt

from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.errors import HoldNotOpen
from chalicelib.platform import log, metrics
from chalicelib.platform.dynamo import Image, ItemUpdate
from chalicelib.platform.errors import NotFound, OutcomeUnknown, Refusal, TryAgain
from chalicelib.transfers.posting import proof_in

# Of each of the eight parts, oldest first: some 25 s of work. What is left is the next run's.
MAX_HOLDS_A_PART = 50


def expire_holds(now: dt.datetime) -> int:
    """Free the holds whose time is over at `now`; how many were freed.

    Two runs at a time, or a capture and a release beside them, free each hold once: its state is a condition of
    the write. A hold that cannot be freed is told to the operators and holds back no other.
    """
    freed = 0
    for expiry in holds.due_expiries(now, MAX_HOLDS_A_PART):
        try:
            freed += _expire(expiry.hold_id, now)
        except (TryAgain, OutcomeUnknown):
            log.logger.info("a hold is left for the next run", extra={"hold_id": expiry.hold_id})
            continue
        except Refusal as refusal:
            metrics.count(metrics.HOLDS_NOT_EXPIRED)
            log.logger.error("a hold cannot be freed", extra={"hold_id": expiry.hold_id, "code": refusal.code})
            continue
        # Only now: a crash before this finds the hold ended, and takes the row away the next time.
        holds.forget_expiry(expiry)
    return freed


def _expire(hold_id: str, now: dt.datetime) -> bool:
    """Free one hold; False when it had been paid or freed before."""
    image = ledger.read_entry(hold_id)
    if image is None:
        raise NotFound()
    if image["state"] in holds.ENDED:
        return False
    try:
        done = holds.expire(hold_id, now, lambda held_on: _customer(image, held_on))
    except HoldNotOpen as refusal:
        if refusal.facts["state"] in holds.ENDED:
            return False  # somebody was quicker
        raise
    return done.replayed is None


def _customer(image: Image, held_on: str) -> tuple[ItemUpdate, ...]:
    """The payer's customer record gives back what the hold says that it took there."""
    proof = proof_in(image)
    if proof is None:
        return ()
    return customers.give_back_updates(image["customer_id"], held_on, image["counted_fen"], proof)
