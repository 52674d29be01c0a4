"""Note what happened to a customer's access, and what staff did, and read it back (YQ-4.2.2-log, NB-4-audit)."""

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
    FACTOR_PIN_CHANGED,
    FACTOR_RENEWED,
    FACTOR_RESTORED,
    FACTOR_REVOKED,
    IDENTITY_REFUSED,
    IDENTITY_VERIFIED,
    LIMITS_CHANGED,
    LIMITS_RAISED,
    LOCKED,
    LOGGED_IN,
    LOGGED_OUT,
    LOGIN_NAME_CHANGED,
    LOGIN_REFUSED,
    NOTIFICATIONS_CHANGED,
    ONLINE_CLOSED,
    ORDER_CANCELLED,
    ORDER_CHANGED,
    ORDER_CREATED,
    ORDER_PAUSED,
    ORDER_RESUMED,
    PASSWORD_CHANGED,
    PASSWORD_RESET,
    PAYEE_ADDED,
    PAYEE_CHANGED,
    PAYEE_REMOVED,
    PAYMENT_PASSWORD_LOCKED,
    PAYMENT_PASSWORD_SET,
    PAYMENT_PASSWORD_UNLOCKED,
    PHONE_CHANGED,
    PROFILE_CHANGED,
    SESSION_REVOKED,
    SIGNED_UP,
    TRANSFERS_RESUMED,
    TRANSFERS_STOPPED,
    TRANSFERS_SWITCHED_OFF,
    TRANSFERS_SWITCHED_ON,
    UNLOCKED,
    WITHDRAWAL_PASSWORD_LOCKED,
    WITHDRAWAL_PASSWORD_UNLOCKED,
    Kind,
)
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, origin
from chalicelib.platform.callers import StaffCaller
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
    "FACTOR_PIN_CHANGED",
    "FACTOR_RENEWED",
    "FACTOR_RESTORED",
    "FACTOR_REVOKED",
    "IDENTITY_REFUSED",
    "IDENTITY_VERIFIED",
    "LIMITS_CHANGED",
    "LIMITS_RAISED",
    "LOCKED",
    "LOGGED_IN",
    "LOGGED_OUT",
    "LOGIN_NAME_CHANGED",
    "LOGIN_REFUSED",
    "NOTIFICATIONS_CHANGED",
    "ONLINE_CLOSED",
    "ORDER_CANCELLED",
    "ORDER_CHANGED",
    "ORDER_CREATED",
    "ORDER_PAUSED",
    "ORDER_RESUMED",
    "PASSWORD_CHANGED",
    "PASSWORD_RESET",
    "PAYEE_ADDED",
    "PAYEE_CHANGED",
    "PAYEE_REMOVED",
    "PAYMENT_PASSWORD_LOCKED",
    "PAYMENT_PASSWORD_SET",
    "PAYMENT_PASSWORD_UNLOCKED",
    "PHONE_CHANGED",
    "PROFILE_CHANGED",
    "SESSION_REVOKED",
    "SIGNED_UP",
    "TRANSFERS_RESUMED",
    "TRANSFERS_STOPPED",
    "TRANSFERS_SWITCHED_OFF",
    "TRANSFERS_SWITCHED_ON",
    "UNLOCKED",
    "WITHDRAWAL_PASSWORD_LOCKED",
    "WITHDRAWAL_PASSWORD_UNLOCKED",
    "Kind",
    "SecurityEvent",
    "StaffAction",
    "event",
    "event_at",
    "is_in_period",
    "page",
    "record",
    "record_refused_log_in",
    "record_refused_staff_log_in",
    "record_staff_action",
    "staff_action",
    "staff_actions",
    "staff_event",
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
            "source_address": origin.address(),
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


