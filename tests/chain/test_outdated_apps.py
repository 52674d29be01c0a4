"""An app that is too old is told to be updated and from where; what keeps its owner safe stays up."""

from __future__ import annotations

import pytest

from chalicelib.apps import service as apps
from chalicelib.parameters import service as parameters
from chalicelib.parameters.errors import ParameterOutOfBounds
from chalicelib.platform import clock
from chalicelib.platform.http import Operation
from tests.architecture.source import operations
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.probe import state_of
from tests.chain.suspenders import SECOND, counted
from tests.chain.two_people import approved, asked, change_of, enter_staff

MINIMUM, ADDRESS = "3.2.0", "https://bank.example/app"
OLD = {"app-version": "3.1.9"}
# What an app can do however old it is.
SERVED = {
    "DELETE /v1/sessions/current": "who logs out is safe",
    "DELETE /v1/sessions/others": "the same",
    "DELETE /v1/sessions/{session_id}": "the same",
    "POST /v1/devices/{device_id}/loss": "keeps its owner from harm",
    "POST /v1/factors/{factor_id}/loss": "the same",
    "GET /v1/notices": "how service stands is for everybody",
    "GET /v1/outages": "the same",
    "GET /v1/health": "the same",
    "GET /v1/openapi.json": "by which it learns what to send",
    "GET /v1/jwks.json": "public keys only",
    "GET /v1/receipt-keys.json": "the same",
    "POST /v1/receipt-verifications": "by whoever was given a receipt",
    "GET /v1/day-seals": "the same",
    "GET /v1/day-seals/{business_date}": "the same",
    "GET /v1/day-seal-keys.json": "the same",
    "GET /v1/receipt-proofs/{number}": "the same",
}


@pytest.fixture
def person(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="100.00")


@pytest.fixture
def minimum(bank: Bank) -> str:
    """What apps have to be, in this bank."""
    assert bank.references
    parameters.set_value("app.minimum_version", MINIMUM)
    return MINIMUM


def logs_in(bank: Bank, person: Person, **headers: str) -> Reply:
    body = {"login_name": person.login_name, "password": PASSWORD}
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return bank.request("POST", "/v1/sessions", body, headers=sent)


@pytest.mark.parametrize("operation", [one for _, one in operations()], ids=lambda one: f"{one.method} {one.path}")
def test_every_operation_has_its_place(operation: Operation) -> None:
    name = f"{operation.method} {operation.path}"
    served = name in SERVED or operation.is_page or operation.path.startswith("/v1/staff/")
    assert apps.can_be_outdated(operation.method, operation.path) is not served


@pytest.mark.usefixtures("minimum")
def test_it_is_told_before_anything_else_in_both_languages(bank: Bank, person: Person) -> None:
    before = state_of(bank)
    for language, sentence in (
        ("zh", f"您的手机银行版本（3.1.9）过低，请到 {ADDRESS} 更新到 {MINIMUM} 或以上版本。"),
        ("en", f"This version of the app (3.1.9) is too old; from {ADDRESS} update to {MINIMUM} or later."),
    ):
        told = logs_in(bank, person, app_version="3.1.9", accept_language=language)
        assert (told.status, told.code, told.body["detail"]) == (403, "app_outdated", sentence)
        assert told.body["facts"] == {"yours": "3.1.9", "minimum": MINIMUM, "address": ADDRESS}
    assert state_of(bank) == before


@pytest.mark.usefixtures("minimum")
@pytest.mark.parametrize("version", [MINIMUM, "3.2.1", "3.10.0", "4.0.0", None])
def test_a_newer_one_and_who_says_nothing_are_served(bank: Bank, person: Person, version: str | None) -> None:
    assert logs_in(bank, person, **({} if version is None else {"app_version": version})).status == 201


@pytest.mark.parametrize("version", ["", "3", "three", "3.2.0-beta", "3.2.0, 3.2.0"])
def test_what_is_no_version_is_told_by_its_field(bank: Bank, person: Person, version: str) -> None:
    told = logs_in(bank, person, app_version=version)
    assert (told.status, told.code) == (400, "malformed_request")
    assert told.body["errors"] == [{"field": "App-Version", "code": "malformed"}]


def test_by_default_every_version_is_served(bank: Bank, person: Person) -> None:
    assert logs_in(bank, person, app_version="0.0.0").status == 201


def test_an_outdated_app_is_not_broken(bank: Bank, person: Person) -> None:
    token = bank.log_in(person)
    parameters.set_value("app.minimum_version", MINIMUM)
    told = bank.request("GET", "/v1/accounts", token=token, headers=OLD)
    assert told.code == "app_outdated"
    # how service stands, the contract, and the way out are there, and the same token goes on in the updated app
    for path in ("/v1/notices", "/v1/outages", "/v1/openapi.json", "/v1/health", "/status"):
        assert bank.request("GET", path, headers=OLD).status == 200, path
    assert bank.request("GET", "/v1/accounts", token=token, headers={"app-version": MINIMUM}).status == 200
    assert bank.request("DELETE", "/v1/sessions/current", token=token, headers=OLD).status == 204


def test_no_request_pays_for_it(bank: Bank, person: Person) -> None:
    """The calls of a request are the same with the header and without it, and a refusal makes none."""
    token = bank.log_in(person)
    parameters.set_value("app.minimum_version", MINIMUM)

    def calls(headers: dict[str, str]) -> dict[str, int]:
        parameters.value(parameters.SMS_CODE_TRIES, clock.now())
        with counted() as found:
            answer = bank.request("GET", "/v1/accounts", token=token, headers=headers)
        assert answer.status == (403 if headers == OLD else 200)
        return dict(found)

    calls({})  # what an instance reads once in its life is read
    assert calls({"app-version": MINIMUM}) == calls({}) != {}
    assert calls(OLD) == {}


def test_two_people_raise_the_minimum_and_every_instance_knows_it(bank: Bank, person: Person) -> None:
    enter_staff()
    for bad in ("3.2", 3, "newest"):
        with pytest.raises(ParameterOutOfBounds):
            asked("parameter.change", change_of("app.minimum_version", bad))
    approved(asked("parameter.change", change_of("app.minimum_version", MINIMUM)))
    bank.clock.advance(30 * SECOND)
    assert logs_in(bank, person, app_version="3.1.9").code == "app_outdated"
