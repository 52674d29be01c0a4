"""What an app needs beside the operations and models of `rural_bank_api`, which are made from the contract."""

from rural_bank.refusals import AppOutdated, Refused, StepUpRequired, answered
from rural_bank.sending import NoAnswer, Resending
from rural_bank.session import Bank, new_key, pages, with_step_up

__all__ = [
    "AppOutdated",
    "Bank",
    "NoAnswer",
    "Refused",
    "Resending",
    "StepUpRequired",
    "answered",
    "new_key",
    "pages",
    "with_step_up",
]
