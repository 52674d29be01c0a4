"""Items of OWASP ASVS 5.0 that nothing else shows (docs/security.md)."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.probe import table_items

LONG = " Mixed Case, Spaces; 红旗 \t" + "kX9-" * 25 + " "


def log_in(bank: Bank, name: str, password: str) -> Reply:
    return bank.request("POST", "/v1/sessions", {"login_name": name, "password": password})


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明")


def test_a_password_is_taken_to_the_last_character(bank: Bank, customer: Person) -> None:
    # given one as long as may be, with spaces at both ends
    password = LONG[: 127 - 1] + "z "
    assert len(password) == 128
    body = {"old_password": PASSWORD, "new_password": password}
    changed = bank.request("POST", "/v1/credentials/password", body, token=bank.log_in(customer))
    assert changed.status == 200, changed
    # then nothing shorter, trimmed or in another case is it
    for other in (password[:-1], password.strip()):
        assert log_in(bank, customer.login_name, other).code == "login_refused"
    assert log_in(bank, customer.login_name, password).status == 201
    assert log_in(bank, customer.login_name, password.swapcase()).code == "login_refused"
    # and one more character is refused rather than cut off
    assert log_in(bank, customer.login_name, password + "x").code == "malformed_request"


def test_a_password_does_not_grow_old(bank: Bank, customer: Person) -> None:
    bank.clock.advance(dt.timedelta(days=1500))
    assert log_in(bank, customer.login_name, PASSWORD).status == 201


def test_a_new_bank_has_no_customer_to_log_in_as(bank: Bank) -> None:
    assert table_items(bank, "CredentialsTable") == table_items(bank, "LoginNamesTable") == []
    # the teller, whom the test bank appoints, is no customer either
    for name in ("admin", "T0001"):
        assert log_in(bank, name, PASSWORD).code == "login_refused"


def test_every_answer_says_what_it_is_and_is_not_kept(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    for reply, media_type in (
        (bank.request("GET", "/v1/accounts", token=token), "application/json"),
        (bank.request("GET", "/v1/accounts"), "application/problem+json"),
    ):
        assert reply.headers["Content-Type"] == f"{media_type}; charset=utf-8"
        assert (reply.headers["Cache-Control"], reply.headers["X-Content-Type-Options"]) == ("no-store", "nosniff")
