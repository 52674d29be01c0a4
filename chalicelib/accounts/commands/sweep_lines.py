"""Visit every account and rebuild the lines it lost: a page of customers a message, each asks for the next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from chalicelib.accounts import service as accounts
from chalicelib.accounts import store
from chalicelib.accounts.commands.fill_holes import GLANCE, fill_newest
from chalicelib.accounts.commands.lost_lines import Irreparable
from chalicelib.accounts.commands.rebuild_lines import rebuild_lines
from chalicelib.customers import service as customers
from chalicelib.ledger import service as ledger
from chalicelib.platform import log, metrics, queues
from chalicelib.platform.queues import Message


@dataclass(frozen=True, slots=True)
class Swept:
    """How many accounts a page had, and how many lines were written for them."""

    accounts: int
    lines: int


def start_sweep(correlation_id: str) -> None:
    """Start a sweep over all accounts."""
    queues.send("sweeps", [_page_message("", correlation_id)])


def _page_message(after: str, correlation_id: str) -> Message:
    """Pages are named by a customer's internal id: an account number is personal data and stays out of queues."""
    return Message(
        event_id=f"sweep#{correlation_id}#{after}",
        event_type="lines.sweep_page",
        aggregate_id=correlation_id,
        correlation_id=correlation_id,
        data={"after": after},
    )


def sweep_page(after: str, correlation_id: str, now: dt.datetime) -> Swept:
    """Compare each account's sequence with its last line, for one page of customers; then ask for the next page.

    An account that cannot be repaired is told to the operators and holds back no other.
    """
    customer_ids, cursor = customers.customer_page(after or None)
    if cursor is not None:
        # Asked for first: whatever this page meets, the accounts after it are visited.
        queues.send("sweeps", [_page_message(cursor, correlation_id)])
    visited = lines = 0
    for customer_id in customer_ids:
        for account in accounts.accounts_held(customer_id):
            visited += 1
            lines += sweep_account(account, now) or 0
    return Swept(visited, lines)


def sweep_account(account: ledger.Account, now: dt.datetime) -> int | None:
    """Rebuild what one account lost: how many lines, or None, told to the operators, where it cannot be repaired."""
    newest = list(store.newest(account.account_id, GLANCE))
    try:
        filled = fill_newest(account, newest)
        if filled:
            # The worker leaves no hole: somebody took lines away, and has to be looked for.
            metrics.count(metrics.LINE_GAPS)
            log.logger.error(
                "lines were missing in the middle", extra={"customer_id": account.customer_id, "count": filled}
            )
        return filled + rebuild_lines(account, newest[0] if newest else None, now)
    except (Irreparable, ledger.EntryUnbalanced) as error:
        metrics.count(metrics.LINES_NOT_REBUILT)
        log.logger.error("lines not rebuilt", extra={"customer_id": account.customer_id, "why": str(error)})
        return None
