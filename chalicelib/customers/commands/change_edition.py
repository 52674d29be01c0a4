"""Upgrade, downgrade and end online banking at the counter, with the history of editions (NB-5.4.1-up, -pro).

Each is planned here, and carried out by the approval of a second person (`counter.commands.change_customer`): one write
of record, profile, contracts, factor and log, under the condition that the record is as it was read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.customers import domain, store
from chalicelib.customers import service as customers
from chalicelib.customers.commands.contract_account import contract_writes, less_contracts, right_ended
from chalicelib.customers.commands.sign_up_online import require_reserved, require_standing
from chalicelib.customers.domain import ACTIVE, CLOSED, NO_EDITION, PROFESSIONAL
from chalicelib.customers.errors import EditionChangeRefused, SignUpRefused
from chalicelib.factors import service as factors
from chalicelib.factors.commands import enrol
from chalicelib.ledger import service as ledger
from chalicelib.limits import service as limits
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s
from chalicelib.platform.errors import NotFound
from chalicelib.platform.masking import mask_account
from chalicelib.platform.money import decimal_text
from chalicelib.staff import service as staff

Write = ItemPut | ItemUpdate
# Contracts are two items each of one write, which holds a hundred with what is beside them.
MAX_AT_ONCE = 40
_LIMIT = "limit_outward"


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The application: the factor chosen, the daily outward limit in fen, accounts -> `full` or `query`.

    `factor` is `sms`, or the method of a token or certificate that was issued before.
    """

    customer_id: str
    factor: str
    limit_outward_fen: int
    rights: Mapping[str, str]


def plan_upgrade(form: Upgrade, now: dt.datetime) -> customers.Change:
    """From the express or credit-card edition to the professional one.

    Sessions that are open keep the edition they began with. Raises NotFound, EditionChangeRefused (not signed up, or
    professional already), SignUpRefused for a form that does not hold, LimitAboveCeiling, NoSettlementAccount,
    PhoneNotReserved, FactorNotActive. Its write refuses AccountNotInGoodStanding, TooManyAccounts.
    """
    customer, profile = _at_counter(form.customer_id)
    if customer.state != ACTIVE or customer.edition == PROFESSIONAL:
        raise EditionChangeRefused(state=customer.state, edition=customer.edition)
    if not form.rights or form.limit_outward_fen < 0:
        raise SignUpRefused(reason="须选定账户与每日限额 / accounts and a daily limit are needed")
    if len(form.rights) > MAX_AT_ONCE:
        raise SignUpRefused(reason=f"一次最多签约 {MAX_AT_ONCE} 个账户 / {MAX_AT_ONCE} accounts at once at most")
    if not set(form.rights.values()) <= {ledger.RIGHT_FULL, ledger.RIGHT_QUERY}:
        raise SignUpRefused(reason="账户权限无效 / a right is not valid")
    limits.require_ceilings({_LIMIT: form.limit_outward_fen}, now)
    require_standing(form.customer_id, form.rights, PROFESSIONAL)
    require_reserved(form.customer_id, list(form.rights), profile.phone)
    _hold(customers.customer_update(form.customer_id), form, now)
    contracts = customers.contracts_of(form.customer_id)

    def writes(by: str, at: dt.datetime) -> list[Write]:
        record = customers.customer_update(form.customer_id)
        enrolled = _hold(record, form, at)
        raised = limits.changed_limits(customer.image, {_LIMIT: form.limit_outward_fen})
        limits.move_limits(record, customer.image, raised, clock.business_date(at))
        update = store.profile_update(form.customer_id)
        contracted = contract_writes(form.customer_id, form.rights, contracts, update)
        limit = decimal_text(form.limit_outward_fen)
        changed = _change(customer, ACTIVE, PROFESSIONAL, record, update, by=by, at=at, day_outward=limit)
        return [*changed, *contracted, *enrolled]

    known = {"edition": customer.edition, "limit": decimal_text(limits.limit_of(customer.image, _LIMIT))}
    after = {
        "edition": PROFESSIONAL,
        "limit": decimal_text(form.limit_outward_fen),
        "factor": form.factor,
        "accounts": "、".join(f"{mask_account(account_id)} {right}" for account_id, right in form.rights.items()),
    }
    return customers.Change(profile, known, after, writes)


def _hold(record: ItemUpdate, form: Upgrade, at: dt.datetime) -> list[ItemPut]:
    """What makes the customer hold the factor chosen (NB-5.3.7); the write refuses one that stops meanwhile.

    Raises SignUpRefused for one that is not held and cannot be had here, FactorNotActive for codes reported lost.
    """
    if form.factor == factors.SMS:
        return enrol.enrol_codes(record, form.customer_id, at)
    for row in factors.factors_of(form.customer_id):
        if row.method == form.factor and factors.state_at(row, at) == factors.ACTIVE:
            record.require(factors.active_rule(row.factor_id))
            return []
    raise SignUpRefused(reason="须选定已持有的认证工具或短信验证码 / choose SMS codes or a factor that is held")


