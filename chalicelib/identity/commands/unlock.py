"""Staff end a lock before its time (XJ-4.2-pw)."""

from __future__ import annotations

import datetime as dt

from chalicelib.customers import service as customers
from chalicelib.identity import store, tries
from chalicelib.identity.domain import normal_name
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff


def unlock(login_name: str, *, teller_id: str, now: dt.datetime) -> bool:
    """End the locks of the customer with that log-in name or account number, also on bound devices; False when
    there is none.

    The customer's log says who did it. Raises NotFound for a name nobody has, StaffNotEntitled unless the teller is
    of the customer's branch or the head office.
    """
    customer_id = store.customer_by_login_name(normal_name(login_name))
    if customer_id is None:
        raise NotFound()
    staff.require_teller(teller_id, customers.profile_of(customer_id).branch_id)
    customer = customers.customer_of(customer_id)
    subjects = tries.all_of(customer) if customer else []
    unlocked = [tries.end_lock(subject, now, by=teller_id) for subject in subjects]
    return any(unlocked)
