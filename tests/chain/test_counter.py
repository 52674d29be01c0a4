"""The counter opens customers and accounts; online banking comes later, for the phone that is reserved."""

from __future__ import annotations

import io
from typing import Any

import pytest

from chalicelib.accounts import service as accounts
from chalicelib.customers import service as customers
from chalicelib.customers import store as customers_store
from chalicelib.customers.commands import sign_up_online as sign_up_module
from chalicelib.customers.errors import (
    AccountNotInGoodStanding,
    DocumentInvalid,
    DocumentTaken,
    NoSettlementAccount,
    PhoneNotReserved,
    SignUpRefused,
    TooManyAccounts,
)
from chalicelib.identity import service as identity
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.platform import aws
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff
from chalicelib.staff.errors import StaffNotEntitled
from tests.chain.bank import PASSWORD, Bank
from tests.chain.counter import BIRTH_DATE, PHONE, account, document, enter, log_in, sign_up


@pytest.mark.requirement("XJ-3.3")
@pytest.mark.requirement("XJ-4.2-phone")
def test_a_customer_of_the_counter_signs_up_later(bank: Bank) -> None:
    # given a customer with an account and a credit card, who is no customer of online banking
    person = enter(bank, 1)
    savings, card = account(bank, person), account(bank, person, "credit_card", "13700000002")
    assert customers.contracts_of(person) == {}
    assert identity.customer_named(savings) is None
    assert {one.account_id for one in accounts.accounts_held(person)} == {savings, card}
    assert ledger.read_accounts([savings])[savings].right == ledger.RIGHT_HELD
    # when the savings account is signed up with its reserved phone
    token = log_in(bank, sign_up(bank, person, savings))
    # then that account pays, the card is not in online banking, and codes go to that phone
    (shown,) = bank.request("GET", "/v1/accounts", token=token).body["accounts"]
    assert (shown["id"], shown["right"]) == (savings, "full")
    assert customers.profile_of(person).phone == PHONE
    bank.deposit(savings, 5000_00)
    payee = bank.sign_up("钱红")
    body = {"payer_account": savings, "payee_account": payee.account, "payee_name": "钱红", "amount": "1000.01"}
    reply = bank.request("POST", "/v1/transfers", body, token=token, headers={"idempotency-key": "one-fen-over-1"})
    assert reply.code == "customer_day_limit_exceeded"
    # and it is done once
    with pytest.raises(SignUpRefused):
        sign_up(bank, person, savings)


@pytest.mark.requirement("XJ-3.3")
@pytest.mark.requirement("XJ-4.2-phone")
def test_who_may_not_sign_up(bank: Bank) -> None:
    person, other = enter(bank, 1), enter(bank, 2, "钱红")
    savings, card = account(bank, person), account(bank, person, "credit_card")
    theirs, other_phone = account(bank, other, phone="13700000009"), account(bank, person, phone="13700000007")
    refused: list[tuple[type[Exception], tuple[str, ...], dict[str, Any]]] = [
        (PhoneNotReserved, (savings,), {"phone": "13700000008"}),
        # reserved, but for an account that is not contracted, or another's
        (PhoneNotReserved, (savings,), {"phone": "13700000009"}),
        # reserved for one of two that are contracted
        (PhoneNotReserved, (savings, other_phone), {}),
        (PhoneNotReserved, (other_phone, savings), {"phone": "13700000007"}),
        (NoSettlementAccount, (card,), {}),
        (NotFound, (savings, theirs), {}),
        (NotFound, ("9000010000000000017",), {}),
        (SignUpRefused, (), {}),
        (SignUpRefused, (savings,), {"phone": "12345"}),
        (SignUpRefused, (savings,), {"limit_outward_fen": -1}),
        (SignUpRefused, (savings,), {"edition": "express"}),
        (SignUpRefused, (savings,), {"edition": "gold"}),
        (SignUpRefused, (savings,), {"rights": {savings: "all"}}),
    ]
    for refusal, accounts_, changes in refused:
        with pytest.raises(refusal):
            sign_up(bank, person, *accounts_, **changes)
    for state in ("frozen", "lost"):
        change_state(savings, before="open", after=state)
        with pytest.raises(NoSettlementAccount):
            sign_up(bank, person, savings)
        change_state(savings, before=state, after="open")
    # and of all that nothing is left
    assert customers.contracts_of(person) == {}
    record = customers.customer_of(person)
    assert record is not None
    assert (record.state, record.edition) == ("offline", "none")
    # a lost second account is not contracted beside the good one
    change_state(second := account(bank, person), before="open", after="lost")
    with pytest.raises(AccountNotInGoodStanding):
        sign_up(bank, person, savings, second)
    assert ledger.read_accounts([second])[second].right == ledger.RIGHT_HELD