@dataclass(frozen=True, slots=True)
class StaffAction:
    """One row: who did what, on whom or what (`on`, ids), from where, why, when, by which request and emergency case.

    `source_address` is what the gateway saw; None where nobody's request was under way, as in a worker. `outcome` is
    `done` for what the row's own write did, `asked` for a look at data, `refused` for what was not let.
    """

    staff_id: str
    action: str
    on: str
    purpose: str
    outcome: str
    at: str
    session_id: str | None
    branch_id: str | None
    correlation_id: str | None
    case_id: str | None
    source_address: str | None
    facts: dict[str, str]
    action_key: str


def staff_action(
    caller: StaffCaller, action: str, now: dt.datetime, *, on: str = "", outcome: str = "done", **facts: str
) -> ItemPut:
    """The row of what a member of staff did, as a part of the write that does it (NB-4-audit).

    `on` names whom or what it was done to by ids; `facts` hold no C3 value, and personal data masked.
    """
    return _staff_put(
        caller.staff_id,
        action,
        now,
        ids.random_id(),
        on=on,
        outcome=outcome,
        purpose=caller.purpose,
        session_id=caller.session_id,
        branch_id=caller.branch_id,
        correlation_id=caller.correlation_id or None,
        case_id=caller.case_id,
        facts=facts,
    )


def record_staff_action(
    caller: StaffCaller, action: str, now: dt.datetime, *, on: str = "", outcome: str = "asked", **facts: str
) -> None:
    """Write the row by itself, before what it tells of: for looks at data, and for refusals."""
    store.put_once(staff_action(caller, action, now, on=on, outcome=outcome, **facts))


def staff_event(staff_id: str, action: str, now: dt.datetime, *, on: str = "", **facts: str) -> ItemPut:
    """The row of what happened to a member of staff's own access, where nobody is logged in."""
    return _staff_put(staff_id, action, now, ids.random_id(), on=on, facts=facts)


def record_refused_staff_log_in(staff_id: str, now: dt.datetime) -> None:
    """Note that a log-in was refused, once in REFUSALS_PER_ROW_S and number, however often somebody tries."""
    began = int(now.timestamp()) // REFUSALS_PER_ROW_S * REFUSALS_PER_ROW_S
    unique = ids.derived_id("refused", staff_id, str(began))
    at = clock.from_epoch(began)
    store.put_once(_staff_put(staff_id, "login_refused", at, unique, outcome="refused", facts={}, seen=now))


def _staff_put(
    staff_id: str,
    action: str,
    at: dt.datetime,
    unique: str,
    *,
    facts: Mapping[str, str],
    on: str = "",
    outcome: str = "done",
    purpose: str = "",
    seen: dt.datetime | None = None,
    **request: str | None,
) -> ItemPut:
    kept = dt.timedelta(days=parameters.value(parameters.AUDIT_RETENTION_D, seen or at))
    return store.staff_put_of(
        {
            store.STAFF_KEY: clock.business_date(at),
            store.STAFF_RANGE: f"{clock.to_text(at)}#{unique}",
            "staff_id": staff_id,
            "action": action,
            "on": on,
            "outcome": outcome,
            "purpose": purpose,
            "at": clock.to_text(seen or at),
            "source_address": origin.address(),
            "facts": dict(facts),
            "expires_at": int((at + kept).timestamp()),
            **request,
        }
    )


def staff_actions(
    business_date: str, *, limit: int, after: Mapping[str, Any] | None = None, **wanted: str
) -> tuple[list[StaffAction], Mapping[str, Any] | None]:
    """What staff did on a business date (Shanghai), newest first, and the key to go on from.

    `wanted` are values that a row must have (`staff_id`, `action`, `on`): a page may be short, and have a next one.
    """
    images, key = store.staff_page(business_date, wanted, limit, after)
    return [_staff_action(image) for image in images], key


def _staff_action(image: Image) -> StaffAction:
    known: dict[str, Any] = {name: image.get(name) for name in StaffAction.__dataclass_fields__}
    return StaffAction(**known)
