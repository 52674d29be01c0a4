"""Apply for the query password, or reset it: customer data, withdrawal password and a code by SMS (NB-5.3.2)."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.customers.commands.open_express import contract_held, opening
from chalicelib.customers.errors import PhoneChanged
from chalicelib.factors import service as factors
from chalicelib.factors.errors import FactorNotActive
from chalicelib.identity import application_store, attempts_store, sessions, store, tries
from chalicelib.identity.application_store import FIRST_ATTEMPT, Application
from chalicelib.identity.commands.personal import personal_of
from chalicelib.identity.errors import ApplicationRefused, ApplicationsExhausted, NotSignedUp
from chalicelib.identity.password_rules import check
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, passwords, queues, updates
from chalicelib.platform.queues import Message

# Read where there is no such customer, so that both are the same calls.
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Stated:
    """What the applicant states; all of it must be true."""

    name: str
    id_number: str
    phone: str
    account_id: str
    withdrawal_password: str


def apply(stated: Stated, correlation_id: str, now: dt.datetime) -> tuple[str, int]:
    """Store an application and have its code sent; its id, and for how many seconds it is valid.

    The answer is the same whether or not what was stated is true: where it is not, no code is sent and none is
    right. Nor after the parameter's number of a day: each sends a code and gives tries at it. A message lost after
    the row was written costs a new application, nothing else.
    """
    valid_s = parameters.value(parameters.SMS_CODE_VALID_S, now)
    customer_id = _customer_of(stated, now)
    # Counted either way, so that both cost the same; what is not true takes nothing from what is.
    most = parameters.value(parameters.PASSWORD_APPLICATIONS_DAY, now)
    if not application_store.count_one(customer_id or stated.account_id, now, most):
        customer_id = None
    return _sent(customer_id or "", stated.account_id, correlation_id, now, valid_s)


def apply_at_counter(customer_id: str, *, correlation_id: str, now: dt.datetime) -> tuple[str, int]:
    """The same for a signed-up customer whom a teller has before them: the code goes to the reserved phone, and the
    customer sets the password (`set_password`), so that nobody at the counter knows it.

    Raises NotSignedUp, FactorNotActive when the phone was reported lost, ApplicationsExhausted.
    """
    customer = customers.customer_of(customer_id)
    if customer is None or customer.state != customers.ACTIVE:
        raise NotSignedUp()
    if not factors.takes_codes(customer_id):
        raise FactorNotActive(factors=factors.NO_FACTOR)
    if not application_store.count_one(customer_id, now, parameters.value(parameters.PASSWORD_APPLICATIONS_DAY, now)):
        raise ApplicationsExhausted()
    # The message names an account, as the customer knows those.
    account_id = next(iter([*customers.contracts_of(customer_id), *customers.holdings_of(customer_id)]))
    valid_s = parameters.value(parameters.SMS_CODE_VALID_S, now)
    return _sent(customer_id, account_id, correlation_id, now, valid_s)


def _sent(customer_id: str, account_id: str, correlation_id: str, now: dt.datetime, valid_s: int) -> tuple[str, int]:
    """Store the application and ask for its code."""
    application = Application(
        ids.random_id(16),
        customer_id,
        account_id,
        clock.to_text(now),
        clock.to_text(now + dt.timedelta(seconds=valid_s)),
    )
    application_store.put(application, int(now.timestamp()) + valid_s)
    application_id = application.application_id
    event_id = f"{application_id}#code#{FIRST_ATTEMPT}"
    queues.send(
        "codes",
        [Message(event_id, "password.code_requested", application_id, correlation_id, {"attempt": str(FIRST_ATTEMPT)})],
    )
    return application_id, valid_s


def _customer_of(stated: Stated, now: dt.datetime) -> str | None:
    """The customer of whom everything stated is true. What is not counts and locks, per account.

    The phone must be the one that codes go to: of a customer without online banking the account's reserved one.
    """
    account = ledger.read_accounts([stated.account_id]).get(stated.account_id)
    customer_id = account.customer_id if account is not None else None
    profile = customers.find_profile(customer_id or _NOBODY)
    phone = _phone_of(customer_id or _NOBODY, stated.account_id)
    # Locks are told to whom the account belongs, whatever was stated.
    taken = tries.take(
        tries.of_withdrawal_password(profile.customer_id if profile else None, stated.account_id),
        now,
        captcha_passed=True,
    )
    stored_hash = application_store.withdrawal_hash_of(stated.account_id)
    right = passwords.matches(stored_hash if taken.allowed else None, stated.withdrawal_password)
    # Only then: who knows one thing gets no endless tries at the others.
    if right and profile is not None and phone is not None and _is_true(stated, profile, phone):
        tries.was_right(taken, now)
        return customer_id
    tries.was_wrong(taken, now)
    return None


def _is_true(stated: Stated, profile: customers.Profile, phone: str) -> bool:
    """Whether the holder is who is stated, with a document on file and a phone that takes codes."""
    known = (profile.name, profile.document.number if profile.document else "", phone)
    given = (stated.name, stated.id_number.upper(), stated.phone)
    same = [hmac.compare_digest(one.encode(), other.encode()) for one, other in zip(known, given, strict=True)]
    return all(same) and bool(known[1]) and factors.takes_codes(profile.customer_id)


def _phone_of(customer_id: str, account_id: str) -> str | None:
    """Where codes of this customer go; None when nothing of theirs can be applied for."""
    customer, profile = customers.customer_of(customer_id), customers.find_profile(customer_id)
    reserved = customers.holdings_of(customer_id).get(account_id)
    if customer is None or profile is None or customer.state not in (customers.ACTIVE, customers.OFFLINE):
        return None
    return profile.phone if customer.state == customers.ACTIVE else reserved


def set_password(application_id: str, code: str, password: str, now: dt.datetime) -> None:
    """Set the query password that was applied for; every session of the customer ends, and so does a lock.

    A try is claimed before the code is looked at. Raises ApplicationRefused for whatever is wrong with the
    application or the code; what `password_rules.check` raises only after the code was right. The password and the
    end of the sessions are one write; a lock that a crash leaves ends by time.
    """
    max_tries = parameters.value(parameters.SMS_CODE_TRIES, now)
    application = application_store.claim(application_id, clock.to_text(now), max_tries)
    if application is None:
        raise ApplicationRefused()
    try:
        factors.verify_code(code, application.digest(), FIRST_ATTEMPT, 0)
    except factors.CodeWrong:
        raise ApplicationRefused() from None
    customer_id = application.customer_id
    if not customer_id:
        raise ApplicationRefused()
    check(password, personal_of(customer_id), parameters.value(parameters.PASSWORD_MIN_LENGTH, now))
    _set(application, password, now)
    customer = customers.customer_of(customer_id)
    for subject in tries.all_of(customer) if customer else ():
        locked_until = attempts_store.read(subject).locked_until
        if locked_until:
            attempts_store.start_anew(subject, locked_until, None, now, by="reset")
        attempts_store.forget(subject)


def _set(application: Application, password: str, now: dt.datetime) -> None:
    """The password, the end of the application and of every session; who never signed up gets online banking.

    Raises ApplicationRefused when what was so at the application is not any more, TryAgain, OutcomeUnknown.
    """
    customer_id, asked_at = application.customer_id, clock.from_text(application.created_at)
    customer = customers.customer_of(customer_id)
    phone = _phone_of(customer_id, application.account_id)
    if customer is None or phone is None:
        raise ApplicationRefused()
    is_new = customer.state != customers.ACTIVE
    if is_new:
        contract_held(customer_id, phone)
    # Before there is a password they open nothing.
    for account_id in customers.contracts_of(customer_id):
        store.put_login_name(account_id, customer_id)
    has_one = store.password_hash_of(customer_id) is not None
    writes = application_store.set_password(application, passwords.hash_password(password), has_one)
    writes.append(audit.event(customer_id, audit.PASSWORD_RESET, now))
    try:
        if is_new:
            updates.run_together([*writes, *opening(customer_id, phone, asked_at, now)])
        else:
            along = sessions.Along(writes, [customers.phone_rule(asked_at)])
            sessions.end_sessions_with(along, customer_id, now=now)
    except (PhoneChanged, updates.Overtaken):
        raise ApplicationRefused() from None


def code_for(application_id: str, attempt: int, now: dt.datetime) -> tuple[str, str, str, int] | None:
    """For who sends codes: phone, account, code and valid seconds; None when none is to be sent."""
    found = application_store.read(application_id)
    if found is None or attempt != FIRST_ATTEMPT:
        return None
    application, state = found
    if (
        not application.customer_id
        or state != application_store.AWAITING
        or application.valid_until <= clock.to_text(now)
    ):
        return None
    profile = customers.profile_of(application.customer_id)
    phone = _phone_of(application.customer_id, application.account_id)
    if phone is None or not profile.takes_code(clock.from_text(application.created_at)):
        return None
    valid_for = clock.from_text(application.valid_until) - clock.from_text(application.created_at)
    code = factors.confirmation_code(application.digest(), FIRST_ATTEMPT)
    return phone, application.account_id, code, int(valid_for.total_seconds())
