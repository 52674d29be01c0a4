"""The stricter law as a policy: the day's total is a counter like the others, ceilings hold at the last moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.customers import service as customers
from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.holds import Hold
from chalicelib.limits import service as limits
from chalicelib.limits.errors import StrictDayLimitExceeded
from chalicelib.limits.service import Proof
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.dynamo import ItemUpdate
from chalicelib.transfers.commands.reverse_transfer import reverse_transfer
from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import AMPLE, unchanged
from tests.chain.signers import certified, confirm_signed, signed
from tests.chain.test_factors import rich

pytestmark = pytest.mark.requirement("XJ-4.2-limit")


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def payer(bank: Bank) -> Person:
    return rich(bank)


@pytest.fixture
def payee(bank: Bank) -> Person:
    return bank.sign_up("钱红")


def pay(bank: Bank, payer: Person, payee: Person, amount: str, key: str) -> Reply:
    """By a code; the refusal where there is one."""
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, amount, key)
    if created.status != 201:
        return created
    bank.settle()
    return bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))


def seen(bank: Bank, payer: Person) -> dict[str, Any] | None:
    """What the customer sees of the policy's total."""
    found: dict[str, Any] | None = bank.request("GET", "/v1/limits", token=bank.log_in(payer)).body["customer"][
        "day_without_certificate_by_policy"
    ]
    return found


def strict(single_fen: int = 1_000_00, day_fen: int = 5_000_00) -> None:
    parameters.set_value("factor.policy", "strict")
    parameters.set_value("factor.strict.single_fen", single_fen)
    parameters.set_value("factor.strict.day_fen", day_fen)


def test_the_total_is_seen_while_the_policy_rules(bank: Bank, payer: Person, payee: Person) -> None:
    assert seen(bank, payer) is None
    strict()
    assert seen(bank, payer) == {"limit": "5000.00", "used": "0.00", "remaining": "5000.00"}
    assert pay(bank, payer, payee, "1000.00", "key-seen-0001").status == 200
    assert seen(bank, payer) == {"limit": "5000.00", "used": "1000.00", "remaining": "4000.00"}
    # the answer to a change of limits shows it too
    changed = bank.request("PATCH", "/v1/limits", {"day_outward": "9000.00"}, token=bank.log_in(payer))
    assert changed.body["day_without_certificate_by_policy"]["remaining"] == "4000.00"
    bank.clock.set(dt.datetime(2026, 11, 22, 0, 0, tzinfo=clock.SHANGHAI))
    assert seen(bank, payer) == {"limit": "5000.00", "used": "0.00", "remaining": "5000.00"}


def test_a_reversal_gives_the_total_back_on_its_own_day(bank: Bank, payer: Person, payee: Person) -> None:
    strict()
    done = [pay(bank, payer, payee, "1000.00", f"key-back-000{i}").body["id"] for i in (1, 2)]
    reverse_transfer(done[0], reason="冲正", by="T0001", correlation_id="test")
    assert seen(bank, payer) == {"limit": "5000.00", "used": "1000.00", "remaining": "4000.00"}
    # yesterday's money never raises what today has left
    bank.clock.set(dt.datetime(2026, 11, 22, 0, 0, tzinfo=clock.SHANGHAI))
    assert pay(bank, payer, payee, "300.00", "key-back-0003").status == 200
    reverse_transfer(done[1], reason="冲正", by="T0001", correlation_id="test")
    assert seen(bank, payer) == {"limit": "5000.00", "used": "300.00", "remaining": "4700.00"}


def test_what_a_certificate_confirmed_is_no_part_of_it(bank: Bank, payer: Person, payee: Person) -> None:
    strict()
    token = bank.log_in(payer)
    signer = certified(bank, payer, token)
    created = bank.create(token, payer, payee, "6000.00", "key-cert-0001", factor="certificate")
    assert confirm_signed(bank, token, created, signed(signer, created)).status == 200
    assert seen(bank, payer) == {"limit": "5000.00", "used": "0.00", "remaining": "5000.00"}
    reverse_transfer(created.body["id"], reason="冲正", by="T0001", correlation_id="test")
    assert seen(bank, payer) == {"limit": "5000.00", "used": "0.00", "remaining": "5000.00"}


