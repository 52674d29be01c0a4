"""Find posted transfers without receipt or row in the customer's list, and have them told again (NB-5.1.1).

The journal has no index and keeps everything for ever, so it is not searched. A posted transfer is a line of its
payer's account, made from another stream that has a sweeper of its own: who walks the accounts' newest lines
meets every transfer, and reads as much as was paid lately, however old the bank.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from chalicelib.accounts import service as accounts
from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.reverse_entry import REVERSAL
from chalicelib.platform import clock, log, metrics, queues
from chalicelib.platform.queues import Message
from chalicelib.receipts import store
from chalicelib.reports import service as reports
from chalicelib.seals.commands.list_entry import list_entries
from chalicelib.transfers import service as transfers

# Longer than a day without any sweep may last.
SINCE = dt.timedelta(hours=26)
# What is still on its way, a first retry included, is left to its worker.
SETTLE = dt.timedelta(minutes=10)
# The engine reads so many items at once.
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Swept:
    """How many transfers a page had, how many of them were told again, and how many rows of lists were made good."""

    transfers: int = 0
    told: int = 0
    listed: int = 0

    def plus(self, other: Swept) -> Swept:
        """Both together."""
        return Swept(self.transfers + other.transfers, self.told + other.told, self.listed + other.listed)


def start_sweep(correlation_id: str) -> None:
    """Start a sweep over the transfers of all customers."""
    queues.send("receipt_sweeps", [_page_message("", correlation_id)])


def _page_message(after: str, correlation_id: str) -> Message:
    return Message(
        event_id=f"receipt-sweep#{correlation_id}#{after}",
        event_type="receipts.sweep_page",
        aggregate_id=correlation_id,
        correlation_id=correlation_id,
        data={"after": after},
    )


def sweep_page(after: str, correlation_id: str, now: dt.datetime) -> Swept:
    """Look at what one page of customers paid between SINCE and SETTLE before `now`; then ask for the next page.

    Repeating it tells again only what still lacks its receipt, and `transfer.posted` may be told twice.
    """
    customer_ids, cursor = customers.customer_page(after or None)
    if cursor is not None:
        # Asked for first: whatever this page meets, the customers after it are visited.
        queues.send("receipt_sweeps", [_page_message(cursor, correlation_id)])
    swept = Swept()
    for customer_id in customer_ids:
        swept = swept.plus(sweep_customer(customer_id, now - SINCE, now - SETTLE))
    return swept


def sweep_customer(customer_id: str, since: dt.datetime, until: dt.datetime) -> Swept:
    """Look at what one customer paid in a time; tell and list again what lacks its receipt or its row."""
    swept = Swept()
    for account in accounts.accounts_of(customer_id):
        moved = _moved(account, since, until)
        while lines := list(islice(moved, AT_ONCE)):
            swept = swept.plus(_make_good(customer_id, lines))
    return swept


def _moved(account: ledger.Account, since: dt.datetime, until: dt.datetime) -> Iterator[accounts.Movement]:
    """The lines of an account in a time that are the first of an entry, or money that came; an account that did not
    move is not read.
    """
    first, last = clock.business_date(since), clock.business_date(until)
    if account.business_date < first:
        return
    earliest, latest = clock.to_text(since), clock.to_text(until)
    for line in accounts.lines_between(account.account_id, first, last):
        if line.kind in ("cash", "principal") and earliest <= line.posted_at <= latest:
            yield line


def _is_first(line: accounts.Movement) -> bool:
    """Whether an entry starts here: a payment takes from its payer, cash has a customer's account on one side only."""
    return line.kind == "cash" or line.amount_fen < 0


def _make_good(customer_id: str, lines: list[accounts.Movement]) -> Swept:
    found = ledger.read_entries(list(dict.fromkeys(line.entry_id for line in lines)))
    started = dict.fromkeys(line.entry_id for line in lines if _is_first(line))
    entries = [found[id_] for id_ in started if id_ in found and found[id_]["state"] == ledger.POSTED]
    posted = [image for image in entries if image["kind"] == "transfer"]
    # A reversal is looked for where its money went: what a bank gave back for another has no line where it started.
    came = dict.fromkeys(line.entry_id for line in lines if not _is_first(line))
    given_back = [found[id_] for id_ in came if id_ in found and found[id_]["kind"] == REVERSAL]
    told = {image["entry_id"]: transfers.receipt_message(image) for image in (*posted, *given_back)}
    receipted = store.issued_of(list(told))
    untold = [message for id_, message in told.items() if message is not None and id_ not in receipted]
    # Told, not issued here: an entry that gets no receipt fails alone, and becomes a dead letter as ever.
    queues.send("receipts", untold)
    again = reports.list_again(entries)
    if again:
        # They stand on the list of their date's seal before they stand there: so none is looked for without need.
        list_entries(entries, clock.now())
    listed = transfers.list_again(customer_id, posted) + again
    if untold or listed:
        metrics.count(metrics.TRANSFERS_RETOLD)
        log.logger.error("posted transfers were not told", extra={"receipts": len(untold), "listed": listed})
    return Swept(len(posted), len(untold), listed)
