"""Close business dates, in order, each once and only when it balances (NB-5.1.6)."""

from __future__ import annotations

import datetime as dt

from chalicelib.closing import store
from chalicelib.closing.commands.trial_balance import trial_balance
from chalicelib.closing.domain import END, MAX_NAMED, day_before, is_over, parse_date
from chalicelib.closing.errors import (
    BusinessDayNotOver,
    BusinessDayOutOfOrder,
    BusinessDayPending,
    BusinessDayUnbalanced,
    TillsNotClosed,
)
from chalicelib.closing.store import BusinessDayItem
from chalicelib.counter import service as counter
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, queues
from chalicelib.platform.money import decimal_text

# A run that finds more open days than this closes the oldest; the next run goes on.
MAX_DAYS_A_RUN = 7


def close_day(business_date: str, now: dt.datetime) -> BusinessDayItem:
    """Close one business date; a date that is closed already answers its row.

    Raises BusinessDateMalformed, BusinessDayNotOver, BusinessDayOutOfOrder, BusinessDayPending (after it has
    told the legs that are due again), BusinessDayUnbalanced, TillsNotClosed; then nothing is written.
    """
    stored = store.get(parse_date(business_date))
    if stored is not None:
        return stored
    if not is_over(business_date, now):
        raise BusinessDayNotOver(date=business_date)
    due = _first_open()
    if due is not None and business_date != due:
        raise BusinessDayOutOfOrder(next=due)
    balance = trial_balance(business_date, now)
    if balance.is_wrong:
        findings = balance.broken.count + balance.changed.count
        difference = decimal_text(balance.closing_fen or balance.opening_fen)
        raise BusinessDayUnbalanced(date=business_date, difference=difference, findings=str(findings))
    if balance.is_pending:
        tell_legs_again(balance.pending_entries.names)
        raise BusinessDayPending(
            date=business_date,
            accounts=str(balance.pending_accounts.count),
            entries=str(balance.pending_entries.count),
        )
    # None can be opened any more for a date that is over, so what is closed now stays so.
    tills = counter.unclosed_tills(business_date)
    if tills:
        raise TillsNotClosed(date=business_date, tills=",".join(till.teller_id for till in tills[:MAX_NAMED]))
    store.put_once(balance, clock.to_text(now))
    closed = store.get(business_date)
    if closed is None:
        raise RuntimeError("a closed day cannot be read")
    return closed


def _first_open() -> str | None:
    """The date that is to be closed next; before the first close, that on which the bank opened its first account.

    None where there is neither a closed date nor an account: then no date has anything that could be left out. Reads
    all accounts, but only until the first date is closed.
    """
    newest = store.last_before(END)
    if newest is not None:
        return clock.day_after(newest.business_date)
    return min((image["opened_on"] for page in ledger.account_pages() for image in page), default=None)


def tell_legs_again(entry_ids: list[str]) -> None:
    """What was lost between journal and worker is told again: the day close is its sweeper."""
    queues.send("deferred_legs", [ledger.deferred_message(id_, id_) for id_ in entry_ids])


def close_open_days(at: dt.datetime, now: dt.datetime) -> list[str]:
    """Close every open date before the one of `at`, oldest first, seven at most, from the bank's first on.

    Returns the dates that are closed; raises what the first that cannot be closed is refused for.
    """
    yesterday = day_before(at)
    date = _first_open() or yesterday
    closed: list[str] = []
    while date <= yesterday and len(closed) < MAX_DAYS_A_RUN:
        close_day(date, now)
        closed.append(date)
        date = clock.day_after(date)
    return closed
