"""Make the payments of a batch, in their order: each posted in one write with its line's end, or refused by itself."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from chalicelib.batches import store
from chalicelib.batches.domain import OPEN, PAID, REFUSED, Batch, Line
from chalicelib.batches.errors import BatchFactorLost, BatchLineEnded
from chalicelib.batches.service import entry_id_of, request_digest_of
from chalicelib.factors import service as factors
from chalicelib.factors.commands import confirm_later
from chalicelib.maintenance import service as maintenance
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import ItemUpdate
from chalicelib.platform.errors import OutcomeUnknown, Refusal, Retryable, TryAgain
from chalicelib.transfers.commands.transfer_unattended import Along, Unattended, transfer_unattended
from chalicelib.transfers.errors import TransferExpired

DONE_BEFORE = "done_before"
WAITS = "waits"
# How long after a suspension a batch that waited is asked for again at the latest, with room to be paid.
MADE_WITHIN = dt.timedelta(minutes=15)


def execute_batch(batch_id: str, now: dt.datetime) -> Mapping[str, int]:
    """Make what of the batch is not made yet; how many were paid, refused, or ended by somebody else meanwhile.

    Begun again after any crash it goes on where it was: a line ends once, in the write that pays it. Raises Retryable
    while the batch is not readable; TryAgain, OutcomeUnknown: the rest is not touched, and the message comes again.

    While batches are suspended it waits, and is asked for again afterwards; one that would be void by then was
    confirmed before, and is made now.
    """
    found = store.read(batch_id)
    if found is None:
        raise Retryable("the batch is not readable yet")
    batch, lines = found
    until = maintenance.waits_until(maintenance.BATCHES, now)
    if until is not None and batch.valid_until > clock.to_text(clock.from_text(until) + MADE_WITHIN):
        return {WAITS: 1}
    outcomes = Counter(_end(batch, line, now) for line in lines if line.state == OPEN)
    if not batch.ended_at:
        _note_end(batch_id)
    return outcomes


def _end(batch: Batch, line: Line, now: dt.datetime) -> str:
    try:
        if batch.valid_until <= clock.to_text(now):
            raise TransferExpired()
        if line.outward:
            confirm_later.require_ceiling(batch.factor_id, batch.method, batch.outward_fen, now)
        posted = transfer_unattended(_payment(batch, line), lambda at: _along(batch, line, at))
    except BatchLineEnded:
        return DONE_BEFORE
    except (TryAgain, OutcomeUnknown):
        # Nothing is known to be wrong with the payment: it is no refusal.
        raise
    except Refusal as refusal:
        return _refuse(batch, line, refusal)
    return DONE_BEFORE if posted.replayed is not None else PAID


def _payment(batch: Batch, line: Line) -> Unattended:
    return Unattended(
        entry_id=entry_id_of(batch.batch_id, line.number),
        request_digest=request_digest_of(batch.batch_id, line.number),
        correlation_id=batch.correlation_id,
        customer_id=batch.customer_id,
        payer_account=batch.payer_account,
        payee_account=line.payee_account,
        payee_name=line.payee_name,
        amount_fen=line.amount_fen,
        fee_fen=line.fee_fen,
        purpose=line.purpose,
        factor=batch.factor if line.outward else factors.NO_FACTOR,
        factor_id=batch.factor_id if line.outward else factors.NO_FACTOR,
        outward=line.outward,
        origin={"batch_id": batch.batch_id, "batch_line": line.number},
    )


def _along(batch: Batch, line: Line, now: dt.datetime) -> Along:
    """The line ends in the payment's own write, if it is open."""
    entry_id = entry_id_of(batch.batch_id, line.number)
    writes: list[ItemUpdate] = [store.paid_update(batch.batch_id, line.number, entry_id, clock.to_text(now))]
    if line.outward:
        owner, confirmed_at = batch.customer_id, batch.created_at
        writes.append(confirm_later.unlost_update(owner, batch.factor_id, confirmed_at, BatchFactorLost))
    return Along(tuple(writes), ())


def _refuse(batch: Batch, line: Line, refusal: Refusal) -> str:
    """Raises TryAgain, OutcomeUnknown."""
    try:
        updates.together([store.refused_update(batch.batch_id, line.number, refusal, clock.to_text(clock.now()))])
    except BatchLineEnded:
        return DONE_BEFORE
    return REFUSED


def _note_end(batch_id: str) -> None:
    """Lines that this worker has left to another are read as they are; the head's end comes with the last of them."""
    found = store.read(batch_id)
    states = Counter(line.state for line in found[1]) if found is not None else Counter({OPEN: 1})
    if states[OPEN]:
        raise Retryable("a line of the batch is still open")
    try:
        updates.run_together([store.ended_update(batch_id, states[PAID], states[REFUSED], clock.to_text(clock.now()))])
    except updates.Overtaken:
        return  # somebody was quicker, and noted the same
