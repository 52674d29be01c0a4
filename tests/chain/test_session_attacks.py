"""Attacks on sessions and tokens, by the items of OWASP ASVS 5.0 chapters 7 (sessions), 9 (tokens) and 11 (keys)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import boto3
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.identity import session_store, tokens
from chalicelib.identity.errors import NotLoggedIn
from chalicelib.identity.keys import RING
from chalicelib.platform import jws
from chalicelib.platform.key_ring import KeyRow
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.probe import table_items, unchanged

OWN = ec.generate_private_key(ec.SECP256R1())
OWN_JWK = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(OWN.public_key()))


@dataclass
class Victim:
    """A customer of a bank with two token keys, logged in."""

    bank: Bank
    person: Person
    access: str
    refresh: str
    session_id: str

    @property
    def claims(self) -> dict[str, Any]:
        return dict(jwt.decode(self.access, options={"verify_signature": False}))

    @property
    def head(self) -> dict[str, Any]:
        return dict(jwt.get_unverified_header(self.access))

    def asks(self, token: str) -> Reply:
        return self.bank.request("GET", "/v1/accounts", token=token)


@pytest.fixture(scope="module")
def _two_keys(_bank_of_module: Bank) -> None:
    """A second key, published and yet to sign."""
    key_id = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    RING.put(KeyRow(key_id, 4_000_000_000))
    RING.forget()


@pytest.fixture
def victim(shared_bank: Bank, _two_keys: None) -> Victim:
    person = shared_bank.sign_up("赵小明", deposit="100.00")
    reply = log_in(shared_bank, person)
    shared_bank.settle()
    refresh = reply.body["refresh_token"]
    return Victim(shared_bank, person, reply.body["access_token"], refresh, refresh.split(".")[1])


def log_in(bank: Bank, person: Person, headers: dict[str, str] | None = None, **more: str) -> Reply:
    body = {"login_name": person.login_name, "password": PASSWORD, **more}
    return bank.request("POST", "/v1/sessions", body, headers=headers)


def renew(bank: Bank, refresh: str) -> Reply:
    return bank.request("POST", "/v1/sessions/refresh", {"refresh_token": refresh})


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


# ---- fixation: ASVS 7.2.4 ------------------------------------------------------------------------------------
def test_a_session_id_that_a_client_brings_is_never_taken(victim: Victim) -> None:
    bank, chosen = victim.bank, victim.session_id
    # in the body it is an unknown field
    for name in ("session_id", "sid", "refresh_token"):
        assert log_in(bank, victim.person, None, **{name: chosen}).code == "malformed_request"
    # in a header, a cookie or as an old token it is not heeded: each log-in makes its own
    ways = [{"x-session-id": chosen}, {"cookie": f"sid={chosen}"}, {"authorization": f"Bearer {victim.access}"}]
    made = {log_in(bank, victim.person, way).body["refresh_token"].split(".")[1] for way in ways}
    assert len(made | {chosen}) == 4
    # and renewing changes the secret, never the session
    renewed = renew(bank, victim.refresh).body
    assert renewed["refresh_token"].split(".")[:2] == victim.refresh.split(".")[:2]
    assert renewed["refresh_token"] != victim.refresh


def test_a_refresh_token_cannot_be_moved_to_another_session_or_customer(victim: Victim) -> None:
    bank = victim.bank
    other = bank.sign_up("钱红")
    others = log_in(bank, other).body["refresh_token"].split(".")
    customer_id, session_id, secret = victim.refresh.split(".")
    before = sessions_of(bank, other)
    for forged in ((others[0], others[1], secret), (others[0], session_id, secret), (customer_id, others[1], secret)):
        assert renew(bank, ".".join(forged)).code == "refresh_refused"
    # who knew the id of a session has ended it, as its token may have leaked; money of neither moved
    assert {row["state"] for row in sessions_of(bank, other)} == {"ended"}
    assert {row["refresh_hash"] for row in sessions_of(bank, other)} == {row["refresh_hash"] for row in before}
    assert renew(bank, victim.refresh).status == 200


def sessions_of(bank: Bank, person: Person) -> list[dict[str, Any]]:
    return [row for row in table_items(bank, "SessionsTable") if row["customer_id"] == person.customer_id]


# ---- substitution: ASVS 9.1.1 to 9.1.3, 9.2.2 to 9.2.4 ---------------------------------------------------------------
def forge(victim: Victim, name: str) -> str:
    """A token that an attacker makes of the victim's, with the bank's own kid where that could help."""
    head, payload, signature = victim.access.split(".")
    kid = victim.head["kid"]
    (other_kid,) = RING.verifying(int(victim.bank.clock.now().timestamp())).keys() - {kid}

    def headed(**changes: Any) -> str:
        made = {name: value for name, value in {**victim.head, **changes}.items() if value is not None}
        return f"{encoded(made)}.{payload}.{signature}"

    def own(**changes: Any) -> str:
        made = {"typ": "at+jwt", "kid": kid, **changes}
        return jwt.encode(victim.claims, OWN, "ES256", headers=made)

    return {
        "alg none, our kid": f"{encoded({'alg': 'none', 'typ': 'at+jwt', 'kid': kid})}.{payload}.",
        "alg ES384": headed(alg="ES384"),
        "alg left out": headed(alg=None),
        "alg a list": headed(alg=["ES256"]),
        "kid left out": headed(kid=None),
        "kid empty": headed(kid=""),
        "kid unknown": headed(kid="x" * 43),
        "kid of a file": headed(kid="../../../../dev/null"),
        "kid of a query": headed(kid="' OR '1'='1"),
        "kid a number": headed(kid=1),
        "kid a list": headed(kid=[kid]),
        "kid an object": headed(kid={"kid": kid}),
        "kid of our other key": headed(kid=other_kid),
        "kid of our other key, own signature": own(kid=other_kid),
        "own key with our kid": own(),
        "own key with its kid": own(kid=jws.thumbprint(OWN_JWK["x"], OWN_JWK["y"])),
        "own key in the head": own(jwk=OWN_JWK),
        "own key in the head with its kid": own(jwk=OWN_JWK, kid=jws.thumbprint(OWN_JWK["x"], OWN_JWK["y"])),
        "own key at an address": own(jku="https://127.0.0.1/jwks.json"),
        "own certificate at an address": own(x5u="https://127.0.0.1/cert.pem"),
        "own certificate in the head": own(x5c=["MIIB"]),
        "another type": headed(typ="JWT"),
        "no type": headed(typ=None),
        "a refresh token's type": headed(typ="rt+jwt"),
        "type of another case": headed(typ="AT+JWT"),
        "payload not encoded": headed(b64=False, crit=["b64"]),
        "head a list": f"{encoded([victim.head])}.{payload}.{signature}",
        "head of many brackets": f"{encoded(b'[' * 1200)}.{payload}.{signature}",
        "signature of another format": f"{head}.{payload}.{encoded(bytes.fromhex('30060201010201') + bytes(1))}",
        "enormous head": headed(pad="x" * 8000),
        "enormous": "a." * 500_000,
    }[name]


FORGED = ["alg none, our kid", "alg ES384", "alg left out", "alg a list", "kid left out", "kid empty", "kid unknown"]
FORGED += ["kid of a file", "kid of a query", "kid a number", "kid a list", "kid an object", "kid of our other key"]
FORGED += ["kid of our other key, own signature", "own key with our kid", "own key with its kid", "own key in the head"]
FORGED += ["own key in the head with its kid", "own key at an address", "own certificate at an address"]
FORGED += ["own certificate in the head", "another type", "no type", "a refresh token's type", "type of another case"]
FORGED += ["payload not encoded", "head a list", "head of many brackets", "signature of another format"]
FORGED += ["enormous head", "enormous"]


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize("name", FORGED)
def test_a_substituted_token_is_no_token(victim: Victim, name: str) -> None:
    with unchanged(victim.bank):
        reply = victim.asks(forge(victim, name))
        assert (reply.code, reply.status) == ("not_logged_in", 401)
    assert victim.asks(victim.access).status == 200


@pytest.mark.requirement("NB-5.1.3")
def test_a_changed_character_anywhere_is_no_token(victim: Victim) -> None:
    now = int(victim.bank.clock.now().timestamp())
    length = len(victim.access)
    # the last character of base64 has bits that mean nothing; every other one counts
    last = {victim.access.index(".") - 1, victim.access.rindex(".") - 1, length - 1}
    taken = []
    for place in set(range(0, length, 7)) - last:
        other = "B" if victim.access[place] == "A" else "A"
        changed = victim.access[:place] + other + victim.access[place + 1 :]
        try:
            taken.append((place, tokens.read(changed, now)))
        except NotLoggedIn:
            continue
    assert taken == []


@pytest.mark.parametrize("claim", ["iss", "aud"])
def test_a_token_of_another_stage_is_no_token(victim: Victim, monkeypatch: pytest.MonkeyPatch, claim: str) -> None:
    # given a token that is ours in all but whose it is: signed by the very key that this stage trusts
    issuer = tokens.issuer
    now = int(victim.bank.clock.now().timestamp())
    names = iter(["rural-bank-prod", issuer()] if claim == "iss" else [issuer(), "rural-bank-prod"])
    monkeypatch.setattr(tokens, "issuer", lambda: next(names))
    foreign = tokens.issue(victim.person.customer_id, victim.session_id, "professional", now, now + 300)
    monkeypatch.setattr(tokens, "issuer", issuer)
    assert victim.asks(foreign).code == "not_logged_in"


def test_one_token_is_not_taken_for_the_other(victim: Victim) -> None:
    # a refresh token opens nothing, an access token renews nothing (ASVS 9.2.2), and neither ends the session
    assert victim.asks(victim.refresh).code == "not_logged_in"
    reply = victim.bank.request("POST", "/v1/sessions/refresh", {"refresh_token": victim.access})
    assert reply.status in (400, 401)
    assert victim.asks(victim.access).status == 200
    assert renew(victim.bank, victim.refresh).status == 200


# ---- replay: ASVS 7.4, OAuth 2.0 Security BCP 4.14 ----------------------------------------------------------
def test_of_two_holders_who_renew_at_once_neither_keeps_the_session(
    victim: Victim, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a thief whose renewal is written while the customer's is on its way
    bank, rotate = victim.bank, session_store.rotate
    thiefs: list[Reply] = []

    def raced(*given: Any) -> Any:
        monkeypatch.setattr(session_store, "rotate", rotate)
        thiefs.append(renew(bank, victim.refresh))
        return rotate(*given)

    monkeypatch.setattr(session_store, "rotate", raced)
    customers = renew(bank, victim.refresh)
    # then the second is refused, and what the first got dies with it
    (thief,) = thiefs
    assert (thief.status, customers.code) == (200, "refresh_refused")
    assert victim.asks(thief.body["access_token"]).code == "session_ended"
    assert renew(bank, thief.body["refresh_token"]).code == "refresh_refused"
    assert victim.asks(victim.access).code == "session_ended"
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == victim.person.customer_id]
    assert [row["facts"] for row in rows if row["kind"] == "session_revoked"] == [{"by": "reuse"}]


def test_a_refresh_token_of_an_ended_session_is_dead_however_often_it_comes(victim: Victim) -> None:
    bank = victim.bank
    bank.request("DELETE", "/v1/sessions/current", token=victim.access)
    with unchanged(bank):
        for _ in range(3):
            assert renew(bank, victim.refresh).code == "refresh_refused"


def test_guessing_session_ids_of_a_known_customer_changes_nothing(victim: Victim) -> None:
    customer_id, session_id, secret = victim.refresh.split(".")
    near = [session_id[:-1] + last for last in "abcdefg234567" if last != session_id[-1]]
    with unchanged(victim.bank):
        for guess in (*near, session_id.upper(), session_id + "a", session_id[:-1]):
            assert renew(victim.bank, f"{customer_id}.{guess}.{secret}").code == "refresh_refused"
    assert renew(victim.bank, victim.refresh).status == 200
