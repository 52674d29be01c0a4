"""Set or change the log-in name."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.identity import store
from chalicelib.identity.domain import normal_name
from chalicelib.identity.errors import LoginNameMalformed, LoginNameTaken
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import TryAgain


def set_login_name(caller: Caller, name: str, now: dt.datetime) -> str:
    """Give the caller a log-in name; the old one is free from then on; the name as it is stored.

    New name, old name and the customer's own note of it are one write, so no name is ever two customers' or lost.
    Raises LoginNameMalformed, LoginNameTaken; TryAgain when another session changed it at the same moment.
    """
    new = normal_name(name)
    if not customers.is_login_name(new):
        raise LoginNameMalformed()
    old = store.login_name_of(caller.customer_id)
    if new == old:
        return new
    owner = store.customer_by_login_name(new)
    if owner is not None:
        raise LoginNameTaken()
    noted = audit.event(caller.customer_id, audit.LOGIN_NAME_CHANGED, now, session_id=caller.session_id)
    if not store.change_login_name(caller.customer_id, old, new, noted):
        raise LoginNameTaken() if store.customer_by_login_name(new) else TryAgain()
    return new
