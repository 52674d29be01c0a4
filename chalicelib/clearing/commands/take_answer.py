"""Take what the network answers: settle a payment, or return its money, fee and limits, once."""

from __future__ import annotations

import datetime as dt

from chalicelib.clearing import store
from chalicelib.clearing.domain import DUE, SETTLED, Answer
from chalicelib.clearing.errors import PaymentNotOpen
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.move_cash import Beside
from chalicelib.ledger.commands.reverse_entry import Order
from chalicelib.platform import clock, log, metrics, updates
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import Retryable

# Who orders the return, as its journal item says.
_BY = "clearing"


def take_answer(entry_id: str, answer: Answer, now: dt.datetime) -> bool:
    """Apply an answer; False when the payment had its end before.

    The first answer stands. The same again is skipped, another is kept as a difference and not applied. A return is
    the entry's reversal, in one write with the payment's end. Raises Retryable for a payment that was not sent,
    PayeeUnavailable (the payer's account can no longer receive: a person has to look), TryAgain, OutcomeUnknown.
    """
    image = ledger.read_entry(entry_id)
    payment = store.read(image["business_date"], entry_id) if image and "business_date" in image else None
    if image is None or payment is None or payment["state"] == DUE:
        raise Retryable("an answer to a payment that was not sent")
    try:
        if answer.outcome == SETTLED:
            updates.insist(store.end_update(image["business_date"], entry_id, answer, clock.to_text(now)))
        else:
            _give_back(image, answer)
    except PaymentNotOpen:
        _compare(image["business_date"], entry_id, answer)
        return False
    return True


def _give_back(image: Image, answer: Answer) -> None:
    # Most answers settle, and need nothing of what makes and reverses transfers.
    from chalicelib.transfers.commands.reverse_transfer import draft_transfer_reversal  # noqa: PLC0415

    def draft(at: dt.datetime) -> ledger.Draft:
        end = store.end_update(image["business_date"], image["entry_id"], answer, clock.to_text(at))
        order = Order(f"退汇 {answer.reason}".strip(), _BY, image["correlation_id"])
        return draft_transfer_reversal(image, order, at, lambda _: Beside(others=(end,)))

    if ledger.post(draft).replayed is not None:
        raise PaymentNotOpen(state=answer.outcome)


def _compare(business_date: str, entry_id: str, answer: Answer) -> None:
    """Whether what came late says the same as what was applied."""
    payment = store.read(business_date, entry_id)
    if payment is not None and Answer(payment["state"], payment["reason"]) != answer:
        note_contradiction(business_date, entry_id, answer)


def note_contradiction(business_date: str, entry_id: str, answer: Answer) -> None:
    """Keep an answer that is not applied because another came before it, and tell the operators."""
    updates.insist(store.difference_update(business_date, entry_id, answer))
    metrics.count(metrics.CLEARING_CONTRADICTED)
    log.logger.error("clearing contradicts itself", extra={"entry_id": entry_id, "code": answer.text})
