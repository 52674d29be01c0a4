"""Trial balance and day close as the operator's commands see them; `commands.closed_days` reads what is closed."""

from __future__ import annotations

from chalicelib.closing.commands.close_day import close_day, close_open_days, tell_legs_again
from chalicelib.closing.commands.trial_balance import trial_balance
from chalicelib.closing.domain import TrialBalance

__all__ = [
    "TrialBalance",
    "close_day",
    "close_open_days",
    "tell_legs_again",
    "trial_balance",
]
