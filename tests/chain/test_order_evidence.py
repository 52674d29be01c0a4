"""Evidence of who confirmed what an order has paid: whole as exported, and no other payment passes by it (NB-5.1.3)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.factors import code_secret
from infra import evidence
from tests.chain.bank import Bank, running_bank
from tests.chain.orderers import ORDERS, Orderer, monthly, run
from tests.chain.signers import certified
from tests.chain.test_evidence import judged, root_of


def paid(bank: Bank, app: Orderer, order_id: str) -> dict[str, Any]:
    """The evidence of the order's last payment."""
    row = next(row for row in app.read(order_id)["history"] if row["kind"] == "executed")
    return evidence.export(row["transfer_id"])


@pytest.fixture(scope="module")
def evidences() -> Iterator[dict[str, Any]]:
    """One payment of an order by code, the same after less was agreed, and one of an order by certificate."""
    with running_bank() as bank:
        payer, payee = bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")
        app = Orderer(bank, payer)
        by_code = app.order(monthly(payer, payee))
        token = bank.log_in(payer)
        signer = certified(bank, payer, token)
        body = monthly(payer, payee, amount="60000.00")
        # more than a code may confirm: the certificate is what is asked for
        bank.deposit(payer.account, 60_000_00)
        refused = bank.request("POST", ORDERS, {**body, "amount": "50000.00"}, token=token, headers=key("one"))
        assert refused.body["facts"]["factors"] == "sms,certificate"
        step_up = refused.body["facts"]["step_up"]
        form = canonical(step_up)
        proof = {"factor": "certificate", "signature": signer.sign(form)}
        assert bank.request("POST", f"/v1/step-ups/{step_up}/confirmation", proof, token=token).status == 200
        made = bank.request(
            "POST", ORDERS, {**body, "amount": "50000.00"}, token=token, headers=key("one") | {"step-up": step_up}
        )
        assert (made.status, made.body["factor"]) == (201, "certificate")
        bank.settle()
        assert run(bank, "2026-11-30 08:00") == 2
        found: dict[str, Any] = {"sms": paid(bank, app, by_code), "certificate": paid(bank, app, made.body["id"])}
        assert app.send("PATCH", f"{ORDERS}/{by_code}", {"amount": "5.00"}).status == 200
        run(bank, "2026-12-31 08:00")
        found["less"] = paid(bank, app, by_code)
        found["root"] = root_of(found["certificate"])
        yield json.loads(json.dumps({**found, "secret": code_secret.current().decode()}))


def key(text: str) -> dict[str, str]:
    return {"idempotency-key": f"order-key-{text}"}


def canonical(step_up: str) -> bytes:
    from chalicelib.stepup import service as stepup  # noqa: PLC0415  # what the app computes from what it is shown

    challenge = stepup.read_challenge(step_up)
    assert challenge is not None
    return challenge.canonical()


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize("name", ["sms", "certificate", "less"])
def test_it_is_valid_as_exported_and_undecided_without_what_decides(evidences: dict[str, Any], name: str) -> None:
    verdict = evidence.verify(evidences[name], evidences["root"], [evidences["secret"].encode()])
    assert (verdict.wrong, verdict.undecided) == ([], [])
    assert evidence.verify(evidences[name]).code == evidence.UNDECIDED


CHANGES: list[tuple[str, str, Any]] = [
    ("entry", "amount_fen", 50_000_01),
    ("entry", "payee_account", "9000010000000000017"),
    ("entry", "payee_name", "李四"),
    ("entry", "fee_fen", 1),
    ("entry", "order_due", "20261201"),
    ("entry", "order_id", "a" * 26),
    ("entry", "customer_id", "c" * 20),
    ("order", "proof", "00" * 64),
    ("order", "form", "{}"),
]


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize("name", ["sms", "certificate"])
@pytest.mark.parametrize(("part", "field", "value"), CHANGES, ids=[f"{part}.{field}" for part, field, _ in CHANGES])
def test_whatever_is_changed_is_found(evidences: dict[str, Any], name: str, part: str, field: str, value: Any) -> None:
    document = copy.deepcopy(evidences[name])
    document[part][field] = value
    assert judged(document, evidences) in (evidence.INVALID, evidence.UNREADABLE)


def test_a_form_that_was_not_confirmed_proves_nothing(evidences: dict[str, Any]) -> None:
    for name in ("sms", "certificate"):
        for old, new in (("2026-11-30", "2026-12-31"), ("order.create", "order.creatf"), ('"day":"31"', '"day":"30"')):
            document = copy.deepcopy(evidences[name])
            document["order"]["form"] = document["order"]["form"].replace(old, new)
            assert document["order"]["form"] != evidences[name]["order"]["form"]
            assert judged(document, evidences) == evidence.INVALID