def test_a_total_changed_in_the_middle_of_the_day_counts_what_was_paid(
    bank: Bank, payer: Person, payee: Person
) -> None:
    strict()
    assert pay(bank, payer, payee, "400.00", "key-moved-0001").status == 200
    # lowered below, then to the fen, then raised again
    parameters.set_value("factor.strict.day_fen", 300_00)
    assert seen(bank, payer) == {"limit": "300.00", "used": "400.00", "remaining": "0.00"}
    refused = pay(bank, payer, payee, "0.01", "key-moved-0002")
    assert (refused.code, refused.body["facts"]) == (
        "strict_day_limit_exceeded",
        {"limit": "300.00", "remaining": "0.00"},
    )
    parameters.set_value("factor.strict.day_fen", 500_00)
    refused = pay(bank, payer, payee, "100.01", "key-moved-0003")
    assert refused.body["facts"] == {"limit": "500.00", "remaining": "100.00"}
    assert pay(bank, payer, payee, "100.00", "key-moved-0004").status == 200
    assert pay(bank, payer, payee, "0.01", "key-moved-0005").code == "strict_day_limit_exceeded"
    parameters.set_value("factor.strict.day_fen", 500_01)
    assert pay(bank, payer, payee, "0.01", "key-moved-0006").status == 200


def test_what_was_paid_before_the_policy_was_switched_on_counts(bank: Bank, payer: Person, payee: Person) -> None:
    assert pay(bank, payer, payee, "4500.00", "key-switch-001").status == 200
    strict()
    refused = pay(bank, payer, payee, "500.01", "key-switch-002")
    assert refused.body["facts"] == {"limit": "5000.00", "remaining": "500.00"}
    assert pay(bank, payer, payee, "500.00", "key-switch-003").status == 200
    # off and on again: what was paid meanwhile counts too
    parameters.set_value("factor.policy", "standard")
    assert pay(bank, payer, payee, "9000.00", "key-switch-004").status == 200
    parameters.set_value("factor.policy", "strict")
    assert seen(bank, payer) == {"limit": "5000.00", "used": "14000.00", "remaining": "0.00"}


def test_the_customers_own_limit_moves_without_the_total(bank: Bank, payer: Person, payee: Person) -> None:
    strict()
    assert pay(bank, payer, payee, "1000.00", "key-own-00001").status == 200
    lowered = bank.request("PATCH", "/v1/limits", {"day_without_certificate": "2000.00"}, token=bank.log_in(payer))
    assert lowered.body["day_without_certificate"]["remaining"] == "1000.00"
    assert seen(bank, payer) == {"limit": "5000.00", "used": "1000.00", "remaining": "4000.00"}


def hold(bank: Bank, payer: Person, hold_id: str, amount_fen: int, proof: Proof) -> None:
    def others(business_date: str) -> tuple[ItemUpdate, ...]:
        update = customers.payer_update(payer.customer_id, "sessionofthetest", None, outward=True)
        most_fen = factors.policy(clock.now()).no_certificate_day_fen
        limits.limit_customer(update, business_date, amount_fen, proof, no_certificate_day_fen=most_fen)
        return (update,)

    until = bank.clock.now() + dt.timedelta(minutes=10)
    known = (payer.customer_id, payer.account, amount_fen, amount_fen, until, "", "test", hold_id.encode())
    holds.place(Hold(hold_id, *known, proof), others)


