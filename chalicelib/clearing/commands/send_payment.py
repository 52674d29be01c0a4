"""Send a posted payment to the network, once, when it is due."""

from __future__ import annotations

import datetime as dt

from chalicelib.clearing import networks, store
from chalicelib.clearing.domain import Order
from chalicelib.clearing.errors import PaymentNotOpen
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, updates
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import Retryable


def send_payment(entry_id: str, now: dt.datetime) -> bool:
    """Take a payment on and send it; False when it had been sent, or is not due yet.

    The claim goes before the sending: whatever happens in between, it is asked for and not sent a second time.
    Raises Retryable while the entry is not posted; TryAgain (nothing was done), OutcomeUnknown.
    """
    image = ledger.read_entry(entry_id)
    if image is None or image["state"] != ledger.POSTED:
        raise Retryable("the payment is not posted")
    if not is_send_due(image, now):
        return False
    network = networks.network(now)
    store.take_on(image, ask_time(now))
    try:
        updates.insist(store.claim_update(image["business_date"], entry_id, network.name, clock.to_text(now)))
    except PaymentNotOpen:
        return False
    network.send(Order.from_image(image))
    return True


def is_send_due(image: Image, now: dt.datetime) -> bool:
    """Whether a posted payment goes out at `now`: it is in real time, from the moment of its posting."""
    return bool(image["posted_at"] <= clock.to_text(now))


def ask_time(now: dt.datetime) -> str:
    """When what has no answer is asked for, as a row has it."""
    return clock.to_text(now + dt.timedelta(minutes=parameters.value(parameters.CLEARING_ASK_MIN, now)))
