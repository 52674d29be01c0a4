"""Log-in, lock, renewal and log-out (NB-5.3.2, XJ-4.2-pw)."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.parameters import service as parameters
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.probe import force, force_customer, same_refusal, table_items, unchanged

SECOND = dt.timedelta(seconds=1)
WRONG = "Wrong-Horse-7"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    # Captchas are tests/chain/test_captchas.py's; here nobody is asked for one.
    parameters.set_value("login.captcha_after", 10)
    return shared_bank


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="100.00")


def log_in(bank: Bank, name: str, password: str = PASSWORD, language: str = "zh") -> Reply:
    body = {"login_name": name, "password": password}
    return bank.request("POST", "/v1/sessions", body, headers={"accept-language": language})


def renew(bank: Bank, refresh_token: str) -> Reply:
    return bank.request("POST", "/v1/sessions/refresh", {"refresh_token": refresh_token})


def is_served(bank: Bank, token: str) -> bool:
    return bank.request("GET", "/v1/accounts", token=token).status == 200


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_unknown_wrong_and_locked_are_one_answer(bank: Bank, customer: Person, language: str) -> None:
    locked = bank.sign_up("钱红")
    for _ in range(5):
        log_in(bank, locked.login_name, WRONG)
    frozen = bank.sign_up("孙伟")
    force_customer(bank, frozen, state="frozen")
    replies = [
        log_in(bank, customer.login_name, WRONG, language),
        log_in(bank, "nobody", PASSWORD, language),
        log_in(bank, "9000010000000000017", PASSWORD, language),
        log_in(bank, locked.login_name, WRONG, language),
        log_in(bank, locked.login_name, PASSWORD, language),
        log_in(bank, frozen.login_name, PASSWORD, language),
        log_in(bank, " ", PASSWORD, language),
        log_in(bank, "\u3000", PASSWORD, language),
        log_in(bank, "\x00", PASSWORD, language),
        log_in(bank, "名" * 64, PASSWORD, language),
    ]
    assert (replies[0].code, replies[0].status) == ("login_refused", 401)
    assert all(same_refusal(replies[0], reply) for reply in replies), [reply.body for reply in replies]


@pytest.mark.requirement("NB-5.3.2")
def test_log_in_by_account_number_or_name_in_any_case(bank: Bank, customer: Person) -> None:
    for name in (customer.account, customer.login_name, customer.login_name.upper(), f" {customer.login_name} "):
        reply = log_in(bank, name)
        assert (reply.status, reply.body["customer_id"]) == (201, customer.customer_id)
        assert is_served(bank, reply.body["access_token"])


BODIES: list[dict[str, object]] = [
    {},
    {"login_name": "x"},
    {"login_name": "", "password": "x"},
    {"login_name": "x", "password": ""},
]
BODIES += [{"login_name": "x" * 65, "password": "x"}, {"login_name": "x", "password": "x" * 129}]
BODIES += [{"login_name": "x", "password": "x", "otp": "1"}, {"login_name": 1, "password": "x"}]


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_a_log_in_that_does_not_fit(bank: Bank, body: dict[str, object]) -> None:
    with unchanged(bank):
        assert bank.request("POST", "/v1/sessions", body).code == "malformed_request"


@pytest.mark.requirement("XJ-4.2-pw")
def test_five_wrong_passwords_lock_for_half_an_hour(bank: Bank, customer: Person) -> None:
    for _ in range(5):
        assert log_in(bank, customer.login_name, WRONG).status == 401
    # locked, by every name, also for the right password
    for name in (customer.login_name, customer.account):
        assert log_in(bank, name).code == "login_refused"
    bank.clock.advance(dt.timedelta(minutes=30) - SECOND)
    assert log_in(bank, customer.login_name).code == "login_refused"
    bank.clock.advance(SECOND)
    assert log_in(bank, customer.login_name).status == 201
    # and counting starts anew
    for _ in range(4):
        log_in(bank, customer.login_name, WRONG)
    assert log_in(bank, customer.login_name).status == 201


@pytest.mark.requirement("XJ-4.2-pw")
def test_a_second_lock_follows_five_more(bank: Bank, customer: Person) -> None:
    for _ in range(5):
        log_in(bank, customer.login_name, WRONG)
    bank.clock.advance(dt.timedelta(minutes=30))
    for _ in range(5):
        assert log_in(bank, customer.login_name, WRONG).status == 401
    assert log_in(bank, customer.login_name).status == 401
    bank.clock.advance(dt.timedelta(minutes=30))
    assert log_in(bank, customer.login_name).status == 201


@pytest.mark.requirement("XJ-4.2-pw")
def test_tries_before_a_lock_was_noted_do_not_lock_for_ever(bank: Bank, customer: Person) -> None:
    # given four wrong tries, and then a policy of three: the count is over it, but no lock was set
    for _ in range(4):
        log_in(bank, customer.login_name, WRONG)
    parameters.set_value("login.tries", 3)
    assert log_in(bank, customer.login_name).code == "login_refused"
    # then it is a lock as any other, which time ends (the same holds for a crash between count and lock)
    bank.clock.advance(dt.timedelta(minutes=30) - SECOND)
    assert log_in(bank, customer.login_name).code == "login_refused"
    bank.clock.advance(SECOND)
    assert log_in(bank, customer.login_name).status == 201


def test_being_logged_in_survives_a_lock(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    for _ in range(5):
        log_in(bank, customer.login_name, WRONG)
    assert is_served(bank, token)


def test_a_refresh_token_is_good_once_and_its_reuse_ends_the_family(bank: Bank, customer: Person) -> None:
    first = log_in(bank, customer.login_name).body
    other = bank.log_in(customer)
    second = renew(bank, first["refresh_token"])
    assert second.status == 200
    assert second.body["refresh_token"] != first["refresh_token"]
    assert is_served(bank, first["access_token"])
    assert is_served(bank, second.body["access_token"])
    # when the old one is used again, by whoever stole it
    assert (renew(bank, first["refresh_token"]).code) == "refresh_refused"
    # then every token of the family is dead at once
    for token in (first["access_token"], second.body["access_token"]):
        refused = bank.request("GET", "/v1/accounts", token=token)
        assert (refused.code, refused.status) == ("session_ended", 401)
    assert renew(bank, second.body["refresh_token"]).code == "refresh_refused"
    # and another session of the customer lives on
    assert is_served(bank, other)


def test_refresh_tokens_in_time_and_late(bank: Bank, customer: Person) -> None:
    first = log_in(bank, customer.login_name).body
    assert first["refresh_expires_in"] == 300
    bank.clock.advance(dt.timedelta(seconds=300) - SECOND)
    second = renew(bank, first["refresh_token"]).body
    bank.clock.advance(dt.timedelta(seconds=300))
    assert renew(bank, second["refresh_token"]).code == "refresh_refused"


def test_a_session_has_an_end_however_often_it_is_renewed(bank: Bank, customer: Person) -> None:
    parameters.set_value("session.max_s", 600)
    grant = log_in(bank, customer.login_name).body
    for _ in range(2):
        bank.clock.advance(dt.timedelta(seconds=250))
        grant = renew(bank, grant["refresh_token"]).body
    assert grant["expires_in"] == grant["refresh_expires_in"] == 100
    bank.clock.advance(dt.timedelta(seconds=100))
    assert bank.request("GET", "/v1/accounts", token=grant["access_token"]).code == "token_expired"
    assert renew(bank, grant["refresh_token"]).code == "refresh_refused"


FORGED = ["x", ".", "a..", ".b.c", "a.b.c", "a.b", "a.b.c.d", "é.é.é", "\x00.\x00.\x00", "abc.def.g\n"]
FORGED += ["a" * 128 + "." + "b" * 60 + "." + "c" * 66]


@pytest.mark.parametrize("forged", FORGED, ids=repr)
def test_refresh_tokens_that_never_were(bank: Bank, forged: str) -> None:
    with unchanged(bank):
        assert (renew(bank, forged).code, renew(bank, forged).status) == ("refresh_refused", 401)


def test_a_guess_at_the_secret_ends_the_session(bank: Bank, customer: Person) -> None:
    grant = log_in(bank, customer.login_name).body
    session = grant["refresh_token"].rpartition(".")[0]
    assert renew(bank, f"{session}.{'a' * 52}").code == "refresh_refused"
    assert not is_served(bank, grant["access_token"])


def test_log_out_ends_access_and_refresh(bank: Bank, customer: Person) -> None:
    grant, other = log_in(bank, customer.login_name).body, bank.log_in(customer)
    reply = bank.request("DELETE", "/v1/sessions/current", token=grant["access_token"])
    assert (reply.status, reply.body) == (204, None)
    again = bank.request("DELETE", "/v1/sessions/current", token=grant["access_token"])
    assert again.code == "session_ended"
    assert renew(bank, grant["refresh_token"]).code == "refresh_refused"
    assert is_served(bank, other)


def test_ended_sessions_are_forgotten_once_their_tokens_are_dead(bank: Bank, customer: Person) -> None:
    # given many sessions ended over an hour
    for _ in range(6):
        token = bank.log_in(customer)
        bank.request("DELETE", "/v1/sessions/current", token=token)
        bank.clock.advance(dt.timedelta(minutes=10))
    (record,) = [row for row in table_items(bank, "CustomersTable") if row["customer_id"] == customer.customer_id]
    assert len(record["revoked"]) <= 2


def test_secrets_are_stored_as_hashes_only(bank: Bank, customer: Person) -> None:
    grant = log_in(bank, customer.login_name).body
    held = repr([table_items(bank, name) for name in ("SessionsTable", "CredentialsTable", "CustomersTable")])
    for secret in (PASSWORD, grant["access_token"], grant["refresh_token"].rpartition(".")[2]):
        assert secret not in held


def test_a_parameter_out_of_bounds_is_not_obeyed(bank: Bank, customer: Person) -> None:
    # given somebody who wrote a token life of ten years past the application
    force(bank, "ParametersTable", {"name": "session.access_token_s"}, value=315_360_000)
    parameters.forget()
    assert log_in(bank, customer.login_name).body["expires_in"] == 300
