"""Enter tokens and USB keys into the stock ledger that were issued before there was one (NB-5.3.5)."""

from __future__ import annotations

import datetime as dt

from chalicelib.blanks import service as stock
from chalicelib.customers import service as customers
from chalicelib.factors import domain, store
from chalicelib.platform import updates
from chalicelib.staff import service as staff

# A hundred customers each: an operator waits where a function may not.
MAX_PAGES = 1_000_000


def number_of(row: store.FactorItem) -> str | None:
    """The serial number of a factor's token or USB key; None for one that has no device of the bank's."""
    return {domain.TOKEN: row.serial, domain.USB_KEY: row.device_serial}.get(row.method)


def adopt_blanks(*, staff_id: str, now: dt.datetime) -> int:
    """Enter each device that a customer holds, or applied with, as issued by the customer's branch; how many were new.

    So a number that is with a customer is not received, and not issued, a second time. Again, it enters what is
    missing. Takes a teller of the head office. Raises StaffNotEntitled, TryAgain, OutcomeUnknown.
    """
    staff.require_teller(staff_id, staff.HEAD_OFFICE)
    entered = 0
    for customer_id in customers.all_ids(MAX_PAGES):
        for row in store.of_customer(customer_id):
            serial = number_of(row)
            if serial is None or row.state == domain.REVOKED:
                continue
            plan = stock.Plan(row.method, staff_id, now)
            if plan.adopt(serial, customers.profile_of(customer_id).branch_id, customer_id, row.factor_id):
                updates.together(plan.writes)
                entered += 1
    return entered
