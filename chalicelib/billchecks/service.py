"""Read the checks of bills: for their customer, and for who tells of them."""

from __future__ import annotations

from chalicelib.accounts import service as accounts
from chalicelib.billchecks import store
from chalicelib.billchecks.domain import (
    DISPUTED,
    OUTCOMES,
    REASONS,
    RESOLVED,
    UNANSWERED,
    WAITING,
    BillCheck,
    Event,
)
from chalicelib.entitlements import service as entitlements
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import NotFound

__all__ = [
    "DISPUTED",
    "OUTCOMES",
    "REASONS",
    "RESOLVED",
    "UNANSWERED",
    "WAITING",
    "BillCheck",
    "Event",
    "check_of",
    "history",
    "page_of",
    "read",
]

history = store.history


def read(check_id: str) -> BillCheck | None:
    """Any check, or None; for the bank's own side."""
    return store.read(check_id)


def check_of(caller: Caller, account_id: str, month: str) -> BillCheck:
    """The check of a bill of the caller's own account.

    Raises NotFound for another's account, and for a month whose bill is not issued; EditionNotEntitled.
    """
    accounts.account_for(caller, entitlements.BILLS_CHECK, account_id)
    check = store.read(store.id_of(account_id, month)) if clock.is_month(month) else None
    if check is None or check.customer_id != caller.customer_id:
        raise NotFound()
    return check


def page_of(caller: Caller, limit: int, cursor: str | None) -> tuple[list[BillCheck], str | None]:
    """Checks of the caller's accounts, newest month first, without those of accounts that the edition does not serve:
    a page may be short, or empty, and still have a next one, whose cursor comes with it. Raises CursorMalformed.
    """
    served = {account.account_id for account in accounts.accounts_for(caller, entitlements.BILLS_CHECK)}
    found, following = store.page(store.OF_CUSTOMER, caller.customer_id, limit, cursor, newest_first=True)
    return [check for check in found if check.account_id in served], following
