"""What a payment is confirmed by decides which of the customer's counters it takes from, and gives back to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import boto3
import pytest

from chalicelib.customers import service as customers
from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.holds import Hold
from chalicelib.limits import service as limits
from chalicelib.limits.commands.change_limits import change_customer_limits
from chalicelib.limits.errors import NoFactorLimitExceeded
from chalicelib.limits.service import Proof
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock, ids, updates
from chalicelib.platform.callers import Caller
from chalicelib.platform.dynamo import Image, ItemUpdate, s
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from chalicelib.transfers.domain import Instruction, facts_of
from chalicelib.transfers.posting import draft_of
from tests.chain.bank import Bank, Person
from tests.chain.probe import force_customer, unchanged

DAY = "20261121"
SESSION = "sessionofthetest"
WORDS = ("outward", "nocert", "nofactor")


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="5000.00")


@pytest.fixture
def payee(bank: Bank) -> Person:
    return bank.sign_up("钱红")


def record(person: Person) -> Image:
    customer = customers.customer_of(person.customer_id)
    assert customer is not None
    return customer.image


def taken(person: Person) -> dict[str, int]:
    """What of each counter of the day was taken, in fen; a bucket that is absent is not named."""
    image = record(person)
    return {word: image[f"limit_{word}"] - image[f"{word}_{DAY}"] for word in WORDS if f"{word}_{DAY}" in image}


# A certificate in a phone, and a token; nothing here looks at signature or code.
FACTOR_IDS = {"certificate": "phone", "sms": "sms", "token": "token", "none": "none"}


def pay_by(factor: str, payer: Person, payee: Person, amount_fen: int) -> str:
    """An outward payment confirmed by a factor that no route offers yet: posted by the rules every route uses."""
    update = customers.customer_update(payer.customer_id)
    update.set("#factors.#phone = :phone, #factors.#token = :token", phone=s("phone"), token=s("token"))
    updates.insist(update)
    now = clock.now()
    instruction = Instruction(
        entry_id=ids.random_id(),
        customer_id=payer.customer_id,
        payer_account=payer.account,
        payee_account=payee.account,
        payee_name=payee.name,
        amount_fen=amount_fen,
        fee_fen=0,
        currency="CNY",
        purpose="",
        factor=factor,
        factor_id=FACTOR_IDS[factor],
        created_at=clock.to_text(now),
        valid_until=clock.to_text(now + dt.timedelta(minutes=3)),
    )
    image: dict[str, Any] = {
        **facts_of(instruction),
        "kind": "transfer",
        "state": "awaiting",
        "outward": True,
        "payer_name": payer.name,
        "tries": 0,
        "attempt": 1,
        "digest": instruction.digest(),
        "request_digest": b"request",
        "correlation_id": "test",
    }
    assert ledger.record_instruction(image) is None
    caller = Caller(payer.customer_id, SESSION, "professional")
    ledger.post(lambda at: draft_of(image, caller, at, factors.expected(at)))
    return instruction.entry_id


@pytest.mark.requirement("NB-5.4.1-daily")
@pytest.mark.parametrize(
    ("factor", "words"),
    [("certificate", WORDS[:1]), ("sms", WORDS[:2]), ("token", WORDS[:2]), ("none", WORDS)],
)
def test_a_payment_takes_by_its_factor_and_its_reversal_gives_back_just_that(
    bank: Bank, payer: Person, payee: Person, factor: str, words: tuple[str, ...]
) -> None:
    # given a payment by each kind of factor, so that every counter has a bucket
    pay_by("none", payer, payee, 1_00)
    before = taken(payer)
    # when one more is made
    entry_id = pay_by(factor, payer, payee, 30_00)
    # then it took from the counters of its kind, and from no other
    assert taken(payer) == {word: 1_00 + (30_00 if word in words else 0) for word in WORDS}
    # and its reversal gives back what it took
    reverse_transfer(entry_id, reason="冲正", by="T0001", correlation_id="test")
    assert taken(payer) == before


@pytest.mark.requirement("XJ-5.3-small")
def test_without_a_factor_the_day_is_exact_at_the_edge(bank: Bank, payer: Person, payee: Person) -> None:
    assert record(payer)["limit_nofactor"] == 1_000_00
    pay_by("none", payer, payee, 999_99)
    with unchanged(
        bank, but=("JournalTable", "TransfersTable", "TransactionsTable", "InboxTable", "LocalMessagesTable")
    ):
        with pytest.raises(NoFactorLimitExceeded) as refused:
            pay_by("none", payer, payee, 2)
        assert refused.value.facts == {"limit": "1000.00", "remaining": "0.01"}
    pay_by("none", payer, payee, 1)
    pay_by("sms", payer, payee, 1_00)
    assert taken(payer) == {"outward": 1_001_00, "nocert": 1_001_00, "nofactor": 1_000_00}


@pytest.mark.requirement("XJ-5.3-limit")
def test_the_limit_without_a_factor_is_seen_and_lowered_at_once_and_raised_at_the_counter(
    bank: Bank, payer: Person, payee: Person, certificates: list[bytes]
) -> None:
    token = bank.log_in(payer)
    pay_by("none", payer, payee, 300_00)
    seen = bank.request("GET", "/v1/limits", token=token).body["customer"]["day_without_factor"]
    assert seen == {"limit": "1000.00", "used": "300.00", "remaining": "700.00"}
    # lowered at once, what was used stays used
    lowered = bank.request("PATCH", "/v1/limits", {"day_without_factor": "400.00"}, token=token)
    assert lowered.body["day_without_factor"] == {"limit": "400.00", "used": "300.00", "remaining": "100.00"}
    with pytest.raises(NoFactorLimitExceeded):
        pay_by("none", payer, payee, 100_01)
    # raised with a step-up, or by staff
    refused = bank.request("PATCH", "/v1/limits", {"day_without_factor": "400.01"}, token=token)
    assert refused.code == "step_up_required"
    change_customer_limits(payer.customer_id, {"limit_nofactor": 500_00}, may_raise=True)
    seen = bank.request("GET", "/v1/limits", token=token).body["customer"]["day_without_factor"]
    assert seen == {"limit": "500.00", "used": "300.00", "remaining": "200.00"}


def test_a_record_from_before_the_limit_works_and_allows_nothing_without_a_factor(
    bank: Bank, payer: Person, payee: Person, certificates: list[bytes]
) -> None:
    # given a customer who was signed up before the limit existed
    table: Any = boto3.resource("dynamodb").Table(bank.references["CustomersTable"])
    table.update_item(Key={"customer_id": payer.customer_id}, UpdateExpression="REMOVE limit_nofactor")
    token = bank.log_in(payer)
    # then it pays by a code as ever
    bank.pay(payer, payee, "10.00", "key-before-01")
    # sees that nothing was agreed, and pays nothing without a factor
    seen = bank.request("GET", "/v1/limits", token=token).body["customer"]["day_without_factor"]
    assert seen == {"limit": "0.00", "used": "0.00", "remaining": "0.00"}
    with pytest.raises(NoFactorLimitExceeded):
        pay_by("none", payer, payee, 1)
    # lowers its other limits, and this one to what it is
    lowered = bank.request("PATCH", "/v1/limits", {"day_outward": "50.00", "day_without_factor": "0.00"}, token=token)
    assert lowered.status == 200
    assert "limit_nofactor" not in record(payer)
    # and agrees on a limit at the counter
    refused = bank.request("PATCH", "/v1/limits", {"day_without_factor": "0.01"}, token=token)
    assert refused.code == "step_up_required"
    change_customer_limits(payer.customer_id, {"limit_nofactor": 20_00}, may_raise=True)
    pay_by("none", payer, payee, 20_00)
    with pytest.raises(NoFactorLimitExceeded):
        pay_by("none", payer, payee, 1)


def test_a_changed_parameter_is_for_customers_to_come(bank: Bank, payer: Person) -> None:
    parameters.set_value(parameters.NO_FACTOR_DAY_FEN.name, 300_00)
    parameters.set_value(parameters.NO_CERTIFICATE_DAY_FEN.name, 700_00)
    later = record(bank.sign_up("孙建国"))
    assert (later["limit_nofactor"], later["limit_nocert"]) == (300_00, 700_00)
    assert (record(payer)["limit_nofactor"], record(payer)["limit_nocert"]) == (1_000_00, 50_000_00)


def test_a_captured_hold_that_is_reversed_gives_back_by_what_it_was_confirmed_by(
    bank: Bank, payer: Person, payee: Person
) -> None:
    # given a hold that took from all three counters, and says so; a second counts on the account alone
    def others(business_date: str) -> tuple[ItemUpdate, ...]:
        update = customers.payer_update(payer.customer_id, SESSION, None, outward=True)
        limits.limit_customer(update, business_date, 100_00, Proof.NONE, no_certificate_day_fen=None)
        return (update,)

    until = clock.now() + dt.timedelta(minutes=10)
    known = (payer.customer_id, payer.account, 100_00, 100_00, until, "", "test", b"digest")
    holds.place(Hold("hold-1", *known, Proof.NONE), others)
    holds.place(Hold("hold-2", *known))
    for hold_id in ("hold-1", "hold-2"):
        holds.capture(hold_id, payee_account=payee.account, amount_fen=100_00)
    assert taken(payer) == dict.fromkeys(WORDS, 100_00)
    # when both are reversed, then the customer's counters get back what was taken from them
    for hold_id in ("hold-2", "hold-1"):
        force_customer(bank, payer, transfers_on=False)  # no condition of paying stands in the way
        reverse_transfer(hold_id, reason="冲正", by="T0001", correlation_id="test")
        assert taken(payer) == dict.fromkeys(WORDS, 100_00 if hold_id == "hold-2" else 0)
