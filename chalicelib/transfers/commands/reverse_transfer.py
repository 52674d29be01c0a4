"""Reverse a posted transfer: money, and what it took from every limit, go back."""

from __future__ import annotations

import datetime as dt

from chalicelib.customers import service as customers
from chalicelib.ledger.commands.move_cash import Companion, alone
from chalicelib.ledger.commands.reverse_entry import Order, counted_by, draft_reversal, reverse_entry
from chalicelib.ledger.service import Draft, Posted
from chalicelib.platform.dynamo import Image, ItemUpdate
from chalicelib.transfers.posting import proof_in


def reverse_transfer(transfer_id: str, *, reason: str, by: str, correlation_id: str) -> Posted:
    """Reverse a transfer, once; the payer's account and customer record get their part of the limits back.

    Raises what reverse_entry raises.
    """
    return reverse_entry(transfer_id, reason=reason, by=by, correlation_id=correlation_id, others=_payer)


def draft_transfer_reversal(original: Image, order: Order, now: dt.datetime, companion: Companion = alone) -> Draft:
    """The same as writes, for a transaction that has more in it (an approval, an answer of clearing: `companion`);
    `original` is any entry that can be reversed.
    """
    return draft_reversal(original, order, now, _payer, companion)


def _payer(original: Image) -> tuple[ItemUpdate, ...]:
    """The payer's customer record gives back what the entry took there."""
    date, counted_fen = counted_by(original)
    proof = proof_in(original) if counted_fen else None
    if proof is None:
        return ()
    return customers.give_back_updates(original["customer_id"], date, counted_fen, proof)
