"""Who confirms by the PIN of a cloud certificate."""

from __future__ import annotations

from typing import Any

from tests.chain.bank import Bank, Reply
from tests.chain.device import Device
from tests.chain.probe import table_items
from tests.chain.signers import (
    cloud_certified,
)

PIN, WRONG = "802731", "802713"


class Owner:
    """A customer with a cloud certificate, logged in on a bound device."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.person, self.payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
        self.device = Device(bank, self.person)
        self.token = str(self.device.bind().body["access_token"])
        self.factor_id = cloud_certified(bank, self.person, self.token, PIN)

    def create(self, key: str, token: str | None = None, **more: str) -> Reply:
        more = {"factor": "certificate", **more}
        return self.bank.create(token or self.token, self.person, self.payee, "10.00", key, **more)

    def created(self, key: str) -> Reply:
        reply = self.create(key)
        assert reply.status == 201, reply
        assert reply.body["factor_id"] == self.factor_id
        return reply

    def confirm(self, created: Reply, pin: str, token: str | None = None) -> Reply:
        path = f"/v1/transfers/{created.body['id']}/confirmation"
        return self.bank.request("POST", path, {"factor": "certificate", "pin": pin}, token=token or self.token)

    def row(self) -> dict[str, Any]:
        (row,) = [r for r in table_items(self.bank, "FactorsTable") if r["factor_id"] == self.factor_id]
        return row

    def state(self) -> str:
        factors = self.bank.request("GET", "/v1/factors", token=self.token).body["factors"]
        return next(str(one["state"]) for one in factors if one["id"] == self.factor_id)

    def log_in_again(self) -> None:
        self.token = str(self.device.log_in().body["access_token"])