def plan_downgrade(customer_id: str, edition: str) -> customers.Change:
    """From the professional edition to one that looks only: from that moment no session pays.

    Raises NotFound, EditionChangeRefused.
    """
    customer, profile = _at_counter(customer_id)
    if customer.state != ACTIVE or customer.edition != PROFESSIONAL or edition not in domain.EDITIONS:
        raise EditionChangeRefused(state=customer.state, edition=customer.edition)
    if edition == PROFESSIONAL:
        raise EditionChangeRefused(state=customer.state, edition=customer.edition)

    def writes(by: str, at: dt.datetime) -> list[Write]:
        record, update = customers.customer_update(customer_id), store.profile_update(customer_id)
        return _change(customer, ACTIVE, edition, record, update, by=by, at=at)

    return customers.Change(profile, {"edition": customer.edition}, {"edition": edition}, writes)


def plan_closing(customer_id: str) -> customers.Change:
    """End online banking (注销): no log-in, every session ends at once, no contract stays. Final.

    Of more than MAX_AT_ONCE contracts the rest stays listed, without effect, until it is done again. Raises NotFound,
    EditionChangeRefused for one who never signed up.
    """
    customer, profile = _at_counter(customer_id)
    contracts = list(customers.contracts_of(customer_id))
    ended = contracts[:MAX_AT_ONCE]
    if customer.state == domain.OFFLINE:
        raise EditionChangeRefused(state=customer.state, edition=customer.edition)

    def writes(by: str, at: dt.datetime) -> list[Write]:
        record, update = customers.customer_update(customer_id), store.profile_update(customer_id)
        done: list[Write] = []
        if customer.state == CLOSED:
            done.append(update)
        else:
            done += _change(customer, CLOSED, NO_EDITION, record, update, by=by, at=at)
        if ended:
            less_contracts(update, len(ended))
        for account_id in ended:
            done += [store.contract_delete(customer_id, account_id), right_ended(account_id)]
        return done

    edition = NO_EDITION if customer.state == CLOSED else customer.edition
    known = {"edition": edition, "state": customer.state, "contracts": str(len(contracts))}
    after = {"edition": NO_EDITION, "state": CLOSED, "contracts": str(len(contracts) - len(ended))}
    return customers.Change(profile, known, after, writes)


def upgrade(form: Upgrade, *, teller_id: str, at: dt.datetime) -> None:
    """`plan_upgrade` by one teller alone. Raises StaffNotEntitled, what the plan and its write refuse."""
    _alone(plan_upgrade(form, at), teller_id, at)


def downgrade(customer_id: str, edition: str, *, teller_id: str, at: dt.datetime) -> None:
    """`plan_downgrade` by one teller alone."""
    _alone(plan_downgrade(customer_id, edition), teller_id, at)


def close_online(customer_id: str, *, teller_id: str, at: dt.datetime) -> None:
    """`plan_closing` by one teller alone."""
    _alone(plan_closing(customer_id), teller_id, at)


def _alone(change: customers.Change, teller_id: str, at: dt.datetime) -> None:
    staff.require_teller(teller_id, change.profile.branch_id)
    updates.together(change.writes(teller_id, at))


def _at_counter(customer_id: str) -> tuple[customers.Customer, customers.Profile]:
    customer, profile = customers.customer_of(customer_id), customers.find_profile(customer_id)
    if customer is None or profile is None:
        raise NotFound()
    return customer, profile


def _change(
    customer: customers.Customer,
    state: str,
    edition: str,
    record: ItemUpdate,
    profile: ItemUpdate,
    *,
    by: str,
    at: dt.datetime,
    **facts: str,
) -> list[Write]:
    """Record, history and log as parts of one write, if the record still is as it was read."""
    record.require(domain.standing_rule(customer.state, customer.edition))
    # One who is closed keeps the last edition on the record, so that a payment is refused for the closing.
    kept = customer.edition if state == CLOSED else edition
    record.set("#state = :new_state, #edition = :new_edition", new_state=s(state), new_edition=s(kept))
    domain.note_edition(profile, customer.edition, edition, by, at)
    kind = audit.ONLINE_CLOSED if state == CLOSED else audit.EDITION_CHANGED
    event = audit.event(customer.customer_id, kind, at, before=customer.edition, after=edition, by=by, **facts)
    return [record, profile, event]
