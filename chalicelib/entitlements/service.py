"""Ask the table."""

from __future__ import annotations

from chalicelib.entitlements import domain
from chalicelib.entitlements.domain import (
    ACCOUNTS_BIND,
    ACCOUNTS_READ,
    BILLS_READ,
    CREDIT_CARD,
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
    PAYMENT_PASSWORD,
    PAYMENT_PASSWORD_MANAGE,
    PROFESSIONAL,
    PROFILE,
    QUERY,
    RECEIPTS_READ,
    SECURITY_CHANGE,
    SECURITY_PROTECT,
    SECURITY_READ,
    SESSION_END,
    STEP_UP,
    TABLE,
    TRANSFERS_OUTWARD,
    TRANSFERS_OWN,
    TRANSFERS_READ,
    TRANSFERS_SWITCH,
    account_kind,
    is_allowed,
    session_edition,
)
from chalicelib.entitlements.errors import EditionNotEntitled

__all__ = [
    "ACCOUNTS_BIND",
    "ACCOUNTS_READ",
    "BILLS_READ",
    "CREDIT_CARD",
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
    "PAYMENT_PASSWORD",
    "PAYMENT_PASSWORD_MANAGE",
    "PROFESSIONAL",
    "PROFILE",
    "QUERY",
    "RECEIPTS_READ",
    "SECURITY_CHANGE",
    "SECURITY_PROTECT",
    "SECURITY_READ",
    "SESSION_END",
    "STEP_UP",
    "TABLE",
    "TRANSFERS_OUTWARD",
    "TRANSFERS_OWN",
    "TRANSFERS_READ",
    "TRANSFERS_SWITCH",
    "account_kind",
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
