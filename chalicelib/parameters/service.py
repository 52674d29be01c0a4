"""Read policy. Every function instance sees a change within 30 seconds (architecture rule 10)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from chalicelib.parameters import domain, store
from chalicelib.parameters.channels import Channel, channels_of
from chalicelib.parameters.domain import (
    ACCESS_TOKEN_S,
    ALL,
    APP_ADDRESS,
    APP_MINIMUM,
    APPROVAL_VALID_H,
    AUDIT_RETENTION_D,
    BANK_NAME,
    BATCH_LINES,
    BATCH_VALID_H,
    BILL_CHECK_OPEN_D,
    BILL_CHECK_REMINDER_D,
    BILL_CHECK_REMINDERS,
    BILL_RUN_DAYS,
    CAPTCHA_AFTER,
    CAPTCHA_VALID_S,
    CASH_SECOND_PERSON_FEN,
    CEILING_DAY_COUNT,
    CEILING_DAY_FEN,
    CEILING_MONTH_FEN,
    CEILING_SINGLE_FEN,
    CEILING_YEAR_FEN,
    CERTIFICATE_RENEWAL_MONTHS,
    CERTIFICATE_VALID_MONTHS,
    CLEARING_ASK_MIN,
    CLEARING_NETWORK,
    CLEARING_SEED,
    CLOUD_CEILING_FEN,
    CODES_DAY,
    CONTACT,
    COURT_FREEZE_D,
    DEVICE_PROOF_S,
    DEVICE_REQUIRED,
    DEVICES_MAX,
    DOCUMENT_AGAIN_S,
    DOCUMENT_KEPT_D,
    DOCUMENT_LINK_S,
    DOCUMENT_PERIOD_D,
    DOCUMENT_RECEIPTS,
    DOCUMENTS_DAY,
    DOWNLOAD_CODE_VALID_S,
    FACTOR_POLICY,
    IDENTITY_TRIES_DAY,
    LOGIN_LOCK_S,
    LOGIN_TRIES,
    NO_CERTIFICATE_DAY_FEN,
    NO_FACTOR_DAY_FEN,
    NO_FACTOR_SINGLE_FEN,
    NOTICE_HINT_D,
    NOTICE_LEAD_H,
    NOTICE_LISTED_D,
    ORDER_EXECUTE_MIN,
    ORDER_RETRY_MIN,
    ORDER_TRIES,
    ORDERS_OPEN,
    OTHER_BANK_FEE_FEN,
    OUTAGE_FINAL_AHEAD_H,
    OUTAGE_FINAL_H,
    OUTAGE_INSIDE_MIN,
    OUTAGE_LISTED_D,
    OUTAGE_NEAR_MIN,
    OUTAGE_OUTSIDE_MIN,
    OUTAGE_PROBES_BAD,
    OUTAGE_PROBES_GOOD,
    OUTAGE_READING,
    OUTAGE_REPORT_AHEAD_H,
    OUTAGE_REPORT_H,
    OUTAGE_STUCK_COUNT,
    OUTAGE_STUCK_MIN,
    PASSWORD_APPLICATIONS_DAY,
    PASSWORD_MIN_LENGTH,
    PAYCODE_VALID_S,
    PAYEE_LOOKUPS_DAY,
    PAYEES_MAX,
    PHONE_CEILING_FEN,
    PIN_TRIES,
    PUBLIC_ADDRESS,
    RECALL_OPEN_D,
    RECALL_WITHIN_D,
    REMINDER_HOURS,
    ROUTING_CHANNELS,
    SEAL_FIRST_DATE,
    SEAL_LATE_H,
    SESSION_IDLE_S,
    SESSION_MAX_S,
    SESSIONS_MAX,
    SITE_BRANCHES,
    SITE_DEPOSIT_RATES,
    SMS_ALERTS_DAY,
    SMS_BANK_DAY,
    SMS_CEILING_FEN,
    SMS_CODE_PAUSE_S,
    SMS_CODE_SENDS,
    SMS_CODE_TRIES,
    SMS_CODE_VALID_S,
    STAFF_EMERGENCY_S,
    STAFF_HAND_OVER_H,
    STAFF_LOGIN_LOCK_S,
    STAFF_LOGIN_TRIES,
    STAFF_PASSWORD_D,
    STAFF_PASSWORD_HISTORY,
    STAFF_SESSION_IDLE_S,
    STAFF_SESSION_MAX_S,
    STATEMENT_LINES,
    STATEMENT_PDF_LINES,
    STATIC_CODES_DAY_FEN,
    STEP_UP_DAY_MAX,
    STEP_UP_VALID_S,
    STRICT_DAY_FEN,
    STRICT_SINGLE_FEN,
    TOKEN_CEILING_FEN,
    TOKEN_REMINDER_MONTHS,
    TOKEN_VALID_MONTHS,
    TRANSFER_FEE_FEN,
    TRANSFER_NEXT_DAY_AT_MIN,
    TRANSFER_NORMAL_MIN,
    TRANSFER_REMINDER_DAY_FEN,
    TRANSFER_VALID_AHEAD_H,
    UNTOUCHED,
    USB_KEY_CEILING_FEN,
    VOUCHER_KEPT_Y,
    VOUCHER_LOCK,
    WAY_OUT,
    WORKING_HOURS,
    WRONG_CODES_DAY,
    WRONG_PAYEES_DAY,
    Row,
    Version,
    is_within,
    to_text,
)
from chalicelib.parameters.errors import ParameterUnknown
from chalicelib.parameters.shapes import (
    MAX_MESSAGE,
    AnyParameter,
    Choice,
    MessageText,
    Parameter,
    Text,
    TimeWindow,
    Value,
)
from chalicelib.parameters.tables import CLOSED
from chalicelib.parameters.texts import (
    BATCH_TEXT,
    BILL_CHECK_TEXTS,
    CODE_TEXTS,
    DAY_SUM_TEXT,
    FACTOR_TEXTS,
    MOVEMENT_TEXTS,
    NOTICE_TEXTS,
    ORDER_TEXTS,
    PHONE_CHANGED_TEXT,
    RECALL_TEXTS,
    RETURNED_TEXT,
    SECURITY_TEXT,
    SUBJECT_TEXT,
    TEXT_VARIABLES,
    TITLE_TEXTS,
)
from chalicelib.platform import log
from chalicelib.platform.dynamo import decode_cursor, encode_cursor

__all__ = [
    "ACCESS_TOKEN_S",
    "ALL",
    "APPROVAL_VALID_H",
    "APP_ADDRESS",
    "APP_MINIMUM",
    "AUDIT_RETENTION_D",
    "BANK_NAME",
    "BATCH_LINES",
    "BATCH_TEXT",
    "BATCH_VALID_H",
    "BILL_CHECK_OPEN_D",
    "BILL_CHECK_REMINDERS",
    "BILL_CHECK_REMINDER_D",
    "BILL_CHECK_TEXTS",
    "BILL_RUN_DAYS",
    "CAPTCHA_AFTER",
    "CAPTCHA_VALID_S",
    "CASH_SECOND_PERSON_FEN",
    "CEILING_DAY_COUNT",
    "CEILING_DAY_FEN",
    "CEILING_MONTH_FEN",
    "CEILING_SINGLE_FEN",
    "CEILING_YEAR_FEN",
    "CERTIFICATE_RENEWAL_MONTHS",
    "CERTIFICATE_VALID_MONTHS",
    "CLEARING_ASK_MIN",
    "CLEARING_NETWORK",
    "CLEARING_SEED",
    "CLOSED",
    "CLOUD_CEILING_FEN",
    "CODES_DAY",
    "CODE_TEXTS",
    "CONTACT",
    "COURT_FREEZE_D",
    "DAY_SUM_TEXT",
    "DEVICES_MAX",
    "DEVICE_PROOF_S",
    "DEVICE_REQUIRED",
    "DOCUMENTS_DAY",
    "DOCUMENT_AGAIN_S",
    "DOCUMENT_KEPT_D",
    "DOCUMENT_LINK_S",
    "DOCUMENT_PERIOD_D",
    "DOCUMENT_RECEIPTS",
    "DOWNLOAD_CODE_VALID_S",
    "FACTOR_POLICY",
    "FACTOR_TEXTS",
    "IDENTITY_TRIES_DAY",
    "LOGIN_LOCK_S",
    "LOGIN_TRIES",
    "MAX_MESSAGE",
    "MAX_STALENESS",
    "MOVEMENT_TEXTS",
    "NOTICE_HINT_D",
    "NOTICE_LEAD_H",
    "NOTICE_LISTED_D",
    "NOTICE_TEXTS",
    "NO_CERTIFICATE_DAY_FEN",
    "NO_FACTOR_DAY_FEN",
    "NO_FACTOR_SINGLE_FEN",
    "ORDERS_OPEN",
    "ORDER_EXECUTE_MIN",
    "ORDER_RETRY_MIN",
    "ORDER_TEXTS",
    "ORDER_TRIES",
    "OTHER_BANK_FEE_FEN",
    "OUTAGE_FINAL_AHEAD_H",
    "OUTAGE_FINAL_H",
    "OUTAGE_INSIDE_MIN",
    "OUTAGE_LISTED_D",
    "OUTAGE_NEAR_MIN",
    "OUTAGE_OUTSIDE_MIN",
    "OUTAGE_PROBES_BAD",
    "OUTAGE_PROBES_GOOD",
    "OUTAGE_READING",
    "OUTAGE_REPORT_AHEAD_H",
    "OUTAGE_REPORT_H",
    "OUTAGE_STUCK_COUNT",
    "OUTAGE_STUCK_MIN",
    "PASSWORD_APPLICATIONS_DAY",
    "PASSWORD_MIN_LENGTH",
    "PAYCODE_VALID_S",
    "PAYEES_MAX",
    "PAYEE_LOOKUPS_DAY",
    "PHONE_CEILING_FEN",
    "PHONE_CHANGED_TEXT",
    "PIN_TRIES",
    "PUBLIC_ADDRESS",
    "RECALL_OPEN_D",
    "RECALL_TEXTS",
    "RECALL_WITHIN_D",
    "REMINDER_HOURS",
    "RETURNED_TEXT",
    "ROUTING_CHANNELS",
    "SEAL_FIRST_DATE",
    "SEAL_LATE_H",
    "SECURITY_TEXT",
    "SESSIONS_MAX",
    "SESSION_IDLE_S",
    "SESSION_MAX_S",
    "SITE_BRANCHES",
    "SITE_DEPOSIT_RATES",
    "SMS_ALERTS_DAY",
    "SMS_BANK_DAY",
    "SMS_CEILING_FEN",
    "SMS_CODE_PAUSE_S",
    "SMS_CODE_SENDS",
    "SMS_CODE_TRIES",
    "SMS_CODE_VALID_S",
    "STAFF_EMERGENCY_S",
    "STAFF_HAND_OVER_H",
    "STAFF_LOGIN_LOCK_S",
    "STAFF_LOGIN_TRIES",
    "STAFF_PASSWORD_D",
    "STAFF_PASSWORD_HISTORY",
    "STAFF_SESSION_IDLE_S",
    "STAFF_SESSION_MAX_S",
    "STATEMENT_LINES",
    "STATEMENT_PDF_LINES",
    "STATIC_CODES_DAY_FEN",
    "STEP_UP_DAY_MAX",
    "STEP_UP_VALID_S",
    "STRICT_DAY_FEN",
    "STRICT_SINGLE_FEN",
    "SUBJECT_TEXT",
    "TEXT_VARIABLES",
    "TITLE_TEXTS",
    "TOKEN_CEILING_FEN",
    "TOKEN_REMINDER_MONTHS",
    "TOKEN_VALID_MONTHS",
    "TRANSFER_FEE_FEN",
    "TRANSFER_NEXT_DAY_AT_MIN",
    "TRANSFER_NORMAL_MIN",
    "TRANSFER_REMINDER_DAY_FEN",
    "TRANSFER_VALID_AHEAD_H",
    "USB_KEY_CEILING_FEN",
    "VOUCHER_KEPT_Y",
    "VOUCHER_LOCK",
    "WAY_OUT",
    "WORKING_HOURS",
    "WRONG_CODES_DAY",
    "WRONG_PAYEES_DAY",
    "AnyParameter",
    "Change",
    "Channel",
    "Choice",
    "MessageText",
    "Parameter",
    "Standing",
    "Text",
    "TimeWindow",
    "Value",
    "Version",
    "channels_of",
    "forget",
    "history",
    "is_within",
    "rider",
    "set_value",
    "standing",
    "standing_of",
    "to_text",
    "value",
]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

MAX_STALENESS = domain.MAX_STALENESS

_cached: dict[str, Row] = {}
_cached_at: dt.datetime | None = None


class Typed(Protocol[T_co]):
    """A parameter as its reader sees it: `value` answers what its default is."""

    @property
    def name(self) -> str: ...

    @property
    def default(self) -> T_co: ...

    def admits(self, value: object) -> bool: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """A parameter as it stands: the value in force, its revision, and what waits for its moment."""

    parameter: AnyParameter
    value: Value
    revision: int
    scheduled: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One change as its history keeps it (NB-5.2.2); `changed` is the time of approval and the approval's id."""

    name: str
    changed: str
    old: Value
    new: Value
    effective_from: str
    department: str
    approver: str
    maker: str
    checker: str
    reason: str
    approval_id: str


