"""A payer's phone, by which transfers are sent that arrive later (PBoC notice 261)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from chalicelib.ledger.commands import dues
from chalicelib.transfers.workers import execute_due_transfers
from tests.chain.bank import Bank, LambdaContext, Reply
from tests.chain.probe import account_image, scheduled, table_items

# The last moment of a code of three minutes, and two hours: what a payer has to revoke.
NORMAL = dt.timedelta(minutes=123)
# What 300.00 takes from the counters.
TAKEN = {"day": 300_00, "month": 300_00, "year": 300_00, "outward": 300_00, "nocert": 300_00, "uncertified": 300_00}
TAKEN |= {"count": 1}
GIVEN_BACK = dict.fromkeys(TAKEN, 0)


def with_nothing_due(bank: Bank) -> Bank:
    """The bank, whose earlier tests may have left transfers that wait."""
    for row in table_items(bank, "TransferDuesTable"):
        dues.forget(dues.Due(**row))
    return bank


class Phone:
    """A payer with a fee to pay, and somebody to pay to."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.payer = bank.sign_up("赵小明", deposit="1000.00")
        self.payee = bank.sign_up("钱红")
        self.token = bank.log_in(self.payer)

    def create(self, speed: str, key: str, amount: str = "300.00", **more: Any) -> Reply:
        return self.bank.create(self.token, self.payer, self.payee, amount, key, speed=speed, **more)

    def confirm(self, created: Reply) -> Reply:
        self.bank.settle()
        transfer_id = created.body["id"]
        done = self.bank.confirm(self.token, transfer_id, self.bank.code_for(self.payer, transfer_id))
        self.bank.settle()
        return done

    def pending(self, speed: str = "normal", key: str = "key-later-01", amount: str = "300.00") -> str:
        """A transfer whose money is set aside; its id."""
        done = self.confirm(self.create(speed, key, amount))
        assert (done.status, done.body["state"]) == (200, "pending"), done
        return str(done.body["id"])

    def revoke(self, transfer_id: str, token: str | None = None) -> Reply:
        path = f"/v1/transfers/{transfer_id}/revocation"
        reply = self.bank.request("POST", path, token=token or self.token)
        self.bank.settle()
        return reply

    def read(self, transfer_id: str) -> Mapping[str, Any]:
        # A session ends when nobody uses it for so long.
        token = self.bank.log_in(self.payer)
        body: Mapping[str, Any] = self.bank.request("GET", f"/v1/transfers/{transfer_id}", token=token).body
        return body

    def money(self) -> tuple[int, int, int]:
        """The payer's available and held fen, and the payee's available."""
        payer, payee = account_image(self.payer.account), account_image(self.payee.account)
        return payer["available_fen"], payer["held_fen"], payee["available_fen"]

    def used(self, day: str) -> dict[str, int]:
        """What of the counters of a day is taken."""
        customer = next(
            row for row in table_items(self.bank, "CustomersTable") if row["customer_id"] == self.payer.customer_id
        )
        both = {**account_image(self.payer.account), **customer}
        buckets = {"day": day, "count": day, "month": day[:6], "year": day[:4], "outward": day, "nocert": day}
        found = {
            word: both[f"limit_{word}"] - both[f"{word}_{period}"]
            for word, period in buckets.items()
            if f"{word}_{period}" in both
        }
        return {**found, "uncertified": both.get(f"uncertified_{day}", 0)}


def tick(bank: Bank) -> tuple[int, int]:
    """The schedule fires; how many transfers were executed, and returned."""
    counts = execute_due_transfers(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()
    return counts["executed"], counts["returned"]


def at(bank: Bank, text: str) -> None:
    """Let the bank's clock be at a Shanghai time."""
    bank.clock.advance(dt.datetime.fromisoformat(f"{text}+08:00") - bank.clock.now())
