"""Adding up the books at a cut-off, account by account. Pure; no I/O, no clock."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from chalicelib.closing.errors import BusinessDateMalformed
from chalicelib.platform import clock

# Before the first business date there ever was, and after the last.
BEGINNING, END = "00000000", "99999999"
# A payment planned in a day's last second is answered, or given up, well within this.
IN_FLIGHT = dt.timedelta(seconds=60)
# Findings are counted without end and named up to here: a report that nobody reads to its end is none.
MAX_NAMED = 100

_DATE = re.compile(r"[0-9]{8}")


def parse_date(text: str) -> str:
    """A business date as `20261121`; raises BusinessDateMalformed."""
    try:
        if not _DATE.fullmatch(text):
            raise BusinessDateMalformed()
        dt.date.fromisoformat(text)
    except ValueError:
        raise BusinessDateMalformed() from None
    return text


def day_before(moment: dt.datetime) -> str:
    """The business date before the one of `moment`."""
    return clock.business_date(moment - dt.timedelta(days=1))


def is_over(business_date: str, now: dt.datetime) -> bool:
    """Whether nothing dated so can be written any more."""
    return clock.business_date(now - IN_FLIGHT) > business_date


@dataclass(slots=True)
class Findings:
    """Things of one sort: how many, and the first of them by name."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        self.count += 1
        if len(self.names) < MAX_NAMED:
            self.names.append(name)


@dataclass(frozen=True, slots=True)
class AccountDay:
    """One account over the period: opening + legs = closing, in fen; `turnover_fen` adds its credits."""

    opening_fen: int = 0
    legs_fen: int = 0
    turnover_fen: int = 0
    lines: int = 0

    @property
    def closing_fen(self) -> int:
        return self.opening_fen + self.legs_fen

    def with_leg(self, amount_fen: int, lines: int = 1) -> AccountDay:
        """The same with one more leg."""
        return AccountDay(
            self.opening_fen,
            self.legs_fen + amount_fen,
            self.turnover_fen + max(0, amount_fen),
            self.lines + lines,
        )


@dataclass(slots=True)
class TrialBalance:
    """All accounts at the end of `business_date`, over the period since the last closed day (NB-5.1.6).

    Amounts in fen; a credit balance is positive. `pending_accounts` have lines that are not written,
    `pending_entries` deferred legs that are not posted; `broken` do not agree with their own lines or the
    journal; `changed` are not what they were when the day before was closed.
    """

    business_date: str
    first_date: str
    accounts: int = 0
    lines: int = 0
    turnover_fen: int = 0
    customers_opening_fen: int = 0
    customers_fen: int = 0
    house_opening: dict[str, int] = field(default_factory=dict)
    house: dict[str, int] = field(default_factory=dict)
    pending_accounts: Findings = field(default_factory=Findings)
    pending_entries: Findings = field(default_factory=Findings)
    broken: Findings = field(default_factory=Findings)
    changed: Findings = field(default_factory=Findings)

    def add_customer(self, day: AccountDay) -> None:
        """Count one customer's account."""
        self.customers_opening_fen += day.opening_fen
        self.customers_fen += day.closing_fen
        self._add(day)

    def add_house(self, account_id: str, day: AccountDay) -> None:
        """Count one house account; the bank has few, so each is kept by name."""
        self.house_opening[account_id] = day.opening_fen
        self.house[account_id] = day.closing_fen
        self._add(day)

    def _add(self, day: AccountDay) -> None:
        self.accounts += 1
        self.lines += day.lines
        self.turnover_fen += day.turnover_fen

    def compare(self, customers_fen: int, house: dict[str, int]) -> None:
        """Note what opens otherwise than the day before closed: something dated in a closed day was written."""
        if self.customers_opening_fen != customers_fen:
            self.changed.add("customers")
        for account_id in sorted(self.house_opening.keys() | house.keys()):
            if self.house_opening.get(account_id, 0) != house.get(account_id, 0):
                self.changed.add(account_id)

    @property
    def opening_fen(self) -> int:
        """All opening balances together; zero."""
        return self.customers_opening_fen + sum(self.house_opening.values())

    @property
    def closing_fen(self) -> int:
        """All closing balances together; zero unless something is pending or wrong."""
        return self.customers_fen + sum(self.house.values())

    @property
    def is_pending(self) -> bool:
        """Whether workers have still to pass the cut-off: then the sum says nothing yet."""
        return bool(self.pending_accounts.count or self.pending_entries.count)

    @property
    def is_wrong(self) -> bool:
        """Whether something is wrong that no pending work explains."""
        return bool(
            self.broken.count or self.changed.count or (self.opening_fen or (self.closing_fen and not self.is_pending))
        )

    @property
    def is_balanced(self) -> bool:
        """Whether everything is there and adds up to zero."""
        return not self.is_pending and not self.is_wrong
