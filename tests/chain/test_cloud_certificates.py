"""Cloud certificates: the bank keeps the key, and signs for a PIN on a bound device (NB-5.3.3-cert, decision 0015)."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography import x509

from chalicelib.factors import signatures, vault
from chalicelib.factors.commands.end_factor import report_loss, revoke_factor
from chalicelib.factors.errors import FactorHeldAlready
from chalicelib.platform import clock
from infra import evidence
from tests.chain.bank import TELLER, Bank, Person, Reply
from tests.chain.pins import PIN, WRONG, Owner
from tests.chain.probe import force, unchanged
from tests.chain.signers import (
    Signer,
    apply,
    certified,
    confirm_signed,
    download_code,
    download_with,
    signed,
)
from tests.chain.two_people import done

MS = dt.timedelta(milliseconds=1)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def owner(bank: Bank) -> Owner:
    return Owner(bank)


@pytest.mark.requirement("NB-5.3.3-cert")
@pytest.mark.requirement("NB-5.1.3")
def test_the_bank_signs_for_the_pin_and_the_evidence_verifies_offline(bank: Bank, owner: Owner) -> None:
    created = owner.created("key-cloud-001")
    assert owner.confirm(created, PIN).status == 200
    bank.settle()
    assert bank.balance(owner.payee.account) == 10_00
    # the evidence is that of any certificate: the signature over the canonical form, by the registered key
    document = evidence.export(created.body["id"])
    root = evidence.fingerprint(x509.load_pem_x509_certificate(document["chain"][0].encode()))
    assert evidence.verify(document, root).code == evidence.VALID
    assert len(bytes.fromhex(document["entry"]["proof"])) == signatures.SIGNATURE_BYTES
    # a repeat answers the same, and asks for no PIN
    again = owner.confirm(created, WRONG)
    assert (again.status, again.headers["Idempotency-Hit"]) == (200, "true")
    assert owner.row()["pin_tries"] == 0


@pytest.mark.requirement("NB-5.3.3-cert")
def test_the_key_is_kept_encrypted_for_this_customer_and_factor_alone(owner: Owner) -> None:
    row = owner.row()
    assert row["pin_hash"].startswith("$argon2id$")
    customer_id = owner.person.customer_id
    number = vault.decrypt(row["private_key"], customer_id, owner.factor_id)
    assert number not in row["private_key"]
    for other in ((owner.payee.customer_id, owner.factor_id), (customer_id, "aaaaaaa")):
        with pytest.raises(ClientError, match="InvalidCiphertext"):
            vault.decrypt(row["private_key"], *other)


@pytest.mark.requirement("NB-5.3.3-cert")
def test_another_factors_key_in_its_row_signs_nothing(bank: Bank, owner: Owner) -> None:
    # given an intruder who puts a key of an own into the row, and can even encrypt it
    created = owner.created("key-cloud-005")
    number = Signer().key.private_numbers().private_value.to_bytes(32)
    sealed = vault.encrypt(number, owner.person.customer_id, owner.factor_id)
    key = {"customer_id": owner.person.customer_id, "factor_id": owner.factor_id}
    force(bank, "FactorsTable", key, private_key=sealed)
    with unchanged(bank, but=["JournalTable", "FactorsTable"]):
        assert owner.confirm(created, PIN).code == "signature_wrong"


@pytest.mark.requirement("NB-5.3.3-cert")
def test_wrong_pins_are_counted_over_all_transfers_and_lock_the_certificate(
    bank: Bank, owner: Owner, logged: io.StringIO
) -> None:
    transfers = [owner.created(f"key-cloud-01{i}") for i in range(4)]
    bank.settle()
    told = bank.messages(owner.person)
    wrong = [owner.confirm(transfers[i % 3], WRONG) for i in range(5)]
    assert [reply.code for reply in wrong] == ["pin_wrong"] * 5
    assert [reply.body["facts"]["tries_left"] for reply in wrong] == ["4", "3", "2", "1", "0"]
    # then the right one is of no use, anywhere, and nothing moved
    with unchanged(bank, but=["JournalTable"]):
        assert owner.confirm(transfers[3], PIN).code == "pin_locked"
    assert owner.create("key-cloud-019").code == "factor_not_active"
    assert owner.state() == "locked"
    # and the owner is told once, by SMS and inbox, of what is also in the own log
    bank.settle()
    (text,) = [text for text in bank.messages(owner.person) if text not in told]
    assert "云证书因 PIN 错误次数过多已锁定" in text
    inbox = bank.request("GET", "/v1/notifications", token=owner.token).body["notifications"]
    assert text in [one["text"] for one in inbox]
    events = bank.request("GET", "/v1/security-events", token=owner.token).body["events"]
    assert [one["kind"] for one in events].count("factor_locked") == 1
    assert WRONG not in logged.getvalue()
    # neither a new application nor time unlocks it: a branch does
    with pytest.raises(FactorHeldAlready):
        apply(bank, owner.person, "cloud")
    done("factor.lift_loss", customer_id=owner.person.customer_id, factor_id=owner.factor_id)
    assert owner.confirm(transfers[3], WRONG).body["facts"]["tries_left"] == "3"  # of this transfer's
    assert owner.confirm(transfers[3], PIN).status == 200
    assert owner.row()["pin_tries"] == 0


@pytest.mark.requirement("NB-5.3.3-cert")
def test_tries_used_up_without_a_lock_lock_with_the_next(bank: Bank, owner: Owner) -> None:
    created = owner.created("key-cloud-020")
    key = {"customer_id": owner.person.customer_id, "factor_id": owner.factor_id}
    # given five tries that were claimed, and functions that ended before they had judged
    force(bank, "FactorsTable", key, pin_tries=5, pin_at=clock.to_text(bank.clock.now()))
    # then for half a minute one of them may yet be right
    bank.clock.advance(dt.timedelta(seconds=30) - MS)
    assert owner.confirm(created, PIN).code == "try_again"
    assert owner.state() == "active"
    bank.clock.advance(MS)
    assert owner.confirm(created, PIN).code == "pin_locked"
    assert owner.state() == "locked"


@pytest.mark.requirement("NB-5.3.6")
@pytest.mark.parametrize("how", ["lost", "revoked", "locked"])
def test_an_ended_one_signs_nothing(bank: Bank, owner: Owner, how: str) -> None:
    created, customer_id = owner.created("key-cloud-025"), owner.person.customer_id
    if how == "locked":
        for i in range(5):
            owner.confirm(owner.created(f"key-cloud-026{i}"), WRONG)
    if how in ("lost", "locked"):  # a locked one can be reported lost, too
        report_loss(customer_id, owner.factor_id, bank.clock.now())
        expected = "factor_not_active"
    else:
        revoke_factor(customer_id, owner.factor_id, teller_id=TELLER, now=bank.clock.now())
        expected = "factor_not_active"
    with unchanged(bank, but=["JournalTable"]):
        assert owner.confirm(created, PIN).code == expected


@pytest.mark.requirement("NB-5.3.3-cert")
def test_it_signs_on_a_bound_device_only(bank: Bank, owner: Owner) -> None:
    created = owner.created("key-cloud-030")
    elsewhere = bank.log_in(owner.person)
    # a session without a device neither starts nor confirms, and takes no try at the PIN
    refused = owner.create("key-cloud-031", elsewhere)
    assert (refused.status, refused.code) == (403, "bound_device_required")
    assert owner.confirm(created, PIN, elsewhere).code == "bound_device_required"
    assert owner.row()["pin_tries"] == 0
    # where there is another certificate, that one is chosen there
    phone = certified(bank, owner.person, elsewhere)
    other = owner.create("key-cloud-032", elsewhere)
    assert other.body["factor_id"] == phone.factor_id
    assert confirm_signed(bank, elsewhere, other, signed(phone, other)).status == 200
    assert owner.create("key-cloud-033").body["factor_id"] == owner.factor_id
    # and a device that was ended takes its sessions along
    device_id = bank.request("GET", "/v1/devices", token=owner.token).body["devices"][0]["id"]
    assert bank.request("DELETE", f"/v1/devices/{device_id}", token=elsewhere).status == 204
    assert owner.confirm(created, PIN).code == "session_ended"


@pytest.mark.requirement("NB-5.3.3-cert")
def test_a_pin_is_no_signature_and_a_signature_no_pin(bank: Bank, owner: Owner) -> None:
    created = owner.created("key-cloud-040")
    assert confirm_signed(bank, owner.token, created, signed(Signer(), created)).code == "signature_wrong"
    phone = certified(bank, owner.person, owner.token)
    other = owner.create("key-cloud-041", factor_id=phone.factor_id)
    assert owner.confirm(other, PIN).code == "signature_required"
    path = f"/v1/transfers/{created.body['id']}/confirmation"
    signature = phone.sign(b"x")
    bodies: list[tuple[dict[str, Any], str, str]] = [
        ({"factor": "certificate"}, "signature", "missing"),
        ({"factor": "certificate", "pin": PIN, "signature": signature}, "signature", "unknown_field"),
        ({"factor": "certificate", "code": "123456"}, "code", "unknown_field"),
        ({"factor": "sms", "pin": PIN}, "code", "missing"),
        ({"factor": "token", "code": "123456", "pin": PIN}, "pin", "unknown_field"),
        ({"factor": "certificate", "pin": "80273"}, "pin", "malformed"),
        ({"factor": "certificate", "pin": "8027310000000"}, "pin", "malformed"),
        ({"factor": "certificate", "pin": "80273a"}, "pin", "malformed"),
        ({"factor": "certificate", "pin": 802731}, "pin", "wrong_type"),
    ]
    for body, field, code in bodies:
        reply = bank.request("POST", path, body, token=owner.token)
        assert (reply.code, {"field": field, "code": code} in reply.body["errors"]) == ("malformed_request", True), body
    assert owner.confirm(created, PIN).status == 200


def test_a_pin_that_is_easily_guessed_and_a_wrong_offer_take_no_try(bank: Bank) -> None:
    person = bank.sign_up("孙立")
    token = bank.log_in(person)
    factor_id = apply(bank, person, "cloud")
    code = download_code(bank, person, factor_id)
    weak = {"111111": "password_pattern", "123456": "password_pattern", "987654": "password_pattern"}
    weak |= {"802802": "password_pattern", "72123456": "password_pattern", "808088": "password_pattern"}
    weak |= {person.phone[-6:]: "password_personal", person.account[-8:]: "password_personal"}
    for pin, expected in weak.items():
        assert download_with(bank, token, factor_id, {"code": code, "pin": pin}).code == expected, pin
    signer = Signer()
    own = {"code": code, "request": signer.request_pem()}
    by_key = {"code": code, "key": signer.jwk(), "proof": signer.proof(person.customer_id, factor_id, code)}
    for body in (own, by_key):
        assert download_with(bank, token, factor_id, body).code == "factor_malformed"
    for body in ({"code": code}, {**own, "pin": PIN}, {**by_key, "pin": PIN}, {"code": code, "key": signer.jwk()}):
        assert download_with(bank, token, factor_id, body).code == "malformed_request"
    assert download_with(bank, token, factor_id, {"code": code, "pin": PIN}).status == 201
    # and where the customer keeps the key, a PIN is refused
    other = apply(bank, person, "phone")
    code = download_code(bank, person, other)
    assert download_with(bank, token, other, {"code": code, "pin": PIN}).code == "factor_malformed"
    assert download_with(bank, token, other, {"code": code, "request": signer.request_pem()}).status == 201


@pytest.mark.requirement("NB-5.3.3-cert")
@pytest.mark.requirement("XJ-5.3-limit")
def test_a_step_up_is_confirmed_by_the_pin(bank: Bank, owner: Owner) -> None:
    path = f"/v1/accounts/{owner.person.account}/limits"

    def ask(token: str, single: str = "60000.00", **headers: str) -> Reply:
        return bank.request("PATCH", path, {"single": single}, token=token, headers=headers)

    def confirm(step_up: str, pin: str, token: str) -> Reply:
        body = {"factor": "certificate", "pin": pin}
        return bank.request("POST", f"/v1/step-ups/{step_up}/confirmation", body, token=token)

    step_up = ask(owner.token).body["facts"]["step_up"]
    assert confirm(step_up, WRONG, owner.token).code == "pin_wrong"
    assert confirm(step_up, PIN, owner.token).status == 200
    assert ask(owner.token, **{"step-up": step_up}).status == 200
    # not in a session without a device; and not by a PIN where no cloud certificate is
    elsewhere = bank.log_in(owner.person)
    step_up = ask(elsewhere, "70000.00").body["facts"]["step_up"]
    assert confirm(step_up, PIN, elsewhere).code == "bound_device_required"
    revoke_factor(owner.person.customer_id, owner.factor_id, teller_id=TELLER, now=bank.clock.now())
    certified(bank, owner.person, owner.token)
    step_up = ask(owner.token, "80000.00").body["facts"]["step_up"]
    assert confirm(step_up, PIN, owner.token).code == "signature_required"


OPENS = dt.datetime(2028, 10, 21, 0, 0, tzinfo=clock.SHANGHAI)


@pytest.mark.requirement("NB-5.3.4")
def test_it_is_renewed_with_its_pin_and_gets_a_new_key(bank: Bank, owner: Owner) -> None:
    path = f"/v1/factors/{owner.factor_id}/renewal"
    bank.clock.set(OPENS)
    owner.log_in_again()
    old = owner.row()
    signer = Signer()
    by_request = {"request": signer.request_pem(), "signature": signer.sign(b"x")}
    assert bank.request("POST", path, by_request, token=owner.token).code == "factor_malformed"
    assert bank.request("POST", path, {"pin": PIN}, token=bank.log_in(owner.person)).code == "bound_device_required"
    assert bank.request("POST", path, {"pin": WRONG}, token=owner.token).code == "pin_wrong"
    done = bank.request("POST", path, {"pin": PIN}, token=owner.token)
    assert done.status == 201, done
    owner.factor_id = done.body["factor_id"]
    new = owner.row()
    assert (new["state"], new["pin_tries"]) == ("active", 0)
    assert new["private_key"] != old["private_key"]
    keys = [signatures.key_of(x509.load_der_x509_certificate(row["certificate"])) for row in (old, new)]
    assert keys[0] != keys[1]
    assert owner.confirm(owner.created("key-cloud-050"), PIN).status == 200


@pytest.mark.requirement("NB-5.3.4")
def test_one_whose_time_is_over_signs_nothing(bank: Bank, owner: Owner) -> None:
    bank.clock.set(dt.datetime(2028, 11, 20, 23, 59, 59, tzinfo=clock.SHANGHAI))
    owner.log_in_again()
    created = owner.created("key-cloud-060")
    bank.clock.advance(dt.timedelta(seconds=1))
    assert owner.confirm(created, PIN).code == "transfer_expired"
    assert owner.create("key-cloud-061").code == "factor_not_active"


def test_a_strangers_transfer_is_not_there(bank: Bank, owner: Owner) -> None:
    created, stranger = owner.created("key-cloud-070"), Owner(bank)
    assert stranger.confirm(created, PIN).code == "not_found"
    assert owner.row()["pin_tries"] == 0


def test_its_view_names_nothing_of_key_or_pin(bank: Bank, owner: Owner) -> None:
    person: Person = owner.person
    shown = bank.request("GET", "/v1/factors", token=owner.token).body["factors"]
    (one,) = [factor for factor in shown if factor["id"] == owner.factor_id]
    assert (one["factor"], one["method"], one["ceiling"]) == ("certificate", "cloud", "500000.00")
    assert one.keys() == {"id", "factor", "method", "state", "ceiling", "valid_from", "valid_until", "serial"}
    assert person.customer_id not in str(shown)
