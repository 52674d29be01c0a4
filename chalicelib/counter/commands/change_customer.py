"""Changes of a customer's online banking that two people make, the customer's document seen, each with its voucher."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from chalicelib.counter import service, vouchers
from chalicelib.counter.commands.papers import SeenDocument
from chalicelib.counter.domain import People, Plan, Write
from chalicelib.counter.errors import SecondPersonRequired
from chalicelib.counter.vouchers import VoucherKind
from chalicelib.customers import service as customers
from chalicelib.customers.commands.change_edition import Upgrade, plan_closing, plan_downgrade, plan_upgrade
from chalicelib.customers.commands.change_phone import plan_proved
from chalicelib.customers.errors import SignUpRefused
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_name
from chalicelib.staff import service as staff

CHANGE_EDITION, CLOSE, CHANGE_PHONE = "customer.change_edition", "customer.close", "customer.change_phone"

_ID = re.compile(r"[a-z2-7]{20}")


@dataclass(frozen=True, slots=True)
class EditionWish:
    """The edition wanted; for the professional one its form, which the others do not have."""

    customer_id: str
    edition: str
    upgrade: Upgrade | None = None


def met(actor: StaffCaller, customer_id: str) -> customers.Profile:
    """The customer before the teller; raises NotFound, also for one who is not of the teller's organisation."""
    # What cannot be an id is not looked up.
    profile = customers.find_profile(customer_id) if _ID.fullmatch(customer_id) else None
    if profile is None:
        raise NotFound()
    staff.require_scope(actor, profile.branch_id)
    return profile


def plan_edition(wanted: EditionWish, seen: SeenDocument, now: dt.datetime) -> Plan:
    """Raise or lower the edition (NB-5.4.1-up). Raises DocumentNotShown, SignUpRefused for a form that is missing or
    not wanted, what `plan_upgrade` and `plan_downgrade` raise.
    """
    seen.require(CHANGE_EDITION, wanted.customer_id)
    if (wanted.edition == customers.PROFESSIONAL) != (wanted.upgrade is not None):
        raise SignUpRefused(
            reason="专业版须填账户、限额与认证方式，其他版本不填 / a form is for the professional edition"
        )
    if wanted.upgrade is not None:
        change = plan_upgrade(wanted.upgrade, now)
    else:
        change = plan_downgrade(wanted.customer_id, wanted.edition)
    return plan_of(change, vouchers.EDITION_CHANGED, seen)


def plan_end(customer_id: str, seen: SeenDocument) -> Plan:
    """End online banking (注销). Raises DocumentNotShown, what `plan_closing` raises."""
    seen.require(CLOSE, customer_id)
    return plan_of(plan_closing(customer_id), vouchers.ONLINE_CLOSED, seen)


def plan_phone(customer_id: str, challenge_id: str, seen: SeenDocument) -> Plan:
    """Change the reserved phone to the number whose code the same teller was told (NB-5.3.7-2).

    Raises DocumentNotShown, what `plan_proved` raises.
    """
    seen.require(CHANGE_PHONE, customer_id)
    return plan_of(plan_proved(customer_id, challenge_id, teller_id=seen.teller), vouchers.PHONE_CHANGED, seen)


def plan_of(change: customers.Change, kind: VoucherKind, seen: SeenDocument) -> Plan:
    """A change as two people make it: asked for by who saw the document, on the day on which it was seen."""
    profile = change.profile
    known = {"customer": profile.customer_id, "holder": mask_name(profile.name), "document": seen.text}
    after = {**known, **change.after}

    def writes(by: People) -> list[Write]:
        if by.maker_id != seen.teller:
            raise SecondPersonRequired()
        slip = service.slip(profile.branch_id, kind, after, by, customer_id=profile.customer_id)
        return [*change.writes(by.maker_id, by.now), slip]

    return Plan(profile.branch_id, {**known, **change.before}, after, writes, seen.latest)
