"""Change what an order does: at once where it does less, confirmed anew where it could take more or go elsewhere."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
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
from chalicelib.orders.domain import CHANGED, ENDED, OPEN, Confirmation, Event, Order, Terms
from chalicelib.orders.errors import OrderNotOpen, OrderOvertaken
from chalicelib.orders.service import order_of
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import AmountOutOfRange, TryAgain
from chalicelib.stepup import service as stepup

# An execution may be quicker now and then; it is over in a moment.
MAX_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be otherwise; None leaves it. `until` and `count` take the place of whatever ended it before."""

    amount_fen: int | None = None
    purpose: str | None = None
    payee_account: str | None = None
    payee_name: str | None = None
    until: dt.date | None = None
    count: int | None = None

    def of(self, terms: Terms) -> Terms:
        """The terms with the change."""
        stated = {name: getattr(self, name) for name in ("amount_fen", "purpose", "payee_account", "payee_name")}
        schedule = terms.schedule
        if self.until is not None or self.count is not None:
            schedule = replace(schedule, until=self.until, count=self.count)
        return replace(terms, schedule=schedule, **{name: v for name, v in stated.items() if v is not None})


@dataclass(frozen=True, slots=True)
class _Request:
    """Who asks for a change, with which step-up, and when; the customer's record as it was read."""

    caller: Caller
    customer: customers.Customer
    given: str | None
    correlation_id: str
    now: dt.datetime


def change_order(
    caller: Caller, order_id: str, change: Change, given: str | None, correlation_id: str, now: dt.datetime
) -> Order:
    """The order as changed; its dates stay what they are, and an end before the next one ends it.

    A change that asks more (Terms.asks_more_than) is judged and confirmed as a new order is, and its fee quoted anew.
    Raises NotFound, OrderNotOpen, OrderDatesUnfit, AmountOutOfRange, what judge_terms raises, StepUpRequired and its
    kin, TryAgain (nothing was done), OutcomeUnknown.
    """
    for _ in range(MAX_ATTEMPTS):
        request = _Request(caller, customers.require_live_session(caller), given, correlation_id, now)
        order = order_of(caller.customer_id, order_id)
        if order.state not in OPEN:
            raise OrderNotOpen(state=order.state)
        terms = change.of(order.terms)
        if terms == order.terms:
            return order
        if terms.amount_fen <= 0:
            raise AmountOutOfRange()
        terms.schedule.require_end()
        try:
            return _change(request, order, terms)
        except (OrderOvertaken, updates.Overtaken):
            continue
    raise TryAgain()


def _change(request: _Request, order: Order, terms: Terms) -> Order:
    after = replace(order, terms=terms, revision=order.revision + 1)
    at = clock.to_text(request.now)
    event = Event(order.order_id, after.revision, CHANGED, at, correlation_id=request.correlation_id)
    if not terms.asks_more_than(order.terms):
        return _write(request, order, after, event)
    judged = judge_terms(request.caller, request.customer, terms, request.now)
    after = replace(after, terms=judged.terms, outward=judged.outward)
    if not judged.outward:
        own = Confirmation(UNCONFIRMED, UNCONFIRMED, UNCONFIRMED, after.revision)
        return _write(request, order, replace(after, confirmation=own), event)
    return _confirmed(request, judged, (order, after), event)


def _write(request: _Request, order: Order, after: Order, event: Event) -> Order:
    after, writes = _writes(request, order, after, event)
    updates.run_together([record_update(request.caller, outward=False), *writes])
    return after


def _confirmed(request: _Request, judged: Judged, change: tuple[Order, Order], event: Event) -> Order:
    order, made = change

    def plan(challenge: stepup.Challenge) -> list[ItemPut | ItemUpdate]:
        nonlocal made
        confirmation = confirmation_of(request.customer, challenge, made.revision)
        confirmed = replace(made, confirmation=confirmation)
        made, writes = _writes(request, order, confirmed, with_evidence(event, challenge))
        return [confirmed_update(request.caller, judged, confirmation, request.now), *writes]

    facts = {**judged.terms.facts(), "order": order.order_id}
    caller, correlation_id = request.caller, request.correlation_id
    demand = judged.demand(caller, stepup.CHANGE_ORDER, facts, request.given, correlation_id)
    stepup.write_confirmed(demand, plan, request.now)
    return made


def _writes(request: _Request, order: Order, after: Order, event: Event) -> tuple[Order, list[ItemPut | ItemUpdate]]:
    """The order as it is then, ended where no date is left, and what is written."""
    if after.terms.schedule.date_at(after.place) is None:
        after = after.stopped(ENDED)
    row = replace(event, next_due=after.next_due, amount_fen=after.terms.amount_fen)
    caller = request.caller
    told = audit.event(
        caller.customer_id,
        audit.ORDER_CHANGED,
        request.now,
        session_id=caller.session_id,
        device_id=caller.device_id,
    )
    return after, [store.update_of(order, after), *store.due_writes(order, after), store.event_put(row), told]
