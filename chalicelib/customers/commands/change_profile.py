"""Change what a customer may change of their own data without a proof (YQ-4.2.2-set)."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.customers import store
from chalicelib.platform import transactions
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import s
from chalicelib.platform.errors import NotFound


def change_mailing_address(caller: Caller, address: str, now: dt.datetime) -> customers.Profile:
    """Set where letters go (C2: the log says that it changed, not to what); empty takes it off.

    The same again changes nothing. Raises NotFound, TryAgain, OutcomeUnknown.
    """
    try:
        profile = customers.profile_of(caller.customer_id)
    except KeyError:
        raise NotFound() from None
    if address == profile.image.get("mailing_address", ""):
        return profile
    update = store.profile_update(caller.customer_id)
    if address:
        update.set("#mailing_address = :address", address=s(address))
    else:
        update.remove("mailing_address")
    event = audit.event(
        caller.customer_id, audit.PROFILE_CHANGED, now, session_id=caller.session_id, changed="mailing_address"
    )
    if not transactions.commit([update, event]):
        raise NotFound()
    return customers.profile_of(caller.customer_id)
