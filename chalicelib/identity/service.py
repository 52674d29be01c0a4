"""Log in, renew, log out; who a request comes from."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chalicelib.audit import service as audit
from chalicelib.customers import service as customers
from chalicelib.devices import service as devices
from chalicelib.devices.errors import DeviceRequired
from chalicelib.entitlements import service as entitlements
from chalicelib.identity import domain, password_rules, session_store, sessions, store, tokens, tries
from chalicelib.identity.attempts_store import Subject
from chalicelib.identity.commands import captcha as captchas
from chalicelib.identity.commands.captcha import CaptchaAnswer
from chalicelib.identity.domain import RefreshToken, normal_name
from chalicelib.identity.errors import CaptchaRequired, LoginRefused, NotLoggedIn, RefreshRefused
from chalicelib.identity.keys import RING
from chalicelib.identity.session_store import Session
from chalicelib.identity.sessions import end_session, end_sessions, live_sessions
from chalicelib.identity.tries import Try
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, keyed, log, passwords, transactions
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import TryAgain
from chalicelib.platform.jws import PublicKey

if TYPE_CHECKING:
    from chalicelib.platform.http import Call

__all__ = [
    "CaptchaAnswer",
    "DeviceProof",
    "Grant",
    "Session",
    "Subject",
    "Try",
    "bearer_token",
    "bind_device",
    "check_password",
    "checked_password",
    "checks_session",
    "customer_named",
    "end_lock",
    "end_session",
    "end_sessions",
    "is_password_of",
    "live_sessions",
    "log_in",
    "log_out",
    "money_checks_session",
    "renew",
    "sign_token",
    "staff_log_in",
    "take_try",
    "token_issuer",
    "token_keys",
    "verified_claims",
    "was_right",
    "was_wrong",
]

DeviceProof = devices.DeviceProof
_REFRESH_SECRET_BYTES = 32
_SESSION_BYTES = 4
MAX_PASSWORD = 128
# Refusals of names that nobody has are noted under this one, so that they cost what those of customers cost.
_NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a log-in or renewal gives: tokens and how many seconds each lives at most."""

    customer_id: str
    session_id: str
    edition: str
    access_token: str
    access_token_s: int
    refresh_token: str
    refresh_token_s: int


def customer_named(login_name: str) -> str | None:
    """The customer with this log-in name or account number, or None. For the bank's own side, never a route."""
    return store.customer_by_login_name(login_name)


def is_password_of(customer_id: str, password: str) -> bool:
    """Whether this is the customer's query password. For the bank's own side: it counts no try."""
    return passwords.matches(store.password_hash_of(customer_id), password)


def check_password(password: str, *, phone: str, id_number: str | None, login_name: str) -> None:
    """Raise PasswordTooShort, PasswordPersonal, PasswordPattern or PasswordCommon for a password that will not do."""
    personal = password_rules.Personal(phone, id_number or "", login_name)
    password_rules.check(password, personal, parameters.value(parameters.PASSWORD_MIN_LENGTH, clock.now()))


def log_in(
    login_name: str,
    password: str,
    now: dt.datetime,
    *,
    edition: str | None = None,
    captcha: CaptchaAnswer | None = None,
    device: devices.DeviceProof | None = None,
    correlation_id: str = "",
) -> Grant:
    """Log in by login name or account number and query password (NB-5.3.2), on a device or without one.

    `edition` narrows the session (NB-5.4.1-pro: a professional customer may come through express); left out, it
    is what the customer signed up for. Raises LoginRefused, the same and after the same work, for unknown, wrong
    and locked; also for more than was signed up for, as what somebody signed up for is not for guessers. Raises
    CaptchaRequired after some wrong tries, or for a captcha that does not pass, and TryAgain where only tries under
    way stand in between: then no try was taken. For a device, once the password was right: StepUpRequired when it is
    not bound yet (`bind_device`), and what `devices.why_not` names.
    """
    if device is None and parameters.value(parameters.DEVICE_REQUIRED, now):
        raise DeviceRequired()
    name = normal_name(login_name)
    if captcha is not None and not captchas.is_passed(captcha, name, now):
        raise CaptchaRequired()
    customer_id = store.customer_by_login_name(name)
    bound = devices.bound_device(customer_id or _NOBODY, login_name, device, now) if device else None
    subject = _subject(name, customer_id, bound)
    taken = tries.take(subject, now, captcha_passed=captcha is not None)
    stored_hash = store.password_hash_of(customer_id or subject.key)
    is_right = passwords.matches(stored_hash if taken.allowed else None, password)
    if not is_right or customer_id is None or stored_hash is None:
        raise _refused(taken, customer_id or _NOBODY, now)
    customer, session_edition = _served(customer_id, edition)
    if customer is None or session_edition is None:
        raise _refused(taken, customer_id, now)
    tries.was_right(taken, now)
    if device is not None and bound not in customer.devices:
        mark = _password_mark(stored_hash)
        raise devices.why_not(
            customer, login_name, device, session_edition, mark, correlation_id=correlation_id, now=now
        )
    return _start(customer, session_edition, bound, stored_hash, now)


