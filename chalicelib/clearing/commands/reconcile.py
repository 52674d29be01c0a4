"""What we hold of a business date's payments, beside what the network says of them: the differences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.clearing import networks, store
from chalicelib.clearing.domain import Answer
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """One payment (amount in fen): its state here, and what the network says, `unknown` where it says nothing."""

    entry_id: str
    amount_fen: int
    ours: str
    theirs: str


def differences(business_date: str, now: dt.datetime) -> Iterator[Difference]:
    """Payments of the date whose end is not the network's, or which it contradicted. Reads, and changes nothing."""
    network = networks.network(now)
    for payment in store.payments_of(business_date):
        answer = None
        if "sent_at" in payment:
            answer = network.enquire(payment["entry_id"], clock.from_text(payment["sent_at"]), now)
        theirs = payment.get("contradicted") or (answer.text if answer is not None else UNKNOWN)
        ours = _state_of(payment)
        if ours != theirs:
            yield Difference(payment["entry_id"], payment["amount_fen"], ours, theirs)


def _state_of(payment: Image) -> str:
    return Answer(payment["state"], payment.get("reason", "")).text
