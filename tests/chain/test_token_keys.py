"""Keys of access tokens and the secret of codes are replaced while the bank runs, unnoticed (RFC 7515, 7517, 7638)."""

from __future__ import annotations

import datetime as dt
import json
import os
from typing import Any

import boto3
import jwt
import pytest

from chalicelib.factors import code_secret
from chalicelib.factors import service as factors
from chalicelib.identity import providers as captchas
from chalicelib.identity import tokens
from chalicelib.identity.keys import OVERLAP_S, RING
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, jws
from chalicelib.platform.callers import Caller
from chalicelib.platform.key_ring import KeyRow
from infra import evidence
from infra.cli.app import main as bank_command
from tests.chain.bank import STACK, Bank, Person

SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="100.00")


def now_s(bank: Bank) -> int:
    return int(bank.clock.now().timestamp())


def published(bank: Bank) -> dict[str, Any]:
    reply = bank.request("GET", "/v1/jwks.json")
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "public, max-age=300")
    return {key["kid"]: key for key in reply.body["keys"]}


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def is_served(bank: Bank, token: str) -> bool:
    return bank.request("GET", "/v1/accounts", token=token).status == 200


def at(bank: Bank, moment_s: int) -> None:
    bank.clock.advance(dt.timedelta(seconds=moment_s - now_s(bank)))


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    # given the EC key of RFC 7517 appendix A.1, whose thumbprint follows from RFC 7638 section 3
    x, y = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
    assert jws.thumbprint(x, y) == "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s"


def test_anybody_can_verify_a_token_with_the_published_keys(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    (jwk,) = published(bank).values()
    assert jwk.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}  # nothing private
    assert jwk["kid"] == kid_of(token) == jws.thumbprint(jwk["x"], jwk["y"])
    options: Any = {"verify_exp": False, "verify_iat": False}
    key = jwt.PyJWK(jwk).key
    claims = jwt.decode(
        token, key, algorithms=["ES256"], issuer="rural-bank-local", audience="rural-bank-local", options=options
    )
    assert claims["sub"] == customer.customer_id
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "typ": "at+jwt", "kid": jwk["kid"]}


def test_a_rotation_loses_no_token_and_ends_the_old_key(bank: Bank, customer: Person) -> None:
    parameters.set_value("session.access_token_s", 300)
    before = kid_of(bank.log_in(customer))
    # when the next key is made, then it is published at once, and signs ten minutes later
    after, signs_from = RING.rotate(now_s(bank))
    assert signs_from - now_s(bank) == 600
    assert published(bank).keys() == {before, after}
    at(bank, signs_from - 1)
    last = bank.log_in(customer)
    assert kid_of(last) == before
    at(bank, signs_from)
    first = bank.log_in(customer)
    assert kid_of(first) == after
    # both are good while tokens of both live
    assert (is_served(bank, last), is_served(bank, first)) == (True, True)
    at(bank, signs_from + 298)
    assert is_served(bank, last)
    # the old key ends when its longest token has
    at(bank, signs_from + OVERLAP_S - 1)
    assert published(bank).keys() == {before, after}
    at(bank, signs_from + OVERLAP_S)
    RING.forget()
    assert published(bank).keys() == {after}
    assert kid_of(bank.log_in(customer)) == after


def test_a_token_of_a_retired_key_is_no_token_even_if_it_has_not_expired(bank: Bank, customer: Person) -> None:
    token = tokens.issue(customer.customer_id, "s", "professional", now_s(bank), now_s(bank) + 10_000)
    RING.rotate(now_s(bank))
    assert tokens.read(token, now_s(bank)) == Caller(customer.customer_id, "s", "professional")
    bank.clock.advance(dt.timedelta(seconds=600 + OVERLAP_S))
    assert bank.request("GET", "/v1/accounts", token=token).code == "not_logged_in"


def test_another_instance_sees_the_new_key_within_thirty_seconds(bank: Bank, customer: Person) -> None:
    # given an instance that has just read the keys, and a rotation made elsewhere
    RING.forget()
    before = published(bank).keys()
    made = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    RING.put(KeyRow(made, now_s(bank) + 600))
    bank.clock.advance(29 * SECOND)
    assert published(bank).keys() == before
    bank.clock.advance(SECOND)
    assert published(bank).keys() == before | {jws.public_half(made).kid}


