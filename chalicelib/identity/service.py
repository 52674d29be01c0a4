"""Log in, renew, log out; who a request comes from; confirmation codes."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.customers import service as customers
from chalicelib.identity import domain, store, tokens
from chalicelib.identity.domain import RefreshToken
from chalicelib.identity.errors import CodeWrong, LoginRefused, NotLoggedIn, RefreshRefused
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, ids, log, passwords, settings
from chalicelib.platform.http import Call, Caller

__all__ = [
    "CodeWrong",
    "Grant",
    "checks_session",
    "confirmation_code",
    "customer_named",
    "log_in",
    "log_out",
    "money_checks_session",
    "register",
    "renew",
    "verify_code",
]

_REFRESH_SECRET_BYTES = 32
MAX_PASSWORD = 128
# Ended sessions are noted on the customer's record until their tokens have died; the record stays under 1 KB.
MAX_ENDED_SESSIONS = 16


@dataclass(frozen=True, slots=True)
class Grant:
    """What a log-in or renewal gives: tokens and how many seconds each lives at most."""

    customer_id: str
    edition: str
    access_token: str
    access_token_s: int
    refresh_token: str
    refresh_token_s: int


def customer_named(login_name: str) -> str | None:
    """The customer with this log-in name or account number, or None. For the bank's own side, never a route."""
    return store.customer_by_login_name(login_name)


def register(customer_id: str, login_names: Sequence[str], password: str) -> None:
    """Give a customer names to log in with (login name, account numbers) and a query password.

    Raises ValueError when a name is another customer's.
    """
    store.put_credential(customer_id, passwords.hash_password(password))
    for name in login_names:
        if not store.put_login_name(name, customer_id):
            raise ValueError("a log-in name is taken")


def log_in(login_name: str, password: str, now: dt.datetime) -> Grant:
    """Log in by login name or account number and query password (NB-5.3.2).

    Raises LoginRefused, the same and after the same work, for unknown, wrong and locked.
    """
    now_s = int(now.timestamp())
    name = login_name.strip().lower()
    customer_id = store.customer_by_login_name(name) if name else None  # the engine takes no empty key
    stored_hash = None
    if customer_id is not None:
        stored_hash = store.claim_try(
            customer_id,
            parameters.value(parameters.LOGIN_TRIES, now),
            parameters.value(parameters.LOGIN_LOCK_S, now),
            now_s,
        )
    if not passwords.matches(stored_hash, password) or customer_id is None:
        log.logger.info("log-in refused")
        raise LoginRefused()
    customer = customers.customer_of(customer_id)
    if customer is None or customer.state != customers.ACTIVE:
        raise LoginRefused()
    store.clear_tries(customer_id)
    if customers.ended_sessions(customer, now) >= MAX_ENDED_SESSIONS:
        log.logger.warning("log-in refused: too many sessions ended within minutes")
        raise LoginRefused()
    ends_at = now_s + parameters.value(parameters.SESSION_MAX_S, now)
    session = store.Session(ids.random_id(), customer_id, customer.edition, ends_at)
    refresh = RefreshToken(session.session_id, ids.random_id(_REFRESH_SECRET_BYTES))
    refresh_s = parameters.value(parameters.REFRESH_TOKEN_S, now)
    store.put_session(session, refresh.hash(), now_s + refresh_s)
    return _grant(session, refresh, refresh_s, now)


def renew(refresh_token: str, now: dt.datetime) -> Grant:
    """Exchange a refresh token for new tokens, once.

    Raises RefreshRefused. A token that was exchanged before means that two hold it: the whole session ends.
    """
    old = RefreshToken.parse(refresh_token)
    if old is None:
        raise RefreshRefused()
    now_s = int(now.timestamp())
    refresh_s = parameters.value(parameters.REFRESH_TOKEN_S, now)
    new = RefreshToken(old.session_id, ids.random_id(_REFRESH_SECRET_BYTES))
    session = store.rotate(old.session_id, old.hash(), new.hash(), now_s, now_s + refresh_s)
    if session is None:
        # Late, forged or used before: only who has seen a token knows the session id, so it ends either way.
        _end(old.session_id, now)
        raise RefreshRefused()
    customer = customers.customer_of(session.customer_id)
    if customer is None or customer.state != customers.ACTIVE:
        _end(old.session_id, now)
        raise RefreshRefused()
    return _grant(session, new, refresh_s, now)


def log_out(caller: Caller, now: dt.datetime) -> None:
    """End the caller's session: from now on neither its access nor its refresh tokens are served."""
    _end(caller.session_id, now)


def _end(session_id: str, now: dt.datetime) -> None:
    session = store.end(session_id)
    if session is not None:
        access = dt.timedelta(seconds=parameters.ACCESS_TOKEN_S.high)
        customers.end_session(session.customer_id, session.session_id, now + access, now)


def _grant(session: store.Session, refresh: RefreshToken, refresh_s: int, now: dt.datetime) -> Grant:
    now_s = int(now.timestamp())
    access_s = min(parameters.value(parameters.ACCESS_TOKEN_S, now), session.ends_at - now_s)
    token = tokens.issue(session.customer_id, session.session_id, session.edition, now_s, now_s + access_s)
    return Grant(session.customer_id, session.edition, token, access_s, str(refresh), refresh_s)


def money_checks_session(call: Call) -> Caller:
    """Who the access token names; the caller's write or read checks that the session has not been ended.

    Only for operations whose own write carries `customers.payer_update`, or that read the customer anyway.
    """
    scheme, _, token = (call.header("authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotLoggedIn()
    return tokens.read(token.strip(), int(clock.now().timestamp()))


def checks_session(call: Call) -> Caller:
    """Who the access token names, after looking that the session has not been ended."""
    caller = money_checks_session(call)
    customers.require_live_session(caller.customer_id, caller.session_id)
    return caller


@functools.lru_cache(maxsize=1)
def _code_secret(arn: str) -> bytes:
    return aws.secretsmanager().get_secret_value(SecretId=arn)["SecretString"].encode()


def confirmation_code(digest: bytes, attempt: int) -> str:
    """The code that confirms the instruction with that digest; computed anew by who sends and who checks."""
    return domain.derive_code(_code_secret(settings.get("CODE_SECRET_ARN")), digest, attempt)


def verify_code(given: str, digest: bytes, attempt: int, tries_left: int) -> None:
    """Raises CodeWrong unless `given` is the code; the try must have been claimed before."""
    if not domain.is_same(given, confirmation_code(digest, attempt)):
        raise CodeWrong(tries_left=str(tries_left))
