"""Evidence of who confirmed what a batch has paid: whole as exported, and no other payment passes by it (NB-5.1.3)."""

from __future__ import annotations

import copy
import datetime as dt
import json
from typing import Any

import pytest

from chalicelib.factors import code_secret
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, ids
from chalicelib.stepup import service as stepup
from chalicelib.transfers.domain import Instruction
from chalicelib.transfers.posting import entry_of
from infra import evidence
from tests.chain.bank import Bank, Person
from tests.chain.orderers import Orderer
from tests.chain.signers import certified
from tests.chain.test_batches import BATCHES, KEY, body_of, read
from tests.chain.test_evidence import root_of

pytestmark = pytest.mark.requirement("NB-5.1.3")


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def payees(bank: Bank) -> list[Person]:
    return [bank.sign_up(name) for name in ("钱红", "孙立", "李娜")]


def documents(bank: Bank, payer: Person, payees: list[Person], factor: str) -> list[dict[str, Any]]:
    """The evidence of each payment of a batch that the factor has confirmed, as it is read from a file."""
    body, app = body_of(payer, payees, "10.00", "20.00", "30.00"), Orderer(bank, payer)
    if factor == "sms":
        made = app.confirmed("POST", BATCHES, body, idempotency_key=KEY)
    else:
        token = bank.log_in(payer)
        signer = certified(bank, payer, token)
        bank.clock.advance(dt.timedelta(minutes=1))
        step_up = bank.request("POST", BATCHES, body, token=token, headers={"idempotency-key": KEY}).body["facts"]
        challenge = stepup.read_challenge(step_up["step_up"])
        assert challenge is not None
        proof = {"factor": "certificate", "signature": signer.sign(challenge.canonical())}
        path = f"/v1/step-ups/{step_up['step_up']}/confirmation"
        assert bank.request("POST", path, proof, token=token).status == 200
        headers = {"idempotency-key": KEY, "step-up": step_up["step_up"]}
        made = bank.request("POST", BATCHES, body, token=token, headers=headers)
    assert (made.status, made.body["factor"]) == (201, factor)
    bank.settle()
    payments = read(app, made.body["id"])["payments"]
    return [json.loads(json.dumps(evidence.export(payment["transfer_id"]))) for payment in payments]


def judged(document: dict[str, Any]) -> int:
    root = root_of(document) if "certificate" in document else ""
    return evidence.verify(document, root, [code_secret.current()]).code


def forged(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An entry that somebody inside makes up, consistent in itself."""
    other = copy.deepcopy(document)
    other["entry"] |= changes
    instruction = Instruction.from_image(other["entry"])
    other["entry"]["digest"] = instruction.digest().hex()
    other["entry"]["postings"] = ledger.postings_of(entry_of(instruction))
    return other


@pytest.mark.parametrize("factor", ["sms", "certificate"])
def test_each_payment_has_its_evidence_and_no_other_passes_by_it(
    bank: Bank, payer: Person, payees: list[Person], factor: str
) -> None:
    found = documents(bank, payer, payees, factor)
    assert [judged(document) for document in found] == [evidence.VALID] * 3
    assert evidence.verify(found[0]).code == evidence.UNDECIDED
    # another amount, payee or line, and the same in a batch that nobody confirmed
    assert judged(forged(found[0], amount_fen=10_01)) == evidence.INVALID
    assert judged(forged(found[0], payee_account=payees[1].account)) == evidence.INVALID
    assert judged(forged(found[0], batch_line=2)) == evidence.INVALID
    never = "b" * 26
    assert judged(forged(found[0], batch_id=never, entry_id=ids.derived_id("batch", never, "1"))) == evidence.INVALID
    # and a form that says otherwise
    found[0]["batch"]["form"] = found[0]["batch"]["form"].replace("10.00", "99.00")
    assert judged(found[0]) == evidence.INVALID


@pytest.mark.parametrize("days", [-30, 400])
def test_a_posting_long_before_or_after_its_confirmation_is_found(
    bank: Bank, payer: Person, payees: list[Person], days: int
) -> None:
    document, *_ = documents(bank, payer, payees, "sms")
    at = clock.from_text(document["entry"]["posted_at"]) + dt.timedelta(days=days)
    date = clock.business_date(at)
    moved = forged(
        document,
        posted_at=clock.to_text(at),
        created_at=clock.to_text(at),
        business_date=date,
        valid_until=clock.to_text(clock.start_of_day(date) + dt.timedelta(days=1)),
    )
    assert judged(moved) == evidence.INVALID


def test_a_certificate_that_was_lost_before_cannot_have_signed_earlier(
    bank: Bank, payer: Person, payees: list[Person]
) -> None:
    # given a certificate that is said to have been lost an hour before it signed
    document, *_ = documents(bank, payer, payees, "certificate")
    at = clock.from_text(document["batch"]["confirmed_at"])
    document["ended_at"] = clock.to_text(at - dt.timedelta(hours=1))
    assert judged(document) == evidence.INVALID
    # when who keeps the row writes an earlier time, then what was signed says when it was
    document["batch"]["confirmed_at"] = clock.to_text(at - dt.timedelta(hours=1, milliseconds=1))
    document["entry"]["created_at"] = document["batch"]["confirmed_at"]
    assert judged(forged(document)) == evidence.INVALID
