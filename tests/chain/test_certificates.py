"""Certificates: downloaded once with a code from the counter, signing transfers, renewed in time, stopped at once."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.factors.authority import BANK
from chalicelib.factors.commands.end_factor import revoke_factor
from chalicelib.factors.errors import FactorHeldAlready, FactorMalformed, FactorNotActive
from chalicelib.platform import clock
from tests.chain.bank import TELLER, Bank, Person, Reply
from tests.chain.probe import force, table_items, unchanged
from tests.chain.signers import Signer, apply, certified, confirm_signed, download, download_code, signed
from tests.chain.two_people import done

# Of a curve and a hash that the bank does not certify (decision 0011).
SM2_REQUEST = """-----BEGIN CERTIFICATE REQUEST-----
MIHHMG4CAQAwDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqBHM9VAYItA0IA
BFm/L4LVWZopE3ci5Z2qSok4jRFZN63hE6Oa2n0jwEP2F23yh3aggWd+qSVNqxVu
MMVCtrcihq3pqIkyS3l589SgADAKBggqgRzPVQGDdQNJADBGAiEA3TqUPFcCiKQ9
ArA515yUQN/6J50eO3lYpbCGvbHO15MCIQCrG922AwuBv+FmVFcy5JSw/tiJjzpE
68iEU4Jze3Sl5w==
-----END CERTIFICATE REQUEST-----
"""


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def people(bank: Bank) -> tuple[Person, Person]:
    return bank.sign_up("赵小明", deposit="1000.00"), bank.sign_up("钱红")


def create(bank: Bank, token: str, people: tuple[Person, Person], key: str, **more: str) -> Reply:
    payer, payee = people
    created = bank.create(token, payer, payee, "10.00", key, factor="certificate", **more)
    assert created.status == 201, created
    return created


@pytest.mark.requirement("NB-5.3.3-cert")
@pytest.mark.requirement("NB-5.1.3")
def test_a_signed_transfer_is_posted_and_keeps_its_evidence(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, payee = people
    token = bank.log_in(payer)
    signer = certified(bank, payer, token)
    created = create(bank, token, people, "key-cert-001")
    bank.settle()  # the owner is told that there is a certificate
    messages = len(bank.messages(payer))
    signature = signed(signer, created)
    assert confirm_signed(bank, token, created, signature).status == 200
    bank.settle()
    assert bank.balance(payee.account) == 10_00
    # no code was sent for it
    assert len([text for text in bank.messages(payer) if "验证码" in text]) == 0
    assert len(bank.messages(payer)) == messages + 1  # the balance alert
    (entry,) = [row for row in table_items(bank, "JournalTable") if row["entry_id"] == created.body["id"]]
    (row,) = [r for r in table_items(bank, "FactorsTable") if r["factor_id"] == signer.factor_id]
    certificate = x509.load_der_x509_certificate(row["certificate"])
    assert "seal" not in entry
    assert entry["proof"] == base64.b64decode(signature)
    assert int.from_bytes(entry["serial"]) == certificate.serial_number
    assert (entry["factor"], entry["factor_id"]) == ("certificate", signer.factor_id)
    assert {"posted_at", "session_id", "digest"} <= entry.keys()
    # a repeat answers the same
    again = confirm_signed(bank, token, created, signature)
    assert (again.status, again.headers["Idempotency-Hit"]) == (200, "true")


@pytest.mark.requirement("XJ-4.2-wysiwys")
def test_a_signature_over_anything_else_is_refused(bank: Bank, people: tuple[Person, Person]) -> None:
    token = bank.log_in(people[0])
    signer = certified(bank, people[0], token)
    created, other = (create(bank, token, people, f"key-cert-01{i}") for i in range(2))
    canonical = base64.b64decode(created.body["canonical"])
    wrong = {
        "another transfer": signed(signer, other),
        "another key": Signer().sign(canonical),
        "a byte more": signer.sign(canonical + b" "),
        "zeros": base64.b64encode(bytes(64)).decode(),
        "ones": base64.b64encode(b"\xff" * 64).decode(),
    }
    with unchanged(bank, but=["JournalTable"]):
        for left, (why, signature) in enumerate(reversed(wrong.items())):
            reply = confirm_signed(bank, token, created, signature)
            assert (reply.code, reply.body["facts"]["tries_left"]) == ("signature_wrong", str(4 - left)), why
        assert confirm_signed(bank, token, created, signed(signer, created)).code == "transfer_tries_exhausted"
    assert confirm_signed(bank, token, other, signed(signer, other)).status == 200


@pytest.mark.requirement("XJ-4.2-wysiwys")
def test_every_changed_field_of_the_stored_instruction_refuses(bank: Bank, people: tuple[Person, Person]) -> None:
    token = bank.log_in(people[0])
    signer = certified(bank, people[0], token)
    created = create(bank, token, people, "key-cert-020")
    signature = signed(signer, created)
    (stored,) = [row for row in table_items(bank, "JournalTable") if row["entry_id"] == created.body["id"]]
    changed: dict[str, Any] = {
        "payer_account": people[1].account,
        "payee_account": people[0].account,
        "payee_name": "钱江",
        "amount_fen": 10_01,
        "fee_fen": 1,
        "currency": "USD",
        "purpose": "货款 ",
        "factor_id": "sms",
        "created_at": "2026-11-21T02:00:00.001Z",
        "valid_until": "2026-11-21T02:03:00.001Z",
        "digest": bytes([stored["digest"][0] ^ 1]) + stored["digest"][1:],
    }
    key = {"entry_id": created.body["id"]}
    for name, value in changed.items():
        force(bank, "JournalTable", key, **{name: value, "tries": 0})
        assert confirm_signed(bank, token, created, signature).code == "transfer_altered", name
        force(bank, "JournalTable", key, **{name: stored[name], "tries": 0})
    # not even when the intruder writes a key of his own into it, and signs with that
    intruder = Signer()
    point = intruder.key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    force(bank, "JournalTable", key, pubkey=point, tries=0)
    assert confirm_signed(bank, token, created, signed(intruder, created)).code == "transfer_altered"
    force(bank, "JournalTable", key, pubkey=stored["pubkey"], tries=0)
    assert confirm_signed(bank, token, created, signature).status == 200


@pytest.mark.requirement("NB-5.3.6")
@pytest.mark.requirement("NB-5.3.3-dl")
def test_a_phone_reported_lost_downloads_nothing(bank: Bank, people: tuple[Person, Person]) -> None:
    # given a code under way when the loss is reported, as by another session that was faster
    payer = people[0]
    token, factor_id = bank.log_in(payer), apply(bank, payer, "phone")
    code = download_code(bank, payer, factor_id)
    bank.clock.advance(dt.timedelta(hours=1))
    assert bank.request("POST", "/v1/factors/sms/loss", {}, token=bank.log_in(payer)).status == 204
    bank.clock.advance(dt.timedelta(hours=1))
    # then no code goes out any more, whoever asks, and none is good
    with pytest.raises(FactorNotActive):
        apply(bank, payer, "usb_key")
    token = bank.log_in(payer)
    assert download(bank, token, factor_id, code, Signer().request_pem()).code == "phone_changed"
    # not even one that was asked for by a machine whose clock is ahead
    ahead = clock.to_text(bank.clock.now() + dt.timedelta(minutes=1))
    force(bank, "FactorsTable", {"customer_id": payer.customer_id, "factor_id": factor_id}, valid_from=ahead)
    assert download(bank, token, factor_id, code, Signer().request_pem()).code == "factor_not_active"
    # until staff lift the report
    done("factor.lift_loss", customer_id=payer.customer_id, factor_id="sms")
    assert apply(bank, payer, "phone") == factor_id
    code = download_code(bank, payer, factor_id)
    assert download(bank, token, factor_id, code, Signer().request_pem()).status == 201


@pytest.mark.requirement("NB-5.3.3-dl")
def test_a_download_code_is_for_one_use_one_customer_and_one_key(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, other = people
    tokens = [bank.log_in(person) for person in people]
    mine, others = apply(bank, payer, "usb_key"), apply(bank, other, "usb_key")
    code = download_code(bank, payer, mine)
    pem = Signer().request_pem()
    assert download(bank, tokens[1], mine, code, pem).code == "not_found"
    assert download(bank, tokens[1], others, code, pem).code == "code_wrong"
    # a request that does not fit takes no try
    curve = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    for key in (generate_private_key(SECP384R1()), rsa.generate_private_key(65537, 2048)):
        bad = curve.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
        assert download(bank, tokens[0], mine, code, bad).code == "factor_malformed"
    assert download(bank, tokens[0], mine, code, SM2_REQUEST).code == "factor_malformed"
    lines = pem.splitlines()
    broken = "\n".join([*lines[:-2], lines[-2][:-6] + "AAAA==", lines[-1]])
    assert download(bank, tokens[0], mine, code, broken).code == "factor_malformed"
    assert download(bank, tokens[0], mine, code, "hello").code == "factor_malformed"
    # right once, and then never again
    assert download(bank, tokens[0], mine, code, pem).status == 201
    assert download(bank, tokens[0], mine, code, Signer().request_pem()).code == "factor_state_unfit"
    with pytest.raises(FactorHeldAlready):
        apply(bank, payer, "usb_key")
    with pytest.raises(FactorMalformed):
        apply(bank, payer, "file")


@pytest.mark.requirement("NB-5.3.7")
def test_a_failed_download_gets_a_new_code(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, _ = people
    token = bank.log_in(payer)
    factor_id = apply(bank, payer, "phone")
    first = download_code(bank, payer, factor_id)
    wrong = "000000" if first != "000000" else "000001"
    pem = Signer().request_pem()
    assert [download(bank, token, factor_id, wrong, pem).code for _ in range(5)] == ["code_wrong"] * 5
    assert download(bank, token, factor_id, first, pem).code == "download_code_void"
    # applying again gives another code for the same; the first is void
    assert apply(bank, payer, "phone") == factor_id
    second = download_code(bank, payer, factor_id)
    assert second != first
    assert download(bank, token, factor_id, first, pem).code == "code_wrong"
    # late is late
    bank.clock.advance(dt.timedelta(days=1))
    assert download(bank, bank.log_in(payer), factor_id, second, pem).code == "download_code_void"
    apply(bank, payer, "phone")
    third = download_code(bank, payer, factor_id)
    assert download(bank, bank.log_in(payer), factor_id, third, pem).status == 201


@pytest.mark.requirement("NB-5.3.6")
@pytest.mark.parametrize("how", ["lost", "revoked"])
def test_a_certificate_stops_at_once(bank: Bank, people: tuple[Person, Person], how: str) -> None:
    payer, _ = people
    token = bank.log_in(payer)
    signer = certified(bank, payer, token)
    created = create(bank, token, people, "key-cert-030")
    if how == "lost":
        assert bank.request("POST", f"/v1/factors/{signer.factor_id}/loss", {}, token=token).status == 204
    else:
        revoke_factor(payer.customer_id, signer.factor_id, teller_id=TELLER, now=bank.clock.now())
    with unchanged(bank, but=["JournalTable"]):
        assert confirm_signed(bank, token, created, signed(signer, created)).code == "factor_not_active"
    refused = bank.create(token, *people, "10.00", "key-cert-031", factor="certificate")
    assert (refused.code, refused.body["facts"]) == ("factor_not_active", {"factors": "sms"})


MS = dt.timedelta(milliseconds=1)
END = dt.datetime(2028, 11, 21, 0, 0, tzinfo=clock.SHANGHAI)
OPENS = dt.datetime(2028, 10, 21, 0, 0, tzinfo=clock.SHANGHAI)


def renew(bank: Bank, token: str, old: Signer, new: Signer, signature: str | None = None) -> Reply:
    pem = new.request_pem()
    body = {"request": pem, "signature": signature or old.sign(pem.encode())}
    return bank.request("POST", f"/v1/factors/{old.factor_id}/renewal", body, token=token)


@pytest.mark.requirement("NB-5.3.4")
def test_a_certificate_is_renewed_online_in_its_last_month(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, _ = people
    old, new = certified(bank, payer, bank.log_in(payer)), Signer()
    bank.clock.set(OPENS - MS)
    early = renew(bank, bank.log_in(payer), old, new)
    assert (early.code, early.body["facts"]) == ("renewal_not_open", {"opens": "2028-10-21 00:00:00"})
    bank.clock.set(OPENS)
    token = bank.log_in(payer)
    # only who has the old key renews
    assert renew(bank, token, old, new, Signer().sign(new.request_pem().encode())).code == "signature_wrong"
    done = renew(bank, token, old, new)
    assert done.status == 201, done
    new.factor_id = done.body["factor_id"]
    created = create(bank, token, people, "key-cert-040")
    assert created.body["factor_id"] == new.factor_id
    assert confirm_signed(bank, token, created, signed(old, created)).code == "signature_wrong"
    assert confirm_signed(bank, token, created, signed(new, created)).status == 200
    listed = {f["id"]: f for f in bank.request("GET", "/v1/factors", token=token).body["factors"]}
    assert (listed[old.factor_id]["state"], listed[new.factor_id]["state"]) == ("revoked", "active")
    assert listed[new.factor_id]["valid_until"] == clock.to_text(dt.datetime(2030, 10, 21, tzinfo=clock.SHANGHAI))
    assert renew(bank, token, old, Signer()).code == "factor_state_unfit"


@pytest.mark.requirement("NB-5.3.4")
def test_after_its_end_only_the_counter_helps(bank: Bank, people: tuple[Person, Person]) -> None:
    payer, _ = people
    old = certified(bank, payer, bank.log_in(payer))
    bank.clock.set(END - MS)
    token = bank.log_in(payer)
    created = create(bank, token, people, "key-cert-050")
    assert created.body["valid_until"] == clock.to_text(END)
    bank.clock.set(END)
    assert confirm_signed(bank, token, created, signed(old, created)).code == "transfer_expired"
    assert renew(bank, token, old, Signer()).code == "factor_state_unfit"
    refused = bank.create(token, *people, "10.00", "key-cert-051", factor="certificate")
    assert refused.code == "factor_not_active"
    again = certified(bank, payer, token)
    created = create(bank, token, people, "key-cert-052")
    assert confirm_signed(bank, token, created, signed(again, created)).status == 200
    # and the record holds no more than the active ones
    (record,) = [r for r in table_items(bank, "CustomersTable") if r["customer_id"] == payer.customer_id]
    assert record["factors"] == {"sms": "sms", again.factor_id: "phone"}


def test_of_several_certificates_the_strongest_signs_unless_one_is_named(
    bank: Bank, people: tuple[Person, Person]
) -> None:
    token = bank.log_in(people[0])
    phone, usb = (certified(bank, people[0], token, method) for method in ("phone", "usb_key"))
    assert create(bank, token, people, "key-cert-060").body["factor_id"] == usb.factor_id
    named = create(bank, token, people, "key-cert-061", factor_id=phone.factor_id)
    assert confirm_signed(bank, token, named, signed(phone, named)).status == 200
    unknown = bank.create(token, *people, "10.00", "key-cert-062", factor="certificate", factor_id="aaaaaaa")
    assert unknown.code == "factor_not_active"


@pytest.mark.requirement("NB-5.3.3-cert")
def test_a_certificate_that_the_bank_did_not_issue_signs_nothing(bank: Bank, people: tuple[Person, Person]) -> None:
    token = bank.log_in(people[0])
    signer = certified(bank, people[0], token)
    # given an intruder who puts a certificate of an own authority into the row
    name = x509.Name([])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(signer.key.public_key())
    now = bank.clock.now()
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + dt.timedelta(days=700))
    forged = builder.sign(signer.key, SHA256()).public_bytes(Encoding.DER)
    row = {"customer_id": people[0].customer_id, "factor_id": signer.factor_id}
    force(bank, "FactorsTable", row, certificate=forged)
    refused = bank.create(token, *people, "10.00", "key-cert-070", factor="certificate")
    assert refused.code == "factor_not_active"
    # the authority itself is one row, of one key
    assert len([r for r in table_items(bank, "FactorsTable") if r["customer_id"] == BANK]) == 1
