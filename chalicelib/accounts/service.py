"""Accounts and movements as other contexts see them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib.accounts import store
from chalicelib.accounts.domain import Movement, words_of
from chalicelib.customers import service as customers
from chalicelib.entitlements import service as entitlements
from chalicelib.ledger import service as ledger
from chalicelib.platform.errors import NotFound

__all__ = [
    "Line",
    "Movement",
    "account_for",
    "account_of",
    "accounts_for",
    "accounts_held",
    "accounts_of",
    "is_in_period",
    "last_line",
    "line_after",
    "line_at",
    "line_page",
    "lines_between",
    "worded_lines_between",
    "words_of",
]

if TYPE_CHECKING:  # workers import this module and know no HTTP
    from chalicelib.platform.callers import Caller

# What cannot be an account number is not looked up: the engine refuses keys that are empty or too long.
_LINE = re.compile(r"[0-9]{8}#[0-9]{12}")
# Sorts before every line.
_BEFORE_ALL = "0"
_ACCOUNT_ID = re.compile(r"[0-9]{10,19}")


@dataclass(frozen=True, slots=True)
class Line:
    """A statement line with the words a person reads beside it."""

    movement: Movement
    counterparty_account: str | None
    counterparty_name: str | None
    purpose: str


def accounts_of(customer_id: str) -> list[ledger.Account]:
    """The customer's contracted accounts, in order of number."""
    account_ids = list(customers.contracts_of(customer_id))
    found = ledger.read_accounts(account_ids)
    return [found[id_] for id_ in account_ids if id_ in found]


def accounts_held(customer_id: str) -> list[ledger.Account]:
    """All accounts that the customer holds, signed up or not: for the bank's own side."""
    return list(ledger.read_accounts(list(customers.holdings_of(customer_id))).values())


def account_of(customer_id: str, account_id: str) -> ledger.Account:
    """One of the customer's accounts; NotFound for unknown ones and others' alike (NB-5.1.4)."""
    if not _ACCOUNT_ID.fullmatch(account_id):
        raise NotFound()
    account = ledger.read_accounts([account_id]).get(account_id)
    if account is None or account.customer_id != customer_id:
        raise NotFound()
    return account


def accounts_for(caller: Caller, operation: str) -> list[ledger.Account]:
    """Those of the caller's accounts that the session's edition may do `operation` on (NB-5.4.1-card)."""
    return [
        account
        for account in accounts_of(caller.customer_id)
        if entitlements.is_allowed(operation, caller.edition, account=_kind_of(account))
    ]


def account_for(caller: Caller, operation: str, account_id: str) -> ledger.Account:
    """One of them; raises NotFound as account_of, EditionNotEntitled for an account the edition does not serve."""
    account = account_of(caller.customer_id, account_id)
    entitlements.require(caller.edition, operation, account=_kind_of(account))
    return account


def _kind_of(account: ledger.Account) -> str:
    return entitlements.account_kind(account.kind, account.right)


def is_in_period(line: str, first_date: str, last_date: str) -> bool:
    """Whether a line's sort key lies in a period of business dates."""
    return _LINE.fullmatch(line) is not None and first_date <= line[:8] <= last_date


def line_page(
    account_id: str, first_date: str, last_date: str, limit: int, after: Mapping[str, Any] | None
) -> tuple[list[Line], Mapping[str, Any] | None]:
    """One page of lines, newest first, and the key to go on after."""
    items, last = store.page(account_id, first_date, last_date, limit, after)
    return [_line(item) for item in items], last


def line_at(account_id: str, business_date: str, seq: int) -> Line | None:
    """One line, or None when it is not written yet."""
    item = store.get(account_id, business_date, seq)
    return _line(item) if item else None


def _line(item: store.MovementItem) -> Line:
    return Line(item.to_movement(), item.counterparty_account, item.counterparty_name, item.purpose or "")


def lines_between(account_id: str, first_date: str, last_date: str) -> Iterator[Movement]:
    """All lines of a period of business dates, oldest first, streamed."""
    return store.between(account_id, first_date, last_date)


def worded_lines_between(account_id: str, first_date: str, last_date: str) -> Iterator[Line]:
    """The same lines with the words beside them."""
    return (_line(item) for item in store.items_between(account_id, first_date, last_date))


def last_line(account_id: str, before_date: str | None = None) -> Movement | None:
    """The newest line, or the newest dated before a business date."""
    return store.last(account_id, before_date)


def line_after(account_id: str, line: Movement | None) -> Movement | None:
    """The oldest line after one, or the account's first after None."""
    return store.first_after(account_id, line.line if line else _BEFORE_ALL)
