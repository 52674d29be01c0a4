"""Banks that can be paid, and the message that starts a payment; the commands do the rest."""

from __future__ import annotations

from chalicelib.clearing.domain import BANKS, OWN_BANK, OWN_NAME
from chalicelib.clearing.errors import BankUnknown
from chalicelib.platform.queues import Message

__all__ = ["OWN_BANK", "OWN_NAME", "BankUnknown", "bank_of", "due_message", "name_of"]


def bank_of(code: str) -> str | None:
    """The name of the bank with that clearing code, or None."""
    return BANKS.get(code)


def name_of(code: str) -> str:
    """The bank's name for a message or a receipt; one that has left the directory is named by its code."""
    return BANKS.get(code, code)


def due_message(entry_id: str, correlation_id: str) -> Message:
    """Tells the worker of clearing that a posted payment is to be sent; telling it again sends nothing twice."""
    return Message(f"{entry_id}#clearing", "clearing.due", entry_id, correlation_id, {})
