"""Open accounts for a new customer and sign up for the professional edition in one go at the counter (NB-5.2.6)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.customers import service as customers
from chalicelib.customers.commands.open_account import AccountForm, new_account_number, open_account
from chalicelib.customers.commands.open_customer import Person, enter, open_customer
from chalicelib.customers.commands.sign_up_online import OnlineForm, check, require_no_paying_card, sign_up_online
from chalicelib.customers.domain import OFFLINE, IdentityDocument
from chalicelib.customers.errors import SignUpRefused
from chalicelib.factors import service as factors
from chalicelib.identity import service as identity
from chalicelib.ledger import service as ledger
from chalicelib.limits.service import AccountLimits
from chalicelib.platform import ids
from chalicelib.staff import service as staff


@dataclass(frozen=True, slots=True)
class AccountWish:
    """An account to open and contract: `right` is `full` (may pay) or `query`; limits in fen.

    `credit` is `deferred` for those whom many pay at once (merchant, payroll). `withdrawal_password` is six digits.
    """

    kind: str
    right: str
    limits: AccountLimits
    credit: str = ledger.CREDIT_IMMEDIATE
    withdrawal_password: str | None = None


@dataclass(frozen=True, slots=True)
class SignUp:
    """The application form. `phone` is the reserved number of the contracted accounts.

    Without `document` and `birth_date` (`19900307`) the customer is one whose document is not kept here: online
    banking works, what compares documents does not.
    """

    name: str
    phone: str
    branch_id: str
    login_name: str
    password: str
    limit_outward_fen: int
    accounts: tuple[AccountWish, ...]
    push_address: str | None = None
    document: IdentityDocument | None = None
    birth_date: str = ""
    # The transaction factors chosen; a token or certificate is issued afterwards (NB-5.4.1-pro).
    factors: tuple[str, ...] = factors.AT_SIGN_UP


@dataclass(frozen=True, slots=True)
class SignedUp:
    """What the customer takes home."""

    customer_id: str
    account_ids: tuple[str, ...]


def sign_up(form: SignUp, *, teller_id: str, at: dt.datetime) -> SignedUp:
    """Enter the customer, open the accounts, contract them and give the customer a log-in; the form may be sent again.

    Opening online banking comes last, so that a half-done sign-up cannot be used: a repeat goes on with it when it
    had got as far as the log-in, else it is a new one. A repeat of a sign-up that was done answers what was done.

    Raises StaffNotEntitled unless the teller belongs to the branch; SignUpRefused for a form that does not
    hold or a log-in name that is taken; what open_customer, open_account and sign_up_online raise.
    """
    staff.require_teller(teller_id, form.branch_id)
    check(_online(form, "", [str(number) for number in range(len(form.accounts))]), form.document, at)
    require_no_paying_card([(wish.kind, wish.right) for wish in form.accounts])
    before = _signed_before(form, teller_id, at)
    if before is not None:
        return before
    customer_id = _entered(form, teller_id, at)
    # Contracts are listed in order of number, so a repeat finds the accounts in the order of the form.
    account_ids = sorted(new_account_number(form.branch_id) for _ in form.accounts)
    for wish, account_id in zip(form.accounts, account_ids, strict=True):
        account = AccountForm(wish.kind, form.phone, wish.limits, wish.credit, wish.withdrawal_password)
        open_account(customer_id, account, teller_id=teller_id, at=at, account_id=account_id)
    try:
        sign_up_online(_online(form, customer_id, account_ids), teller_id=teller_id, at=at)
    except SignUpRefused:
        # Another was faster since we looked: somebody else, or this form at another machine.
        before = _signed_before(form, teller_id, at)
        if before is None:
            raise
        return before
    return SignedUp(customer_id, tuple(account_ids))


def _signed_before(form: SignUp, teller_id: str, at: dt.datetime) -> SignedUp | None:
    """What this very form brought the customer before, or None; raises SignUpRefused for another's log-in name."""
    customer_id = identity.customer_named(form.login_name)
    customer = customers.customer_of(customer_id) if customer_id is not None else None
    if customer is None:
        return None
    contracts = customers.contracts_of(customer.customer_id)
    profile = customers.profile_of(customer.customer_id)
    is_same = (
        (profile.name, profile.phone, profile.branch_id) == (form.name, form.phone, form.branch_id)
        and profile.document == form.document
        and list(contracts.values()) == [wish.right for wish in form.accounts]
        and identity.is_password_of(customer.customer_id, form.password)
    )
    if not is_same:
        raise SignUpRefused(reason="登录名已被使用 / the login name is taken")
    if customer.state == OFFLINE:
        _finish(_online(form, customer.customer_id, list(contracts)), teller_id, at)
    return SignedUp(customer.customer_id, tuple(contracts))


def _finish(form: OnlineForm, teller_id: str, at: dt.datetime) -> None:
    """The end of a sign-up that was cut short, unless another machine has reached it by now."""
    try:
        sign_up_online(form, teller_id=teller_id, at=at)
    except SignUpRefused:
        now = customers.customer_of(form.customer_id)
        if now is None or now.state == OFFLINE:
            raise


def _entered(form: SignUp, teller_id: str, at: dt.datetime) -> str:
    """The customer's id: entered anew, or by an attempt that was cut short and left a document without log-in.

    Raises SignUpRefused when the document is somebody's who signed up, or whose data are not those of the form: what
    a customer of the counter has is signed up by `sign_up_online`, with the phone reserved for it.
    """
    if form.document is None:
        return enter(customers.Profile(ids.random_id(), form.name, form.phone, form.branch_id, None), at)
    found = customers.customer_with(form.document)
    if found is not None:
        customer, profile = customers.customer_of(found), customers.profile_of(found)
        same = (profile.name, profile.phone, profile.branch_id) == (form.name, form.phone, form.branch_id)
        if customer is None or customer.state != OFFLINE or not same:
            raise SignUpRefused(reason="该证件已有客户 / the document is a customer's already")
        return found
    person = Person(form.name, form.phone, form.branch_id, form.document, form.birth_date)
    return open_customer(person, teller_id=teller_id, at=at)


def _online(form: SignUp, customer_id: str, account_ids: list[str]) -> OnlineForm:
    return OnlineForm(
        customer_id=customer_id,
        phone=form.phone,
        login_name=form.login_name,
        password=form.password,
        rights=dict(zip(account_ids, (wish.right for wish in form.accounts), strict=True)),
        limit_outward_fen=form.limit_outward_fen,
        push_address=form.push_address,
        factors=form.factors,
    )
