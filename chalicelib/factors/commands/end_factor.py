"""Stop a factor at once, everywhere: its row, the customer's record and the customer's log in one write (NB-5.3.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from chalicelib.audit import service as audit
from chalicelib.blanks import service as stock
from chalicelib.customers import service as customers
from chalicelib.factors import domain, store
from chalicelib.factors.commands.adopt_blanks import number_of
from chalicelib.factors.service import state_at
from chalicelib.platform import clock, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, Rule, s
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff


def report_loss(customer_id: str, factor_id: str, now: dt.datetime, *, session_id: str | None = None) -> None:
    """The customer reports a factor lost: from this write on no payment passes by it; only staff lift it.

    Reporting again changes nothing. Raises NotFound, FactorStateUnfit.
    """
    row = _row(customer_id, factor_id)
    if row.state == domain.LOST:
        return
    end_factor(row, domain.LOST, audit.FACTOR_LOST, (domain.ACTIVE, domain.LOCKED), now, session_id=session_id)


def revoke_factor(customer_id: str, factor_id: str, *, teller_id: str, now: dt.datetime) -> None:
    """Staff end a factor for good; what was applied for and not yet downloaded too. Its token or USB key is cancelled
    with it (NB-5.3.5).

    Raises StaffNotEntitled, NotFound, FactorStateUnfit.
    """
    require_teller(customer_id, teller_id)
    row = _row(customer_id, factor_id)
    blank, is_unused = _blank_writes(row, teller_id, now)
    # A device that is said to be unused must be so in the write: the certificate may be downloaded this very moment.
    before = (domain.APPLIED,) if is_unused else (domain.ACTIVE, domain.LOST, domain.LOCKED, domain.APPLIED)
    end_factor(row, domain.REVOKED, audit.FACTOR_REVOKED, before, now, more=blank)


def _blank_writes(row: store.FactorItem, teller_id: str, now: dt.datetime) -> tuple[list[ItemPut | ItemUpdate], bool]:
    """The end of a factor's token or USB key, unless it has another factor by now; and whether it was never in use."""
    serial = number_of(row)
    if serial is None:
        return [], False
    others = [
        other
        for other in store.of_customer(row.customer_id)
        if other.factor_id != row.factor_id and (other.method, other.device_serial) == (domain.USB_KEY, serial)
    ]
    if any(state_at(other, now) in (domain.ACTIVE, domain.LOST, domain.APPLIED) for other in others):
        return [], False
    is_unused = row.state == domain.APPLIED and not others
    blanks = stock.Plan(row.method, teller_id, now)
    blanks.cancel(serial, row.customer_id, row.factor_id, unused=is_unused)
    return blanks.writes, is_unused and bool(blanks.writes)


def end_factor(
    row: store.FactorItem,
    state: str,
    kind: audit.Kind,
    before: tuple[str, ...],
    now: dt.datetime,
    *,
    session_id: str | None = None,
    more: Sequence[ItemPut | ItemUpdate] = (),
) -> None:
    """Bring a factor from one of the states `before` to `state`; raises FactorStateUnfit for any other."""
    record = customers.customer_update(row.customer_id)
    writes = _ending(row, state, kind, store.state_rule(*before), now, record=record, session_id=session_id)
    updates.together([*writes, record, *more])


def _ending(
    row: store.FactorItem,
    state: str,
    kind: audit.Kind,
    before: Rule,
    now: dt.datetime,
    *,
    record: ItemUpdate,
    session_id: str | None,
) -> list[ItemPut | ItemUpdate]:
    """The same as parts of a write, of which the customer's `record` is another."""
    update = store.end_loss(store.update_of(row.customer_id, row.factor_id).require(before), row, now)
    record.remove(f"factors.#{row.factor_id}")
    if row.method == domain.SMS:
        # Not only payments: whatever waits for a code that went to that phone.
        customers.void_codes(record, now)
    return [
        update.set("#state = :to, #ended_at = :at", to=s(state), at=s(clock.to_text(now))),
        audit.event(row.customer_id, kind, now, session_id=session_id, factor=row.method),
    ]


def lost_with_device(
    record: ItemUpdate, caller: Caller, device_id: str, now: dt.datetime, *, is_lost: bool
) -> list[ItemPut | ItemUpdate]:
    """The end of the certificate whose key is in a phone that ends, as parts of the write that ends the phone.

    A certificate that was downloaded in a session without a device may be in any phone: it stops with each that is
    lost, and not with one that is merely no longer used. A cloud certificate's key is in none (decision 0015).
    The customer's `record` is updated with them, where no factor came or went since it was read.
    """
    customer = customers.customer_of(caller.customer_id)
    held = customer.image.get("factors") if customer else None
    # One that is downloaded at this very moment is not missed.
    record.require(domain.same_factors_rule(held))
    still_active = replace(store.state_rule(domain.ACTIVE), refuse=None)
    writes: list[ItemPut | ItemUpdate] = []
    for factor_id in [id_ for id_, method in (held or {}).items() if method == domain.PHONE]:
        row = _row(caller.customer_id, factor_id)
        if row.device_id == device_id or (is_lost and row.device_id is None):
            by = caller.session_id
            writes += _ending(row, domain.LOST, audit.FACTOR_LOST, still_active, now, record=record, session_id=by)
    return writes


def _row(customer_id: str, factor_id: str) -> store.FactorItem:
    row = store.get(customer_id, factor_id)
    if row is None:
        raise NotFound()
    return row


def require_teller(customer_id: str, teller_id: str) -> None:
    """Raise StaffNotEntitled unless the teller may serve this customer; KeyError for an unknown one."""
    staff.require_teller(teller_id, customers.profile_of(customer_id).branch_id)
