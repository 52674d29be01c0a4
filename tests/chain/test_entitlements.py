"""What a session's edition may do, over HTTP (NB-5.4.1, NB-5.3.7, YQ-4.1.3)."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.customers.errors import SignUpRefused
from chalicelib.ledger import service as ledger
from tests.chain.bank import LIMITS, PASSWORD, Bank, Person, Reply
from tests.chain.probe import force_account, force_customer, unchanged

OWN = (AccountWish("savings", ledger.RIGHT_FULL, LIMITS), AccountWish("savings", ledger.RIGHT_FULL, LIMITS))


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="1000.00", accounts=OWN)


def log_in(bank: Bank, person: Person, edition: str | None = None, password: str = PASSWORD) -> Reply:
    body = {"login_name": person.login_name, "password": password}
    return bank.request("POST", "/v1/sessions", {**body, "edition": edition} if edition else body)


def token_of(bank: Bank, person: Person, edition: str) -> str:
    reply = log_in(bank, person, edition)
    assert (reply.status, reply.body["edition"]) == (201, edition)
    return str(reply.body["access_token"])


def own_transfer(bank: Bank, token: str, person: Person, key: str) -> Reply:
    body = {
        "payer_account": person.signed.account_ids[0],
        "payee_account": person.signed.account_ids[1],
        "payee_name": person.name,
        "amount": "1.00",
        "factor": "none",
        "valid_until": (bank.clock.now() + dt.timedelta(minutes=5)).isoformat(),
    }
    return bank.request("POST", "/v1/transfers", body, token=token, headers={"idempotency-key": key})


@pytest.mark.requirement("NB-5.4.1-pro")
def test_the_edition_of_a_session_is_the_customers_own_unless_less_is_asked_for(bank: Bank, customer: Person) -> None:
    assert log_in(bank, customer).body["edition"] == "professional"
    assert log_in(bank, customer, "express").body["edition"] == "express"
    # and stays so when the session is renewed
    refresh = log_in(bank, customer, "express").body["refresh_token"]
    assert bank.request("POST", "/v1/sessions/refresh", {"refresh_token": refresh}).body["edition"] == "express"


@pytest.mark.requirement("NB-5.4.1-express")
@pytest.mark.requirement("NB-5.3.2")
def test_more_than_was_signed_up_for_looks_like_a_wrong_password(bank: Bank, customer: Person) -> None:
    force_customer(bank, customer, edition="express")
    higher, wrong = log_in(bank, customer, "professional"), log_in(bank, customer, "professional", "Wrong-Horse-7")
    assert (higher.status, higher.code) == (wrong.status, wrong.code) == (401, "login_refused")
    assert log_in(bank, customer).body["edition"] == "express"
    assert bank.request("POST", "/v1/sessions", {"login_name": "x", "password": "y", "edition": "gold"}).status == 400


@pytest.mark.requirement("NB-5.4.1-express")
@pytest.mark.parametrize("edition", ["express", "credit_card"])
def test_a_professional_customer_who_comes_through_less_moves_no_money(
    bank: Bank, customer: Person, edition: str
) -> None:
    # given a session of the professional edition, with a transfer that waits for its code
    payee = bank.sign_up("钱红")
    full, less = bank.log_in(customer), token_of(bank, customer, edition)
    created = bank.create(full, customer, payee, "10.00", f"key-wait-{edition}")
    bank.settle()
    code = bank.code_for(customer, created.body["id"])
    # then the lesser session neither creates, nor confirms with the right code, nor moves between own accounts
    with unchanged(bank):
        for refused in (
            bank.create(less, customer, payee, "10.00", f"key-less-{edition}"),
            bank.create(less, customer, payee, "10.00", f"key-wait-{edition}"),
            bank.confirm(less, created.body["id"], code),
            own_transfer(bank, less, customer, f"key-own-{edition}"),
            bank.request("PATCH", "/v1/limits", {"day_outward": "1.00"}, token=less),
            bank.request("PATCH", f"/v1/accounts/{customer.account}/limits", {"day": "1.00"}, token=less),
        ):
            assert (refused.status, refused.code) == (403, "edition_not_entitled")
    # while the professional one does
    assert bank.confirm(full, created.body["id"], code).status == 200
    assert own_transfer(bank, full, customer, f"key-own-{edition}").status == 201


@pytest.mark.requirement("NB-5.4.1-express")
def test_express_looks(bank: Bank, customer: Person) -> None:
    payee = bank.sign_up("钱红")
    transfer_id = bank.pay(customer, payee, "10.00", "key-looks-01")
    bank.settle()
    express = token_of(bank, customer, "express")
    for path in (
        "/v1/accounts",
        f"/v1/accounts/{customer.account}",
        f"/v1/accounts/{customer.account}/movements",
        f"/v1/accounts/{customer.account}/bills",
        "/v1/overview",
        "/v1/limits",
        "/v1/transfers",
        f"/v1/transfers/{transfer_id}",
        f"/v1/transfers/{transfer_id}/receipt",
        "/v1/notifications",
    ):
        assert bank.request("GET", path, token=express).status == 200, path
    assert bank.request("DELETE", "/v1/sessions/current", token=express).status == 204


@pytest.mark.requirement("NB-5.4.1-card")
def test_the_credit_card_edition_serves_all_cards_and_nothing_else(bank: Bank, customer: Person) -> None:
    # given a customer with an account and two cards
    cards = tuple(AccountWish("credit_card", ledger.RIGHT_QUERY, LIMITS) for _ in range(2))
    person = bank.sign_up("孙立", accounts=(*OWN, *cards))
    token = token_of(bank, person, "credit_card")
    savings, *_, card, other = person.signed.account_ids
    # then the session shows both cards, whichever logged in
    listed = bank.request("GET", "/v1/accounts", token=token).body["accounts"]
    assert {one["id"] for one in listed} == {card, other}
    assert len(bank.request("GET", "/v1/overview", token=token).body["accounts"]) == 2
    assert bank.request("GET", f"/v1/accounts/{card}/movements", token=token).status == 200
    # and no account, and what is no low-risk business of cards
    for path in (
        f"/v1/accounts/{savings}",
        f"/v1/accounts/{savings}/movements",
        f"/v1/accounts/{savings}/bills",
        f"/v1/accounts/{savings}/bills/2026-10",
        "/v1/limits",
        "/v1/transfers",
    ):
        refused = bank.request("GET", path, token=token)
        assert (refused.status, refused.code) == (403, "edition_not_entitled"), path
    # another customer's account stays unknown (NB-5.1.4)
    assert bank.request("GET", f"/v1/accounts/{customer.account}", token=token).code == "not_found"


@pytest.mark.requirement("NB-5.4.1-pro")
def test_an_account_added_online_is_looked_at_and_never_pays(bank: Bank) -> None:
    both = (AccountWish("savings", ledger.RIGHT_QUERY, LIMITS), AccountWish("savings", ledger.RIGHT_FULL, LIMITS))
    person, payee = bank.sign_up("周五", deposit="100.00", accounts=both), bank.sign_up("钱红")
    token = bank.log_in(person)
    assert bank.request("GET", f"/v1/accounts/{person.account}", token=token).body["right"] == "query"
    with unchanged(bank):
        assert bank.create(token, person, payee, "1.00", "key-added-01").code == "account_query_only"
        assert own_transfer(bank, token, person, "key-added-02").code == "account_query_only"


def test_a_right_nobody_knows_is_not_served(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    force_account(bank, customer.account, right="everything")
    assert bank.request("GET", f"/v1/accounts/{customer.account}", token=token).code == "edition_not_entitled"
    assert customer.account not in repr(bank.request("GET", "/v1/accounts", token=token).body)


def test_an_ended_session_is_told_that_and_not_its_edition(bank: Bank, customer: Person) -> None:
    token = token_of(bank, customer, "express")
    bank.request("DELETE", "/v1/sessions/current", token=token)
    for refused in (
        bank.create(token, customer, customer, "1.00", "key-ended-01"),
        own_transfer(bank, token, customer, "key-ended-02"),
        bank.confirm(token, "a" * 26, "123456"),
        bank.request("PATCH", "/v1/limits", {"day_outward": "1.00"}, token=token),
    ):
        assert refused.code == "session_ended"


@pytest.mark.requirement("NB-5.4.1-card")
def test_a_credit_card_is_not_signed_up_for_transfers(bank: Bank) -> None:
    with unchanged(bank), pytest.raises(SignUpRefused):
        bank.sign_up("吴九", accounts=(AccountWish("credit_card", ledger.RIGHT_FULL, LIMITS),))
