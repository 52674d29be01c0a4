"""Limits are raised with a step-up by a strong factor, up to the bank's ceiling (XJ-5.3-limit)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.stepup import service as stepup
from tests.chain.bank import LIMITS, PASSWORD, Bank, Reply
from tests.chain.conftest import GIVEN
from tests.chain.probe import account_image, table_items, unchanged

RAISED = {"single": "60000.00", "day": "120000.00", "count": 30}


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


class Phone:
    """A customer who asks for other limits."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.person = bank.sign_up("赵小明", deposit="100.00")
        reply = bank.request("POST", "/v1/sessions", {"login_name": self.person.login_name, "password": PASSWORD})
        self.token = reply.body["access_token"]
        session_id = reply.body["refresh_token"].split(".")[1]
        self.caller = Caller(self.person.customer_id, session_id, "professional")

    def ask(self, body: dict[str, Any], step_up: str | None = None, path: str | None = None) -> Reply:
        path = path or f"/v1/accounts/{self.person.account}/limits"
        return self.bank.request("PATCH", path, body, token=self.token, headers={"step-up": step_up} if step_up else {})

    def confirmed(self, refused: Reply) -> str:
        assert (refused.status, refused.code) == (403, "step_up_required")
        step_up = str(refused.body["facts"]["step_up"])
        stepup.confirm(self.caller, step_up, GIVEN, clock.now())
        return step_up


@pytest.mark.requirement("XJ-5.3-limit")
def test_raised_with_a_strong_factor_for_just_these_values(bank: Bank, certificates: list[bytes]) -> None:
    # given a certificate: the step-up names it, and no code is sent
    phone = Phone(bank)
    refused = phone.ask(RAISED)
    assert refused.body["facts"]["factors"] == "certificate"
    bank.settle()
    assert not any("验证码" in text for text in bank.messages(phone.person))
    # when it is confirmed, then the same request is done
    step_up = phone.confirmed(refused)
    assert certificates == [bytes.fromhex(refused.body["facts"]["digest"])]
    raised = phone.ask(RAISED, step_up)
    assert raised.status == 200
    assert (raised.body["single"], raised.body["day"]["limit"], raised.body["count"]["limit"]) == (
        "60000.00",
        "120000.00",
        30,
    )
    # and stands in the customer's own log, masked
    (event,) = [row for row in table_items(bank, "SecurityEventsTable") if row["kind"] == "limits_raised"]
    assert event["facts"] == {
        "account": phone.person.account[:6] + "*" * 9 + phone.person.account[-4:],
        "single": "60000.00",
        "day": "120000.00",
        "count": "30",
    }
    # a repeat of the request finds it done; to raise again takes another step-up
    assert phone.ask(RAISED, step_up).status == 200
    assert phone.ask({"count": 31}, step_up).code == "step_up_required"


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize(
    "other",
    [{**RAISED, "day": "120000.01"}, {**RAISED, "count": 31}, {"day": "120000.00"}, {**RAISED, "month": "600000.00"}],
    ids=str,
)
def test_any_other_request_is_refused_with_another_challenge(
    bank: Bank, certificates: list[bytes], other: dict[str, Any]
) -> None:
    phone = Phone(bank)
    before = account_image(phone.person.account)
    step_up = phone.confirmed(phone.ask(RAISED))
    refused = phone.ask(other, step_up)
    assert refused.code == "step_up_required"
    assert refused.body["facts"]["step_up"] != step_up
    second = bank.sign_up("钱红").account
    assert phone.ask(RAISED, step_up, f"/v1/accounts/{second}/limits").code == "not_found"
    assert phone.ask({"day_outward": "250000.00"}, step_up, "/v1/limits").code == "step_up_required"
    assert account_image(phone.person.account) == before
    # the one that was confirmed still is good
    assert phone.ask(RAISED, step_up).status == 200


@pytest.mark.requirement("XJ-5.3-limit")
def test_an_sms_code_is_not_strong_enough(bank: Bank) -> None:
    phone = Phone(bank)
    with unchanged(bank):
        refused = phone.ask(RAISED)
    assert (refused.status, refused.code) == (403, "strong_factor_required")
    assert refused.body["facts"] == {"factors": "token,certificate"}


@pytest.mark.requirement("XJ-5.3-limit")
def test_no_factor_raises_above_the_banks_ceiling(bank: Bank, certificates: list[bytes]) -> None:
    phone = Phone(bank)
    parameters.set_value("limit.ceiling.single_fen", 60_000_00)
    refused = phone.ask({"single": "60000.01"})
    assert (refused.status, refused.code, refused.body["facts"]) == (
        422,
        "limit_above_ceiling",
        {"ceiling": "60000.00"},
    )
    step_up = phone.confirmed(phone.ask({"single": "60000.00"}))
    assert phone.ask({"single": "60000.00"}, step_up).status == 200
    # the law's limit without certificate is its own ceiling
    refused = phone.ask({"day_without_certificate": "50000.01"}, path="/v1/limits")
    assert refused.body["facts"] == {"ceiling": "50000.00"}
    # lowering needs nothing, above a ceiling that has come down too
    parameters.set_value("limit.ceiling.single_fen", 100)
    assert phone.ask({"single": "59999.99"}).status == 200


def test_a_step_up_by_another_factor_than_asked_for_is_refused(bank: Bank, certificates: list[bytes]) -> None:
    phone = Phone(bank)
    refused = phone.ask(RAISED)
    step_up = refused.body["facts"]["step_up"]
    body = {"factor": "sms", "code": "123456"}
    reply = bank.request("POST", f"/v1/step-ups/{step_up}/confirmation", body, token=phone.token)
    assert (reply.code, reply.body["facts"]) == ("factor_not_accepted", {"factors": "certificate"})
    assert bank.request("POST", f"/v1/step-ups/{step_up}/codes", token=phone.token).code == "factor_not_accepted"


@pytest.mark.requirement("NB-5.4.1-pro")
@pytest.mark.parametrize("kind", ["savings", "credit_card"])
def test_limits_of_what_only_looks_are_not_raised(bank: Bank, kind: str) -> None:
    accounts = (AccountWish("savings", ledger.RIGHT_FULL, LIMITS), AccountWish(kind, ledger.RIGHT_QUERY, LIMITS))
    person = bank.sign_up("赵小明", accounts=accounts)
    looked_at = next(id_ for id_ in person.signed.account_ids if account_image(id_)["right"] == ledger.RIGHT_QUERY)
    token, path = bank.log_in(person), f"/v1/accounts/{looked_at}/limits"
    assert bank.request("PATCH", path, {"single": "60000.00"}, token=token).code == "edition_not_entitled"
    assert bank.request("PATCH", path, {"single": "1.00"}, token=token).status == 200
