"""Transfers between a customer's own accounts: one request, no factor, no limit."""

from __future__ import annotations

import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.limits.service import AccountLimits
from tests.chain.bank import Bank, Person, Reply

TIGHT = AccountLimits(single_fen=1, day_fen=1, day_count=1, month_fen=1, year_fen=1)


@pytest.fixture
def owner(bank: Bank) -> Person:
    """A customer with two paying accounts whose limits would let nothing out, and 100.00 in the first."""
    wish = AccountWish("savings", ledger.RIGHT_FULL, TIGHT)
    person = bank.sign_up("赵小明", accounts=(wish, wish), limit_outward_fen=0)
    bank.deposit(person.account, 100_00)
    return person


def move(bank: Bank, owner: Person, amount: str, key: str, **more: str) -> Reply:
    """From the first account to the second."""
    body = {
        "payer_account": owner.account,
        "payee_account": owner.signed.account_ids[1],
        "payee_name": owner.name,
        "amount": amount,
        "factor": "none",
        **more,
    }
    return bank.request("POST", "/v1/transfers", body, token=bank.log_in(owner), headers={"idempotency-key": key})


def test_it_is_posted_at_once_and_receipted(bank: Bank, owner: Person) -> None:
    done = move(bank, owner, "40.00", "own-key-1")

    assert (done.status, done.body["state"], done.body["factor"]) == (201, "posted", "none")
    assert [bank.balance(id_) for id_ in owner.signed.account_ids] == [60_00, 40_00]
    bank.settle()
    receipt = bank.request("GET", f"/v1/transfers/{done.body['id']}/receipt", token=bank.log_in(owner))
    assert (receipt.status, receipt.body["amount_in_words"]) == (200, "肆拾元整")
    lines = bank.request("GET", f"/v1/accounts/{owner.signed.account_ids[1]}/movements", token=bank.log_in(owner)).body[
        "movements"
    ]
    assert [(line["amount"], line["balance"], line["counterparty_name"]) for line in lines] == [
        ("40.00", "40.00", "*小明")
    ]


def test_a_repeat_moves_nothing_and_other_contents_are_refused(bank: Bank, owner: Person) -> None:
    first = move(bank, owner, "40.00", "own-key-1")
    again = move(bank, owner, "40.00", "own-key-1")
    other = move(bank, owner, "41.00", "own-key-1")

    assert (again.status, again.headers.get("Idempotency-Hit")) == (200, "true")
    assert again.body == first.body
    assert (other.status, other.code) == (409, "idempotency_key_reused")
    assert bank.balance(owner.account) == 60_00


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": "100.01"}, "insufficient_funds"),
        ({"payee_name": "赵大明"}, "payee_unavailable"),
        ({"payee_account": "9000019999999999999"}, "payee_unavailable"),
        ({"amount": "0.00"}, "amount_out_of_range"),
    ],
    ids=["one fen over", "another name", "unknown account", "nothing"],
)
def test_what_does_not_hold_is_refused_and_burns_no_key(
    bank: Bank, owner: Person, change: dict[str, str], code: str
) -> None:
    refused = move(bank, owner, change.pop("amount", "40.00"), "own-key-1", **change)

    assert refused.code == code
    assert [bank.balance(id_) for id_ in owner.signed.account_ids] == [100_00, 0]
    assert move(bank, owner, "40.00", "own-key-1").status == 201


@pytest.mark.requirement("YQ-4.1.3")
def test_to_somebody_else_a_factor_is_asked_for(bank: Bank, owner: Person) -> None:
    other = bank.sign_up("钱红")

    refused = move(bank, owner, "40.00", "own-key-1", payee_account=other.account, payee_name=other.name)

    assert (refused.status, refused.code) == (422, "factor_required")
    assert bank.balance(other.account) == 0