@pytest.mark.requirement("NB-5.2.6")
def test_a_half_done_sign_up_cannot_be_used_and_can_be_done_again(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    person = enter(bank, 1)
    savings = account(bank, person)

    def crash(*_: Any) -> None:
        raise ConnectionError

    # given a crash before the last step, when names and password are there already
    with monkeypatch.context() as patched, pytest.raises(ConnectionError):
        patched.setattr(sign_up_module, "opening_writes", crash)
        sign_up(bank, person, savings)
    assert identity.customer_named(savings) == person
    refused = bank.request("POST", "/v1/sessions", {"login_name": savings, "password": PASSWORD})
    assert refused.code == "login_refused"
    # when it is done again, then it works
    log_in(bank, sign_up(bank, person, savings))


@pytest.mark.requirement("XJ-3.4")
def test_one_person_is_one_customer(bank: Bank) -> None:
    person = enter(bank, 1)
    before = len(customers.customer_page(None)[0])
    # the same document, however it is written, by whatever name
    lower = document(1).of("resident_id", " " + document(1).number.lower())
    for changes in ({}, {"name": "赵晓明"}, {"document": lower}):
        with pytest.raises(DocumentTaken):
            enter(bank, 1, **changes)
    assert len(customers.customer_page(None)[0]) == before
    assert customers.customer_with(document(1)) == person
    assert customers.customer_with(document(2)) is None


@pytest.mark.requirement("XJ-3.4")
def test_documents_tellers_and_phones_are_checked_at_the_counter(bank: Bank) -> None:
    with pytest.raises(DocumentInvalid):
        enter(bank, 1, birth_date="19900308")
    with pytest.raises(SignUpRefused):
        enter(bank, 1, phone="0990-1234567")
    staff.appoint_teller("T0002", "柜员乙", "0002", PASSWORD)
    with pytest.raises(StaffNotEntitled):
        enter(bank, 1, teller_id="T0002")
    with pytest.raises(NotFound):
        account(bank, "nobody")
    person = enter(bank, 1)
    with pytest.raises(SignUpRefused):
        account(bank, person, phone="110")
    assert customers.holdings_of(person) == {}
    assert customers.profile_of(person).birth_date == BIRTH_DATE


def test_there_is_a_most_of_accounts_and_contracts(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customers_store, "MAX_HOLDINGS", 3)
    monkeypatch.setattr(customers_store, "MAX_CONTRACTS", 2)
    person = enter(bank, 1)
    held = [account(bank, person) for _ in range(3)]
    with pytest.raises(TooManyAccounts):
        account(bank, person)
    with pytest.raises(TooManyAccounts):
        sign_up(bank, person, *held)
    assert len(customers.contracts_of(person)) == 2


@pytest.mark.requirement("YQ-4.1.2")
def test_a_document_is_in_its_one_table_and_in_no_log(bank: Bank, logged: io.StringIO) -> None:
    person = enter(bank, 1)
    sign_up(bank, person, account(bank, person))
    with pytest.raises(DocumentTaken):
        enter(bank, 1)
    number = document(1).number
    assert number not in logged.getvalue()
    engine = aws.dynamodb()
    with_it = [
        logical_id
        for logical_id, name in bank.references.items()
        if logical_id.endswith("Table") and number in str(engine.scan(TableName=name)["Items"])
    ]
    assert with_it == ["ProfilesTable"]