def value(parameter: Typed[T], now: dt.datetime) -> T:
    """The parameter's value in force at `now`, by what was decided up to 30 s before.

    A change that waits for its moment is known before it, so it takes force at that moment exactly. A row out of
    bounds is ignored and logged: the default is safer than a typing error.
    """
    row = _rows(now).get(parameter.name)
    found = row.value_at(now) if row is not None else None
    if found is None:
        return parameter.default
    if not parameter.admits(found):
        log.logger.error("parameter out of bounds ignored", extra={"parameter": parameter.name})
        return parameter.default
    return cast("T", found)


def rider(name: str, now: dt.datetime) -> str:
    """The text of a row that is no parameter and comes with the read of them, as decided up to 30 s before; empty
    where there is none.

    So every instance knows it and no request pays for it. It is changed by `parameters.commands.change_rider`.
    """
    row = _rows(now).get(name)
    return row.value if row is not None and isinstance(row.value, str) else ""


def _rows(now: dt.datetime) -> dict[str, Row]:
    """What this instance knows, read anew once it is 30 s old."""
    global _cached, _cached_at
    if _cached_at is None or not dt.timedelta(0) <= now - _cached_at < MAX_STALENESS:
        _cached, _cached_at = store.rows(), now
    return _cached


def standing(now: dt.datetime) -> list[Standing]:
    """Every known parameter, in order of name: what is in force at `now` and what waits for its moment."""
    rows = store.rows()
    return [_standing(parameter, rows.get(name, UNTOUCHED), now) for name, parameter in sorted(domain.ALL.items())]


