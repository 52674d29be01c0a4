"""What we hold of a business date's payments, beside what the network says of them: the differences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.clearing import exchange, networks, store
from chalicelib.clearing.domain import Answer, Reported, is_entry_id
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import AmountMalformed, AmountOutOfRange
from chalicelib.platform.money import Money

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Difference:
    """One payment (amount in fen): its state here, and what the network says, `unknown` where it says nothing.

    One that is unknown here has the id by which the network calls it, and the amount if it names one that can be.
    """

    entry_id: str
    amount_fen: int | None
    ours: str
    theirs: str


def differences(business_date: str, now: dt.datetime) -> Iterator[Difference]:
    """Payments of the date whose end is not the network's, or which it contradicted; then those that the network
    answered on that date and we never sent. Reads, and changes nothing.
    """
    for payment in store.payments_of(business_date):
        answer = None
        if "sent_at" in payment:
            network = networks.network(now, networks.name_of(payment))
            answer = network.enquire(payment["entry_id"], clock.from_text(payment["sent_at"]), now)
        theirs = payment.get("contradicted") or (answer.text if answer is not None else UNKNOWN)
        ours = _state_of(payment)
        if ours != theirs:
            yield Difference(payment["entry_id"], payment["amount_fen"], ours, theirs)

    for reported in exchange.refused_reports(business_date):
        yield from _strangers(reported)


def _strangers(reported: Reported) -> Iterator[Difference]:
    """What a report names and we never sent, by each of its ids."""
    try:
        fen = Money.parse(reported.amount).amount_fen
    except (AmountMalformed, AmountOutOfRange):
        fen = None
    for named in sorted(reported.ids):
        image = ledger.read_entry(named) if is_entry_id(named) else None
        if image is None or "business_date" not in image or store.read(image["business_date"], named) is None:
            yield Difference(named, fen, UNKNOWN, f"{reported.status} {reported.reason}".strip())


def _state_of(payment: Image) -> str:
    return Answer(payment["state"], payment.get("reason", "")).text
