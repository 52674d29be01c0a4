"""Plan a change of limits by staff, as a part of the approval that decides it: no ceiling binds two people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.accounts import service as accounts
from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.limits import domain
from chalicelib.limits.commands.change_limits import fact_of
from chalicelib.limits.domain import text_of
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image, ItemPut, ItemUpdate
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_account


@dataclass(frozen=True, slots=True)
class LimitsPlan:
    """Limits as wanted (fen; `limit_count`: transfers), on the account or customer's record as read."""

    customer_id: str
    account_id: str | None
    image: Image
    wanted: Mapping[str, int]

    def before(self) -> dict[str, str]:
        """The limits that are named, as they are."""
        return {fact_of(name): text_of(name, domain.limit_of(self.image, name)) for name in self.wanted}

    def after(self) -> dict[str, str]:
        """The same, as they are to be."""
        return {fact_of(name): text_of(name, value) for name, value in self.wanted.items()}

    def writes(self, now: dt.datetime, *, by: str) -> Sequence[ItemPut | ItemUpdate]:
        """The record's update, which does not pass where a limit is no longer as read, and a row of the owner's log.

        What was used stays used; the owner is told of a limit that was raised.
        """
        changes = domain.changed_limits(self.image, self.wanted)
        update = domain.move_limits(self._update(), self.image, changes, clock.business_date(now))
        kind = audit.LIMITS_RAISED if any(new > old for old, new in changes.values()) else audit.LIMITS_CHANGED
        facts = {fact_of(name): text_of(name, new) for name, (_, new) in changes.items()}
        if self.account_id:
            facts["account"] = mask_account(self.account_id)
        return [update, audit.event(self.customer_id, kind, now, by=by, **facts)]

    def _update(self) -> ItemUpdate:
        if self.account_id is None:
            return customers.customer_update(self.customer_id)
        return ledger.account_update(self.account_id, payee=False)


def plan_account_limits(customer_id: str, account_id: str, wanted: Mapping[str, int]) -> LimitsPlan:
    """Limits of a customer's own account. Raises NotFound, also for another customer's."""
    return LimitsPlan(customer_id, account_id, accounts.account_of(customer_id, account_id).image, wanted)


def plan_customer_limits(customer_id: str, wanted: Mapping[str, int]) -> LimitsPlan:
    """Limits over all of a customer's accounts. Raises NotFound."""
    customer = customers.customer_of(customer_id)
    if customer is None:
        raise NotFound()
    return LimitsPlan(customer_id, None, customer.image, wanted)
