"""The customer's own credentials: query password and login name (NB-5.3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chalicelib.customers.domain import IdentityDocument
from chalicelib.parameters import service as parameters
from chalicelib.platform import updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.probe import dies_after_the_write, table_items, unchanged
from tests.unit.samples import resident_number

NEW = "Another-Lamp-8"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def customer(bank: Bank) -> Person:
    # One customer has a document; all tests here share the bank.
    document = IdentityDocument("resident_id", resident_number(bank.people, region="110105"))
    return bank.sign_up("赵小明", deposit="100.00", document=document, birth_date="19900307")


def change(bank: Bank, token: str, old: str, new: str, language: str = "zh") -> Reply:
    body = {"old_password": old, "new_password": new}
    return bank.request("POST", "/v1/credentials/password", body, token=token, headers={"accept-language": language})


def rename(bank: Bank, token: str, name: str) -> Reply:
    return bank.request("PUT", "/v1/credentials/login-name", {"login_name": name}, token=token)


def log_in(bank: Bank, name: str, password: str) -> Reply:
    return bank.request("POST", "/v1/sessions", {"login_name": name, "password": password})


@pytest.mark.requirement("NB-5.3.2")
def test_a_new_password_is_in_force_and_every_other_session_ends(bank: Bank, customer: Person) -> None:
    payee = bank.sign_up("钱红")
    own, other = bank.log_in(customer), log_in(bank, customer.login_name, PASSWORD).body
    assert change(bank, own, PASSWORD, NEW).body == {"sessions_ended": 1}
    # the old one is dead, the other session too, for money as for looks
    assert log_in(bank, customer.login_name, PASSWORD).code == "login_refused"
    assert bank.request("GET", "/v1/accounts", token=other["access_token"]).code == "session_ended"
    assert bank.create(other["access_token"], customer, payee, "1.00", "key-ended-1").code == "session_ended"
    renewed = bank.request("POST", "/v1/sessions/refresh", {"refresh_token": other["refresh_token"]})
    assert renewed.code == "refresh_refused"
    # and this one goes on
    assert bank.request("GET", "/v1/accounts", token=own).status == 200
    assert log_in(bank, customer.account, NEW).status == 201
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == customer.customer_id]
    assert "password_changed" in {row["kind"] for row in rows}
    assert NEW not in repr([table_items(bank, name) for name in ("CredentialsTable", "SecurityEventsTable")])


@pytest.mark.requirement("NB-5.3.2")
def test_a_function_that_dies_after_changing_the_password_leaves_no_other_session(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief, own = bank.log_in(customer), bank.log_in(customer)
    with monkeypatch.context() as dying:
        dies_after_the_write(dying)
        assert change(bank, own, PASSWORD, NEW).status == 500
    assert bank.request("GET", "/v1/accounts", token=thief).code == "session_ended"
    assert log_in(bank, customer.login_name, NEW).status == 201


@pytest.mark.requirement("NB-5.3.2")
def test_a_log_in_while_the_password_changes_does_not_outlive_it(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a thief who logs in by the old password after the sessions to end were read
    own = bank.log_in(customer)
    thief: list[str] = []
    real = updates.run_together

    def late(writes: Sequence[ItemPut | ItemUpdate]) -> None:
        if not thief:
            thief.append(bank.log_in(customer))
        real(writes)

    monkeypatch.setattr(updates, "run_together", late)
    assert change(bank, own, PASSWORD, NEW).body == {"sessions_ended": 1}
    assert bank.request("GET", "/v1/accounts", token=thief[0]).code == "session_ended"
    assert bank.request("GET", "/v1/accounts", token=own).status == 200


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.parametrize(
    ("new", "code"),
    [
        (PASSWORD, "password_unchanged"),
        ("Kx9-q!", "password_too_short"),
        ("19900307-Kx9", "password_personal"),
        ("qwertyuiop", "password_common"),
        ("abcdefgh12345", "password_pattern"),
    ],
)
def test_a_password_that_will_not_do_changes_nothing_and_says_why(
    bank: Bank, customer: Person, new: str, code: str
) -> None:
    token = bank.log_in(customer)
    with unchanged(bank, but=("LoginTriesTable",)):
        refused = [change(bank, token, PASSWORD, new, language) for language in ("zh", "en")]
    assert [(one.status, one.code) for one in refused] == [(422, code)] * 2
    assert refused[0].body["detail"] != refused[1].body["detail"]
    assert log_in(bank, customer.login_name, PASSWORD).status == 201


@pytest.mark.requirement("NB-5.3.2")
def test_how_short_a_password_may_be_is_the_banks_to_say(bank: Bank, customer: Person) -> None:
    token, new = bank.log_in(customer), "Kx9-qTz-Lm4w"
    parameters.set_value("password.min_length", len(new) + 1)
    refused = change(bank, token, PASSWORD, new)
    assert (refused.code, refused.body["facts"]) == ("password_too_short", {"min_length": "13"})
    parameters.set_value("password.min_length", len(new))
    assert change(bank, token, PASSWORD, new).status == 200


@pytest.mark.requirement("XJ-4.2-pw")
def test_the_old_password_is_not_guessed_with_a_stolen_session(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    for _ in range(5):
        assert change(bank, token, "Wrong-Horse-7", NEW).code == "old_password_wrong"
    # locked: also the right one, also at the log-in
    assert change(bank, token, PASSWORD, NEW).code == "old_password_wrong"
    assert log_in(bank, customer.login_name, PASSWORD).status != 201
    kinds = [row["kind"] for row in table_items(bank, "SecurityEventsTable") if row["kind"] == "locked"]
    assert len(kinds) == 1


@pytest.mark.requirement("NB-5.3.2")
def test_the_login_name_is_changed_and_the_old_one_is_free(bank: Bank, customer: Person) -> None:
    other = bank.sign_up("钱红")
    token, other_token = bank.log_in(customer), bank.log_in(other)
    old = customer.login_name
    assert rename(bank, token, " Xiao.Ming_90 ").body == {"login_name": "xiao.ming_90"}
    assert log_in(bank, "xiao.ming_90", PASSWORD).body["customer_id"] == customer.customer_id
    assert log_in(bank, customer.account, PASSWORD).body["customer_id"] == customer.customer_id
    assert log_in(bank, old, PASSWORD).code == "login_refused"
    # the same again changes nothing; the old one is another's now, and stays so when the first changes once more
    with unchanged(bank):
        assert rename(bank, token, "xiao.ming_90").status == 200
    assert rename(bank, other_token, old).status == 200
    assert rename(bank, token, "xiao.ming_91").status == 200
    assert log_in(bank, old, PASSWORD).body["customer_id"] == other.customer_id


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.parametrize("name", ["abc", "1abc", "9000010000000000017", "a" * 33, "zhao ming", "赵小明", " ", "a-bcd"])
def test_names_that_will_not_do(bank: Bank, customer: Person, name: str) -> None:
    token = bank.log_in(customer)
    with unchanged(bank):
        assert rename(bank, token, name).code == "login_name_malformed"


def test_a_taken_name_is_refused_and_nothing_is_released(bank: Bank, customer: Person) -> None:
    other = bank.sign_up("钱红")
    token = bank.log_in(customer)
    with unchanged(bank):
        assert (rename(bank, token, other.login_name).status, rename(bank, token, other.login_name).code) == (
            409,
            "login_name_taken",
        )
    assert log_in(bank, customer.login_name, PASSWORD).status == 201
