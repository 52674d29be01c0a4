"""Register what needs nothing but the reserved phone: SMS codes, chosen at sign-up or had with online banking."""

from __future__ import annotations

import datetime as dt

from chalicelib.factors import store
from chalicelib.factors.domain import ACTIVE, NO_FACTOR, SMS, SMS_ID
from chalicelib.factors.errors import FactorNotActive
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s


def enrol_at_sign_up(customer_id: str, methods: tuple[str, ...], now: dt.datetime) -> dict[str, str]:
    """Register what a new customer chose, active from now; the map for the customer's record (NB-5.3.7).

    Done again it changes nothing; what was issued at the counter before stays.
    """
    for method in methods:
        # What is chosen at sign-up needs nothing but the reserved phone, and there is one of it.
        row = store.FactorItem(customer_id, method, method=method, state=ACTIVE, valid_from=clock.to_text(now))
        row.save()
    held = {row.factor_id: row.method for row in store.of_customer(customer_id) if row.state == ACTIVE}
    return held | {method: method for method in methods}


def enrol_codes(record: ItemUpdate, customer_id: str, now: dt.datetime) -> list[ItemPut]:
    """Make SMS codes one of the customer's factors, as parts of a write that updates the customer's `record`.

    Empty where they are one already. Raises FactorNotActive when they were reported lost or revoked: staff lift that
    first. Whoever gets codes holds the factor, so that its loss can be reported (NB-5.3.6).
    """
    row = store.get(customer_id, SMS_ID)
    if row is not None and row.state != ACTIVE:
        raise FactorNotActive(factors=NO_FACTOR)
    record.set(f"#factors.#{SMS_ID} = :sms_method", sms_method=s(SMS))
    if row is not None:
        return []
    new = {"customer_id": customer_id, "factor_id": SMS_ID, "method": SMS, "state": ACTIVE}
    return [store.put_of({**new, "valid_from": clock.to_text(now)})]