def bind_device(step_up_id: str, code: str, now: dt.datetime) -> Grant:
    """Log in on the device that a log-in asked to bind, once the code sent to the reserved phone is entered.

    The session has the edition that the log-in came by. Raises what `devices.bind` raises; LoginRefused when the
    customer can no longer log in, or not by that edition, or has another password by now.
    """
    bound = devices.bind(step_up_id, code, now)
    customer, session_edition = _served(bound.customer_id, bound.edition)
    stored_hash = store.password_hash_of(bound.customer_id)
    if customer is None or session_edition is None or stored_hash is None:
        raise LoginRefused()
    if not hmac.compare_digest(_password_mark(stored_hash), bound.password_mark):
        raise LoginRefused()
    return _start(customer, session_edition, bound.device_id, stored_hash, now)


def _password_mark(stored_hash: str) -> str:
    """Tells a password's hash from that of a later one, and nothing else."""
    return keyed.keyed_hash("password mark", stored_hash).hex()[:16]


def _served(customer_id: str, edition: str | None) -> tuple[customers.Customer | None, str | None]:
    """Who may have a session, and its edition; None where online banking is not open, or more is asked for."""
    customer = customers.customer_of(customer_id)
    if customer is None or customer.state != customers.ACTIVE:
        return None, None
    return customer, entitlements.session_edition(customer.edition, edition)


def _start(
    customer: customers.Customer, edition: str, device_id: str | None, stored_hash: str, now: dt.datetime
) -> Grant:
    """A new session, if the password still is that of `stored_hash`: a change of password, which ends every session,
    leaves none that was about to begin. The oldest session ends when there are too many. Raises TryAgain.
    """
    now_s = int(now.timestamp())
    access_s, idle_s = _lives(now)
    ends_at = now_s + parameters.value(parameters.SESSION_MAX_S, now)
    refresh = RefreshToken(
        customer.customer_id,
        domain.session_id(now, ids.random_id(_SESSION_BYTES), customer.ended_before),
        ids.random_id(_REFRESH_SECRET_BYTES),
    )
    session = Session(
        customer.customer_id,
        refresh.session_id,
        edition,
        created_at=now_s,
        renewed_at=now_s,
        access_until=now_s + access_s,
        refresh_until=now_s + idle_s,
        ends_at=ends_at,
        refresh_hash=refresh.hash(),
        device_id=device_id,
    )
    noted = audit.event(customer.customer_id, audit.LOGGED_IN, now, session_id=session.session_id, device_id=device_id)
    unchanged = store.unchanged_password(customer.customer_id, stored_hash)
    if not transactions.commit([session_store.put_of(session), noted, unchanged]):
        raise TryAgain()
    sessions.keep_newest(customer, session.session_id, now)
    return _grant(session, refresh, now_s)


def _refused(taken: Try, customer_id: str, now: dt.datetime) -> LoginRefused:
    log.logger.info("log-in refused")
    tries.was_wrong(taken, now)
    audit.record_refused_log_in(customer_id, now)
    return LoginRefused()


def _subject(name: str, customer_id: str | None, bound: str | None) -> Subject:
    """Whose tries are counted; `bound` is the bound device that was proved to be there."""
    # Computed for customers too: now and then it costs a call.
    nobodys = tries.of_nobody(name)
    if customer_id is None:
        return nobodys
    return tries.of_log_in(customer_id) if bound is None else tries.of_device(customer_id, bound)


# Tries at the log-in of staff are counted as those of customers are.
staff_log_in = tries.of_staff
take_try, was_right, was_wrong, end_lock = tries.take, tries.was_right, tries.was_wrong, tries.end_lock


