"""Access tokens: expired, forged and ended ones are refused on every operation that needs a session."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any

import boto3
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.contract.operations import all_apis
from chalicelib.platform.http import Operation
from tests.chain.bank import Bank, Person
from tests.chain.probe import State, state_of

# Of customers; those of staff are test_staff_sessions.py's.
SECURED = [operation for api in all_apis() for operation in api.operations if operation.entitlement is not None]
PUBLIC = {
    "/v1/sessions",
    "/v1/staff/sessions",
    "/v1/sessions/devices",
    "/v1/sessions/refresh",
    "/v1/captchas",
    "/v1/password-applications",
    "/v1/password-applications/{application_id}/confirmation",
    "/v1/notices",
    "/v1/outages",
    "/v1/jwks.json",
    "/v1/receipt-keys.json",
    "/v1/receipt-verifications",
    "/v1/day-seals",
    "/v1/day-seals/{business_date}",
    "/v1/day-seal-keys.json",
    "/v1/receipt-proofs/{number}",
    "/verify",
    "/status",
    "/maintenance",
    "/availability",
    "/branches",
    "/rates",
    "/maintenance.ics",
    "/feed.atom",
    "/docs",
    "/docs/redoc.js",
    "/v1/health",
    "/v1/openapi.json",
}


@dataclass
class Case:
    """A live token, an ended one, and what the bank holds."""

    bank: Bank
    person: Person
    live: str
    ended: str
    state: State


@pytest.fixture(scope="module")
def _case(_bank_of_module: Bank) -> Case:
    bank = _bank_of_module
    person = bank.sign_up("赵小明", deposit="100.00")
    ended = bank.log_in(person)
    bank.request("DELETE", "/v1/sessions/current", token=ended)
    live = bank.log_in(person)
    bank.settle()
    return Case(bank, person, live, ended, state_of(bank))


@pytest.fixture
def case(shared_bank: Bank, _case: Case) -> Case:
    return _case


def ask(case: Case, operation: Operation, authorization: str | None) -> Any:
    """Call an operation with requests that would otherwise pass its parsing."""
    path = operation.path.replace("{account_id}", case.person.account).replace("{month}", "2026-10")
    bodies: dict[str, Any] = {
        "create": {
            "payer_account": case.person.account,
            "payee_account": "9000010000000000017",
            "payee_name": "钱红",
            "amount": "1.00",
        },
        "confirm": {"factor": "sms", "code": "000000"},
    }
    headers = {"idempotency-key": "key-token-01"}
    if authorization is not None:
        headers["authorization"] = authorization
    return case.bank.request(
        operation.method,
        re.sub(r"{\w+}", "a" * 26, path),
        bodies.get(operation.name) if operation.body is not None else None,
        headers=headers,
    )


def test_only_the_named_operations_are_public() -> None:
    assert {op.path for api in all_apis() for op in api.operations if op.auth is None} == PUBLIC
    assert len(SECURED) >= 13


@pytest.mark.parametrize("operation", SECURED, ids=lambda op: f"{op.method} {op.path}")
def test_every_operation_refuses_who_is_not_there(case: Case, operation: Operation) -> None:
    missing = ask(case, operation, None)
    assert (missing.code, missing.status, missing.headers["WWW-Authenticate"]) == ("not_logged_in", 401, "Bearer")
    ended = ask(case, operation, f"Bearer {case.ended}")
    assert (ended.code, ended.status) == ("session_ended", 401)
    assert state_of(case.bank) == case.state


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def forge(case: Case, name: str) -> str:
    """A token that an attacker could make of a real one."""
    head, payload, signature = case.live.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    der = boto3.client("kms").get_public_key(KeyId=case.bank.references["TokenKey"])["PublicKey"]
    pem = serialization.load_der_public_key(der).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    own = ec.generate_private_key(ec.SECP256R1())
    own_jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(own.public_key()))
    signed = f"{encoded({'alg': 'HS256', 'typ': 'at+jwt'})}.{payload}"
    return {
        "alg none": f"{encoded({'alg': 'none'})}.{payload}.",
        "alg None": f"{encoded({'alg': 'None'})}.{payload}.{signature}",
        "HS256 with the public key": f"{signed}.{encoded(hmac.digest(pem, signed.encode(), hashlib.sha256))}",
        "HS256 with nothing": f"{signed}.{encoded(hmac.digest(b'', signed.encode(), hashlib.sha256))}",
        "another key": jwt.encode(claims, own, "ES256", headers={"typ": "at+jwt"}),
        "kid of a file": jwt.encode(claims, own, "ES256", headers={"kid": "../../dev/null"}),
        "key in its head": jwt.encode(claims, own, "ES256", headers={"jwk": own_jwk}),
        "key by address": jwt.encode(claims, own, "ES256", headers={"jku": "https://localhost/keys"}),
        "critical extension": f"{encoded({'alg': 'ES256', 'crit': ['exp'], 'exp': 1})}.{payload}.{signature}",
        "other customer": f"{head}.{encoded({**claims, 'sub': 'a' * 20})}.{signature}",
        "longer life": f"{head}.{encoded({**claims, 'exp': claims['exp'] + 900})}.{signature}",
        "signature left out": f"{head}.{payload}.",
        "signature of zeros": f"{head}.{payload}.{encoded(bytes(64))}",
        "signature too long": f"{case.live}AAAA",
        "truncated": case.live[:-8],
        "two parts": f"{head}.{payload}",
        "four parts": f"{case.live}.x",
        "payload no json": f"{head}.{encoded(b'x')}.{signature}",
        "payload a list": f"{head}.{encoded([])}.{signature}",
        "not base64": "a.b.c",
        "chinese": "令牌.令牌.令牌",
        "huge": "a" * 9000,
    }[name]


FORGED = ["alg none", "alg None", "HS256 with the public key", "HS256 with nothing", "another key", "kid of a file"]
FORGED += ["key in its head", "key by address", "critical extension", "other customer", "longer life"]
FORGED += ["signature left out", "signature of zeros", "signature too long", "truncated", "two parts", "four parts"]
FORGED += ["payload no json", "payload a list", "not base64", "chinese", "huge"]


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_no_token(case: Case, name: str) -> None:
    reply = case.bank.request("GET", "/v1/accounts", token=forge(case, name))
    assert (reply.code, reply.status) == ("not_logged_in", 401)
    assert state_of(case.bank) == case.state


@pytest.mark.parametrize(
    "form",
    ["", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer={}", "Bearer {} {}", "Digest {}", "Bearer\t{}", ",Bearer {}"],
)
def test_other_ways_to_say_it_are_not_heard(case: Case, form: str) -> None:
    reply = case.bank.request("GET", "/v1/accounts", headers={"authorization": form.format(case.live, case.live)})
    assert (reply.code, reply.status) == ("not_logged_in", 401)


def test_the_scheme_is_read_in_any_case(case: Case) -> None:
    for scheme in ("Bearer", "bearer", "BEARER"):
        reply = case.bank.request("GET", "/v1/accounts", headers={"authorization": f"{scheme} {case.live}"})
        assert reply.status == 200


def test_a_token_dies_to_the_second(case: Case) -> None:
    claims = jwt.decode(case.live, options={"verify_signature": False})
    start = case.bank.clock.now().timestamp()
    assert claims["exp"] - start == 300
    case.bank.clock.sleep(299)
    assert case.bank.request("GET", "/v1/accounts", token=case.live).status == 200
    case.bank.clock.sleep(1)
    for operation in SECURED:
        reply = ask(case, operation, f"Bearer {case.live}")
        assert (reply.code, reply.status) == ("token_expired", 401)
