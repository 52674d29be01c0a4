"""Pause an order, let it go on, or cancel it: from that write on nothing is paid. To stop takes no factor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from chalicelib.audit import service as audit
from chalicelib.orders import store
from chalicelib.orders.domain import (
    ACTIVE,
    CANCELLED,
    CANCELLING,
    ENDED,
    OPEN,
    PAUSED,
    PAUSING,
    RESUMED,
    Event,
    Order,
    date_of,
    due_text,
)
from chalicelib.orders.errors import OrderNotOpen, OrderOvertaken
from chalicelib.orders.service import minute_of_day, order_of
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import TryAgain

# An execution may be quicker now and then; it is over in a moment.
MAX_ATTEMPTS = 5

Move = Callable[[Order], Order]


def pause_order(caller: Caller, order_id: str, correlation_id: str, now: dt.datetime) -> Order:
    """The order, which pays nothing until it is resumed; one that is paused stays so.

    Raises NotFound, OrderNotOpen, TryAgain (nothing was done), OutcomeUnknown (send the same again).
    """
    return _move(caller, order_id, _PAUSE, lambda order: order.stopped(PAUSED), correlation_id, now)


def cancel_order(caller: Caller, order_id: str, correlation_id: str, now: dt.datetime) -> Order:
    """The order, which never pays again; one that is cancelled stays so. Raises what pause_order raises."""
    return _move(caller, order_id, _CANCEL, lambda order: order.stopped(CANCELLED), correlation_id, now)


def resume_order(caller: Caller, order_id: str, correlation_id: str, now: dt.datetime) -> Order:
    """The order, which goes on as it was confirmed, from today's date if it has one, else the next.

    Dates that passed meanwhile are gone, and counted; where none is left the order has ended. Raises what pause_order
    raises.
    """
    today = date_of(clock.business_date(now))

    def resumed(order: Order) -> Order:
        schedule = order.terms.schedule
        place = schedule.place_from(today, order.place)
        date = schedule.date_at(place)
        if date is None:
            return replace(order, place=place, state=ENDED)
        return replace(order, state=ACTIVE).moved_to(place, due_text(date, minute_of_day(now)))

    return _move(caller, order_id, _RESUME, resumed, correlation_id, now)


@dataclass(frozen=True, slots=True)
class _Way:
    """Where an order goes: its state then, and what its history and its owner's log call that."""

    to: str
    kind: str
    logged: audit.Kind


_PAUSE = _Way(PAUSED, PAUSING, audit.ORDER_PAUSED)
_CANCEL = _Way(CANCELLED, CANCELLING, audit.ORDER_CANCELLED)
_RESUME = _Way(ACTIVE, RESUMED, audit.ORDER_RESUMED)


def _move(caller: Caller, order_id: str, way: _Way, move: Move, correlation_id: str, now: dt.datetime) -> Order:
    for _ in range(MAX_ATTEMPTS):
        order = order_of(caller.customer_id, order_id)
        if order.state == way.to:
            return order
        if order.state not in OPEN:
            raise OrderNotOpen(state=order.state)
        after = replace(move(order), revision=order.revision + 1)
        row = Event(
            order_id,
            after.revision,
            way.kind,
            clock.to_text(now),
            next_due=after.next_due,
            correlation_id=correlation_id,
        )
        told = audit.event(
            caller.customer_id, way.logged, now, session_id=caller.session_id, device_id=caller.device_id
        )
        try:
            updates.run_together(
                [store.update_of(order, after), *store.due_writes(order, after), store.event_put(row), told]
            )
        except (OrderOvertaken, updates.Overtaken):
            continue
        return after
    raise TryAgain()
