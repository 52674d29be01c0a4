"""Stop a factor at once, everywhere: its row, the customer's record and the customer's log in one write (NB-5.3.6)."""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.factors import domain, store
from chalicelib.factors.errors import FactorStateUnfit
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.dynamo import n, s
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff


def report_loss(customer_id: str, factor_id: str, now: dt.datetime, *, session_id: str | None = None) -> None:
    """The customer reports a factor lost: from this write on no payment passes by it; only staff lift it.

    Reporting again changes nothing. Raises NotFound, FactorStateUnfit.
    """
    row = _row(customer_id, factor_id)
    if row.state == domain.LOST:
        return
    end_factor(row, domain.LOST, audit.FACTOR_LOST, (domain.ACTIVE, domain.LOCKED), now, session_id)


def revoke_factor(customer_id: str, factor_id: str, *, teller_id: str, now: dt.datetime) -> None:
    """Staff end a factor for good; what was applied for and not yet downloaded too.

    Raises StaffNotEntitled, NotFound, FactorStateUnfit.
    """
    require_teller(customer_id, teller_id)
    row = _row(customer_id, factor_id)
    before = (domain.ACTIVE, domain.LOST, domain.LOCKED, domain.APPLIED)
    end_factor(row, domain.REVOKED, audit.FACTOR_REVOKED, before, now, None)


def lift_loss(customer_id: str, factor_id: str, *, teller_id: str, now: dt.datetime) -> None:
    """Staff lift a loss report or a cloud certificate's lock: the factor is active again, if it has not expired
    meanwhile, and the tries at its PIN begin anew.

    Raises StaffNotEntitled, NotFound, FactorStateUnfit.
    """
    require_teller(customer_id, teller_id)
    row = _row(customer_id, factor_id)
    if row.valid_until is not None and row.valid_until <= clock.to_text(now):
        raise FactorStateUnfit(state=domain.EXPIRED)
    update = store.update_of(customer_id, factor_id).require(store.state_rule(domain.LOST, domain.LOCKED))
    if row.pin_hash is not None:
        update.set("#pin_tries = :none", none=n(0))
    # The rows written before may be gone: while the factor was lost, nobody was reminded of it.
    reminders = []
    if row.valid_until is not None:
        ends = clock.from_text(row.valid_until)
        reminders = store.reminder_puts(customer_id, factor_id, row.method, ends, ids.random_id())
    record = customers.customer_update(customer_id)
    updates.together(
        [
            update.set("#state = :to", to=s(domain.ACTIVE)).remove("ended_at"),
            record.set(f"#factors.#{factor_id} = :method", method=s(row.method)),
            audit.event(customer_id, audit.FACTOR_RESTORED, now, factor=row.method),
            *reminders,
        ]
    )


def end_factor(
    row: store.FactorItem,
    state: str,
    kind: audit.Kind,
    before: tuple[str, ...],
    now: dt.datetime,
    session_id: str | None,
) -> None:
    """Bring a factor from one of the states `before` to `state`; raises FactorStateUnfit for any other."""
    update = store.update_of(row.customer_id, row.factor_id).require(store.state_rule(*before))
    record = customers.customer_update(row.customer_id).remove(f"factors.#{row.factor_id}")
    if row.method == domain.SMS:
        # Not only payments: whatever waits for a code that went to that phone.
        customers.void_codes(record, now)
    updates.together(
        [
            update.set("#state = :to, #ended_at = :at", to=s(state), at=s(clock.to_text(now))),
            record,
            audit.event(row.customer_id, kind, now, session_id=session_id, factor=row.method),
        ]
    )


def _row(customer_id: str, factor_id: str) -> store.FactorItem:
    row = store.get(customer_id, factor_id)
    if row is None:
        raise NotFound()
    return row


def require_teller(customer_id: str, teller_id: str) -> None:
    """Raise StaffNotEntitled unless the teller may serve this customer; KeyError for an unknown one."""
    staff.require_teller(teller_id, customers.profile_of(customer_id).branch_id)
