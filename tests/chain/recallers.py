"""The two sides of a transfer that went astray: who asks it back, and who answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from tests.chain.bank import Bank, Person, Reply


@dataclass
class Case:
    """A payer who paid 100.00 to a payee, and what the two do about it."""

    bank: Bank
    payer: Person
    payee: Person
    transfer_id: str
    tokens: dict[tuple[str, dt.datetime], str] = field(default_factory=dict)

    def token(self, who: Person) -> str:
        """A session of this very moment: logging in for each request would take most of the tests' time."""
        key = (who.customer_id, self.bank.clock.now())
        if key not in self.tokens:
            self.tokens[key] = self.bank.log_in(who)
        return self.tokens[key]

    def send(self, who: Person, method: str, path: str, body: Any = None) -> Reply:
        return self.bank.request(method, path, body, token=self.token(who))

    def ask(self, reason: str = "wrong_payee") -> Reply:
        return self.send(self.payer, "POST", f"/v1/transfers/{self.transfer_id}/recall", {"reason": reason})

    def asked(self) -> str:
        reply = self.ask()
        assert (reply.status, reply.body["state"]) == (201, "asked"), reply
        return str(reply.body["id"])

    def agree(self, recall_id: str, who: Person | None = None, **factor: str) -> Reply:
        return self.send(who or self.payee, "POST", f"/v1/recalls/{recall_id}/agreement", factor)

    def refuse(self, recall_id: str, who: Person | None = None) -> Reply:
        return self.send(who or self.payee, "POST", f"/v1/recalls/{recall_id}/refusal", {"reason": "owed"})

    def withdraw(self, recall_id: str, who: Person | None = None) -> Reply:
        return self.send(who or self.payer, "POST", f"/v1/recalls/{recall_id}/withdrawal")

    def confirm(self, transfer_id: str) -> Reply:
        self.bank.settle()
        code = self.bank.code_for(self.payee, transfer_id)
        return self.bank.confirm(self.token(self.payee), transfer_id, code)

    def read(self, who: Person, recall_id: str) -> dict[str, Any]:
        reply = self.send(who, "GET", f"/v1/recalls/{recall_id}")
        assert reply.status == 200, reply
        return dict(reply.body)

    def returned(self) -> str:
        recall_id = self.asked()
        confirmed = self.confirm(self.agree(recall_id).body["transfer"]["id"])
        assert (confirmed.status, confirmed.body["state"]) == (200, "posted"), confirmed
        self.bank.settle()
        return recall_id


def paid(bank: Bank) -> Case:
    """A case that begins: the money has arrived."""
    payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红", deposit="5.00")
    made = Case(bank, payer, payee, bank.pay(payer, payee, "100.00", f"recall-pay-{bank.people}"))
    bank.settle()
    return made


# Log-ins of a test leave these behind.
SESSIONS = ("SessionsTable", "SecurityEventsTable", "CustomersTable", "LoginTriesTable")
