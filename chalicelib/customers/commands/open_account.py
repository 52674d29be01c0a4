"""Open an account or card for a customer at the counter, with the phone reserved for it (XJ-4.2-phone)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from stdnum import luhn

from chalicelib.customers import service as customers
from chalicelib.customers.errors import SignUpRefused
from chalicelib.identity.commands.set_withdrawal_password import require_six_digits, set_withdrawal_password
from chalicelib.ledger import service as ledger
from chalicelib.limits.service import AccountLimits
from chalicelib.platform import clock, ids
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff

ACCOUNT_DIGITS = 18  # and a check digit


@dataclass(frozen=True, slots=True)
class AccountForm:
    """An account to open, limits in fen; `credit` is `deferred` for those whom many pay at once.

    `withdrawal_password` is six digits as the holder types them, None for an account that has none.
    """

    kind: str
    reserved_phone: str
    limits: AccountLimits
    credit: str = ledger.CREDIT_IMMEDIATE
    withdrawal_password: str | None = None


def open_account(
    customer_id: str, form: AccountForm, *, teller_id: str, at: dt.datetime, account_id: str | None = None
) -> str:
    """Open an account that is not signed up for online banking; its number, `account_id` if it was drawn before.

    Raises NotFound, StaffNotEntitled, TooManyAccounts, SignUpRefused for a phone that is none,
    ValueError for a withdrawal password that is not six digits.
    """
    try:
        profile = customers.profile_of(customer_id)
    except KeyError:
        raise NotFound() from None
    staff.require_teller(teller_id, profile.branch_id)
    if not customers.is_phone(form.reserved_phone):
        raise SignUpRefused(reason="预留手机号无效 / the reserved phone number is not valid")
    if form.withdrawal_password is not None:
        require_six_digits(form.withdrawal_password)
    account_id = account_id or new_account_number(profile.branch_id)
    # First: an account that nobody is known to hold would be in no list; a number without an account is in none.
    customers.add_holding(customer_id, account_id, form.reserved_phone)
    ledger.open_account(
        ledger.NewAccount(
            account_id=account_id,
            customer_id=customer_id,
            branch_id=profile.branch_id,
            holder=profile.name,
            kind=form.kind,
            right=ledger.RIGHT_HELD,
            opened_on=clock.business_date(at),
            limits=form.limits,
            credit=form.credit,
        )
    )
    if form.withdrawal_password is not None:
        set_withdrawal_password(account_id, form.withdrawal_password, teller_id=teller_id)
    return account_id


def new_account_number(branch_id: str) -> str:
    """19 digits: `90`, the branch's 4, 12 random ones, and a Luhn check digit."""
    body = "90" + branch_id[-4:].rjust(4, "0") + ids.random_digits(ACCOUNT_DIGITS - 6)
    return body + luhn.calc_check_digit(body)
