"""Real-name verification over HTTP, against the local provider on its good and its bad days."""

from __future__ import annotations

import io
from typing import Any

import pytest

from chalicelib.customers import service as customers
from chalicelib.customers.providers import FAILS, REFUSES, SILENT, LocalProvider
from chalicelib.platform import aws
from tests.chain.bank import Bank, Reply
from tests.chain.counter import account, document, enter, log_in, sign_up


@pytest.fixture
def token(bank: Bank) -> str:
    """A session of customer 1, whom the provider knows."""
    person = enter(bank, 1)
    LocalProvider.register("赵小明", document(1))
    return log_in(bank, sign_up(bank, person, account(bank, person)))


def ask(bank: Bank, token: str, number: str | None = None, name: str = "赵小明") -> Reply:
    body = {"name": name, "document_kind": "resident_id", "document_number": number or document(1).number}
    return bank.request("POST", "/v1/identity-verifications", body, token=token)


def noted(bank: Bank, kind: str) -> list[Any]:
    rows = aws.dynamodb().scan(TableName=bank.references["SecurityEventsTable"])["Items"]
    return [row for row in rows if row["kind"]["S"] == kind]


@pytest.mark.requirement("YQ-4.2.2-set")
@pytest.mark.requirement("XJ-3.4")
def test_a_customer_is_verified_once(bank: Bank, token: str) -> None:
    first = ask(bank, token)
    assert (first.status, first.body["state"], first.body["provider"]) == (200, "verified", "local")
    # asked again, the answer is the same and the provider is not asked
    LocalProvider.behave(document(1), REFUSES)
    assert ask(bank, token).body == first.body
    assert len(noted(bank, "identity_verified")) == 1
    # and a wrong question afterwards does not take it away
    assert ask(bank, token, name="赵大明").code == "identity_not_verified"
    assert ask(bank, token).body == first.body


@pytest.mark.requirement("XJ-3.4")
def test_a_number_that_does_not_check_is_refused_before_anybody_is_asked(
    bank: Bank, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalProvider, "check", None)
    number = document(1).number
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    for _ in range(7):  # and takes no try
        assert ask(bank, token, wrong).code == "document_invalid"


@pytest.mark.requirement("XJ-3.4")
def test_what_is_not_on_file_is_not_verified_and_tries_run_out(bank: Bank, token: str) -> None:
    LocalProvider.register("钱红", document(2))
    # another's true name and number: the same answer, and the provider is no oracle for strangers
    tries = [ask(bank, token, document(2).number, "钱红"), ask(bank, token, name="钱红")]
    LocalProvider.behave(document(1), REFUSES)
    tries += [ask(bank, token) for _ in range(3)]
    assert [reply.code for reply in tries] == ["identity_not_verified"] * 5
    assert [reply.body["facts"]["tries_left"] for reply in tries] == ["4", "3", "2", "1", "0"]
    LocalProvider.behave(document(1), None)
    assert ask(bank, token).code == "identity_tries_exhausted"
    assert len(noted(bank, "identity_refused")) == 5


@pytest.mark.requirement("XJ-3.4")
def test_a_provider_that_was_not_reached_costs_no_try_and_a_silent_one_does(bank: Bank, token: str) -> None:
    LocalProvider.behave(document(1), FAILS)
    for _ in range(7):
        reply = ask(bank, token)
        assert (reply.status, reply.code) == (503, "identity_provider_unavailable")
    LocalProvider.behave(document(1), SILENT)
    for _ in range(4):
        assert ask(bank, token).code == "identity_provider_unavailable"
    LocalProvider.behave(document(1), None)
    assert ask(bank, token).status == 200


@pytest.mark.requirement("XJ-3.4")
def test_tomorrow_there_are_tries_again_and_old_counts_are_gone(bank: Bank, token: str) -> None:
    for _ in range(6):
        ask(bank, token, name="钱红")
    bank.clock.set(bank.clock.now().replace(day=22))
    (row,) = aws.dynamodb().scan(TableName=bank.references["CredentialsTable"])["Items"]
    again = log_in(bank, "c" + row["customer_id"]["S"][:10])
    assert ask(bank, again).status == 200
    image = customers.profile_of(row["customer_id"]["S"]).image
    assert [name for name in image if name.startswith("verify_")] == ["verify_20261122"]


def test_without_a_document_on_file_the_branch_is_named(bank: Bank) -> None:
    token = bank.log_in(bank.sign_up("赵小明"))
    assert ask(bank, token).code == "document_not_on_file"


@pytest.mark.requirement("YQ-4.1.2")
def test_name_and_number_are_in_no_log(bank: Bank, token: str, logged: io.StringIO) -> None:
    for behaviour in (FAILS, SILENT, REFUSES, None):
        LocalProvider.behave(document(1), behaviour)
        ask(bank, token)
    text = logged.getvalue()
    assert "identity provider refused" in text
    assert document(1).number not in text
    assert "赵小明" not in text
