"""Run, issue and read monthly bills (YQ-4.2.2-bill).

The schedule starts a run; each message of a run visits one page of customers, asks for the bills of
each, and for the next page. Every step can be repeated or crash anywhere: bills are put once.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from chalicelib.accounts import service as accounts
from chalicelib.customers import service as customers
from chalicelib.entitlements import service as entitlements
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, queues
from chalicelib.platform.errors import NotFound, Retryable
from chalicelib.platform.queues import Message
from chalicelib.statements import domain, store
from chalicelib.statements.domain import days_of
from chalicelib.statements.errors import MonthMalformed
from chalicelib.statements.store import BillItem

if TYPE_CHECKING:  # workers import this module and know no HTTP
    from chalicelib.platform.http import Caller

__all__ = ["BillItem", "bill_of", "bills_of", "days_of", "issue_bills", "run_page", "start_run"]


class MonthNotOver(ValueError):
    """A bill was asked for a month that is not over: it would not be final."""


def start_run(now: dt.datetime, correlation_id: str) -> str:
    """Start the run for the month before `now` (Shanghai); returns that month."""
    month = clock.month_before(now)
    queues.send("bill_runs", [_page_message(month, "", correlation_id)])
    return month


def _page_message(month: str, after: str, correlation_id: str) -> Message:
    return Message(f"bills#{month}#{after}", "bill.run_page", month, correlation_id, {"month": month, "after": after})


def run_page(month: str, after: str, correlation_id: str) -> int:
    """Ask for the bills of each customer on one page, and for the next page; returns how many were asked.

    Messages name customers by their internal id: an account number is personal data and stays out of queues.
    """
    customer_ids, cursor = customers.customer_page(after or None)
    queues.send(
        "bills",
        [Message(f"bill#{id_}#{month}", "bill.due", id_, correlation_id, {"month": month}) for id_ in customer_ids],
    )
    if cursor is not None:
        queues.send("bill_runs", [_page_message(month, cursor, correlation_id)])
    return len(customer_ids)


def issue_bills(customer_id: str, month: str, now: dt.datetime) -> int:
    """Issue a month's bill for each of a customer's accounts; returns how many were new.

    Raises MonthNotOver, BillUnbalanced (no bill is better than a wrong one), Retryable while an account's
    lines are not all written. What was issued before stays as it is.
    """
    if month > clock.month_before(now):
        raise MonthNotOver(month)
    first_date, last_date = domain.days_of(month)
    issued = 0
    for account in accounts.accounts_of(customer_id):
        if account.opened_on <= last_date:
            issued += _issue(account, month, (first_date, last_date), now)
    return issued


def _issue(account: ledger.Account, month: str, days: tuple[str, str], now: dt.datetime) -> bool:
    account_id = account.account_id
    newest = accounts.last_line(account_id)
    if (newest.seq if newest else 0) < account.seq:
        raise Retryable("lines are still being written")
    bill = domain.add_up(
        account_id,
        month,
        accounts.last_line(account_id, before_date=days[0]),
        accounts.lines_between(account_id, *days),
        accounts.first_line_after(account_id, days[1]),
    )
    return store.put_once(bill, clock.to_text(now))


def bills_of(caller: Caller, account_id: str) -> list[BillItem]:
    """All bills of the caller's own account, newest first. Raises NotFound, EditionNotEntitled."""
    accounts.account_for(caller, entitlements.BILLS_READ, account_id)
    return store.newest(account_id)


def bill_of(caller: Caller, account_id: str, month: str) -> BillItem:
    """One bill. Raises MonthMalformed, NotFound, EditionNotEntitled."""
    if not clock.is_month(month):
        raise MonthMalformed()
    accounts.account_for(caller, entitlements.BILLS_READ, account_id)
    bill = store.get(account_id, month)
    if bill is None:
        raise NotFound()
    return bill
