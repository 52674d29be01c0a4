"""Stop one customer's online transfers, and ask that they go on, each with its voucher (XJ-4.4-switch).

At a risk the customer reports or staff see: one teller stops at once, without a document; two people let go on.
"""

from __future__ import annotations

import datetime as dt

from chalicelib.audit import service as audit
from chalicelib.counter import service, store, vouchers
from chalicelib.counter.commands.change_customer import met
from chalicelib.counter.domain import People, Plan, Write
from chalicelib.counter.vouchers import VoucherDraft
from chalicelib.customers import service as customers
from chalicelib.customers.commands.stop_transfers import resumption_writes, stop_writes, stopped_since
from chalicelib.platform import clock
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_name

RESUME = "customer.resume_transfers"
STOPPED, GOING_ON = "stopped", "on"


def stop_transfers(actor: StaffCaller, customer_id: str, reason: str) -> str:
    """Every outward path refuses from this write on; the voucher's number. `reason` stays with the bank.

    Raises NotFound, StaffNotEntitled, TransferStopUnchanged, TryAgain, OutcomeUnknown (look before doing it again).
    """
    profile = met(actor, customer_id)

    def plan(number: vouchers.Number, now: dt.datetime) -> list[Write]:
        facts = {**_known(profile), "state": STOPPED, "reason": reason}
        slip = VoucherDraft(
            vouchers.TRANSFERS_STOPPED, actor.staff_id, clock.to_text(now), facts, customer_id=customer_id
        )
        noted = audit.staff_action(actor, "transfers.stopped", now, on=customer_id, voucher=str(number))
        return [*stop_writes(customer_id, now), store.voucher_put(number, slip), noted]

    return str(service.write_numbered(profile.branch_id, plan))


def plan_resumption(customer_id: str) -> Plan:
    """Transfers go on after the stop that is there now. Raises NotFound, TransferStopUnchanged."""
    profile = customers.find_profile(customer_id)
    if profile is None:
        raise NotFound()
    since = stopped_since(customer_id)
    after = {**_known(profile), "state": GOING_ON}

    def writes(by: People) -> list[Write]:
        slip = service.slip(profile.branch_id, vouchers.TRANSFERS_RESUMED, after, by, customer_id=customer_id)
        return [*resumption_writes(customer_id, since, by.now), slip]

    return Plan(profile.branch_id, {**_known(profile), "state": STOPPED, "since": since}, after, writes)


def _known(profile: customers.Profile) -> dict[str, str]:
    return {"customer": profile.customer_id, "holder": mask_name(profile.name)}
