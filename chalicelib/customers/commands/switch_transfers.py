"""Switch online transfers off and on (XJ-4.4-switch): off at once, on with a step-up."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.customers.errors import TransfersStopped
from chalicelib.platform import updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.stepup import service as stepup


def switch_transfers(
    caller: Caller, *, on: bool, given: str | None, correlation_id: str, now: dt.datetime
) -> customers.Customer:
    """The record as it is then; nothing is written, nor a step-up asked for, where nothing changes.

    Whatever moves money outward carries the switch as a condition, so off holds from this write on.
    Raises TransfersStopped, and StepUpRequired and its kin, when switching on; TryAgain, OutcomeUnknown (send the same
    again).
    """
    customer = customers.require_live_session(caller)
    if customer.transfers_on == on:
        return customer
    kind = audit.TRANSFERS_SWITCHED_ON if on else audit.TRANSFERS_SWITCHED_OFF
    writes: list[ItemPut | ItemUpdate] = [
        customers.customer_update(caller.customer_id).set("#transfers_on = :switch", switch={"BOOL": on}),
        audit.event(caller.customer_id, kind, now, session_id=caller.session_id, device_id=caller.device_id),
    ]
    if on:
        if customer.stopped_since:
            raise TransfersStopped()
        demand = stepup.Demand(caller, stepup.SWITCH_TRANSFERS_ON, {}, given, correlation_id)
        stepup.write_with(demand, writes, now)
    else:
        updates.run_together(writes)
    return customers.require_live_session(caller)
