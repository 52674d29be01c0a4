"""Close a customer's account for good: nothing is in it, nothing is held, nothing is on its way."""

from __future__ import annotations

from chalicelib.closing import store
from chalicelib.closing.domain import END
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.platform.dynamo import Image


def close_account(account_id: str, *, before: str) -> Image:
    """Close an account that is in state `before`; the new item.

    The newest closed date is read first: dates are never opened again, so it can only be older than the truth.
    Raises StateChangeRefused, DeferredLegsDue (its deferred credit goes on, or ended on a date that has not
    closed), NotFound.
    """
    newest = store.last_before(END)
    if newest is None:
        return change_state(account_id, before=before, after="closed")
    return change_state(account_id, before=before, after="closed", closed_through=newest.business_date)
