"""Bind a card in one step: one's own only, with the reserved phone, and only to look at."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from chalicelib.customers import store as customers_store
from chalicelib.customers.commands.open_account import new_account_number
from chalicelib.customers.commands.sign_up import SignedUp
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.platform import aws
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.counter import PHONE, account, document, enter, log_in, sign_up


@dataclass(frozen=True)
class Holder:
    """A customer with one account at the counter's contract, and a session."""

    customer_id: str
    contracted: str
    token: str


@pytest.fixture
def holder(bank: Bank) -> Holder:
    person = enter(bank, 1)
    contracted = account(bank, person)
    return Holder(person, contracted, log_in(bank, sign_up(bank, person, contracted)))


def bind(bank: Bank, holder: Holder, card: str) -> Reply:
    """Ask, and confirm the step-up where one is asked for."""
    asked = bank.request("POST", "/v1/cards", {"card": card}, token=holder.token)
    if asked.status != 403 or asked.code != "step_up_required":
        return asked
    owner = Person("赵小明", PHONE, "", SignedUp(holder.customer_id, ()))
    header = bank.step_up(holder.token, owner, asked)
    return bank.request("POST", "/v1/cards", {"card": card}, token=holder.token, headers=header)


def listed(bank: Bank, holder: Holder) -> Reply:
    return bank.request("GET", "/v1/cards", token=holder.token)


@pytest.mark.requirement("YQ-4.2.2-set")
@pytest.mark.requirement("NB-5.4.1-pro")
def test_a_card_is_bound_in_one_step_and_only_looked_at(bank: Bank, holder: Holder) -> None:
    # given a card that the customer holds, listed with its number masked
    card = account(bank, holder.customer_id, "credit_card")
    (unbound,) = listed(bank, holder).body["unbound"]
    assert unbound["number"] == f"{card[:6]}*********{card[-4:]}"
    assert card not in str(unbound)
    # when it is bound by its reference, and once more by its number
    first, again = bind(bank, holder, unbound["reference"]), bind(bank, holder, card)
    # then it is in online banking, once, to look at
    assert (first.status, first.body) == (again.status, again.body) == (201, {"id": card, "right": "query"})
    rights = {row["id"]: row["right"] for row in listed(bank, holder).body["bound"]}
    assert rights == {holder.contracted: "full", card: "query"}
    assert listed(bank, holder).body["unbound"] == []
    assert bank.request("GET", f"/v1/accounts/{card}", token=holder.token).status == 200
    # and cannot pay
    bank.deposit(card, 100_00)
    body = {
        "payer_account": card,
        "payee_account": bank.sign_up("钱红").account,
        "payee_name": "钱红",
        "amount": "1.00",
    }
    reply = bank.request("POST", "/v1/transfers", body, token=holder.token, headers={"idempotency-key": "query-only-1"})
    assert reply.code == "account_query_only"
    # and the log has it, masked, once
    rows = aws.dynamodb().scan(TableName=bank.references["SecurityEventsTable"])["Items"]
    (row,) = [row for row in rows if row["kind"]["S"] == "account_bound"]
    assert row["facts"]["M"]["account"]["S"] == unbound["number"]


@pytest.mark.requirement("YQ-4.2.2-set")
def test_it_is_unbound_again_but_not_what_the_counter_contracted(bank: Bank, holder: Holder) -> None:
    card = account(bank, holder.customer_id)
    for _ in range(2):
        assert bind(bank, holder, card).status == 201
        assert bank.request("DELETE", f"/v1/cards/{card}", token=holder.token).status == 204
        assert bank.request("DELETE", f"/v1/cards/{card}", token=holder.token).code == "not_found"
    assert ledger.read_accounts([card])[card].right == ledger.RIGHT_HELD
    assert [row["id"] for row in listed(bank, holder).body["bound"]] == [holder.contracted]
    reply = bank.request("DELETE", f"/v1/cards/{holder.contracted}", token=holder.token)
    assert reply.code == "contracted_at_counter"
    assert ledger.read_accounts([holder.contracted])[holder.contracted].right == ledger.RIGHT_FULL