def checked_password(caller: Caller, password: str, now: dt.datetime) -> str | None:
    """The stored hash when this is the caller's query password, else None; counts as a log-in's try does."""
    taken = tries.take(tries.of_session(caller), now, captcha_passed=True)
    stored_hash = store.password_hash_of(caller.customer_id)
    if not passwords.matches(stored_hash if taken.allowed else None, password):
        tries.was_wrong(taken, now)
        return None
    tries.was_right(taken, now)
    return stored_hash


def renew(refresh_token: str, now: dt.datetime) -> Grant:
    """Exchange a refresh token for new tokens, once, before the session has been idle for too long.

    Raises RefreshRefused. A token that was exchanged before means that two hold it: the whole session ends.
    """
    old = RefreshToken.parse(refresh_token)
    if old is None:
        raise RefreshRefused()
    now_s = int(now.timestamp())
    new = RefreshToken(old.customer_id, old.session_id, ids.random_id(_REFRESH_SECRET_BYTES))
    hashes = old.hash(), new.hash()
    session = session_store.rotate(old.customer_id, old.session_id, hashes, now_s, *_lives(now))
    if session is None:
        # Late, forged or used before: only who has seen a token knows the session id, so it ends either way.
        sessions.end_session(old.customer_id, old.session_id, now=now, by="reuse")
        raise RefreshRefused()
    customer = customers.customer_of(session.customer_id)
    unbound = customer is not None and session.device_id is not None and session.device_id not in customer.devices
    without = session.device_id is None and bool(parameters.value(parameters.DEVICE_REQUIRED, now))
    has_ended = customer is None or customer.state != customers.ACTIVE or customer.has_ended(session.session_id)
    # After a downgrade the session's edition is more than what is signed up for.
    if (
        unbound
        or without
        or has_ended
        or customer is None
        or not entitlements.session_edition(customer.edition, session.edition)
    ):
        sessions.end_session(old.customer_id, old.session_id, now=now, by="bank")
        raise RefreshRefused()
    return _grant(session, new, now_s)


def log_out(caller: Caller, now: dt.datetime) -> None:
    """End the caller's session: from now on neither its access nor its refresh tokens are served."""
    sessions.end_session(caller.customer_id, caller.session_id, audit.LOGGED_OUT, now=now)


def _lives(now: dt.datetime) -> tuple[int, int]:
    """Seconds that an access token and a refresh token live: neither longer than a session may be idle."""
    idle_s = parameters.value(parameters.SESSION_IDLE_S, now)
    return min(parameters.value(parameters.ACCESS_TOKEN_S, now), idle_s), idle_s


def _grant(session: Session, refresh: RefreshToken, now_s: int) -> Grant:
    access_until = min(session.access_until, session.ends_at)
    token = tokens.issue(
        session.customer_id, session.session_id, session.edition, now_s, access_until, session.device_id
    )
    refresh_s = min(session.refresh_until, session.ends_at) - now_s
    return Grant(
        customer_id=session.customer_id,
        session_id=session.session_id,
        edition=session.edition,
        access_token=token,
        access_token_s=access_until - now_s,
        refresh_token=str(refresh),
        refresh_token_s=refresh_s,
    )


def token_keys(now: dt.datetime) -> list[PublicKey]:
    """The public keys whose tokens are good now."""
    return list(RING.verifying(int(now.timestamp())).values())


# Tokens of others than customers: another kind for another audience, by the same keys.
sign_token = tokens.sign
token_issuer = tokens.issuer
verified_claims = tokens.verified


def bearer_token(call: Call) -> str:
    """The token of the request; raises NotLoggedIn when there is none."""
    scheme, _, token = (call.header("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotLoggedIn()
    return token.strip()


def money_checks_session(call: Call) -> Caller:
    """Who the access token names; the caller's write or read checks that the session has not been ended.

    Only for operations whose own write carries `customers.payer_update`, or that read the customer anyway.
    """
    return tokens.read(bearer_token(call), int(clock.now().timestamp()))


def checks_session(call: Call) -> Caller:
    """Who the access token names, after looking that the session has not been ended and its edition may do this."""
    caller = money_checks_session(call)
    customers.require_live_session(caller)
    entitlements.require(caller.edition, call.entitlement)
    return caller