def test_one_rotation_at_a_time(bank: Bank, capsys: pytest.CaptureFixture[str]) -> None:
    assert bank_command(["key", "rotate"]) == 0
    assert bank_command(["key", "rotate"]) == 2
    assert "under way" in capsys.readouterr().err
    bank.clock.advance(dt.timedelta(seconds=600))
    assert bank_command(["key", "rotate"]) == 0
    assert bank_command(["key", "list"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()[-3:]] == ["verifies", "signs", "next"]


def test_the_next_key_is_one_that_functions_may_use(bank: Bank) -> None:
    RING.rotate(now_s(bank))
    (row,) = RING.stored()
    tags = boto3.client("kms").list_resource_tags(KeyId=row.key_id)["Tags"]
    assert tags == [{"TagKey": "signs-tokens-of", "TagValue": STACK}]


def test_a_key_in_wrong_hands_is_withdrawn_at_once(bank: Bank, customer: Person) -> None:
    stolen = bank.log_in(customer)
    assert bank_command(["key", "withdraw", kid_of(stolen)]) == 0
    assert bank.request("GET", "/v1/accounts", token=stolen).code == "not_logged_in"
    fresh = bank.log_in(customer)
    assert is_served(bank, fresh)
    assert published(bank).keys() == {kid_of(fresh)}
    assert bank_command(["key", "withdraw", "unknown"]) == 2
    # a next key that is withdrawn never signs, and the present one goes on
    after, signs_from = RING.rotate(now_s(bank))
    RING.withdraw(after, now_s(bank))
    at(bank, signs_from + OVERLAP_S)
    assert kid_of(bank.log_in(customer)) == kid_of(fresh)


@pytest.fixture
def secrets(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions of the secret are as old as the bank's clock says: the first a day, others as of their first reading."""
    client = aws.secretsmanager()
    read, made = client.get_secret_value, dict[str, dt.datetime]()

    def dated(**request: Any) -> Any:
        answer = read(**request)
        first = bank.clock.now() - (dt.timedelta() if made else dt.timedelta(days=1))
        return {**answer, "CreatedDate": made.setdefault(answer["VersionId"], first)}

    monkeypatch.setattr(client, "get_secret_value", dated)
    code_secret.forget()
    code_secret.current()


@pytest.mark.requirement("NB-5.3.3-sms")
def test_a_code_under_way_survives_a_new_secret(bank: Bank, customer: Person, secrets: None) -> None:
    # given a code that was sent
    payee = bank.sign_up("钱红")
    token = bank.log_in(customer)
    sent = bank.create(token, customer, payee, "10.00", "key-00000001").body["id"]
    bank.settle()
    code = bank.code_for(customer, sent)
    before = code_secret.current()
    assert bank_command(["key", "rotate-code-secret"]) == 0
    # then new codes are of the new secret, and the one under way is good
    assert code_secret.accepted() == [code_secret.current(), before]
    assert code_secret.current() != before
    assert bank.confirm(token, sent, code).status == 200
    # a second change is refused while codes of the first secret could be under way
    assert bank_command(["key", "rotate-code-secret"]) == 2
    bank.clock.advance(code_secret.PREVIOUS_FOR)
    assert bank_command(["key", "rotate-code-secret"]) == 0


@pytest.mark.requirement("NB-5.1.3")
def test_what_a_code_confirmed_is_verified_after_any_number_of_new_secrets(
    bank: Bank, customer: Person, secrets: None, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a transfer, and new secrets since
    document = evidence.export(bank.pay(customer, bank.sign_up("钱红"), "10.00", "key-evidence-1"))
    for _ in range(3):
        assert bank_command(["key", "rotate-code-secret"]) == 0
        code_secret.current()
        bank.clock.advance(code_secret.PREVIOUS_FOR)
    assert code_secret.accepted()[0] != code_secret.known()[-1]
    # when years later the operator exports them
    capsys.readouterr()
    assert bank_command(["key", "export-code-secrets"]) == 0
    lines = capsys.readouterr().out.split()
    # then the first one of four is among them, and the present one first
    assert (len(lines), lines[0].encode()) == (4, code_secret.current())
    assert evidence.verify(document, code_secrets=[line.encode() for line in lines]).code == evidence.VALID
    assert evidence.verify(document, code_secrets=[line.encode() for line in lines[:3]]).code == evidence.INVALID


def test_the_secret_before_is_refused_when_its_codes_have_expired(bank: Bank, secrets: None) -> None:
    digest = b"d" * 32
    old = factors.confirmation_code(digest, 1)
    factors.rotate_secret(bank.clock.now())
    factors.verify_code(old, digest, 1, 4)
    bank.clock.advance(code_secret.PREVIOUS_FOR)
    assert code_secret.accepted() == [code_secret.current()]
    assert factors.confirmation_code(digest, 1) != old, "one in a million: run it again"
    with pytest.raises(factors.CodeWrong):
        factors.verify_code(old, digest, 1, 4)


def test_an_instance_that_has_not_seen_the_new_secret_looks_again_before_it_says_wrong(
    bank: Bank, secrets: None
) -> None:
    # given an instance that read the secret a moment ago, and another that replaces it and sends a code
    stale = code_secret._cached
    factors.rotate_secret(bank.clock.now())
    code = factors.confirmation_code(b"d" * 32, 1)
    code_secret._cached = stale
    factors.verify_code(code, b"d" * 32, 1, 4)


def test_what_else_is_derived_follows_a_new_secret_within_thirty_seconds(bank: Bank, secrets: None) -> None:
    # given an instance that has used the secret for captchas
    before = captchas.answer_of("a" * 20)
    factors.rotate_secret(bank.clock.now())
    bank.clock.advance(dt.timedelta(seconds=30))
    # then it agrees with one that was started since
    assert captchas.answer_of("a" * 20) != before, "one in seventeen million: run it again"


def test_no_secret_is_in_the_environment(bank: Bank) -> None:
    secret = aws.secretsmanager().get_secret_value(SecretId=bank.references["CodeSecret"])["SecretString"]
    assert secret not in json.dumps(dict(os.environ))
