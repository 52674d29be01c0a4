"""Note what happened to a customer's access, and read it back (YQ-4.2.2-log)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.audit import domain, store
from chalicelib.audit.domain import (
    ACCOUNT_BOUND,
    ACCOUNT_UNBOUND,
    CASH_PASSWORD_LOCKED,
    CASH_PASSWORD_UNLOCKED,
    CODE_GUESSES_EXHAUSTED,
    DEVICE_BOUND,
    DEVICE_LOCKED,
    DEVICE_LOST,
    DEVICE_REVOKED,
    DEVICE_UNLOCKED,
    DOCUMENT_READ,
    DOCUMENT_UNREADABLE,
    EDITION_CHANGED,
    FACE_MATCHED,
    FACE_REFUSED,
    FACTOR_ISSUED,
    FACTOR_LOCKED,
    FACTOR_LOST,
    FACTOR_RENEWED,
    FACTOR_RESTORED,
    FACTOR_REVOKED,
    IDENTITY_REFUSED,
    IDENTITY_VERIFIED,
    LIMITS_RAISED,
    LOCKED,
    LOGGED_IN,
    LOGGED_OUT,
    LOGIN_NAME_CHANGED,
    LOGIN_REFUSED,
    ONLINE_CLOSED,
    PASSWORD_CHANGED,
    PASSWORD_RESET,
    PAYMENT_PASSWORD_LOCKED,
    PAYMENT_PASSWORD_SET,
    PAYMENT_PASSWORD_UNLOCKED,
    PHONE_CHANGED,
    PROFILE_CHANGED,
    SESSION_REVOKED,
    SIGNED_UP,
    TRANSFERS_SWITCHED_OFF,
    TRANSFERS_SWITCHED_ON,
    UNLOCKED,
    WITHDRAWAL_PASSWORD_LOCKED,
    WITHDRAWAL_PASSWORD_UNLOCKED,
    Kind,
)
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids
from chalicelib.platform.dynamo import Image, ItemPut

__all__ = [
    "ACCOUNT_BOUND",
    "ACCOUNT_UNBOUND",
    "CASH_PASSWORD_LOCKED",
    "CASH_PASSWORD_UNLOCKED",
    "CODE_GUESSES_EXHAUSTED",
    "DEVICE_BOUND",
    "DEVICE_LOCKED",
    "DEVICE_LOST",
    "DEVICE_REVOKED",
    "DEVICE_UNLOCKED",
    "DOCUMENT_READ",
    "DOCUMENT_UNREADABLE",
    "EDITION_CHANGED",
    "FACE_MATCHED",
    "FACE_REFUSED",
    "FACTOR_ISSUED",
    "FACTOR_LOCKED",
    "FACTOR_LOST",
    "FACTOR_RENEWED",
    "FACTOR_RESTORED",
    "FACTOR_REVOKED",
    "IDENTITY_REFUSED",
    "IDENTITY_VERIFIED",
    "LIMITS_RAISED",
    "LOCKED",
    "LOGGED_IN",
    "LOGGED_OUT",
    "LOGIN_NAME_CHANGED",
    "LOGIN_REFUSED",
    "ONLINE_CLOSED",
    "PASSWORD_CHANGED",
    "PASSWORD_RESET",
    "PAYMENT_PASSWORD_LOCKED",
    "PAYMENT_PASSWORD_SET",
    "PAYMENT_PASSWORD_UNLOCKED",
    "PHONE_CHANGED",
    "PROFILE_CHANGED",
    "SESSION_REVOKED",
    "SIGNED_UP",
    "TRANSFERS_SWITCHED_OFF",
    "TRANSFERS_SWITCHED_ON",
    "UNLOCKED",
    "WITHDRAWAL_PASSWORD_LOCKED",
    "WITHDRAWAL_PASSWORD_UNLOCKED",
    "Kind",
    "SecurityEvent",
    "event",
    "event_at",
    "is_in_period",
    "page",
    "record",
    "record_refused_log_in",
]

# Refused log-ins of one customer within so many seconds are one row: whoever guesses for a whole day, at a name
# that is no secret, adds 144 rows to its owner's log.
REFUSALS_PER_ROW_S = 600


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """One row: what happened when, in which session and on which device, with masked facts."""

    customer_id: str
    event: str
    kind: Kind
    at: str
    session_id: str | None
    device_id: str | None
    facts: dict[str, str]


def event(
    customer_id: str,
    kind: Kind,
    now: dt.datetime,
    *,
    session_id: str | None = None,
    device_id: str | None = None,
    **facts: str,
) -> ItemPut:
    """The row of one event as a part of the write that makes it true; `facts` hold no C3 value and are masked."""
    return _put(customer_id, kind, now, ids.random_id(), session_id=session_id, device_id=device_id, facts=facts)


def record(
    customer_id: str,
    kind: Kind,
    now: dt.datetime,
    *,
    session_id: str | None = None,
    device_id: str | None = None,
    **facts: str,
) -> None:
    """Write the row by itself: for what has no write of its own that it could ride in."""
    store.put_once(event(customer_id, kind, now, session_id=session_id, device_id=device_id, **facts))


def record_refused_log_in(customer_id: str, now: dt.datetime) -> None:
    """Note that somebody was refused, once in REFUSALS_PER_ROW_S, however often they try."""
    began = int(now.timestamp()) // REFUSALS_PER_ROW_S * REFUSALS_PER_ROW_S
    at = clock.from_epoch(began)
    unique = ids.derived_id("refused", customer_id, str(began))
    store.put_once(_put(customer_id, LOGIN_REFUSED, at, unique, session_id=None, device_id=None, facts={}, seen=now))


def _put(
    customer_id: str,
    kind: Kind,
    at: dt.datetime,
    unique: str,
    *,
    session_id: str | None,
    device_id: str | None,
    facts: Mapping[str, str],
    seen: dt.datetime | None = None,
) -> ItemPut:
    """A row under the time `at`; `seen` is when it really was, where rows of a while share a key."""
    kept = dt.timedelta(days=parameters.value(parameters.AUDIT_RETENTION_D, seen or at))
    return store.put_of(
        {
            "customer_id": customer_id,
            "event": f"{clock.to_text(at)}#{unique}",
            "kind": kind.code,
            "category": kind.category,
            "at": clock.to_text(seen or at),
            "session_id": session_id,
            "device_id": device_id,
            "facts": dict(facts),
            "expires_at": int((at + kept).timestamp()),
        }
    )


def event_at(customer_id: str, event_key: str) -> SecurityEvent | None:
    """One row, or None."""
    image = store.read(customer_id, event_key)
    return _event(image) if image else None


def is_in_period(event_key: str, since: dt.datetime | None, before: dt.datetime | None) -> bool:
    """Whether a row's key lies in a period, as `page` takes it."""
    first, last = store.bounds(since, before)
    return first <= event_key <= last


def page(
    customer_id: str,
    *,
    since: dt.datetime | None,
    before: dt.datetime | None,
    category: str | None,
    limit: int,
    after: Mapping[str, Any] | None,
) -> tuple[list[SecurityEvent], Mapping[str, Any] | None]:
    """A customer's rows from `since` to just before `before`, newest first, and the key to go on from.

    A page may be short, or empty, and still have a next one: rows of other categories were passed over.
    """
    first, last = store.bounds(since, before)
    images, key = store.page(customer_id, first, last, category, limit, after)
    return [_event(image) for image in images], key


def _event(image: Image) -> SecurityEvent:
    code = image["kind"]
    # A kind that an older release of this code does not know is shown by its code.
    kind = domain.ALL.get(code) or Kind(code, image["category"], code, code)
    return SecurityEvent(
        image["customer_id"],
        image["event"],
        kind,
        image["at"],
        image.get("session_id"),
        image.get("device_id"),
        image["facts"],
    )
