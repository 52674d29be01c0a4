"""Sign up a customer of the counter for online banking (NB-5.2.6, NB-5.4.1-pro, XJ-3.3, XJ-4.2-phone)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from chalicelib.audit import service as audit
from chalicelib.customers import domain, store
from chalicelib.customers import service as customers
from chalicelib.customers.commands.contract_account import contract_account, end_of_contract
from chalicelib.customers.domain import CREDIT_CARD, EDITIONS, NO_EDITION, OFFLINE, PROFESSIONAL
from chalicelib.customers.errors import NoSettlementAccount, PhoneNotReserved, SignUpRefused
from chalicelib.factors import service as factors
from chalicelib.factors.commands import enrol
from chalicelib.identity import service as identity
from chalicelib.identity.commands.prepare_log_in import PreparedLogIn, prepare_log_in, prepared_log_in
from chalicelib.ledger import service as ledger
from chalicelib.limits import service as limits
from chalicelib.platform import clock, transactions
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, n, s, to_raw
from chalicelib.platform.errors import NotFound, TryAgain
from chalicelib.staff import service as staff


@dataclass(frozen=True, slots=True)
class OnlineForm:
    """The application; `rights` are the accounts to contract: number -> `full` (may pay) or `query`.

    `phone` is where codes will go. Editions other than the professional one look only: no `full`, no limit.
    """

    customer_id: str
    phone: str
    login_name: str
    password: str
    rights: Mapping[str, str]
    limit_outward_fen: int
    edition: str = PROFESSIONAL
    push_address: str | None = None
    # The transaction factors chosen; a token or certificate is issued afterwards (NB-5.4.1-pro).
    factors: tuple[str, ...] = factors.AT_SIGN_UP
    # What an account may pay outward a day, in fen; one that is not named keeps the limit it was opened with.
    day_limits: Mapping[str, int] = field(default_factory=dict)


def sign_up_online(form: OnlineForm, *, teller_id: str, at: dt.datetime) -> None:
    """Contract the accounts, give the customer a log-in and, last, open online banking.

    At a counter the last step is another person's approval (`prepare_online`, `opening_writes`).

    Raises NotFound, StaffNotEntitled, SignUpRefused (form, log-in name, signed up before), NoSettlementAccount
    unless one of the accounts is a settlement account in good standing (for the credit-card edition: a card),
    PhoneNotReserved unless the phone is reserved for each of them, what `identity.check_password` raises for a weak
    password. Until the last step no log-in is served, so a half-done sign-up cannot be used, and it can be done again.
    """
    prepare_online(form, teller_id=teller_id, at=at)
    prepared = require_prepared(form.customer_id)
    if not transactions.commit(opening_writes(Opening.of(form), prepared, teller_id, at)):
        raise SignUpRefused(reason="该客户已签约或已注销 / the customer has signed up before")


def prepare_online(form: OnlineForm, *, teller_id: str, at: dt.datetime) -> None:
    """All but the last step: the same form again does no harm, another takes its place.

    Raises what `sign_up_online` raises.
    """
    try:
        profile = customers.profile_of(form.customer_id)
    except KeyError:
        raise NotFound() from None
    staff.require_teller(teller_id, profile.branch_id)
    check(form, profile.document, at)
    customer = customers.customer_of(form.customer_id)
    if customer is None or customer.state != OFFLINE:
        raise SignUpRefused(reason="该客户已签约或已注销 / the customer has signed up before")
    require_standing(form.customer_id, form.rights, form.edition)
    require_reserved(form.customer_id, list(form.rights), form.phone)
    if identity.customer_named(form.login_name) not in (None, form.customer_id):
        raise SignUpRefused(reason="登录名已被使用 / the login name is taken")
    for account_id, right in form.rights.items():
        contract_account(form.customer_id, account_id, right)
    may = customers.customer_update(form.customer_id).require(domain.standing_rule(OFFLINE, NO_EDITION))
    if not prepare_log_in(form.customer_id, form.login_name, form.rights, form.password, may=may):
        raise SignUpRefused(reason="登录名已被使用 / the login name is taken")
    # Last, so that the names of accounts that an earlier form contracted are released with its log-in.
    for account_id in customers.contracts_of(form.customer_id).keys() - form.rights.keys():
        _end_contract(form.customer_id, account_id)


def _end_contract(customer_id: str, account_id: str) -> None:
    """Take back what an earlier form contracted, while online banking is not open; done twice it is done once."""
    may = customers.customer_update(customer_id).require(domain.standing_rule(OFFLINE, NO_EDITION))
    contract = store.contract_delete(customer_id, account_id)
    if not transactions.commit([contract, *end_of_contract(customer_id, account_id), may]):
        raise TryAgain()


def require_prepared(customer_id: str) -> PreparedLogIn:
    """The log-in that waits for the opening. Raises SignUpRefused where none does."""
    prepared = prepared_log_in(customer_id)
    if prepared is None:
        raise SignUpRefused(reason="该客户未备妥签约资料 / nothing is prepared for the customer")
    return prepared


def check(form: OnlineForm, document: domain.IdentityDocument | None, at: dt.datetime) -> None:
    """Raise SignUpRefused for a form that does not hold, LimitAboveCeiling, what `identity.check_password` raises for
    its password.
    """
    if not customers.is_phone(form.phone):
        raise SignUpRefused(reason="预留手机号无效 / the reserved phone number is not valid")
    if not customers.is_login_name(form.login_name):
        raise SignUpRefused(reason="登录名无效 / the login name is not valid")
    if not form.rights:
        raise SignUpRefused(reason="至少签约一个账户 / at least one account must be contracted")
    require_edition(form.edition, form.rights.values(), form.limit_outward_fen, form.factors)
    require_limits(form.limit_outward_fen, form.day_limits, form.rights, at)
    id_number = document.number if document else None
    identity.check_password(form.password, phone=form.phone, id_number=id_number, login_name=form.login_name)


def require_edition(edition: str, rights: Collection[str], limit_outward_fen: int, chosen: Collection[str]) -> None:
    """Raise SignUpRefused for an edition that does not go with rights, limit and transaction factors (NB-5.3.7)."""
    if limit_outward_fen < 0:
        raise SignUpRefused(reason="每日对外转账限额无效 / the daily outward limit is not valid")
    if edition not in EDITIONS or not set(rights) <= {ledger.RIGHT_FULL, ledger.RIGHT_QUERY}:
        raise SignUpRefused(reason="版本或账户权限无效 / the edition or a right is not valid")
    if not set(chosen) <= set(factors.AT_SIGN_UP) or (edition == PROFESSIONAL and not chosen):
        raise SignUpRefused(reason="须至少选择一种交易认证方式 / a transaction factor must be chosen")
    if edition != PROFESSIONAL and (limit_outward_fen or ledger.RIGHT_FULL in rights):
        raise SignUpRefused(reason="仅专业版可以转账 / only the professional edition may pay")


def require_limits(
    limit_outward_fen: int, day_limits: Mapping[str, int], rights: Mapping[str, str], at: dt.datetime
) -> None:
    """Raise SignUpRefused for a limit of an account that is not contracted to pay, LimitAboveCeiling at `at`."""
    if any(rights.get(account_id) != ledger.RIGHT_FULL for account_id in day_limits):
        raise SignUpRefused(reason="账户日限额仅适用于签约转账的账户 / a daily limit is of an account that may pay")
    limits.require_ceilings({"limit_outward": limit_outward_fen}, at)
    for day_fen in day_limits.values():
        limits.require_ceilings({"limit_day": day_fen}, at)


def require_no_paying_card(kinds_and_rights: Iterable[tuple[str, str]]) -> None:
    """Raise SignUpRefused when a credit card would be contracted to pay (NB-5.4.1-card)."""
    if (CREDIT_CARD, ledger.RIGHT_FULL) in kinds_and_rights:
        raise SignUpRefused(reason="信用卡不能签约转账 / a credit card cannot be signed up for transfers")


def require_standing(customer_id: str, rights: Mapping[str, str], edition: str) -> None:
    """Raise NotFound for an account the customer does not hold, NoSettlementAccount as `sign_up_online` says.

    Raises SignUpRefused for a credit card that would pay.
    """
    found = ledger.read_accounts(list(rights))
    if any(id_ not in found or found[id_].customer_id != customer_id for id_ in rights):
        raise NotFound()
    open_kinds = [account.kind for account in found.values() if account.state == ledger.OPEN]
    fits = CREDIT_CARD in open_kinds if edition == CREDIT_CARD else any(map(domain.is_settlement, open_kinds))
    if not fits:
        raise NoSettlementAccount()
    require_no_paying_card([(found[id_].kind, right) for id_, right in rights.items()])


def require_reserved(customer_id: str, account_ids: list[str], phone: str) -> None:
    """Raise PhoneNotReserved unless the phone is the reserved one of each of these accounts (XJ-4.2-phone)."""
    reserved = customers.holdings_of(customer_id)
    if any(reserved.get(account_id) != phone for account_id in account_ids):
        raise PhoneNotReserved()


@dataclass(frozen=True, slots=True)
class Opening:
    """The last step of a sign-up: what opens online banking, and holds no password."""

    customer_id: str
    phone: str
    edition: str
    limit_outward_fen: int
    factors: tuple[str, ...]
    push_address: str | None = None
    day_limits: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, form: OnlineForm) -> Opening:
        """What a form asks for."""
        return cls(
            form.customer_id,
            form.phone,
            form.edition,
            form.limit_outward_fen,
            form.factors,
            form.push_address,
            form.day_limits,
        )


def opening_writes(
    wanted: Opening, prepared: PreparedLogIn, teller_id: str, at: dt.datetime
) -> list[ItemPut | ItemUpdate]:
    """Record, profile and log in one write, if the customer has not signed up meanwhile and the log-in is this one."""
    # Whoever only looks confirms nothing; the phone is there for an upgrade.
    chosen = enrol.enrol_at_sign_up(wanted.customer_id, wanted.factors, at)
    record = customers.customer_update(wanted.customer_id).require(domain.standing_rule(OFFLINE, NO_EDITION))
    record.set(
        "#state = :active, #edition = :edition, #limit_outward = :limit_outward, #factors = :factors",
        active=s(domain.ACTIVE),
        edition=s(wanted.edition),
        limit_outward=n(wanted.limit_outward_fen),
        factors={"M": to_raw(chosen)},
    )
    profile = store.profile_update(wanted.customer_id).set("#phone = :phone", phone=s(wanted.phone))
    if wanted.push_address is not None:
        profile.set("#push_address = :push", push=s(wanted.push_address))
    domain.note_edition(profile, NO_EDITION, wanted.edition, teller_id, at)
    event = audit.event(wanted.customer_id, audit.SIGNED_UP, at, edition=wanted.edition, by=teller_id)
    return [record, profile, prepared.unchanged, event, *_account_limits(wanted, at)]


def _account_limits(wanted: Opening, at: dt.datetime) -> list[ItemUpdate]:
    """The daily limits of accounts; what was used of them today stays used."""
    found = ledger.read_accounts(list(wanted.day_limits))
    updates = []
    for account_id, day_fen in wanted.day_limits.items():
        image = found[account_id].image
        changes = limits.changed_limits(image, {"limit_day": day_fen})
        update = ledger.account_update(account_id, payee=False)
        updates.append(limits.move_limits(update, image, changes, clock.business_date(at)))
    return updates
