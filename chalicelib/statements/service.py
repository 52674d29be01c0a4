"""Run, issue and read monthly bills (YQ-4.2.2-bill).

The schedule starts a run; each message of a run visits one page of customers, asks for the bills of
each, and for the next page. Every step can be repeated or crash anywhere: bills are put once.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from chalicelib.accounts import service as accounts
from chalicelib.billchecks.commands.open_check import open_check
from chalicelib.customers import service as customers
from chalicelib.entitlements import service as entitlements
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, queues
from chalicelib.platform.errors import NotFound, Retryable
from chalicelib.platform.queues import Message
from chalicelib.statements import domain, store
from chalicelib.statements.domain import BillUnbalanced, days_of
from chalicelib.statements.errors import MonthMalformed
from chalicelib.statements.period import period_of
from chalicelib.statements.store import BillItem

if TYPE_CHECKING:  # workers import this module and know no HTTP
    from chalicelib.platform.callers import Caller

__all__ = [
    "BillItem",
    "MonthNotOver",
    "bill_of",
    "bills_of",
    "days_of",
    "is_late",
    "issue_bills",
    "run_page",
    "start_due_run",
    "start_run",
]


# The run of a month's first night has so long for all its bills before one that is issued counts as late.
_A_DAY_AFTER = dt.timedelta(days=2)


class MonthNotOver(ValueError):
    """A bill was asked for a month that is not over: it would not be final."""


def start_due_run(now: dt.datetime, correlation_id: str) -> str | None:
    """Start the run for the month before `now` (Shanghai); returns that month, or None where no run is due any more.

    Its first night issues the bills. Those that follow issue what that one did not, for whatever reason.
    """
    if now.astimezone(clock.SHANGHAI).day > parameters.value(parameters.BILL_RUN_DAYS, now):
        return None
    month = clock.month_before(now)
    start_run(month, now, correlation_id)
    return month


def start_run(month: str, now: dt.datetime, correlation_id: str) -> None:
    """Start the run for a month; raises MonthMalformed, MonthNotOver. Starting it again issues nothing twice."""
    if not clock.is_month(month):
        raise MonthMalformed()
    if month > clock.month_before(now):
        raise MonthNotOver(month)
    queues.send("bill_runs", [_page_message(month, "", correlation_id)])


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
    lines are not all written. What was issued before stays as it is, and costs two reads.
    """
    if month > clock.month_before(now):
        raise MonthNotOver(month)
    _, last_date = domain.days_of(month)
    issued, problem = 0, None
    for account in accounts.accounts_of(customer_id):
        if account.opened_on > last_date:
            continue
        try:
            issued += _issued(account, month, now)
        except (BillUnbalanced, Retryable) as error:
            # It keeps none of the customer's other accounts back.
            problem = problem or error
    if problem is not None:
        raise problem
    return issued


def _issued(account: ledger.Account, month: str, now: dt.datetime) -> bool:
    """Whether the account's bill was new."""
    bill = store.get(account.account_id, month)
    if bill is None:
        return _issue(account, month, now)
    # Who put it may have died before its check was opened.
    open_check(account, month, int(bill.closing_fen), (int(bill.first_seq), int(bill.last_seq)), now)
    return False


def _issue(account: ledger.Account, month: str, now: dt.datetime) -> bool:
    period = period_of(account, *domain.days_of(month))
    figures = domain.add_up(period.before, period.lines(), period.after(), account.holder)
    is_new = store.put_once(account.account_id, month, figures, clock.to_text(now))
    open_check(account, month, figures.closing_fen, (figures.first_seq, figures.last_seq), now)
    return is_new


def is_late(month: str, now: dt.datetime) -> bool:
    """Whether a month's bills should have been there: the run of its first night has had a day for them."""
    _, last_date = domain.days_of(month)
    return now - clock.start_of_day(last_date) > _A_DAY_AFTER


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
