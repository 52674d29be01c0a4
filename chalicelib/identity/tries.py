"""Count tries at a password, ask for a captcha, lock (XJ-4.2-pw).

A try is taken before the password is looked at, and told what came of it: so guesses that run at once get no more
than the parameters allow, and a right password waits for those under way instead of being taken for one of many
guesses. A try whose machine died counts as a wrong one as soon as it cannot be under way any more.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.audit import service as audit
from chalicelib.customers.service import Customer
from chalicelib.identity import attempts_store
from chalicelib.identity.attempts_store import Claim, Count, Subject
from chalicelib.identity.errors import CaptchaRequired
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, keyed
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import TryAgain
from chalicelib.platform.masking import mask_account

# A request is over after 29 seconds (the API function's time-out, infra/overlay.yaml), whatever became of it.
UNDER_WAY_S = 30
# A password is looked at in a fraction of a second: so long a try waits for those under way.
WAIT_S = 3
_PAUSE = dt.timedelta(milliseconds=100)
_MAX_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Try:
    """A try that was taken. Where it is not `allowed`, it is locked: whatever was given counts as wrong."""

    subject: Subject
    claim: Claim
    allowed: bool


def of_log_in(customer_id: str) -> Subject:
    """A customer's log-in by whatever name, without a device or on one that is not bound."""
    return Subject(customer_id, customer_id)


def of_device(customer_id: str, device_id: str) -> Subject:
    """A customer's log-in on a bound device, whose key was proved: no stranger's tries count here, nor these there."""
    return Subject(f"device#{device_id}", customer_id, audit.DEVICE_LOCKED, audit.DEVICE_UNLOCKED, device_id)


def of_session(caller: Caller) -> Subject:
    """The query password, asked for in a session: on a bound device that device's tries, else the log-in's."""
    if caller.device_id is not None:
        return of_device(caller.customer_id, caller.device_id)
    return of_log_in(caller.customer_id)


def all_of(customer: Customer) -> list[Subject]:
    """All that a customer's query password is tried at: the log-in, and each bound device."""
    devices = [of_device(customer.customer_id, device_id) for device_id in customer.devices]
    return [of_log_in(customer.customer_id), *devices]


def of_nobody(name: str) -> Subject:
    """A name that nobody has, kept as a keyed hash, as people mistype passwords into it."""
    return Subject("name#" + keyed.keyed_hash("log-in name", name).hex(), None)


def of_counter_password(owner_id: str, account_id: str) -> Subject:
    """The withdrawal password of an account, at a counter."""
    return Subject(
        f"counter#{account_id}",
        owner_id,
        audit.CASH_PASSWORD_LOCKED,
        audit.CASH_PASSWORD_UNLOCKED,
        facts={"account": mask_account(account_id)},
    )


def of_payment_password(customer_id: str, account_id: str) -> Subject:
    """The payment password of a customer's account."""
    return Subject(
        f"payment#{account_id}",
        customer_id,
        audit.PAYMENT_PASSWORD_LOCKED,
        audit.PAYMENT_PASSWORD_UNLOCKED,
        facts={"account": mask_account(account_id)},
    )


def of_withdrawal_password(owner_id: str | None, account_id: str) -> Subject:
    """The withdrawal password of an account, at an application; None for the owner of an account that nobody has."""
    return Subject(
        f"withdrawal#{account_id}",
        owner_id,
        audit.WITHDRAWAL_PASSWORD_LOCKED,
        audit.WITHDRAWAL_PASSWORD_UNLOCKED,
        facts={"account": mask_account(account_id)},
    )


def of_staff(number: str, staff_id: str | None) -> Subject:
    """The log-in by a staff number, kept as a keyed hash as people mistype passwords into it; None for nobody's."""
    return Subject(
        "staff#" + keyed.keyed_hash("staff number", number).hex(),
        None,
        staff_id=staff_id,
        most=parameters.STAFF_LOGIN_TRIES,
        lock_s=parameters.STAFF_LOGIN_LOCK_S,
    )


def take(subject: Subject, now: dt.datetime, *, captcha_passed: bool) -> Try:
    """Take a try; `was_right` or `was_wrong` says what came of it.

    Raises CaptchaRequired when one is due; TryAgain when tries under way are all that stands in between, and they
    were not over within WAIT_S. Once a lock's time has passed, counting starts anew. Also locks where dead machines,
    or a policy lowered below what is counted, left tries over the number without a lock.
    """
    max_tries = parameters.value(subject.most, now)
    free_tries = parameters.value(parameters.CAPTCHA_AFTER, now)
    now_s = int(now.timestamp())
    asks = not captcha_passed and free_tries < max_tries
    give_up_at = clock.monotonic() + WAIT_S
    for _ in range(_MAX_ROUNDS):
        claim = attempts_store.claim(subject, free_tries if asks else max_tries, now_s, also_locked=not asks)
        if claim is not None:
            locked_until = claim.count.locked_until
            if locked_until == 0 or locked_until > now_s:
                return Try(subject, claim, locked_until == 0)
            if attempts_store.start_anew(subject, locked_until, claim, now, by="time"):
                return Try(subject, Claim(claim.claim_id, Count(1, 0, 0, {claim.claim_id: now_s})), True)
            continue  # another try ended the lock, and this one with it
        count = attempts_store.read(subject)
        used = count.tries - len(_under_way(count, now_s))
        if asks and used >= free_tries:
            raise CaptchaRequired()
        if not asks and used >= max_tries:
            _lock(subject, max_tries, now)
        elif clock.monotonic() >= give_up_at:
            break
        else:
            clock.sleep(_PAUSE.total_seconds())
    raise TryAgain()


def was_wrong(taken: Try, now: dt.datetime) -> None:
    """The password was wrong, or was not looked at; the wrong one that reaches the parameter's number locks."""
    count = attempts_store.mark_wrong(taken.subject, taken.claim.claim_id)
    max_tries = parameters.value(taken.subject.most, now)
    if count is not None and not count.locked_until and count.wrong >= max_tries:
        _lock(taken.subject, max_tries, now)


def was_right(taken: Try, now: dt.datetime) -> None:
    """The password was right: wrong tries, and those of dead machines, are forgotten; others stay under way.

    Raises TryAgain when too many others ended at this moment.
    """
    subject, mine, count = taken.subject, taken.claim.claim_id, taken.claim.count
    for _ in range(_MAX_ROUNDS):
        if mine not in count.open:
            return  # forgotten by another's right password, or by a lock that is over
        others = _under_way(count, int(now.timestamp())) - {mine}
        if others:
            done = attempts_store.forget_wrong(subject, count, count.open.keys() - others)
        else:
            done = attempts_store.forget_row(subject, count)
        if done:
            return
        count = attempts_store.read(subject)
    raise TryAgain()


def _under_way(count: Count, now_s: int) -> set[str]:
    return {claim_id for claim_id, since_s in count.open.items() if now_s - since_s < UNDER_WAY_S}


def _lock(subject: Subject, max_tries: int, now: dt.datetime) -> None:
    until_s = int(now.timestamp()) + parameters.value(subject.lock_s, now)
    attempts_store.lock(subject, until_s, max_tries, now)


def end_lock(subject: Subject, now: dt.datetime, *, by: str) -> bool:
    """End a lock before its time; False when there is none."""
    locked_until = attempts_store.read(subject).locked_until
    return locked_until > 0 and attempts_store.start_anew(subject, locked_until, None, now, by=by)
