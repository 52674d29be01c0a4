"""How C2 data looks to anybody but its owner: enough to recognise, not enough to use (YQ-4.1.2)."""

from __future__ import annotations

KEPT_DIGITS = 4


def mask_account(account_id: str) -> str:
    """First 6 and last 4 of an account number: `621700******1234`."""
    if len(account_id) <= 10:
        return "*" * max(0, len(account_id) - KEPT_DIGITS) + account_id[-KEPT_DIGITS:]
    return account_id[:6] + "*" * (len(account_id) - 10) + account_id[-KEPT_DIGITS:]


def account_tail(account_id: str) -> str:
    """Last 4 digits, as messages show them (尾号)."""
    return account_id[-KEPT_DIGITS:]


def mask_phone(phone: str) -> str:
    """First 3 and last 4: `138****0001`."""
    return phone[:3] + "*" * max(0, len(phone) - 7) + phone[-KEPT_DIGITS:]


def mask_name(name: str) -> str:
    """The family name hidden, as Chinese banks do (`*小明`, `*明`); of longer names the last two characters stay."""
    if len(name) <= 1:
        return "*"
    if len(name) <= 3:
        return "*" + name[1:]
    return "*" * (len(name) - 2) + name[-2:]


def mask_email(address: str) -> str:
    """The first characters of name and host, and the last name of the host: `z***@e***.com`. The rest is text that
    whoever named the address chose.
    """
    name, _, host = address.rpartition("@")
    return f"{name[:1]}***@{host[:1]}***.{host.rpartition('.')[2]}"
