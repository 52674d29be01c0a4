"""A loss report is lifted, as a part of the approval that decides it: the factor is active again (NB-5.3.6).

What it confirmed before stays void: whoever found the factor may have confirmed it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.factors import domain, store
from chalicelib.factors.errors import FactorStateUnfit
from chalicelib.platform import clock, ids
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, n, s
from chalicelib.platform.errors import NotFound

_LIFTED = (domain.LOST, domain.LOCKED)


@dataclass(frozen=True, slots=True)
class Lift:
    """A factor as it was read."""

    row: store.FactorItem

    @property
    def after(self) -> str:
        """The state it comes to: only a loss, or a cloud certificate's lock, is lifted."""
        return domain.ACTIVE if self.row.state in _LIFTED else str(self.row.state)

    def writes(self, now: dt.datetime) -> Sequence[ItemPut | ItemUpdate]:
        """Row, customer's record, log and reminders; the tries at a PIN begin anew."""
        row = self.row
        update = store.update_of(row.customer_id, row.factor_id).require(store.state_rule(str(row.state)))
        store.end_loss(update, row, now)
        if row.pin_hash is not None:
            update.set("#pin_tries = :none", none=n(0))
        # The rows written before may be gone: while the factor was lost, nobody was reminded of it.
        reminders: list[ItemPut] = []
        if row.valid_until is not None:
            ends = clock.from_text(row.valid_until)
            reminders = store.reminder_puts(row.customer_id, row.factor_id, row.method, ends, ids.random_id())
        record = customers.customer_update(row.customer_id)
        if row.state == domain.LOST:
            # Step-ups that it confirmed and that are not used yet would do again (`unlifted_rule`).
            record.set("#loss_lifted_at = :lifted_at", lifted_at=s(clock.to_text(now)))
        return [
            update.set("#state = :to", to=s(domain.ACTIVE)).remove("ended_at"),
            record.set(f"#factors.#{row.factor_id} = :method", method=s(row.method)),
            audit.event(row.customer_id, audit.FACTOR_RESTORED, now, factor=row.method),
            *reminders,
        ]


def plan_lift(customer_id: str, factor_id: str, now: dt.datetime) -> Lift:
    """Read the factor. Raises NotFound, FactorStateUnfit for one that has expired."""
    row = store.get(customer_id, factor_id)
    if row is None:
        raise NotFound()
    if row.valid_until is not None and row.valid_until <= clock.to_text(now):
        raise FactorStateUnfit(state=domain.EXPIRED)
    return Lift(row)
