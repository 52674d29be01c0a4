"""Every operation needs a session unless it is named here; the contract tells the truth about all of them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.approvals import service as approvals
from chalicelib.apps.errors import AppOutdated
from chalicelib.contract import conventions, flows, service, words
from chalicelib.contract.operations import PATHS
from chalicelib.entitlements import service as entitlements
from chalicelib.identity import service as identity
from chalicelib.platform.errors import IdempotencyKeyMissing
from chalicelib.platform.http import FORM, HTML, JSON, MAX_BODY_BYTES, Operation
from chalicelib.staff import service as staff
from chalicelib.staff.commands.check_session import checks_session as checks_staff_session
from infra.build import OVERLAY_FILE
from infra.environment import read_template
from tests.architecture.source import operations

PUBLIC = {
    "POST /v1/sessions": "logs in",
    "POST /v1/staff/sessions": "logs a member of staff in",
    "POST /v1/sessions/devices": "brings a challenge that a log-in opened, and its code",
    "POST /v1/password-applications": "who has no password yet has no session",
    "POST /v1/password-applications/{application_id}/confirmation": "brings a code instead",
    "POST /v1/captchas": "is asked for before a log-in",
    "POST /v1/sessions/refresh": "brings a refresh token instead",
    "GET /v1/notices": "announcements are for everybody (NB-5.1.8-5)",
    "GET /v1/outages": "explanations are for everybody (NB-5.1.8-6)",
    "GET /v1/jwks.json": "public keys only (RFC 7517)",
    "GET /v1/receipt-keys.json": "the same",
    "POST /v1/receipt-verifications": "whoever was given a receipt brings its number and code",
    "GET /v1/day-seals": "heads of trees, for whoever wants to keep them",
    "GET /v1/day-seals/{business_date}": "the same",
    "GET /v1/day-seal-keys.json": "public keys only (RFC 7517)",
    "GET /v1/receipt-proofs/{number}": "hashes only, to whoever was given a receipt",
    "GET /verify": "the same, by a browser",
    "POST /verify": "the same",
    "GET /status": "how service stands is for everybody (NB-5.1.8-6)",
    "GET /maintenance": "announcements are for everybody (NB-5.1.8-5)",
    "GET /availability": "how much of the time service is there is for everybody (XJ-4.3)",
    "GET /branches": "where the bank is, is for everybody (YQ-4.2.2-info)",
    "GET /rates": "what it charges and pays is, too",
    "GET /maintenance.ics": "the same",
    "GET /feed.atom": "the same",
    "GET /docs": "the contract is public",
    "GET /docs/redoc.js": "the same",
    "GET /v1/health": "probes have no session",
    "GET /v1/openapi.json": "the contract is public",
}
# Their own write carries the check that the session has not been ended, so they save a read.
CHECKED_BY_THE_WRITE = {"POST /v1/transfers", "POST /v1/transfers/{transfer_id}/confirmation"}
# What takes a larger body than all others, and why.
LARGER_BODIES = {
    "POST /v1/identity-verifications/document": 3 * 1024 * 1024,  # a picture
    "POST /v1/identity-verifications/face": 3 * 1024 * 1024,  # two pictures
    "POST /v1/batches": 64 * 1024,  # fifty payments, each character of a name escaped
}
# Rows of the entitlements' table that no operation names, and who asks them.
ASKED_ELSEWHERE = {
    "transfers.own": "transfers' commands, which know whose the payee is",
    "payments.important": "what pays without a transfer; no such operation yet",
    "limits.raise": "the change of limits, which knows whether one is raised",
    "transfers.switch_on": "its step-up, as the same operation switches off",
    "device.bind": "its step-up, before there is a session",
    "order.create": "its step-up, where the order pays somebody else",
    "order.change": "the same",
    "batch.create": "its step-up",
    "notifications.less": "the change of settings, which knows whether it is of less",
}

# Rows of staff's permission matrix that no operation names, and who asks them.
FUNCTIONS_ASKED_ELSEWHERE = {
    "staff.approve": "approvals, by the kind",
    "functions.change": "approvals, by the kind",
    "functions.approve": "approvals, by the kind",
    "parameters.change": "approvals, by the kind",
    "parameters.approve": "approvals, by the kind",
    "notices.approve": "approvals, by the kind",
    "reversals.request": "approvals, by the kind",
    "reversals.approve": "approvals, by the kind",
}

CHINESE, LATIN = re.compile("[\u4e00-\u9fff]"), re.compile("[A-Za-z]")
# Pages are for people: no part of the contract.
PAGES = {
    *("GET /verify", "POST /verify", "GET /status", "GET /maintenance", "GET /availability"),
    *("GET /branches", "GET /rates", "GET /docs"),
}
# The site's other files: for calendars and feed readers.
FILES = {"GET /maintenance.ics", "GET /feed.atom", "GET /docs/redoc.js"}

each = pytest.mark.parametrize(
    "operation", [o for _, o in operations()], ids=[f"{o.method} {o.path}" for _, o in operations()]
)


each_of_the_contract = pytest.mark.parametrize(
    "operation",
    [o for _, o in operations() if not o.is_page],
    ids=[f"{o.method} {o.path}" for _, o in operations() if not o.is_page],
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dict(json.loads(service.document()))


def resolved(document: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for, or the very thing."""
    if "$ref" not in described:
        return described
    _, _, kind, name = described["$ref"].split("/")
    return dict(document["components"][kind][name])


