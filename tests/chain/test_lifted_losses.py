"""A loss that was reported and is over: what the factor confirmed before it stays void (NB-5.3.6)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from chalicelib.audit import service as audit
from chalicelib.factors import domain, store
from chalicelib.factors.commands.end_factor import end_factor, report_loss, revoke_factor
from chalicelib.factors.commands.issue_token import issue_token
from chalicelib.platform import totp
from tests.chain.bank import TELLER, Bank, Person
from tests.chain.orderers import ORDERS, Orderer, monthly, run
from tests.chain.probe import force, table_items
from tests.chain.test_batches import BATCHES, body_of, read, states
from tests.chain.two_people import done

SEED = b"seed of a token that is found again"[:32]
DUE, NEXT_DUE = "2026-11-30 08:00", "2026-12-31 08:00"
pytestmark = pytest.mark.requirement("NB-5.3.6")


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    """Orders of tests before this one may fall due in it, too."""
    return shared_bank


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00")


@pytest.fixture
def payee(bank: Bank) -> Person:
    return bank.sign_up("钱红")


@pytest.fixture
def app(bank: Bank, payer: Person) -> Orderer:
    return Orderer(bank, payer)


def lost(bank: Bank, payer: Person) -> None:
    bank.clock.advance(dt.timedelta(minutes=1))
    report_loss(payer.customer_id, "sms", bank.clock.now())
    bank.clock.advance(dt.timedelta(hours=2))


def lifted(bank: Bank, payer: Person) -> None:
    done("factor.lift_loss", customer_id=payer.customer_id, factor_id="sms")
    bank.clock.advance(dt.timedelta(minutes=1))


def lost_and_lifted(bank: Bank, payer: Person) -> None:
    lost(bank, payer)
    lifted(bank, payer)


def lost_twice_and_lifted(bank: Bank, payer: Person) -> None:
    lost_and_lifted(bank, payer)
    lost_and_lifted(bank, payer)


def revoked(bank: Bank, payer: Person) -> None:
    bank.clock.advance(dt.timedelta(minutes=1))
    revoke_factor(payer.customer_id, "sms", teller_id=TELLER, now=bank.clock.now())


def lost_and_revoked(bank: Bank, payer: Person) -> None:
    lost(bank, payer)
    revoked(bank, payer)


def locked_and_lifted(bank: Bank, payer: Person) -> None:
    row = store.get(payer.customer_id, "sms")
    assert row is not None
    end_factor(row, domain.LOCKED, audit.FACTOR_LOCKED, (domain.ACTIVE,), bank.clock.now())
    lifted(bank, payer)


@pytest.mark.parametrize(
    ("become", "kind"),
    [
        (lost_and_lifted, "failed"),
        (lost_twice_and_lifted, "failed"),
        (lost_and_revoked, "failed"),
        # what ended, or was locked, without a loss was nobody else's
        (revoked, "executed"),
        (locked_and_lifted, "executed"),
    ],
)
def test_an_order_pays_unless_its_factor_was_lost_since(
    bank: Bank, app: Orderer, payer: Person, payee: Person, become: Callable[[Bank, Person], None], kind: str
) -> None:
    order_id = app.order(monthly(payer, payee))
    become(bank, payer)
    assert run(bank, DUE) >= 1
    assert app.kinds(order_id) == ["created", kind]
    rows = [row for row in table_items(bank, "OrderHistoryTable") if row["order_id"] == order_id]
    assert [row.get("code") for row in rows if row["kind"] == kind] == [
        "order_factor_lost" if kind == "failed" else None
    ]
    assert bank.balance(payer.account) == (1000_00 if kind == "failed" else 980_00)


def test_orders_confirmed_after_the_loss_was_lifted_are_paid(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    # given what a thief set up, and what the owner did after the phone was back
    stolen = app.order(monthly(payer, payee))
    lost_and_lifted(bank, payer)
    owned = app.order(monthly(payer, payee, amount="30.00"))
    assert run(bank, DUE) >= 2
    assert [app.kinds(one) for one in (stolen, owned)] == [["created", "failed"], ["created", "executed"]]
    # asking for less confirms nothing; asking for more is confirmed anew, and is paid
    assert app.send("PATCH", f"{ORDERS}/{stolen}", {"amount": "10.00"}).status == 200
    assert run(bank, NEXT_DUE) >= 2
    assert app.kinds(stolen)[-1] == "failed"
    assert app.confirmed("PATCH", f"{ORDERS}/{stolen}", {"amount": "40.00"}).status == 200
    assert run(bank, "2027-01-31 08:00") >= 2
    assert app.kinds(stolen) == ["created", "failed", "changed", "failed", "changed", "executed"]


def test_an_order_of_an_older_release_is_judged_by_the_factor_as_it_stands(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    order_id = app.order(monthly(payer, payee))
    force(bank, "OrdersTable", {"order_id": order_id}, confirmed_at="")
    lost(bank, payer)
    assert run(bank, DUE) >= 1
    lifted(bank, payer)
    assert run(bank, NEXT_DUE) >= 1
    assert app.kinds(order_id) == ["created", "failed", "executed"]


def test_a_batch_confirmed_before_the_loss_is_not_paid_and_one_after_it_is(
    bank: Bank, app: Orderer, payer: Person, payee: Person
) -> None:
    # given a batch whose worker is late, and a loss that is reported and lifted meanwhile
    others = [payee, bank.sign_up("孙立")]
    body = body_of(payer, others, "1.00", "2.00")
    made = app.confirmed("POST", BATCHES, body, idempotency_key="batch-key-stolen")
    assert made.status == 201
    lost_and_lifted(bank, payer)
    bank.settle()
    shown = read(app, made.body["id"])
    assert [payment["code"] for payment in shown["payments"]] == ["batch_factor_lost"] * 2
    assert bank.balance(payer.account) == 1000_00
    made = app.confirmed("POST", BATCHES, body, idempotency_key="batch-key-owned")
    bank.settle()
    assert states(read(app, made.body["id"])) == ["paid"] * 2


@pytest.mark.parametrize("is_lifted", [True, False])
def test_a_step_up_confirmed_before_the_loss_is_asked_for_again_once_it_is_lifted(
    bank: Bank, app: Orderer, payer: Person, payee: Person, *, is_lifted: bool
) -> None:
    # given a batch confirmed by a token and not sent yet, when another session's owner reports a loss that is lifted
    now = bank.clock.now()
    token_id = issue_token(payer.customer_id, serial=bank.blank("token"), seed=SEED, teller_id=TELLER, now=now)
    body, token = body_of(payer, [payee, payee], "1.00", "2.00"), bank.log_in(payer)
    headers = {"idempotency-key": "batch-key-token"}
    asked = bank.request("POST", BATCHES, body, token=token, headers=headers).body["facts"]["step_up"]
    proof = {"factor": "token", "code": totp.code_at(SEED, totp.step_at(now))}
    path = f"/v1/step-ups/{asked}/confirmation"
    assert bank.request("POST", path, proof, token=token).status == 200
    bank.clock.advance(dt.timedelta(seconds=1))
    if is_lifted:
        report_loss(payer.customer_id, token_id, bank.clock.now())
        done("factor.lift_loss", customer_id=payer.customer_id, factor_id=token_id)
    # then it does nothing within its five minutes, and a new one does
    bank.clock.advance(dt.timedelta(seconds=60))
    sent = bank.request("POST", BATCHES, body, token=token, headers=headers | {"step-up": asked})
    if not is_lifted:
        assert sent.status == 201
        return
    assert sent.code == "step_up_required"
    asked = sent.body["facts"]["step_up"]
    proof = {"factor": "token", "code": totp.code_at(SEED, totp.step_at(bank.clock.now()))}
    assert bank.request("POST", f"/v1/step-ups/{asked}/confirmation", proof, token=token).status == 200
    assert bank.request("POST", BATCHES, body, token=token, headers=headers | {"step-up": asked}).status == 201
    bank.settle()
    assert bank.balance(payer.account) == 997_00
