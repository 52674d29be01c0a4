"""The electronic payment password (电子支付密码) of an account: express edition only (NB-5.3.3-epay)."""

from __future__ import annotations

import datetime as dt

from chalicelib.accounts import service as accounts
from chalicelib.audit import service as audit
from chalicelib.entitlements import service as entitlements
from chalicelib.identity import application_store, attempts_store, service, tries
from chalicelib.identity.commands.personal import personal_of
from chalicelib.identity.errors import OldPasswordWrong, PaymentPasswordWrong
from chalicelib.identity.password_rules import check_digits
from chalicelib.platform import passwords, updates
from chalicelib.platform.callers import Caller


def set_payment_password(caller: Caller, account_id: str, query_password: str, new: str, now: dt.datetime) -> None:
    """Set or reset the payment password of one of the caller's accounts; ends its lock.

    Raises NotFound, EditionNotEntitled; OldPasswordWrong for a wrong query password, which counts as a log-in's;
    what `password_rules.check_digits` raises; TryAgain, OutcomeUnknown. The two passwords always differ: a query
    password is longer than six digits.
    """
    accounts.account_for(caller, entitlements.PAYMENT_PASSWORD_MANAGE, account_id)
    if service.checked_password(caller, query_password, now) is None:
        raise OldPasswordWrong()
    check_digits(new, personal_of(caller.customer_id))
    noted = audit.event(caller.customer_id, audit.PAYMENT_PASSWORD_SET, now, session_id=caller.session_id)
    updates.together([application_store.payment_hash_write(account_id, passwords.hash_password(new)), noted])
    attempts_store.forget(tries.of_payment_password(caller.customer_id, account_id))


def verify_payment_password(caller: Caller, account_id: str, given: str, now: dt.datetime) -> None:
    """Raise PaymentPasswordWrong unless `given` is the account's payment password: wrong, locked and none look alike.

    Each account has its own tries and its own lock, of which the owner is told. Raises NotFound,
    EditionNotEntitled before any try is taken; TryAgain.
    """
    accounts.account_for(caller, entitlements.PAYMENT_PASSWORD_MANAGE, account_id)
    taken = tries.take(tries.of_payment_password(caller.customer_id, account_id), now, captcha_passed=True)
    stored_hash = application_store.payment_hash_of(account_id)
    if not passwords.matches(stored_hash if taken.allowed else None, given):
        tries.was_wrong(taken, now)
        raise PaymentPasswordWrong()
    tries.was_right(taken, now)
