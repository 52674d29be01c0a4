"""Which operations a scope holds back, over every operation of the bank (NB-5.1.8-6)."""

from __future__ import annotations

import pytest

from app import app
from chalicelib.contract.gate import admit
from chalicelib.contract.operations import all_apis
from chalicelib.maintenance import scopes
from chalicelib.platform.http import Operation
from tests.architecture.source import operations

pytestmark = pytest.mark.requirement("NB-5.1.8-6")

ALL = [operation for _, operation in operations()]
# What is for everybody at any time, and what ends a suspension.
NEVER = {
    "GET /v1/health",
    "GET /v1/jwks.json",
    "GET /v1/notices",
    "GET /v1/openapi.json",
    "GET /v1/receipt-keys.json",
    "POST /v1/receipt-verifications",
    "GET /v1/outages",
    "GET /v1/day-seals",
    "GET /v1/day-seals/{business_date}",
    "GET /v1/day-seal-keys.json",
    "GET /v1/receipt-proofs/{number}",
    "GET /verify",
    "POST /verify",
    "GET /status",
    "GET /maintenance",
    "GET /availability",
    "GET /branches",
    "GET /rates",
    "GET /maintenance.ics",
    "GET /feed.atom",
    "GET /docs",
    "GET /docs/redoc.js",
}
# What no scope but `everything` holds back although it is no read, and why.
UP = {
    "POST /v1/sessions": "who logs in reads",
    "POST /v1/sessions/devices": "the same",
    "POST /v1/sessions/refresh": "the same",
    "DELETE /v1/sessions/current": "who logs out is safe",
    "DELETE /v1/sessions/others": "the same",
    "DELETE /v1/sessions/{session_id}": "the same",
    "POST /v1/captchas": "a part of a log-in",
    "POST /v1/step-ups/{step_up_id}/confirmation": "a part of a log-in too; what it confirms is held back itself",
    "POST /v1/step-ups/{step_up_id}/codes": "the same",
    "POST /v1/payee-lookups": "a read",
    "POST /v1/notifications/read-marks": "notes what was read",
    "POST /v1/accounts/{account_id}/bills/{month}/check/confirmation": "says what was; a term runs meanwhile",
    "POST /v1/accounts/{account_id}/bills/{month}/check/dispute": "the same",
    "POST /v1/documents": "a read, whose answer is made later",
    "POST /v1/payee-groups": "no money moves by a name",
    "POST /v1/receive-code-lookups": "a read",
    "POST /v1/accounts/{account_id}/payment-password/verification": "a read",
    "POST /v1/devices/{device_id}/loss": "keeps its owner from harm",
    "POST /v1/factors/{factor_id}/loss": "the same",
}


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def held(operation: Operation) -> set[str]:
    return {scope for scope in scopes.SCOPES if scopes.holds_back(scope, operation.method, operation.path)}


@pytest.mark.parametrize("operation", ALL, ids=name_of)
def test_every_operation_has_its_place(operation: Operation) -> None:
    name, found = name_of(operation), held(operation)
    if name in NEVER or operation.path.startswith("/v1/staff/"):
        assert found == set()
    elif operation.method == "GET" or name in UP:
        assert found == {"everything"}
    else:
        assert len(found) > 1, "a change that no scope of its own holds back is named with its reason"
        assert "everything" in found
    assert scopes.can_be_held_back(operation.method, operation.path) == bool(found)


@pytest.mark.parametrize("scope", [one for one in scopes.SCOPES if one not in ("nothing", "other_banks")])
def test_every_scope_holds_something_back_and_has_words(scope: str) -> None:
    assert any(scope in held(operation) for operation in ALL)


def test_each_scope_is_told_in_both_languages_and_payments_are_one() -> None:
    assert set(scopes.WORDS) == set(scopes.SCOPES)
    for payment in ("standing_orders", "batches", "scanned_codes"):
        paths = {name_of(one) for one in ALL if payment in held(one)}
        assert paths <= {name_of(one) for one in ALL if "transfers" in held(one)}


@pytest.mark.parametrize(
    ("work", "waiting"),
    [
        ("transfers", {"everything", "transfers"}),
        ("standing_orders", {"everything", "transfers", "standing_orders"}),
        ("batches", {"everything", "transfers", "batches"}),
    ],
)
def test_work_that_is_due_by_itself_waits_for_its_own_scopes(work: str, waiting: set[str]) -> None:
    assert {scope for scope in scopes.SCOPES if scopes.waits(work, [scope])} == waiting


def test_every_operation_of_the_application_is_behind_the_gate() -> None:
    assert len(app.routes) > 100
    assert {api.gate for api in all_apis()} == {admit}
