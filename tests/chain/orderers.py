"""What tests of standing orders share: setting one up as the app does, and what the schedule does on a day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from chalicelib.orders.workers import find_due_orders
from chalicelib.platform import clock
from tests.chain.bank import Bank, LambdaContext, Person, Reply
from tests.chain.probe import scheduled

ORDERS = "/v1/standing-orders"


def monthly(payer: Person, payee: Person, **more: Any) -> dict[str, Any]:
    """A body: 20.00 on the last day of each month from November on."""
    return {
        "payer_account": payer.account,
        "payee_account": payee.account,
        "payee_name": payee.name,
        "amount": "20.00",
        "purpose": "生活费",
        "repeat": "monthly",
        "day": 31,
        "first_date": "2026-11-30",
        **more,
    }


@dataclass
class Orderer:
    """A customer with an app that sets up orders."""

    bank: Bank
    person: Person
    keys: int = 0

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        token = self.bank.log_in(self.person)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.bank.request(method, path, body, token=token, headers=sent)

    def asked(self, body: dict[str, Any], key: str) -> Reply:
        """The first request, without a step-up."""
        return self.send("POST", ORDERS, body, idempotency_key=key)

    def confirmed(self, method: str, path: str, body: dict[str, Any], **headers: str) -> Reply:
        """A request that asks for a step-up, and the same once it is confirmed, in one session."""
        token = self.bank.log_in(self.person)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        refused = self.bank.request(method, path, body, token=token, headers=sent)
        step_up = self.bank.step_up(token, self.person, refused)
        return self.bank.request(method, path, body, token=token, headers=sent | step_up)

    def order(self, body: dict[str, Any]) -> str:
        """The whole of it; the order's id."""
        self.keys += 1
        made = self.confirmed("POST", ORDERS, body, idempotency_key=f"order-key-{self.keys}")
        assert made.status == 201, made
        self.bank.settle()
        return str(made.body["id"])

    def read(self, order_id: str) -> dict[str, Any]:
        reply = self.send("GET", f"{ORDERS}/{order_id}")
        assert reply.status == 200, reply
        return dict(reply.body)

    def kinds(self, order_id: str) -> list[str]:
        """What happened to an order, oldest first."""
        return [row["kind"] for row in reversed(self.read(order_id)["history"])]


def at(text: str) -> dt.datetime:
    """A moment of Shanghai, as `2026-11-30 08:00`."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)


def tick(bank: Bank) -> int:
    """The schedule fires now; how many orders it asks for."""
    answer: Any = find_due_orders(scheduled(bank.clock.now()), LambdaContext())
    return int(answer["asked"])


def run(bank: Bank, when: str) -> int:
    """The schedule fires at that moment, and all is worked off; how many orders it asked for."""
    bank.clock.set(at(when))
    asked = tick(bank)
    bank.settle()
    return asked