def test_holds_take_from_the_total_and_give_back_what_is_not_paid(bank: Bank, payer: Person, payee: Person) -> None:
    strict()

    def back(fen: int, proof: Proof) -> holds.Others:
        return lambda held_on: customers.give_back_updates(payer.customer_id, held_on, fen, proof)

    hold(bank, payer, "hold-0", 9_000_00, Proof.CERTIFICATE)  # takes nothing
    hold(bank, payer, "hold-1", 4_000_00, Proof.FACTOR)
    hold(bank, payer, "hold-2", 1_000_00, Proof.NONE)
    with unchanged(bank), pytest.raises(StrictDayLimitExceeded):
        hold(bank, payer, "hold-3", 1, Proof.FACTOR)
    holds.capture("hold-1", payee_account=payee.account, amount_fen=3_500_00, others=back(500_00, Proof.FACTOR))
    assert seen(bank, payer) == {"limit": "5000.00", "used": "4500.00", "remaining": "500.00"}
    holds.release("hold-2", back(1_000_00, Proof.NONE))
    assert seen(bank, payer) == {"limit": "5000.00", "used": "3500.00", "remaining": "1500.00"}
    reverse_transfer("hold-1", reason="冲正", by="T0001", correlation_id="test")
    assert seen(bank, payer) == {"limit": "5000.00", "used": "0.00", "remaining": "5000.00"}


CHANGES = [
    pytest.param([("factor.sms.ceiling_fen", 3_999_99)], "token,phone,cloud,usb_key", id="ceiling lowered"),
    pytest.param([("factor.policy", "strict")], "phone,cloud,usb_key", id="policy switched"),
    pytest.param(
        [(f"factor.{name}.ceiling_fen", 0) for name in ("sms", "token", "phone", "cloud", "usb_key")],
        "branch",
        id="nothing would do",
    ),
]


@pytest.mark.parametrize(("changes", "would_do"), CHANGES)
def test_the_ceiling_of_the_moment_rules_the_confirmation(
    bank: Bank, payer: Person, payee: Person, changes: list[tuple[str, int | str]], would_do: str
) -> None:
    # given an instruction that was within the ceiling when it was made
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, "4000.00", "key-moment-01").body["id"]
    bank.settle()
    code = bank.code_for(payer, created)
    # when the ceiling falls before the customer confirms
    for name, value in changes:
        parameters.set_value(name, value)
    bank.clock.advance(dt.timedelta(seconds=31))
    # then it is refused as at creation, and nothing moves
    with unchanged(bank, but=("JournalTable",)):
        refused = bank.confirm(token, created, code)
    again = bank.create(token, payer, payee, "4000.00", "key-moment-02")
    assert refused.code == again.code == "factor_ceiling_exceeded"
    facts = {"method": "sms", "factors": would_do, "yours": "none"}
    assert {name: refused.body["facts"][name] for name in facts} == facts
    assert refused.body["facts"] == again.body["facts"]
    # and with the ceiling back where it was, the same instruction passes
    for name, _ in changes:
        before: int | str = "standard" if name == "factor.policy" else 5_000_000_00
        parameters.set_value(name, before)
    bank.clock.advance(dt.timedelta(seconds=31))
    assert bank.confirm(token, created, code).status == 200


def test_between_own_accounts_a_code_confirms_without_ceiling_and_total(bank: Bank) -> None:
    strict(single_fen=0, day_fen=0)
    wish = AccountWish("savings", ledger.RIGHT_FULL, AMPLE)
    owner = bank.sign_up("赵小明", accounts=(wish, wish))
    bank.deposit(owner.account, 100_00)
    token = bank.log_in(owner)
    itself = Person(
        owner.name, owner.phone, owner.login_name, replace(owner.signed, account_ids=owner.signed.account_ids[1:])
    )
    created = bank.create(token, owner, itself, "40.00", "key-itself-01").body["id"]
    bank.settle()
    assert bank.confirm(token, created, bank.code_for(owner, created)).status == 200
    assert seen(bank, owner) == {"limit": "0.00", "used": "0.00", "remaining": "0.00"}
