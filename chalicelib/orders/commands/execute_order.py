"""Execute one due date of an order, once: payment and order move on in the same write, or neither does."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace

from chalicelib.customers import service as customers
from chalicelib.factors.commands import confirm_later
from chalicelib.ledger import errors as ledger_errors
from chalicelib.limits.errors import LimitExceeded
from chalicelib.orders import store
from chalicelib.orders.domain import (
    ENDED,
    EXECUTED,
    FAILED,
    MISSED,
    RETRYING,
    Event,
    Order,
    date_of,
    due_text,
    retry_at,
)
from chalicelib.orders.errors import OrderFactorLost, OrderOvertaken
from chalicelib.orders.service import minute_of_day
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from chalicelib.platform.errors import OutcomeUnknown, Refusal, Retryable, TryAgain
from chalicelib.transfers.commands.transfer_unattended import Along, Unattended, transfer_unattended

# Its owner, or another worker, may be quicker now and then.
MAX_READS = 5
NOT_DUE, DONE_BEFORE = "not_due", "done_before"
# What may pass within the day. All else needs somebody to act.
_PASSING = (ledger_errors.InsufficientFunds, LimitExceeded)


def execute_order(order_id: str, due_date: str, correlation_id: str, now: dt.datetime) -> str:
    """Pay what is due on that date, or note why not; what came of it: a kind of the history, NOT_DUE or DONE_BEFORE.

    An order that was paid, changed, paused or cancelled since it was asked for is read again, and only what it then
    says is done. A date that is past is executed late, dated today; never once the next date has come: then it was
    missed. Raises Retryable, TryAgain, OutcomeUnknown: the message comes again, and finds what was done.
    """
    for _ in range(MAX_READS):
        order = store.read(order_id)
        if order is None or order.next_due != due_date or order.due_at > clock.to_text(now):
            return NOT_DUE
        try:
            return _execute(order, correlation_id, now)
        except OrderOvertaken:
            continue
    raise Retryable("the order changes all the time")


def entry_id_of(order_id: str, due_date: str) -> str:
    """The payment's id: the same for the same order and date, for ever."""
    return ids.derived_id("order", order_id, due_date)


def _execute(order: Order, correlation_id: str, now: dt.datetime) -> str:
    place = _latest_place(order, date_of(clock.business_date(now)))
    if place > order.place:
        # Late as it is, the newest of them is paid when it is found by its own row.
        event = _event(order, MISSED, correlation_id, now, number=place - order.place)
        _move(order, _at_place(order, place, now), event)
        return MISSED
    try:
        if order.outward:
            proof = order.confirmation
            confirm_later.require_ceiling(proof.factor_id, proof.method, order.terms.amount_fen, now)
        posted = transfer_unattended(_payment(order, correlation_id), lambda at: _along(order, correlation_id, at))
    except (OrderOvertaken, TryAgain, OutcomeUnknown):
        raise
    except Refusal as refusal:
        return _refused(order, refusal, correlation_id, now)
    return DONE_BEFORE if posted.replayed is not None else EXECUTED


def _latest_place(order: Order, today: dt.date) -> int:
    """The place of the last date that has come: the order's own, unless others have come since."""
    place, schedule = order.place, order.terms.schedule
    while (following := schedule.date_at(place + 1)) is not None and following <= today:
        place += 1
    return place


def _payment(order: Order, correlation_id: str) -> Unattended:
    terms, proof = order.terms, order.confirmation
    return Unattended(
        entry_id=entry_id_of(order.order_id, order.next_due),
        # Of what it is for, not of what it says: whatever was posted for this date is this date's.
        request_digest=hashlib.sha256(f"{order.order_id}#{order.next_due}".encode()).digest()[:16],
        correlation_id=correlation_id,
        customer_id=order.customer_id,
        payer_account=terms.payer_account,
        payee_account=terms.payee_account,
        payee_name=terms.payee_name,
        amount_fen=terms.amount_fen,
        fee_fen=terms.fee_fen,
        purpose=terms.purpose,
        factor=proof.factor,
        factor_id=proof.factor_id,
        outward=order.outward,
        origin={"order_id": order.order_id, "order_due": order.next_due, "order_confirmed": proof.confirmed},
    )


def _along(order: Order, correlation_id: str, now: dt.datetime) -> Along:
    """The order moves on to its next date in the payment's own write, if it is as it was read."""
    event = _event(
        order,
        EXECUTED,
        correlation_id,
        now,
        entry_id=entry_id_of(order.order_id, order.next_due),
        number=order.tries + 1,
    )
    writes = _writes(order, _at_place(order, order.place + 1, now), event)
    if order.outward:
        owner, proof = order.customer_id, order.confirmation
        writes.append(confirm_later.unlost_update(owner, proof.factor_id, proof.confirmed_at, OrderFactorLost))
    return Along(
        tuple(write for write in writes if isinstance(write, ItemUpdate)),
        tuple(write for write in writes if isinstance(write, ItemPut)),
    )


def _refused(order: Order, refusal: Refusal, correlation_id: str, now: dt.datetime) -> str:
    """Note it, and when it is tried again: today, where it may pass, else on the next date."""
    tries = order.tries + 1
    again = None
    if isinstance(refusal, _PASSING):
        most = parameters.value(parameters.ORDER_TRIES, now)
        again = retry_at(now, tries, most, parameters.value(parameters.ORDER_RETRY_MIN, now))
    kind = FAILED if again is None else RETRYING
    event = replace(
        _event(order, kind, correlation_id, now, number=tries),
        code=refusal.code,
        zh=refusal.text("zh"),
        en=refusal.text("en"),
    )
    if again is not None:
        after = replace(order, tries=tries, due_at=again)
    elif _is_closed(order.customer_id):
        after = order.stopped(ENDED)
    else:
        after = _at_place(order, order.place + 1, now)
    _move(order, after, event)
    return kind


def _is_closed(customer_id: str) -> bool:
    """Whether online banking was ended, which is final: nothing that was confirmed by it is paid any more."""
    customer = customers.customer_of(customer_id)
    return customer is None or customer.state == customers.CLOSED


def _at_place(order: Order, place: int, now: dt.datetime) -> Order:
    date = order.terms.schedule.date_at(place)
    return order.moved_to(place, due_text(date, minute_of_day(now)) if date else "")


def _event(order: Order, kind: str, correlation_id: str, now: dt.datetime, *, number: int, entry_id: str = "") -> Event:
    return Event(
        order.order_id,
        order.revision + 1,
        kind,
        clock.to_text(now),
        due_date=order.next_due,
        amount_fen=order.terms.amount_fen,
        entry_id=entry_id,
        number=number,
        correlation_id=correlation_id,
    )


def _writes(order: Order, after: Order, event: Event) -> list[ItemPut | ItemUpdate]:
    after = replace(after, revision=order.revision + 1)
    row = replace(event, next_due=after.next_due)
    return [store.update_of(order, after), *store.due_writes(order, after), store.event_put(row)]


def _move(order: Order, after: Order, event: Event) -> None:
    """The order goes on without a payment. Raises OrderOvertaken, TryAgain, OutcomeUnknown."""
    updates.together(_writes(order, after, event))
