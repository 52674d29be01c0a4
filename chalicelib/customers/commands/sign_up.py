"""Sign up a customer for the professional edition at the counter (NB-5.2.6, NB-5.4.1-pro, XJ-4.2-phone)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from stdnum import luhn

from chalicelib.customers import service as customers
from chalicelib.customers.errors import SignUpRefused
from chalicelib.identity import service as identity
from chalicelib.ledger import service as ledger
from chalicelib.limits.service import AccountLimits
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids
from chalicelib.staff import service as staff

ACCOUNT_DIGITS = 18  # and a check digit


@dataclass(frozen=True, slots=True)
class AccountWish:
    """An account to open and contract: `right` is `full` (may pay) or `query`; limits in fen.

    `credit` is `deferred` for those whom many pay at once (merchant, payroll).
    """

    kind: str
    right: str
    limits: AccountLimits
    credit: str = ledger.CREDIT_IMMEDIATE


@dataclass(frozen=True, slots=True)
class SignUp:
    """The application form. `phone` is the reserved number of the contracted accounts."""

    name: str
    phone: str
    branch_id: str
    login_name: str
    password: str
    limit_outward_fen: int
    accounts: tuple[AccountWish, ...]
    push_address: str | None = None


@dataclass(frozen=True, slots=True)
class SignedUp:
    """What the customer takes home."""

    customer_id: str
    account_ids: tuple[str, ...]


def sign_up(form: SignUp, *, teller_id: str, at: dt.datetime) -> SignedUp:
    """Open the accounts, contract them and give the customer a log-in.

    Raises StaffNotEntitled unless the teller belongs to the branch; SignUpRefused for a form that does not
    hold or a log-in name that is taken. The log-in comes last, so that a half-done sign-up cannot be used.
    """
    staff.require_teller(teller_id, form.branch_id)
    _check(form)
    if identity.customer_named(form.login_name) is not None:
        raise SignUpRefused(reason="登录名已被使用 / the login name is taken")
    customer_id = ids.random_id()
    customers.add_customer(
        customer_id,
        limit_outward_fen=form.limit_outward_fen,
        limit_nocert_fen=parameters.value(parameters.NO_CERTIFICATE_DAY_FEN, at),
    )
    customers.add_profile(customers.Profile(customer_id, form.name, form.phone, form.branch_id, form.push_address))
    account_ids = tuple(_open(form, wish, customer_id, at) for wish in form.accounts)
    identity.register(customer_id, [form.login_name, *account_ids], form.password)
    return SignedUp(customer_id, account_ids)


def _check(form: SignUp) -> None:
    if not customers.is_phone(form.phone):
        raise SignUpRefused(reason="预留手机号无效 / the reserved phone number is not valid")
    if not customers.is_login_name(form.login_name):
        raise SignUpRefused(reason="登录名无效 / the login name is not valid")
    if not form.accounts:
        raise SignUpRefused(reason="至少签约一个账户 / at least one account must be contracted")
    if form.limit_outward_fen < 0:
        raise SignUpRefused(reason="每日对外转账限额无效 / the daily outward limit is not valid")


def _open(form: SignUp, wish: AccountWish, customer_id: str, at: dt.datetime) -> str:
    account_id = new_account_number(form.branch_id)
    ledger.open_account(
        ledger.NewAccount(
            account_id=account_id,
            customer_id=customer_id,
            branch_id=form.branch_id,
            holder=form.name,
            kind=wish.kind,
            right=wish.right,
            opened_on=clock.business_date(at),
            limits=wish.limits,
            credit=wish.credit,
        )
    )
    customers.add_contract(customer_id, account_id, wish.right)
    return account_id


def new_account_number(branch_id: str) -> str:
    """19 digits: `90`, the branch's 4, 12 random ones, and a Luhn check digit."""
    body = "90" + branch_id[-4:].rjust(4, "0") + ids.random_digits(ACCOUNT_DIGITS - 6)
    return body + luhn.calc_check_digit(body)
