"""Read orders; the commands do the rest."""

from __future__ import annotations

import datetime as dt
import re

from chalicelib.orders import store
from chalicelib.orders.domain import Event, Order
from chalicelib.parameters import service as parameters
from chalicelib.platform import ids
from chalicelib.platform.errors import NotFound
from chalicelib.platform.queues import Message

# What cannot be an id is not looked up.
_ID = re.compile(r"[a-z2-7]{26}")


def order_id_of(customer_id: str, idempotency_key: str) -> str:
    """An order's id: the same for the same customer and key, for ever."""
    return ids.derived_id("order", customer_id, idempotency_key)


def order_of(customer_id: str, order_id: str) -> Order:
    """A customer's own order as it is now. Raises NotFound for an unknown id or another customer's: both look alike."""
    order = store.read(order_id) if _ID.fullmatch(order_id) else None
    if order is None or order.customer_id != customer_id:
        raise NotFound()
    return order


def history_of(order: Order) -> list[Event]:
    """What happened to it lately, newest first."""
    return store.history(order.order_id)


def order_page(customer_id: str, state: str | None, limit: int, cursor: str | None) -> tuple[list[Order], str | None]:
    """One page of a customer's orders, newest first, all or those in a state; and the next one's cursor.

    Raises CursorMalformed.
    """
    return store.page(customer_id, state, limit, cursor)


def told(order_id: str, revision: int) -> tuple[Order, Event] | None:
    """An order and the row of its history that is to be told; None while it is not readable."""
    order, event = store.read(order_id), store.event_at(order_id, revision)
    return None if order is None or event is None else (order, event)


def not_executed_message(event: Event) -> Message:
    """Tells that a date was not paid, or is to be tried again; telling it again does no harm."""
    revision = str(event.revision)
    return Message(
        f"{event.order_id}#{revision}",
        "order.not_executed",
        event.order_id,
        event.correlation_id,
        {"revision": revision},
    )


def minute_of_day(now: dt.datetime) -> int:
    """At which minute of a Shanghai day orders are first tried."""
    return parameters.value(parameters.ORDER_EXECUTE_MIN, now)
