"""Payments to other banks in tests: how one is made and looked at, and the two sides that can take it.

A side plays the network: what it does with the payments that it is sent from now on is chosen by `meets`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import pytest

from chalicelib.clearing import networks, store
from chalicelib.clearing.domain import Order
from chalicelib.clearing.exchange import FileExchange
from chalicelib.clearing.workers import ask_clearing
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws
from tests.chain.bank import Bank, LambdaContext, Person
from tests.chain.probe import scheduled, table_items
from tests.status_reports import report, status

BANK_CODE, BANK_NAME = "999100000018", "示例工商银行"
PAYEE = {"payee_account": "6200000000000000017", "payee_name": "钱远方", "payee_bank": BANK_CODE}
FEE_FEN = 2_00
MINUTE = dt.timedelta(minutes=1)


def decide(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """Parameters, by their names in the service, for the rest of the test."""
    # By identity: a parameter that is a text cannot be a key.
    chosen = {id(getattr(parameters, name)): value for name, value in values.items()}
    value = parameters.value

    def decided(parameter: Any, now: dt.datetime) -> Any:
        return chosen[id(parameter)] if id(parameter) in chosen else value(parameter, now)

    monkeypatch.setattr(parameters, "value", decided)


def forget_open(bank: Bank) -> None:
    """Payments of earlier tests are asked for no more."""
    for row in table_items(bank, "ClearingOpenTable"):
        store.drop_open(store.Open(**row))


def create(bank: Bank, payer: Person, token: str, key: str, **more: Any) -> Any:
    body = {"payer_account": payer.account, "amount": "100.00", **PAYEE, **more}
    return bank.request("POST", "/v1/transfers", body, token=token, headers={"idempotency-key": key})


def confirmed(bank: Bank, payer: Person, key: str = "clearing-1") -> str:
    """A confirmed payment to another bank; the workers have not run since."""
    token = bank.log_in(payer)
    created = create(bank, payer, token, key)
    assert created.status == 201, created
    bank.settle()
    done = bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))
    assert done.status == 200, done
    return str(created.body["id"])


def payment(entry_id: str) -> dict[str, Any]:
    image = ledger.read_entry(entry_id)
    assert image is not None
    found = store.read(image["business_date"], entry_id)
    assert found is not None
    return found


def limits_of(bank: Bank, payer: Person) -> dict[str, Any]:
    """What of account and customer is money or a bucket."""
    account = ledger.read_accounts([payer.account])[payer.account].image
    (customer,) = [row for row in table_items(bank, "CustomersTable") if row["customer_id"] == payer.customer_id]
    buckets = ("day_", "month_", "year_", "count_", "outward_", "nocert_", "uncertified_")
    return {name: value for name, value in {**account, **customer}.items() if name.startswith(buckets)}


def owed() -> int:
    found = ledger.read_accounts([ledger.CLEARING_ACCOUNT])
    return found[ledger.CLEARING_ACCOUNT].posted_fen if found else 0


def ask(bank: Bank) -> int:
    answer: dict[str, int] = ask_clearing(scheduled(bank.clock.now()), LambdaContext())
    return answer["ended"]


class Side(Protocol):
    """One of the two networks."""

    name: str

    def meets(self, behaviour: str) -> None:
        """What payments meet from now on: one of the five behaviours of `networks`."""

    def play(self, bank: Bank) -> None:
        """Everything that bank and network do by themselves, until both are quiet."""

    def sent(self) -> list[str]:
        """The payments that the network got, by their ids; one that it got twice stands twice."""

    def dies(self) -> AbstractContextManager[Any]:
        """While this lasts the bank dies before the network gets anything."""


class Network(networks.SimulatedNetwork):
    """The simulated network, all of whose payments meet one fate; what it was sent."""

    def __init__(self, behaviour: str) -> None:
        super().__init__(7, {behaviour: 1})
        self.sent: list[Order] = []

    def send(self, order: Order) -> None:
        self.sent.append(order)
        super().send(order)


class SimulatedSide:
    """The network inside the bank."""

    name = "simulated"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self._networks: list[Network] = []

    def meets(self, behaviour: str) -> None:
        made = Network(behaviour)
        self._networks.append(made)
        self._patch.setattr(networks, "network", lambda *_: made)

    def play(self, bank: Bank) -> None:
        bank.settle()

    def sent(self) -> list[str]:
        return [order.entry_id for made in self._networks for order in made.sent]

    def dies(self) -> AbstractContextManager[Any]:
        return dying(Network)


class FileSide:
    """A network that is reached by files: it takes each file of the outbox once and lays answers into the inbox."""

    def __init__(self, bank: Bank, name: str) -> None:
        self.name = name
        self._bucket = bank.references["ClearingFilesBucket"]
        self._seen = set(self.keys("outbox/"))
        self._behaviour = networks.ACCEPT
        self._late: dict[str, dt.datetime] = {}
        self._sent: list[str] = []
        self._laid = 0

    def meets(self, behaviour: str) -> None:
        self._behaviour = behaviour

    def play(self, bank: Bank) -> None:
        bank.settle()
        laid = self._laid
        for key in sorted(set(self.keys("outbox/")) - self._seen):
            self._seen.add(key)
            if not key.startswith("outbox/pacs.028"):
                self._take(key.rpartition("/")[2].removesuffix(".xml"), bank.clock.now())
        for entry_id, sent_at in list(self._late.items()):
            if bank.clock.now() >= sent_at + networks.LATE_AFTER:
                del self._late[entry_id]
                self.says(status(entry_id, "ACSC"))
        if self._laid > laid:
            ask(bank)
            bank.settle()

    def _take(self, entry_id: str, now: dt.datetime) -> None:
        self._sent.append(entry_id)
        if self._behaviour == networks.LATE:
            self._late[entry_id] = now
        elif self._behaviour == networks.REJECT:
            self.says(status(entry_id, "RJCT", "AC04"))
        elif self._behaviour != networks.NEVER:
            for _ in range(2 if self._behaviour == networks.TWICE else 1):
                self.says(status(entry_id, "ACSC"))

    def sent(self) -> list[str]:
        return self._sent

    def dies(self) -> AbstractContextManager[Any]:
        return dying(FileExchange)

    def says(self, *parts: str) -> str:
        """Lay a report of these parts into the inbox; its key."""
        return self.lay(report(*parts, message_id=f"R{self._laid}"))

    def lay(self, data: bytes, name: str = "") -> str:
        """Lay any bytes into the inbox; their key."""
        self._laid += 1
        key = f"inbox/{name or f'report-{self._laid:04}.xml'}"
        aws.s3().put_object(Bucket=self._bucket, Key=key, Body=data)
        return key

    def keys(self, prefix: str) -> list[str]:
        """What is in the bucket under a prefix."""
        pages = aws.s3().get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", [])]

    def read(self, key: str) -> bytes:
        """What a file holds."""
        return aws.s3().get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def writings(self, prefix: str) -> int:
        """How often anything was written under a prefix: the bucket keeps every version."""
        pages = aws.s3().get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix)
        return sum(len(page.get("Versions", [])) for page in pages)


def side_of(name: str, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> Side:
    """The side that goes by that name, chosen by the parameter."""
    decide(monkeypatch, CLEARING_NETWORK=name)
    return SimulatedSide(monkeypatch) if name == SimulatedSide.name else FileSide(bank, name)


@contextmanager
def dying(network: type[Any]) -> Iterator[None]:
    """While this lasts whoever sends by the network dies before it has anything."""

    def die(*_: Any) -> None:
        raise ConnectionError("dead")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "send", die)
        yield
