"""The bank stops a customer's online transfers, and lets them go on (XJ-4.4-switch): parts of the counter's writes.

The stop stands beside the customer's own switch, so that neither undoes the other.
"""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.customers import domain
from chalicelib.customers import service as customers
from chalicelib.customers.errors import TransferStopUnchanged
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s
from chalicelib.platform.errors import NotFound


def stop_writes(customer_id: str, now: dt.datetime) -> list[ItemPut | ItemUpdate]:
    """Whatever moves money outward is refused from this write on, what was ordered before, too; the customer is told.

    Raises NotFound, TransferStopUnchanged (stopped already, or no online banking), which the write does as well.
    """
    customer = _signed_up(customer_id)
    if customer.stopped_since:
        raise TransferStopUnchanged()
    record = customers.customer_update(customer_id)
    record.require(
        domain.standing_rule(customer.state, customer.edition), domain.not_stopped_rule(TransferStopUnchanged)
    )
    record.set("#transfers_stopped = :stopped_at", stopped_at=s(clock.to_text(now)))
    return [record, audit.event(customer_id, audit.TRANSFERS_STOPPED, now)]


def stopped_since(customer_id: str) -> str:
    """Since when the bank has stopped them. Raises NotFound, TransferStopUnchanged where it has not."""
    since = _signed_up(customer_id).stopped_since
    if not since:
        raise TransferStopUnchanged()
    return since


def resumption_writes(customer_id: str, since: str, now: dt.datetime) -> list[ItemPut | ItemUpdate]:
    """The stop of that time ends; whether transfers go out then is the customer's own switch to say again."""
    record = customers.customer_update(customer_id).require(domain.stopped_rule(since)).remove("transfers_stopped")
    return [record, audit.event(customer_id, audit.TRANSFERS_RESUMED, now)]


def _signed_up(customer_id: str) -> customers.Customer:
    customer = customers.customer_of(customer_id)
    if customer is None:
        raise NotFound()
    if customer.state in (customers.OFFLINE, customers.CLOSED):
        raise TransferStopUnchanged()
    return customer