@pytest.mark.requirement("NB-5.4.1-card")
def test_the_credit_card_edition_binds_and_unbinds_cards_alone(bank: Bank, holder: Holder) -> None:
    savings, card = account(bank, holder.customer_id), account(bank, holder.customer_id, "credit_card")
    for one in (savings, card):
        assert bind(bank, holder, one).status == 201
    name = {"login_name": holder.contracted, "password": PASSWORD, "edition": "credit_card"}
    less = Holder(
        holder.customer_id, holder.contracted, bank.request("POST", "/v1/sessions", name).body["access_token"]
    )
    refused = bank.request("DELETE", f"/v1/cards/{savings}", token=less.token)
    assert (refused.status, refused.code) == (403, "edition_not_entitled")
    assert bank.request("DELETE", f"/v1/cards/{card}", token=less.token).status == 204
    assert bind(bank, less, card).status == 201
    assert bank.request("DELETE", f"/v1/cards/{savings}", token=holder.token).status == 204
    assert bind(bank, less, savings).code == "edition_not_entitled"


@pytest.mark.requirement("NB-5.3.6")
def test_who_lost_the_phone_and_has_nothing_else_binds_at_a_branch(bank: Bank, holder: Holder) -> None:
    card = account(bank, holder.customer_id)
    assert bank.request("POST", "/v1/factors/sms/loss", token=holder.token).status == 204
    refused = bind(bank, holder, card)
    assert (refused.status, refused.code) == (403, "strong_factor_required")


@pytest.mark.requirement("YQ-4.2.2-set")
@pytest.mark.requirement("XJ-4.2-phone")
@pytest.mark.requirement("NB-5.1.4")
def test_which_cards_are_not_bound(bank: Bank, holder: Holder) -> None:
    stranger = enter(bank, 2, "赵小明")  # of the same name
    theirs, nobody = account(bank, stranger), new_account_number("0001")
    other_phone = account(bank, holder.customer_id, phone="13700000009")
    frozen = account(bank, holder.customer_id)
    change_state(frozen, before="open", after="frozen")
    # another's card and one that does not exist look alike
    replies = [bind(bank, holder, card) for card in (theirs, nobody)]
    assert [reply.code for reply in replies] == ["not_found"] * 2
    assert {**replies[0].body, "correlation_id": ""} == {**replies[1].body, "correlation_id": ""}
    wrong = holder.contracted[:-1] + str((int(holder.contracted[-1]) + 1) % 10)
    assert bind(bank, holder, wrong).code == "card_number_invalid"
    assert bind(bank, holder, "a" * 26).code == "card_number_invalid"
    assert bind(bank, holder, "９" * 19).code == "card_number_invalid"
    assert bind(bank, holder, other_phone).code == "phone_not_reserved"
    assert bind(bank, holder, frozen).code == "account_not_in_good_standing"
    assert frozen not in str(listed(bank, holder).body)
    assert [row["id"] for row in listed(bank, holder).body["bound"]] == [holder.contracted]
    assert ledger.read_accounts([theirs])[theirs].right == ledger.RIGHT_HELD
    # a reference is its customer's own
    reference = listed(bank, holder).body["unbound"][0]["reference"]
    other = Holder(stranger, theirs, log_in(bank, sign_up(bank, stranger, theirs)))
    assert bind(bank, other, reference).code == "card_number_invalid"


def test_without_a_document_on_file_nothing_is_bound(bank: Bank) -> None:
    person = bank.sign_up("赵小明")
    token = bank.log_in(person)
    reply = bank.request("POST", "/v1/cards", {"card": new_account_number("0001")}, token=token)
    assert reply.code == "document_not_on_file"


def test_fifty_contracts_are_the_most(bank: Bank, holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    assert customers_store.MAX_CONTRACTS == 50
    monkeypatch.setattr(customers_store, "MAX_CONTRACTS", 2)
    held = [account(bank, holder.customer_id) for _ in range(2)]
    assert bind(bank, holder, held[0]).status == 201
    assert bind(bank, holder, held[1]).code == "too_many_accounts"
    assert document(1).number not in str(listed(bank, holder).body)


@pytest.mark.requirement("NB-5.4.1-card")
def test_the_credit_card_edition_binds_cards_alone(bank: Bank) -> None:
    person = enter(bank, 1)
    card, savings = account(bank, person, "credit_card"), account(bank, person)
    name = sign_up(bank, person, card, edition="credit_card", rights={card: "query"}, limit_outward_fen=0)
    reply = bank.request("POST", "/v1/cards", {"card": savings}, token=log_in(bank, name))
    assert reply.code == "edition_not_entitled"
