"""Ask the network for what it has not answered: an unknown result is never assumed."""

from __future__ import annotations

import datetime as dt

from chalicelib.clearing import networks, store
from chalicelib.clearing.commands.send_payment import ask_time, send_payment
from chalicelib.clearing.commands.take_answer import take_answer
from chalicelib.clearing.domain import DUE, ENDED, Order
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, log, metrics
from chalicelib.platform.errors import OutcomeUnknown, Refusal, Retryable, TryAgain

# Of each of the eight parts, oldest first: some 25 s of work. What is left is the next run's.
MAX_A_PART = 50


def ask_open(now: dt.datetime) -> int:
    """Ask for payments that have been without an answer for `clearing.ask_min`; how many came to their end.

    Two runs at a time, or an answer beside them, end a payment once. What stays open is asked for again after the
    same time, behind the others. What cannot be returned is told to the operators and holds back no other.
    """
    ended = 0
    for row in store.open_until(clock.to_text(now), MAX_A_PART):
        try:
            done, closed = _ask(row, now)
            ended += closed
        except (TryAgain, OutcomeUnknown, Retryable):
            log.logger.info("a payment is left for the next run", extra={"entry_id": row.entry_id})
            continue
        except Refusal as refusal:
            metrics.count(metrics.CLEARING_NOT_RETURNED)
            log.logger.error("a payment cannot be ended", extra={"entry_id": row.entry_id, "code": refusal.code})
            done = False
        if not done:
            # The new row before the old one goes: a crash in between asks twice, never not at all.
            store.put_open(row.entry_id, row.business_date, ask_time(now))
        store.drop_open(row)
    return ended


def _ask(row: store.Open, now: dt.datetime) -> tuple[bool, bool]:
    """Whether the payment has its end, and whether this call brought it."""
    payment = store.read(row.business_date, row.entry_id)
    if payment is None or payment["state"] == DUE:
        # Taken on, and then a crash: it is sent by who claims it.
        send_payment(row.entry_id, now)
        return False, False
    if payment["state"] in ENDED:
        return True, False
    network = networks.network(now, networks.name_of(payment))
    answer = network.enquire(row.entry_id, clock.from_text(payment["sent_at"]), now)
    if answer is None:
        image = ledger.read_entry(row.entry_id)
        if image is not None:
            network.chase(Order.from_image(image), now)
        return False, False
    return True, take_answer(row.entry_id, answer, now)
