"""Upgrade, downgrade and end online banking at the counter, with the history of editions (NB-5.4.1-up, -pro)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.customers import domain, store
from chalicelib.customers import service as customers
from chalicelib.customers.commands.contract_account import contract_account, end_of_contract
from chalicelib.customers.commands.sign_up_online import require_reserved, require_standing
from chalicelib.customers.domain import ACTIVE, CLOSED, NO_EDITION, PROFESSIONAL
from chalicelib.customers.errors import EditionChangeRefused, SignUpRefused
from chalicelib.factors import service as factors
from chalicelib.factors.commands import enrol
from chalicelib.ledger import service as ledger
from chalicelib.limits.commands.change_limits import change_customer_limits
from chalicelib.platform import transactions
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, s
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The application: the factor chosen, the daily outward limit in fen, accounts -> `full` or `query`.

    `factor` is `sms`, or the method of a token or certificate that was issued before.
    """

    customer_id: str
    factor: str
    limit_outward_fen: int
    rights: Mapping[str, str]


def upgrade(form: Upgrade, *, teller_id: str, at: dt.datetime) -> None:
    """From the express or credit-card edition to the professional one.

    Sessions that are open keep the edition they began with. Raises NotFound, StaffNotEntitled,
    EditionChangeRefused (not signed up, or professional already), SignUpRefused for a form that does not hold,
    NoSettlementAccount, PhoneNotReserved, AccountNotInGoodStanding, TooManyAccounts.
    """
    customer, profile = _at_counter(form.customer_id, teller_id)
    if customer.state != ACTIVE or customer.edition == PROFESSIONAL:
        raise EditionChangeRefused(state=customer.state, edition=customer.edition)
    if not form.rights or form.limit_outward_fen < 0:
        raise SignUpRefused(reason="须选定账户与每日限额 / accounts and a daily limit are needed")
    if not set(form.rights.values()) <= {ledger.RIGHT_FULL, ledger.RIGHT_QUERY}:
        raise SignUpRefused(reason="账户权限无效 / a right is not valid")
    require_standing(form.customer_id, form.rights, PROFESSIONAL)
    require_reserved(form.customer_id, list(form.rights), profile.phone)
    record = customers.customer_update(form.customer_id)
    enrolled = _hold(record, form, at)
    # Both before the edition: until that is written neither matters, as no other edition pays.
    change_customer_limits(form.customer_id, {"limit_outward": form.limit_outward_fen}, may_raise=True)
    for account_id, right in form.rights.items():
        contract_account(form.customer_id, account_id, right)
    _change(customer, ACTIVE, PROFESSIONAL, record, enrolled, teller_id=teller_id, at=at)


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


def downgrade(customer_id: str, edition: str, *, teller_id: str, at: dt.datetime) -> None:
    """From the professional edition to one that looks only: from that moment no session pays.

    Raises NotFound, StaffNotEntitled, EditionChangeRefused.
    """
    customer, _ = _at_counter(customer_id, teller_id)
    if customer.state != ACTIVE or customer.edition != PROFESSIONAL or edition not in domain.EDITIONS:
        raise EditionChangeRefused(state=customer.state, edition=customer.edition)
    if edition == PROFESSIONAL:
        raise EditionChangeRefused(state=customer.state, edition=customer.edition)
    _change(customer, ACTIVE, edition, customers.customer_update(customer_id), [], teller_id=teller_id, at=at)


def close_online(customer_id: str, *, teller_id: str, at: dt.datetime) -> None:
    """End online banking (注销): no log-in, every session ends at once, no contract stays. Final.

    Done again it finishes what a crash left. Raises NotFound, StaffNotEntitled, EditionChangeRefused for one
    who never signed up.
    """
    customer, _ = _at_counter(customer_id, teller_id)
    if customer.state == domain.OFFLINE:
        raise EditionChangeRefused(state=customer.state, edition=customer.edition)
    if customer.state != CLOSED:
        _change(customer, CLOSED, NO_EDITION, customers.customer_update(customer_id), [], teller_id=teller_id, at=at)
    for account_id in customers.contracts_of(customer_id):
        contract = store.contract_delete(customer_id, account_id)
        transactions.commit([contract, *end_of_contract(customer_id, account_id)])


def _at_counter(customer_id: str, teller_id: str) -> tuple[customers.Customer, customers.Profile]:
    customer = customers.customer_of(customer_id)
    try:
        profile = customers.profile_of(customer_id)
    except KeyError:
        raise NotFound() from None
    staff.require_teller(teller_id, profile.branch_id)
    if customer is None:
        raise NotFound()
    return customer, profile


def _change(
    customer: customers.Customer,
    state: str,
    edition: str,
    record: ItemUpdate,
    more: Sequence[ItemPut],
    *,
    teller_id: str,
    at: dt.datetime,
) -> None:
    """Record, history and log in one write with `more`, if the record still is as it was read."""
    profile = store.profile_update(customer.customer_id)
    record.require(domain.standing_rule(customer.state, customer.edition))
    # One who is closed keeps the last edition on the record, so that a payment is refused for the closing.
    kept = customer.edition if state == CLOSED else edition
    record.set("#state = :new_state, #edition = :new_edition", new_state=s(state), new_edition=s(kept))
    domain.note_edition(profile, customer.edition, edition, teller_id, at)
    kind = audit.ONLINE_CLOSED if state == CLOSED else audit.EDITION_CHANGED
    facts = {"before": customer.edition, "after": edition, "by": teller_id}
    writes: list[ItemPut | ItemUpdate] = [record, profile, audit.event(customer.customer_id, kind, at, **facts), *more]
    if not transactions.commit(writes):
        raise EditionChangeRefused(state=customer.state, edition=customer.edition)
