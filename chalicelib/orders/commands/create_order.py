"""Set up an order: judged, confirmed by a factor for just what it will do, and stored with its first due date."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.orders import store
from chalicelib.orders.commands.judge_terms import (
    UNCONFIRMED,
    Judged,
    confirmation_of,
    confirmed_update,
    judge_terms,
    record_update,
    with_evidence,
)
from chalicelib.orders.domain import ACTIVE, CREATED, Confirmation, Event, Order, Terms, date_of, due_text
from chalicelib.orders.errors import OrdersTooMany
from chalicelib.orders.service import minute_of_day, order_id_of
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import TryAgain
from chalicelib.stepup import service as stepup
from chalicelib.stepup.errors import StepUpRequired

FIRST_REVISION = 1


@dataclass(frozen=True, slots=True)
class Created:
    """The stored order, and whether an earlier request with this key had made it."""

    order: Order
    hit: bool


def create_order(
    caller: Caller, idempotency_key: str, terms: Terms, given: str | None, correlation_id: str, now: dt.datetime
) -> Created:
    """Store what was confirmed; nothing is paid before its date (YQ-4.2.2-sched). The bank quotes the fee in `terms`.

    `given` is the step-up that confirmed it; between own accounts there is none. A repeat with the same key answers
    what was stored as it is now. Raises OrderDatesUnfit, OrdersTooMany, IdempotencyKeyReused, what judge_terms raises,
    StepUpRequired with the challenge to confirm and its kin, TryAgain, OutcomeUnknown.
    """
    order_id = order_id_of(caller.customer_id, idempotency_key)
    customer = customers.require_live_session(caller)
    stored = store.read(order_id)
    if stored is not None:
        return _replay(stored, terms)
    terms.schedule.require(date_of(clock.business_date(now)))
    most = parameters.value(parameters.ORDERS_OPEN, now)
    if store.has_open(caller.customer_id, most):
        raise OrdersTooMany(most=str(most))
    judged = judge_terms(caller, customer, terms, now)
    order = _order(caller, order_id, judged, correlation_id, now)
    try:
        if judged.outward:
            return Created(_confirmed(caller, customer, judged, order, given, now), hit=False)
        record = record_update(caller, outward=False)
        updates.together([record, *_writes(caller, order, _event(order, now), now)])
        return Created(order, hit=False)
    except (StepUpRequired, TryAgain):
        # The same request may have passed in between: then its order is there, and its challenge used up.
        stored = store.read(order_id)
        if stored is None:
            raise
        return _replay(stored, terms)


def _replay(stored: Order, terms: Terms) -> Created:
    if stored.request_digest != terms.digest():
        raise ledger.IdempotencyKeyReused()
    return Created(stored, hit=True)


def _order(caller: Caller, order_id: str, judged: Judged, correlation_id: str, now: dt.datetime) -> Order:
    bare = Order(
        order_id=order_id,
        customer_id=caller.customer_id,
        state=ACTIVE,
        revision=FIRST_REVISION,
        terms=judged.terms,
        confirmation=Confirmation(UNCONFIRMED, UNCONFIRMED, UNCONFIRMED, FIRST_REVISION),
        outward=judged.outward,
        place=0,
        tries=0,
        next_due="",
        due_at="",
        created_at=clock.to_text(now),
        request_digest=judged.terms.digest(),
        correlation_id=correlation_id,
    )
    return bare.moved_to(0, due_text(judged.terms.schedule.first, minute_of_day(now)))


def _confirmed(
    caller: Caller,
    customer: customers.Customer,
    judged: Judged,
    order: Order,
    given: str | None,
    now: dt.datetime,
) -> Order:
    made = order

    def plan(challenge: stepup.Challenge) -> list[ItemPut | ItemUpdate]:
        nonlocal made
        confirmation = confirmation_of(customer, challenge, order.revision)
        made = replace(order, confirmation=confirmation)
        event = with_evidence(_event(order, now), challenge)
        return [confirmed_update(caller, judged, confirmation, now), *_writes(caller, made, event, now)]

    demand = judged.demand(caller, stepup.CREATE_ORDER, judged.terms.facts(), given, order.correlation_id)
    try:
        stepup.write_confirmed(demand, plan, now)
    except updates.Overtaken:
        # The same request with a step-up of its own was quicker.
        raise TryAgain() from None
    return made


def _event(order: Order, now: dt.datetime) -> Event:
    return Event(
        order.order_id,
        order.revision,
        CREATED,
        clock.to_text(now),
        next_due=order.next_due,
        amount_fen=order.terms.amount_fen,
        correlation_id=order.correlation_id,
    )


def _writes(caller: Caller, order: Order, event: Event, now: dt.datetime) -> list[ItemPut | ItemUpdate]:
    told = audit.event(
        caller.customer_id, audit.ORDER_CREATED, now, session_id=caller.session_id, device_id=caller.device_id
    )
    return [store.put_of(order), *store.due_writes(None, order), store.event_put(event), told]
