"""The clearing network: one that is simulated, or files that are exchanged; a parameter says which.

The simulated one accepts, rejects, is late, answers twice or never, as its seed has it. Like a real one it answers by
message, or when it is asked, and knows a payment by its end-to-end id.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from chalicelib.clearing.domain import RETURNED, SETTLED, Answer, Order
from chalicelib.clearing.exchange import FileExchange
from chalicelib.parameters import service as parameters
from chalicelib.platform import queues
from chalicelib.platform.dynamo import Image
from chalicelib.platform.queues import Message

ACCEPT, REJECT, LATE, TWICE, NEVER = "accept", "reject", "late", "twice", "never"
# Of a hundred payments.
SHARES: Mapping[str, int] = MappingProxyType({ACCEPT: 80, REJECT: 8, LATE: 6, TWICE: 4, NEVER: 2})
# Account number wrong, account closed, name does not fit: what a payee's bank says most.
REASONS = ("AC01", "AC04", "BE01")
# When a late answer is there, for who asks.
LATE_AFTER = dt.timedelta(minutes=15)


class Network(Protocol):
    """What takes payments to other banks. `name` stands on each payment: it is asked for where it was sent."""

    name: str

    def send(self, order: Order) -> None:
        """Take a payment. Sending it again moves no more money there."""

    def enquire(self, entry_id: str, sent_at: dt.datetime, now: dt.datetime) -> Answer | None:
        """The end that the network has told, or tells when it is asked; None while there is none. Changes nothing."""

    def chase(self, order: Order, now: dt.datetime) -> None:
        """Ask for a payment without an end, where the answer comes later."""


class SimulatedNetwork:
    """The same seed gives each payment the same fate, in every process and however often it is sent or asked for."""

    name = "simulated"

    def __init__(self, seed: int, shares: Mapping[str, int] = SHARES) -> None:
        self._seed = seed
        self._shares = shares

    def send(self, order: Order) -> None:
        """Take a payment; the answers come to the queue. Sending it again moves no more money there."""
        behaviour = self.behaviour_of(order.entry_id)
        count = {ACCEPT: 1, REJECT: 1, TWICE: 2}.get(behaviour, 0)
        answer = self._answer(order.entry_id)
        queues.send(
            "clearing",
            [
                Message(
                    f"{order.entry_id}#answer#{number}",
                    "clearing.answered",
                    order.entry_id,
                    order.correlation_id,
                    {"outcome": answer.outcome, "reason": answer.reason},
                )
                for number in range(1, count + 1)
            ],
        )

    def enquire(self, entry_id: str, sent_at: dt.datetime, now: dt.datetime) -> Answer | None:
        """What became of a payment that was sent; None while the network does not know."""
        behaviour = self.behaviour_of(entry_id)
        if behaviour == NEVER or (behaviour == LATE and now < sent_at + LATE_AFTER):
            return None
        return self._answer(entry_id)

    def chase(self, order: Order, now: dt.datetime) -> None:
        """Nothing: `enquire` has asked, and knows no more later for being asked twice."""

    def behaviour_of(self, entry_id: str) -> str:
        """Which of the five a payment meets."""
        drawn = self._draw("behaviour", entry_id) % sum(self._shares.values())
        for behaviour, share in self._shares.items():
            drawn -= share
            if drawn < 0:
                return behaviour
        raise AssertionError("shares add up")

    def _answer(self, entry_id: str) -> Answer:
        if self.behaviour_of(entry_id) == REJECT:
            return Answer(RETURNED, REASONS[self._draw("reason", entry_id) % len(REASONS)])
        return Answer(SETTLED)

    def _draw(self, what: str, entry_id: str) -> int:
        return int.from_bytes(hashlib.sha256(f"{self._seed}|{what}|{entry_id}".encode()).digest()[:8])


def name_of(payment: Image) -> str:
    """The network that a payment was sent by; those from before there were two have no name."""
    return str(payment.get("network", SimulatedNetwork.name))


def network(now: dt.datetime, name: str | None = None) -> Network:
    """The network of that name, or the one that the parameters of the moment choose."""
    name = name or parameters.value(parameters.CLEARING_NETWORK, now)
    if name == SimulatedNetwork.name:
        return SimulatedNetwork(parameters.value(parameters.CLEARING_SEED, now))
    return FileExchange(name)
