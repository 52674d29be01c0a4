"""Ask the table."""

from __future__ import annotations

from chalicelib.entitlements import domain
from chalicelib.entitlements.domain import (
    ACCOUNTS_READ,
    BILLS_READ,
    CARD_BIND,
    CARD_UNBIND,
    CERTIFICATE_DOWNLOAD,
    CERTIFICATE_RENEW,
    CREDIT_CARD,
    DEVICE_BIND,
    EXPRESS,
    FULL,
    HELD,
    IDENTITY_VERIFY,
    IMPORTANT_PAYMENT,
    LIMITS_LOWER,
    LIMITS_RAISE,
    LIMITS_READ,
    LOGIN_NAME_CHANGE,
    NO_ACCOUNT,
    NO_FACTOR,
    NOTIFICATIONS_READ,
    ORDERS_MANAGE,
    ORDERS_STOP,
    PASSWORD_CHANGE,
    PAYCODES_SHOW,
    PAYEES_MANAGE,
    PAYEES_READ,
    PAYMENT_PASSWORD,
    PAYMENT_PASSWORD_MANAGE,
    PHONE_CHANGE,
    PHONE_PROVE,
    PIN_CHANGE,
    PROFESSIONAL,
    PROFILE,
    QUERY,
    RECALLS,
    RECEIPTS_READ,
    SECURITY_PROTECT,
    SECURITY_READ,
    SESSION_END,
    STEP_UP,
    TABLE,
    TRANSFERS_OUTWARD,
    TRANSFERS_OWN,
    TRANSFERS_READ,
    TRANSFERS_SWITCH_OFF,
    TRANSFERS_SWITCH_ON,
    account_kind,
    factors_for,
    is_allowed,
    session_edition,
)
from chalicelib.entitlements.errors import EditionNotEntitled

__all__ = [
    "ACCOUNTS_READ",
    "BILLS_READ",
    "CARD_BIND",
    "CARD_UNBIND",
    "CERTIFICATE_DOWNLOAD",
    "CERTIFICATE_RENEW",
    "CREDIT_CARD",
    "DEVICE_BIND",
    "EXPRESS",
    "FULL",
    "HELD",
    "IDENTITY_VERIFY",
    "IMPORTANT_PAYMENT",
    "LIMITS_LOWER",
    "LIMITS_RAISE",
    "LIMITS_READ",
    "LOGIN_NAME_CHANGE",
    "NOTIFICATIONS_READ",
    "NO_ACCOUNT",
    "NO_FACTOR",
    "ORDERS_MANAGE",
    "ORDERS_STOP",
    "PASSWORD_CHANGE",
    "PAYCODES_SHOW",
    "PAYEES_MANAGE",
    "PAYEES_READ",
    "PAYMENT_PASSWORD",
    "PAYMENT_PASSWORD_MANAGE",
    "PHONE_CHANGE",
    "PHONE_PROVE",
    "PIN_CHANGE",
    "PROFESSIONAL",
    "PROFILE",
    "QUERY",
    "RECALLS",
    "RECEIPTS_READ",
    "SECURITY_PROTECT",
    "SECURITY_READ",
    "SESSION_END",
    "STEP_UP",
    "TABLE",
    "TRANSFERS_OUTWARD",
    "TRANSFERS_OWN",
    "TRANSFERS_READ",
    "TRANSFERS_SWITCH_OFF",
    "TRANSFERS_SWITCH_ON",
    "account_kind",
    "factors_for",
    "is_allowed",
    "require",
    "session_edition",
    "words",
]


def require(edition: str, operation: str, *, factor: str | None = None, account: str | None = None) -> None:
    """Raise EditionNotEntitled unless the session's edition may do the operation (NB-5.4.1).

    A factor or account kind that is not given yet is left out; its own check follows where it is known.
    """
    if not is_allowed(operation, edition, factor, account):
        raise EditionNotEntitled()


def words() -> tuple[dict[str, tuple[str, str]], dict[str, tuple[str, str]], dict[str, tuple[str, str]]]:
    """Editions, factors and account kinds with their words (zh, en), for the printed table."""
    return dict(domain.EDITIONS), dict(domain.FACTORS), dict(domain.ACCOUNT_KINDS)
