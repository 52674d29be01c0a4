"""Read policy. Every function instance sees a change within 30 seconds (architecture rule 10)."""

from __future__ import annotations

import datetime as dt

from chalicelib.parameters import domain, store
from chalicelib.parameters.domain import (
    ACCESS_TOKEN_S,
    AUDIT_RETENTION_D,
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
    CLOUD_CEILING_FEN,
    CODES_DAY,
    DEVICE_PROOF_S,
    DEVICE_REQUIRED,
    DEVICES_MAX,
    DOWNLOAD_CODE_VALID_S,
    FACTOR_POLICY,
    IDENTITY_TRIES_DAY,
    LOGIN_LOCK_S,
    LOGIN_TRIES,
    NO_CERTIFICATE_DAY_FEN,
    NO_FACTOR_DAY_FEN,
    NOTICE_LEAD_H,
    PASSWORD_APPLICATIONS_DAY,
    PHONE_CEILING_FEN,
    PIN_TRIES,
    SESSION_IDLE_S,
    SESSION_MAX_S,
    SESSIONS_MAX,
    SMS_CEILING_FEN,
    SMS_CODE_PAUSE_S,
    SMS_CODE_SENDS,
    SMS_CODE_TRIES,
    SMS_CODE_VALID_S,
    STEP_UP_DAY_MAX,
    STEP_UP_VALID_S,
    STRICT_DAY_FEN,
    STRICT_SINGLE_FEN,
    TOKEN_CEILING_FEN,
    TOKEN_REMINDER_MONTHS,
    TOKEN_VALID_MONTHS,
    TRANSFER_FEE_FEN,
    USB_KEY_CEILING_FEN,
    WRONG_CODES_DAY,
    Parameter,
)
from chalicelib.platform import log

__all__ = [
    "ACCESS_TOKEN_S",
    "AUDIT_RETENTION_D",
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
    "CLOUD_CEILING_FEN",
    "CODES_DAY",
    "DEVICES_MAX",
    "DEVICE_PROOF_S",
    "DEVICE_REQUIRED",
    "DOWNLOAD_CODE_VALID_S",
    "FACTOR_POLICY",
    "IDENTITY_TRIES_DAY",
    "LOGIN_LOCK_S",
    "LOGIN_TRIES",
    "NOTICE_LEAD_H",
    "NO_CERTIFICATE_DAY_FEN",
    "NO_FACTOR_DAY_FEN",
    "PASSWORD_APPLICATIONS_DAY",
    "PHONE_CEILING_FEN",
    "PIN_TRIES",
    "SESSIONS_MAX",
    "SESSION_IDLE_S",
    "SESSION_MAX_S",
    "SMS_CEILING_FEN",
    "SMS_CODE_PAUSE_S",
    "SMS_CODE_SENDS",
    "SMS_CODE_TRIES",
    "SMS_CODE_VALID_S",
    "STEP_UP_DAY_MAX",
    "STEP_UP_VALID_S",
    "STRICT_DAY_FEN",
    "STRICT_SINGLE_FEN",
    "TOKEN_CEILING_FEN",
    "TOKEN_REMINDER_MONTHS",
    "TOKEN_VALID_MONTHS",
    "TRANSFER_FEE_FEN",
    "USB_KEY_CEILING_FEN",
    "WRONG_CODES_DAY",
    "Parameter",
    "forget",
    "set_value",
    "value",
]

MAX_STALENESS = dt.timedelta(seconds=30)

_cached: dict[str, int] = {}
_cached_at: dt.datetime | None = None


def value(parameter: Parameter, now: dt.datetime) -> int:
    """The parameter's value in force, at most 30 s old.

    A row out of bounds is ignored and logged: the default is safer than a typing error.
    """
    global _cached, _cached_at
    if _cached_at is None or not dt.timedelta(0) <= now - _cached_at < MAX_STALENESS:
        _cached, _cached_at = store.overrides(), now
    found = _cached.get(parameter.name, parameter.default)
    if not parameter.admits(found):
        log.logger.error("parameter out of bounds ignored", extra={"parameter": parameter.name})
        return parameter.default
    return found


def set_value(name: str, new: int) -> None:
    """Write a parameter; raises ValueError for an unknown name or a value out of bounds."""
    parameter = domain.ALL.get(name)
    if parameter is None or not parameter.admits(new):
        raise ValueError(f"no such parameter, or out of bounds: {name}={new}")
    store.put(name, new)
    forget()


def forget() -> None:
    """Drop what is cached, so that the next read is fresh."""
    global _cached_at
    _cached_at = None
