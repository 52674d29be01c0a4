"""What tellers do for customers and their accounts, each with its voucher; what needs two people is planned here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.counter import service, store, vouchers
from chalicelib.counter.commands.take_deposit import account_at_counter
from chalicelib.counter.domain import People, Plan, Write
from chalicelib.counter.vouchers import VoucherDraft, VoucherKind
from chalicelib.customers import service as customers
from chalicelib.customers.commands.sign_up_online import (
    Opening,
    opening_writes,
    require_edition,
    require_limits,
    require_prepared,
    require_reserved,
)
from chalicelib.customers.errors import SignUpRefused
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.change_state import no_court_rule, state_update
from chalicelib.ledger.errors import FrozenByCourt, StateChangeRefused
from chalicelib.platform import clock
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_account, mask_name, mask_phone
from chalicelib.platform.money import decimal_text
from chalicelib.staff import service as staff

# What a teller does to an account alone; each way back needs a second person.
STOPS: Mapping[str, VoucherKind] = {"frozen": vouchers.ACCOUNT_FROZEN, "lost": vouchers.ACCOUNT_LOST}
LIFTS: Mapping[str, VoucherKind] = {"frozen": vouchers.ACCOUNT_UNFROZEN, "lost": vouchers.ACCOUNT_FOUND}


def stop_account(account_id: str, state: str, *, teller_id: str) -> str:
    """Freeze an account, or note that it was reported lost: it stops paying at once (XJ-5.3-loss); the voucher.

    Raises NotFound, StaffNotEntitled, StateChangeRefused (it is stopped, dormant or closed), TryAgain, OutcomeUnknown.
    """
    account = account_at_counter(account_id)
    staff.require_teller(teller_id, account.branch_id)

    def plan(number: vouchers.Number, now: dt.datetime) -> list[Write]:
        found = account_at_counter(account_id)
        facts = {"account": mask_account(account_id), "holder": mask_name(account.holder), "state": state}
        slip = VoucherDraft(STOPS[state], teller_id, clock.to_text(now), facts, customer_id=account.customer_id)
        return [state_update(account_id, before=found.state, after=state), store.voucher_put(number, slip)]

    return str(service.write_numbered(account.branch_id, plan))


def plan_state(account_id: str, lifted: str) -> Plan:
    """Lift a loss report or a teller's freeze. Raises NotFound, StateChangeRefused, FrozenByCourt."""
    account = account_at_counter(account_id)
    if account.state != lifted:
        raise StateChangeRefused(state=account.state, wanted=ledger.OPEN)
    if not no_court_rule().holds(account.image):
        raise FrozenByCourt()

    known = {"account": mask_account(account_id), "holder": mask_name(account.holder)}
    after = {**known, "state": ledger.OPEN}

    def writes(by: People) -> list[Write]:
        slip = service.slip(account.branch_id, LIFTS[lifted], after, by, customer_id=account.customer_id)
        return [state_update(account_id, before=lifted, after=ledger.OPEN), slip]

    return Plan(account.branch_id, {**known, "state": lifted}, after, writes)


@dataclass(frozen=True, slots=True)
class SignUpOpening:
    """The last step of a sign-up: `phone_account` is the account whose reserved phone is signed up."""

    customer_id: str
    phone_account: str
    edition: str
    limit_outward_fen: int
    factors: tuple[str, ...]
    day_limits: Mapping[str, int]


def plan_opening(wanted: SignUpOpening, at: dt.datetime) -> Plan:
    """Open online banking for a customer whose form the counter has prepared (`prepare_online`).

    Raises NotFound, SignUpRefused (nothing prepared, or signed up before), LimitAboveCeiling, PhoneNotReserved.
    """
    customer, profile = customers.customer_of(wanted.customer_id), customers.find_profile(wanted.customer_id)
    if customer is None or profile is None:
        raise NotFound()
    contracts = customers.contracts_of(wanted.customer_id)
    if customer.state != customers.OFFLINE or not contracts:
        raise SignUpRefused(reason="该客户未备妥签约资料或已签约 / nothing is prepared, or the customer has signed up")
    require_edition(wanted.edition, contracts.values(), wanted.limit_outward_fen, wanted.factors)
    require_limits(wanted.limit_outward_fen, wanted.day_limits, contracts, at)
    phone = customers.holdings_of(wanted.customer_id).get(wanted.phone_account, "")
    require_reserved(wanted.customer_id, list(contracts), phone)
    opening = Opening(
        wanted.customer_id,
        phone,
        wanted.edition,
        wanted.limit_outward_fen,
        wanted.factors,
        day_limits=wanted.day_limits,
    )
    prepared = require_prepared(wanted.customer_id)
    after = {
        "customer": wanted.customer_id,
        "holder": mask_name(profile.name),
        # Another form in the place of the one that was asked for shows.
        "log_in": prepared.mark,
        "accounts": "、".join(f"{mask_account(id_)} {right}" for id_, right in contracts.items()),
        "phone": mask_phone(phone),
        "edition": wanted.edition,
        "limit": decimal_text(wanted.limit_outward_fen),
        "day_limits": "、".join(f"{mask_account(id_)} {decimal_text(fen)}" for id_, fen in wanted.day_limits.items())
        or "-",
        "factors": ",".join(wanted.factors) or "-",
        "state": customers.ACTIVE,
    }

    def writes(by: People) -> list[Write]:
        slip = service.slip(profile.branch_id, vouchers.SIGNED_UP, after, by, customer_id=wanted.customer_id)
        return [*opening_writes(opening, prepared, by.maker_id, by.now), slip]

    return Plan(profile.branch_id, {"customer": wanted.customer_id, "state": customer.state}, after, writes)
