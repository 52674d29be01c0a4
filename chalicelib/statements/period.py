"""The lines of a period of one account, between what was before and what came after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.accounts import service as accounts
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.errors import Retryable


@dataclass(frozen=True, slots=True)
class Period:
    """Lines up to `last`, the newest that was there when it was asked for; `before` is the last one before them."""

    account_id: str
    first_date: str
    last_date: str
    before: accounts.Movement | None
    last: accounts.Movement | None

    @property
    def opening_fen(self) -> int:
        """The booked balance before the first line."""
        return self.before.balance_fen if self.before else 0

    @property
    def closing_fen(self) -> int:
        """The booked balance after the last line."""
        return self.last.balance_fen if self.last else 0

    @property
    def count(self) -> int:
        """How many lines there are, by their numbers: none is read for it."""
        return (self.last.seq if self.last else 0) - (self.before.seq if self.before else 0)

    def lines(self) -> Iterator[accounts.Line]:
        """The lines, oldest first, a page in memory at a time; what is written meanwhile is not among them."""
        last_seq = self.last.seq if self.last else 0
        for line in accounts.worded_lines_between(self.account_id, self.first_date, self.last_date):
            if line.movement.seq > last_seq:
                return
            yield line

    def after(self) -> accounts.Movement | None:
        """The first line after the period's last, or None: where one is missing between them, its number shows it."""
        return accounts.line_after(self.account_id, self.last)


def period_of(account: ledger.Account, first_date: str, last_date: str) -> Period:
    """The period of these business dates, both included; raises Retryable while lines are still being written."""
    newest = accounts.last_line(account.account_id)
    if (newest.seq if newest else 0) < account.seq:
        raise Retryable("lines are still being written")
    return Period(
        account.account_id,
        first_date,
        last_date,
        accounts.last_line(account.account_id, before_date=first_date),
        accounts.last_line(account.account_id, before_date=clock.day_after(last_date)),
    )
