"""The electronic payment password: per account, express edition only (NB-5.3.3-epay)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.audit import service as audit
from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.customers.domain import IdentityDocument
from chalicelib.ledger import service as ledger
from chalicelib.platform import aws
from chalicelib.platform.dynamo import ItemPut
from tests.chain.bank import LIMITS, PASSWORD, Bank, Person, Reply
from tests.chain.probe import same_refusal, table_items, unchanged
from tests.unit.samples import resident_number

PIN, OTHER = "493817", "826350"
TWO = (
    AccountWish("savings", ledger.RIGHT_FULL, LIMITS),
    AccountWish("savings", ledger.RIGHT_FULL, LIMITS),
    AccountWish("savings", ledger.RIGHT_QUERY, LIMITS),
)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def customer(bank: Bank) -> Person:
    # One customer has a document; all tests here share the bank.
    document = IdentityDocument("resident_id", resident_number(bank.people, region="110105"))
    return bank.sign_up("赵小明", accounts=TWO, document=document, birth_date="19900307")


@pytest.fixture
def express(bank: Bank, customer: Person) -> str:
    body = {"login_name": customer.login_name, "password": PASSWORD, "edition": "express"}
    return str(bank.request("POST", "/v1/sessions", body).body["access_token"])


def put(bank: Bank, token: str, account: str, pin: str, password: str = PASSWORD) -> Reply:
    body = {"query_password": password, "payment_password": pin}
    return bank.request("PUT", f"/v1/accounts/{account}/payment-password", body, token=token)


def verify(bank: Bank, token: str, account: str, pin: str) -> Reply:
    path = f"/v1/accounts/{account}/payment-password/verification"
    return bank.request("POST", path, {"payment_password": pin}, token=token)


@pytest.mark.requirement("NB-5.3.3-epay")
def test_each_account_has_its_own_and_it_can_be_reset(bank: Bank, customer: Person, express: str) -> None:
    one, two, _ = customer.signed.account_ids
    assert put(bank, express, one, PIN).status == put(bank, express, two, OTHER).status == 204
    assert verify(bank, express, one, PIN).status == verify(bank, express, two, OTHER).status == 204
    assert verify(bank, express, one, OTHER).code == "payment_password_wrong"
    assert put(bank, express, one, OTHER).status == 204
    assert verify(bank, express, one, PIN).code == "payment_password_wrong"
    assert verify(bank, express, one, OTHER).status == 204
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == customer.customer_id]
    assert [row["kind"] for row in rows].count("payment_password_set") == 3
    assert PIN not in repr(table_items(bank, "AccountSecretsTable"))


@pytest.mark.requirement("YQ-4.2.2-set")
@pytest.mark.parametrize("is_set", [False, True])
def test_it_is_not_set_without_a_row_of_the_log(
    bank: Bank, customer: Person, express: str, monkeypatch: pytest.MonkeyPatch, is_set: bool
) -> None:
    if is_set:
        assert put(bank, express, customer.account, PIN).status == 204
    event_of = audit.event

    def taken(*args: Any, **facts: Any) -> ItemPut:
        """A row of the log that cannot be written, as its place is taken."""
        event = event_of(*args, **facts)
        aws.dynamodb().put_item(**event.parameters())
        return event

    with monkeypatch.context() as patched:
        patched.setattr(audit, "event", taken)
        refused = put(bank, express, customer.account, OTHER)
        assert (refused.status, refused.code) == (503, "try_again")
    assert verify(bank, express, customer.account, OTHER).code == "payment_password_wrong"
    assert (verify(bank, express, customer.account, PIN).status == 204) == is_set


@pytest.mark.requirement("NB-5.3.3-epay")
def test_wrong_locked_and_not_set_look_alike_and_each_account_locks_alone(
    bank: Bank, customer: Person, express: str
) -> None:
    one, two, _ = customer.signed.account_ids
    unset = verify(bank, express, one, PIN)
    put(bank, express, one, PIN)
    put(bank, express, two, PIN)
    wrong = [verify(bank, express, one, OTHER) for _ in range(5)]
    locked = verify(bank, express, one, PIN)
    assert all(same_refusal(unset, reply) for reply in (*wrong, locked))
    # the other account and the log-in are open
    assert verify(bank, express, two, PIN).status == 204
    bank.log_in(customer)
    # time, or a reset, ends the lock
    assert put(bank, express, one, OTHER).status == 204
    assert verify(bank, express, one, OTHER).status == 204
    for _ in range(5):
        verify(bank, express, two, OTHER)
    bank.clock.advance(dt.timedelta(minutes=30))
    body = {"login_name": customer.login_name, "password": PASSWORD, "edition": "express"}
    later = bank.request("POST", "/v1/sessions", body).body["access_token"]
    assert verify(bank, later, two, PIN).status == 204


@pytest.mark.requirement("NB-5.3.3-epay")
def test_it_is_the_express_editions_alone_and_an_added_account_has_none(
    bank: Bank, customer: Person, express: str
) -> None:
    one, _, added = customer.signed.account_ids
    stranger = bank.sign_up("钱红")
    full = bank.log_in(customer)
    with unchanged(bank):
        assert put(bank, full, one, PIN).code == "edition_not_entitled"
        assert verify(bank, full, one, PIN).code == "edition_not_entitled"
        assert put(bank, express, added, PIN).code == "edition_not_entitled"
        assert put(bank, express, stranger.account, PIN).code == "not_found"
        assert verify(bank, express, stranger.account, PIN).code == "not_found"


@pytest.mark.requirement("NB-5.3.3-epay")
@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("888888", "password_pattern"),
        ("123456", "password_pattern"),
        ("987654", "password_pattern"),
        ("135135", "password_pattern"),
        ("112121", "password_pattern"),
        ("900307", "password_personal"),
        ("110105", "password_personal"),
        ("12345", "malformed_request"),
        ("12345a", "malformed_request"),
    ],
)
def test_weak_ones_are_refused(bank: Bank, customer: Person, express: str, pin: str, code: str) -> None:
    with unchanged(bank):
        assert put(bank, express, customer.account, pin).code == code


def test_the_query_password_proves_who_sets_it(bank: Bank, customer: Person, express: str) -> None:
    with unchanged(bank, but=("LoginTriesTable",)):
        assert put(bank, express, customer.account, PIN, "Wrong-Horse-7").code == "old_password_wrong"


@pytest.mark.requirement("NB-5.3.3-epay")
def test_the_owner_is_told_of_a_lock_once(bank: Bank, customer: Person, express: str) -> None:
    one = customer.signed.account_ids[0]
    put(bank, express, one, PIN)
    for _ in range(7):
        verify(bank, express, one, OTHER)
    bank.settle()
    told = [text for text in bank.messages(customer) if "电子支付密码已被锁定" in text]
    assert len(told) == 1
    inbox = bank.request("GET", "/v1/notifications", token=express).body["notifications"]
    assert [row["text"] for row in inbox].count(told[0]) == 1
    # the log says of which account, masked; and when the lock was over
    bank.clock.advance(dt.timedelta(minutes=30))
    body = {"login_name": customer.login_name, "password": PASSWORD, "edition": "express"}
    later = bank.request("POST", "/v1/sessions", body).body["access_token"]
    assert verify(bank, later, one, PIN).status == 204
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == customer.customer_id]
    found = {row["kind"]: row["facts"] for row in rows if row["kind"].startswith("payment_password_")}
    masked = f"{one[:6]}{'*' * (len(one) - 10)}{one[-4:]}"
    assert found["payment_password_locked"] == {"account": masked}
    assert found["payment_password_unlocked"] == {"account": masked, "by": "time"}
