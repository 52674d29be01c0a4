"""Several payments in one confirmation: judged, confirmed by a factor for just what they are, and stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.batches import store
from chalicelib.batches.commands.judge_batch import judge_batch, record_update, require_room
from chalicelib.batches.domain import Batch, Evidence, Line, Wanted
from chalicelib.customers import service as customers
from chalicelib.entitlements import service as entitlements
from chalicelib.factors.commands import confirm_later
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import TryAgain
from chalicelib.stepup import service as stepup
from chalicelib.stepup.errors import StepUpRequired


@dataclass(frozen=True, slots=True)
class Created:
    """The stored batch and its lines, and whether an earlier request with this key had made it."""

    batch: Batch
    lines: tuple[Line, ...]
    hit: bool


def create_batch(caller: Caller, wanted: Wanted, given: str | None, correlation_id: str, now: dt.datetime) -> Created:
    """Store what was confirmed; its payments are made at once, by a worker (YQ-4.2.2-multi, XJ-5.3-batch).

    `given` is the step-up that confirmed it, line by line. A repeat with the same key answers what was stored as it is
    now. Raises IdempotencyKeyReused, what judge_batch raises, StepUpRequired with the challenge to confirm and its kin,
    TryAgain, OutcomeUnknown.
    """
    customer = customers.require_live_session(caller)
    stored = store.read(wanted.batch_id)
    if stored is not None:
        return _replay(stored, wanted)
    judged = judge_batch(caller, customer, wanted, now)
    demand = stepup.Demand(
        caller,
        stepup.CREATE_BATCH,
        judged.wanted.facts(),
        given,
        correlation_id,
        entitlements.FULL,
        judged.methods,
    )
    try:
        batch = _confirmed(customer, judged.wanted, demand, now)
    except (StepUpRequired, TryAgain):
        # The same request may have passed in between: then its batch is there, and its challenge used up.
        stored = store.read(wanted.batch_id)
        if stored is None:
            raise
        return _replay(stored, wanted)
    return Created(batch, judged.wanted.lines, hit=False)


def _replay(stored: tuple[Batch, list[Line]], wanted: Wanted) -> Created:
    batch, lines = stored
    if batch.request_digest != wanted.digest():
        raise ledger.IdempotencyKeyReused()
    return Created(batch, tuple(lines), hit=True)


def _confirmed(customer: customers.Customer, wanted: Wanted, demand: stepup.Demand, now: dt.datetime) -> Batch:
    made: list[Batch] = []

    def plan(challenge: stepup.Challenge) -> list[ItemPut | ItemUpdate]:
        batch = _batch(customer, wanted, challenge, demand, now)
        made.append(batch)
        record = record_update(demand.caller, wanted)
        confirm_later.require_today(record, batch.factor, batch.factor_id, wanted.outward_fen, now)
        require_room(record, wanted, {batch.factor}, now)
        confirmed = Evidence(challenge.canonical(), challenge.proof, challenge.holder, challenge.confirmed_at)
        return [record, *store.puts_of(batch, wanted.lines, confirmed)]

    try:
        stepup.write_confirmed(demand, plan, now)
    except updates.Overtaken:
        # The same request with a step-up of its own was quicker.
        raise TryAgain() from None
    return made[-1]


def _batch(
    customer: customers.Customer,
    wanted: Wanted,
    challenge: stepup.Challenge,
    demand: stepup.Demand,
    now: dt.datetime,
) -> Batch:
    """Raises StepUpRequired when the customer no longer has the factor that confirmed."""
    rested = confirm_later.rested_on(customer.image, challenge.rests_on)
    if rested is None:
        raise StepUpRequired()
    factor, method = rested
    valid_until = now + dt.timedelta(hours=parameters.value(parameters.BATCH_VALID_H, now))
    return Batch(
        batch_id=wanted.batch_id,
        customer_id=customer.customer_id,
        payer_account=wanted.payer_account,
        count=len(wanted.lines),
        total_fen=wanted.total_fen,
        fee_fen=wanted.fee_fen,
        outward_fen=wanted.outward_fen,
        factor=factor,
        factor_id=challenge.rests_on,
        method=method,
        created_at=clock.to_text(now),
        valid_until=clock.to_text(valid_until),
        request_digest=wanted.digest(),
        correlation_id=demand.correlation_id,
        session_id=demand.caller.session_id,
        device_id=demand.caller.device_id or "",
    )