def name_of(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


@each
def test_an_operation_needs_a_session_unless_it_is_named(operation: Operation) -> None:
    if name_of(operation) in PUBLIC:
        assert operation.auth is None
    elif name_of(operation) in CHECKED_BY_THE_WRITE:
        assert operation.auth is identity.money_checks_session
    elif operation.path.startswith("/v1/staff/"):
        assert operation.auth is checks_staff_session
    else:
        assert operation.auth is identity.checks_session


@pytest.mark.requirement("YQ-4.1.3")
@pytest.mark.requirement("NB-5.2.3")
@each
def test_an_operation_with_a_caller_names_what_it_needs(operation: Operation) -> None:
    if operation.auth is None:
        assert operation.entitlement is operation.permission is None
    elif operation.path.startswith("/v1/staff/"):
        assert operation.permission in staff.TABLE
        assert operation.entitlement is None
    else:
        assert operation.entitlement in entitlements.TABLE
        assert operation.permission is None


# What an operation answers that looks at a factor, or sends its code; which one is right is the use case's own test.
PROOFS = {"step_up_required", "code_wrong", "signature_wrong", "pin_wrong", "factor_not_active", "factor_not_accepted"}


@pytest.mark.requirement("YQ-4.1.3")
@each
def test_an_operation_that_takes_a_factor_asks_for_one(operation: Operation) -> None:
    row = entitlements.TABLE.get(operation.entitlement or "")
    if row is not None and not any("none" in grant.factors for grant in row.grants):
        assert {refusal.code for refusal in operation.refusals} & PROOFS


def test_asking_for_an_approval_declares_what_its_kinds_refuse() -> None:
    (make,) = [o for _, o in operations() if name_of(o) == "POST /v1/staff/approvals"]
    assert {refusal for kind in approvals.kinds().values() for refusal in kind.refusals} <= set(make.refusals)
    asked = {function for kind in approvals.kinds().values() for function in (kind.makes, kind.checks)}
    assert asked <= staff.TABLE.keys()
    named = {operation.permission for _, operation in operations()}
    assert asked - named == {name for name, by in FUNCTIONS_ASKED_ELSEWHERE.items() if by == "approvals, by the kind"}


def test_every_row_of_the_permission_matrix_is_asked() -> None:
    named = {operation.permission for _, operation in operations()} - {None}
    assert set(staff.TABLE) - named == set(FUNCTIONS_ASKED_ELSEWHERE)


def test_few_take_a_larger_body() -> None:
    larger = {name_of(o): o.max_body_bytes for _, o in operations() if o.max_body_bytes != MAX_BODY_BYTES}
    assert larger == LARGER_BODIES


def test_every_row_of_the_entitlements_is_asked() -> None:
    named = {operation.entitlement for _, operation in operations()} - {None}
    assert set(entitlements.TABLE) - named == set(ASKED_ELSEWHERE)


def test_named_operations_exist() -> None:
    assert PUBLIC.keys() | CHECKED_BY_THE_WRITE <= {name_of(operation) for _, operation in operations()}


def test_every_path_is_found_by_the_module_that_has_it() -> None:
    # given the table that a request's path is looked up in
    declared = {f"chalicelib.{module}": paths for module, paths in PATHS.items()}
    assert declared.keys() == {module.__name__ for module, _ in operations()}
    # then each path begins with one of its module's, and each beginning is some path's
    for module, paths in declared.items():
        own = [operation.path for found, operation in operations() if found.__name__ == module]
        assert [path for path in own if not path.startswith(paths)] == [], module
        assert [start for start in paths if not any(path.startswith(start) for path in own)] == [], module


def test_app_serves_just_the_declared_operations() -> None:
    served = {f"{method} {path}" for path, methods in app.routes.items() for method in methods}
    assert served == {name_of(operation) for _, operation in operations()}


@each
def test_pages_are_outside_the_contracts_paths_and_tell_people_what_is_refused(operation: Operation) -> None:
    assert operation.is_page == (name_of(operation) in PAGES | FILES)
    assert (operation.on_refusal is not None) == (operation.content_type == HTML) == (name_of(operation) in PAGES)
    assert operation.takes == (FORM if operation.is_page and operation.body is not None else JSON)


def test_the_contract_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_contract_lists_every_operation(document: dict[str, Any]) -> None:
    listed = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert listed == {name_of(operation) for _, operation in operations()} - PAGES - FILES
    ids = [described["operationId"] for methods in document["paths"].values() for described in methods.values()]
    assert len(ids) == len(set(ids))


@each_of_the_contract
def test_the_contract_says_what_an_operation_must_be_given(document: dict[str, Any], operation: Operation) -> None:
    described = document["paths"][operation.path][operation.method.lower()]
    asked = [resolved(document, one) for one in described["parameters"]]
    required = {(one["in"], one["name"]) for one in asked if one.get("required")}
    fields = {} if operation.query is None else operation.query.model_fields
    expected = {field.alias or name for name, field in fields.items() if field.is_required()}
    assert {name for place, name in required if place == "query"} == expected
    keyed = operation.method == "POST" and IdempotencyKeyMissing in operation.refusals
    assert (("header", "Idempotency-Key") in required) == keyed
    # and every value is told of in both languages
    for one in asked:
        zh, _, en = one["description"].partition("/")
        assert CHINESE.search(zh), one
        assert LATIN.search(en), one
    assert "App-Version" not in {one["name"] for one in asked} or AppOutdated in service.refusals_of(operation)


def problems_of(response: dict[str, Any]) -> dict[str, Any]:
    return dict(response.get("content", {}).get("application/problem+json", {}).get("examples", {}))


@each_of_the_contract
def test_the_contract_shows_each_refusal_of_an_operation(document: dict[str, Any], operation: Operation) -> None:
    described = document["paths"][operation.path][operation.method.lower()]
    shown = {
        (int(status), code): resolved(document, example)["value"]
        for status, response in described["responses"].items()
        if status != "default"
        for code, example in problems_of(resolved(document, response)).items()
    }
    # what the gateway answers in an operation's place is shown, too
    refusals = {(refusal.status, refusal.code) for refusal in service.refusals_of(operation)}
    assert shown.keys() == refusals | {(429, "too_many_requests")}
    for (status, code), value in shown.items():
        assert (value["status"], value["code"]) == (status, code)
        assert value.keys() >= set(service.PROBLEM_SCHEMA["required"])
    scheme = "session" if operation.permission is None else "staff"
    assert described["security"] == ([] if operation.auth is None else [{scheme: []}])
    assert all(text.strip() for text in described["summary"].split(" / "))


def test_every_module_of_the_contract_has_one_tag() -> None:
    named = [module for _, _, modules in words.TAGS.values() for module in modules]
    assert len(named) == len(set(named))
    assert set(named) == PATHS.keys() - {"site.routes", "site.reference_routes"}
    grouped = [tag for _, has in words.GROUPS for tag in words.TAGS if has(tag)]
    assert sorted(grouped) == sorted(words.TAGS)


def test_every_value_of_a_path_is_told_of_and_no_other() -> None:
    found = {name for _, o in operations() if not o.is_page for name in re.findall(r"{(\w+)}", o.path)}
    assert found == words.PATH_VALUES.keys()


def has_field(model: Any, path: list[str]) -> bool:
    field = model.model_fields.get(path[0])
    return field is not None and (len(path) == 1 or has_field(field.annotation, path[1:]))


def test_every_link_leads_to_an_operation_by_what_the_answer_has(document: dict[str, Any]) -> None:
    by_name = {name_of(operation): operation for _, operation in operations()}
    for source, links in flows.LINKS.items():
        for link in links:
            target = by_name[link.operation]
            assert link.parameters.keys() == set(re.findall(r"{(\w+)}", target.path)), link
            for value in link.parameters.values():
                place, _, name = value.partition("#/")
                if name:
                    assert has_field(by_name[source].answer, name.split("/")), (source, link)
                else:
                    assert place.removeprefix("$request.path.") in re.findall(r"{(\w+)}", source), (source, link)
    confirm = document["paths"]["/v1/transfers"]["post"]["responses"]["201"]["links"]["confirm"]["operationId"]
    confirmation = document["paths"]["/v1/transfers/{transfer_id}/confirmation"]["post"]
    assert confirm == confirmation["operationId"]
    receipt = confirmation["responses"]["200"]["links"]["receipt"]["operationId"]
    assert receipt == document["paths"]["/v1/transfers/{transfer_id}/receipt"]["get"]["operationId"]


def test_what_the_gateway_answers_by_itself_is_of_the_contract() -> None:
    resources = read_template(OVERLAY_FILE)["Resources"]
    answers = resources["RestAPI"]["Properties"]["GatewayResponses"].values()
    told = set()
    for answer in answers:
        (text,) = answer["ResponseTemplates"].values()
        body = json.loads(text)
        assert body.keys() == set(service.PROBLEM_SCHEMA["required"])
        assert body["status"] == answer["StatusCode"]
        told.add((body["code"], body["status"], body["detail"]))
    assert {(code, *rest) for code, rest in conventions.GATEWAY.items()} <= told
    # the others are those of operations
    codes = {refusal.code for _, o in operations() for refusal in service.refusals_of(o)}
    assert {code for code, _, _ in told} - conventions.GATEWAY.keys() <= codes


def test_schemas_are_named_after_their_context_and_not_by_modules(document: dict[str, Any]) -> None:
    assert [name for name in document["components"]["schemas"] if "__" in name or "." in name] == []
