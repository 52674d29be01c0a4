"""Keys registered by a JWK that signs its registration; and each key certified once, however it comes (NB-5.3.3-dl)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.factors.commands.end_factor import revoke_factor
from chalicelib.platform import clock
from tests.chain.bank import TELLER, Bank, Person, Reply
from tests.chain.probe import unchanged, wrong_code
from tests.chain.signers import (
    Signer,
    apply,
    certified,
    confirm_signed,
    download,
    download_code,
    download_with,
    signed,
)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def people(bank: Bank) -> tuple[Person, Person]:
    return bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")


def offered(
    signer: Signer, person: Person, factor_id: str, code: str, untrue: dict[str, str] | None = None
) -> dict[str, Any]:
    """The body of a download; `untrue` is what the proof is bound to in place of the truth."""
    bound = {"customer_id": person.customer_id, "factor_id": factor_id, "code": code, **(untrue or {})}
    return {"code": code, "key": signer.jwk(), "proof": signer.proof(**bound)}


@pytest.mark.requirement("NB-5.3.3-cert")
@pytest.mark.requirement("NB-5.3.3-dl")
def test_a_key_that_signs_its_registration_is_certified(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, payee = people
    token, signer = bank.log_in(payer), Signer(factor_id=apply(bank, payer, "phone"))
    code = download_code(bank, payer, signer.factor_id)
    body = offered(signer, payer, signer.factor_id, code)
    assert download_with(bank, token, signer.factor_id, body).status == 201
    created = bank.create(token, payer, payee, "10.00", "key-jwk-001", factor="certificate")
    assert confirm_signed(bank, token, created, signed(signer, created)).status == 200
    # once
    assert download_with(bank, token, signer.factor_id, body).code == "factor_state_unfit"


@pytest.mark.requirement("NB-5.3.3-dl")
def test_a_proof_is_for_one_customer_one_factor_and_one_code(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, other = people
    token, signer = bank.log_in(payer), Signer()
    factor_id = apply(bank, payer, "phone")
    code = download_code(bank, payer, factor_id)
    good = offered(signer, payer, factor_id, code)
    untrue = {"customer_id": other.customer_id, "factor_id": "aaaaaaa", "code": wrong_code(code)}
    wrong = [offered(signer, payer, factor_id, code, {name: value}) for name, value in untrue.items()]
    wrong += [{**good, "proof": Signer().proof(payer.customer_id, factor_id, code)}, {**good, "key": Signer().jwk()}]
    wrong += [{**good, "key": {**good["key"], "x": good["key"]["y"]}}]
    # none of them takes one of the five tries, nor writes anything
    with unchanged(bank):
        for body in wrong:
            assert download_with(bank, token, factor_id, body).code == "factor_malformed", body
    key = good["key"]
    malformed: list[Any] = [
        {**key, "kty": "RSA"},
        {**key, "crv": "P-384"},
        {**key, "x": key["x"][:-1]},
        {**key, "x": key["x"] + "A"},
        {**key, "x": None},
        {**key, "d": key["x"]},  # a private key is never sent
        "key",
        [],
    ]
    with unchanged(bank):
        for changed in malformed:
            body = {**good, "key": changed}
            assert download_with(bank, token, factor_id, body).code == "malformed_request", changed
    # with another code than the SMS brought, a proof that is true for it is a wrong code, and takes a try
    guess = wrong_code(code)
    tried = download_with(bank, token, factor_id, offered(signer, payer, factor_id, guess))
    assert (tried.code, tried.body["facts"]) == ("code_wrong", {"tries_left": "4"})
    assert download_with(bank, token, factor_id, good).status == 201


@pytest.mark.requirement("NB-5.3.3-dl")
@pytest.mark.parametrize("first", ["request", "key"])
@pytest.mark.parametrize("second", ["request", "key"])
def test_a_key_is_certified_once(bank: Bank, people: tuple[Person, Person], first: str, second: str) -> None:
    payer, other = people
    signer = Signer()

    def register(person: Person, method: str, way: str) -> Reply:
        token, factor_id = bank.log_in(person), apply(bank, person, method)
        code = download_code(bank, person, factor_id)
        if way == "request":
            reply = download(bank, token, factor_id, code, signer.request_pem())
        else:
            reply = download_with(bank, token, factor_id, offered(signer, person, factor_id, code))
        if reply.status != 201:  # the code is still good, for another key
            assert download(bank, token, factor_id, code, Signer().request_pem()).status == 201
        return reply

    mine = register(payer, "phone", first)
    assert mine.status == 201
    # neither for another customer, nor for another carrier of the same
    assert register(other, "phone", second).code == "key_certified_already"
    assert register(payer, "usb_key", second).code == "key_certified_already"
    # nor again once its certificate has ended
    now = bank.clock.now()
    revoke_factor(payer.customer_id, mine.body["factor_id"], teller_id=TELLER, now=now)
    assert register(payer, "phone", second).code == "key_certified_already"


OPENS = dt.datetime(2028, 10, 21, 0, 0, tzinfo=clock.SHANGHAI)


@pytest.mark.requirement("NB-5.3.4")
def test_a_certificate_is_renewed_by_a_new_keys_proof(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, payee = people
    old, new = certified(bank, payer, bank.log_in(payer)), Signer()
    bank.clock.set(OPENS)
    token = bank.log_in(payer)

    def renew(key: Signer, signature: str | None, **other: Any) -> Reply:
        proof = key.proof(payer.customer_id, old.factor_id, "")
        body = {"key": key.jwk(), "proof": proof, "signature": signature, **other}
        return bank.request("POST", f"/v1/factors/{old.factor_id}/renewal", body, token=token)

    def by_old(key: Signer) -> str:
        bound = {"customer_id": payer.customer_id, "factor_id": old.factor_id, "code": ""}
        facts = {**key.jwk(), **bound, "version": "rural-bank-registration-1"}
        form = "{" + ",".join(f'"{name}":"{facts[name]}"' for name in sorted(facts)) + "}"
        return old.sign(form.encode())

    # the old key itself is no new one; a stranger's signature renews nothing
    assert renew(old, by_old(old)).code == "key_certified_already"
    assert renew(new, by_old(Signer())).code == "signature_wrong"
    assert renew(new, new.sign(b"x")).code == "signature_wrong"
    assert renew(new, by_old(new), request=new.request_pem()).code == "malformed_request"
    assert renew(new, None).code == "malformed_request"
    done = renew(new, by_old(new))
    assert done.status == 201, done
    new.factor_id = done.body["factor_id"]
    created = bank.create(token, payer, payee, "10.00", "key-jwk-040", factor="certificate")
    assert created.body["factor_id"] == new.factor_id
    assert confirm_signed(bank, token, created, signed(new, created)).status == 200
