"""Trial balance and day close as the operator's commands and other contexts see them."""

from __future__ import annotations

from chalicelib.closing.commands.close_day import close_day, close_open_days, tell_legs_again
from chalicelib.closing.commands.trial_balance import trial_balance
from chalicelib.closing.domain import TrialBalance
from chalicelib.closing.store import BusinessDayItem, closed_between, first_from, get

__all__ = [
    "BusinessDayItem",
    "TrialBalance",
    "close_day",
    "close_open_days",
    "closed_between",
    "closed_day",
    "first_closed_from",
    "tell_legs_again",
    "trial_balance",
]

closed_day = get
first_closed_from = first_from