def standing_of(name: str, now: dt.datetime) -> Standing:
    """One parameter. Raises ParameterUnknown."""
    parameter = domain.ALL.get(name)
    if parameter is None:
        raise ParameterUnknown(name=name)
    return _standing(parameter, store.row(name) or UNTOUCHED, now)


def _standing(parameter: AnyParameter, row: Row, now: dt.datetime) -> Standing:
    found = row.value_at(now)
    in_force = found if found is not None and parameter.admits(found) else parameter.default
    return Standing(parameter, in_force, row.revision, tuple(one for one in row.scheduled if one.since > now))


def history(name: str, limit: int, cursor: str | None) -> tuple[list[Change], str | None]:
    """Changes of a parameter, newest first, and the cursor of the next page.

    Raises ParameterUnknown, CursorMalformed.
    """
    if name not in domain.ALL:
        raise ParameterUnknown(name=name)
    images, last = store.history(name, limit, decode_cursor(cursor, store.KEY, name, store.HISTORY_RANGE))
    return [Change(**image) for image in images], encode_cursor(last)


def set_value(name: str, new: Value) -> None:
    """Put a parameter at once and without history, for a bank that is being made: tests, benchmarks, simulation.

    A bank that serves customers changes one by an approval (`parameters.commands.change_parameter`). Raises
    ValueError for an unknown name or a value out of bounds.
    """
    parameter = domain.ALL.get(name)
    if parameter is None or not parameter.admits(new):
        raise ValueError(f"no such parameter, or out of bounds: {name}={new}")
    store.put(name, new)
    forget()


def forget() -> None:
    """Drop what is cached, so that the next read is fresh."""
    global _cached_at
    _cached_at = None
