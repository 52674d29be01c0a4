"""A phone that is lost takes its certificate with it, in the same write (NB-5.3.6)."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.chain import signers
from tests.chain.bank import Bank, Person, Reply
from tests.chain.device import Device
from tests.chain.signers import Signer
from tests.chain.two_people import done

pytestmark = pytest.mark.requirement("NB-5.3.6")


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def owner(bank: Bank) -> Person:
    person = bank.sign_up("赵小明", deposit="100.00")
    bank.settle()
    return person


def bound(bank: Bank, owner: Person, name: str) -> tuple[str, str]:
    """A phone that is bound and logged in; its session's token, and its id."""
    token = str(Device(bank, owner, name).bind().body["access_token"])
    (shown,) = [one for one in bank.request("GET", "/v1/devices", token=token).body["devices"] if one["current"]]
    return token, str(shown["id"])


def states(bank: Bank, token: str) -> dict[str, str]:
    return {row["id"]: row["state"] for row in bank.request("GET", "/v1/factors", token=token).body["factors"]}


def awaiting(bank: Bank, token: str, owner: Person, key: str) -> Reply:
    created = bank.create(token, owner, bank.sign_up("钱红"), "1.00", key, factor="certificate")
    assert created.status == 201, created
    return created


def confirmed(bank: Bank, token: str, signer: Signer, created: Reply) -> Reply:
    return signers.confirm_signed(bank, token, created, signers.signed(signer, created))


def end(bank: Bank, token: str, device_id: str, how: str) -> None:
    method, path = ("POST", "/loss") if how == "lost" else ("DELETE", "")
    assert bank.request(method, f"/v1/devices/{device_id}{path}", token=token).status == 204


@pytest.mark.parametrize("how", ["lost", "revoked"])
def test_the_certificate_in_a_lost_phone_stops_with_it(bank: Bank, owner: Person, how: str) -> None:
    # given a certificate in a phone, and a transfer that waits for its signature in another session
    phone, phone_id = bound(bank, owner, "手机")
    elsewhere = bank.log_in(owner)
    signer = signers.certified(bank, owner, phone)
    created = awaiting(bank, elsewhere, owner, f"key-{how}-1")
    # when the phone is reported lost, or revoked
    end(bank, elsewhere, phone_id, how)
    # then what it signs confirms nothing, nor is anything begun with it
    assert confirmed(bank, elsewhere, signer, created).code == "factor_not_active"
    again = bank.create(elsewhere, owner, bank.sign_up("钱红"), "1.00", f"key-{how}-2", factor="certificate")
    assert again.code == "factor_not_active"
    assert states(bank, elsewhere)[signer.factor_id] == "lost"
    log = bank.request("GET", "/v1/security-events", token=elsewhere).body["events"]
    kinds = [event["kind"] for event in log]
    assert (kinds.count("factor_lost"), kinds.count(f"device_{how}")) == (1, 1)
    # and staff lift it like any other loss
    done("factor.lift_loss", customer_id=owner.customer_id, factor_id=signer.factor_id)
    assert states(bank, elsewhere)[signer.factor_id] == "active"


def test_the_certificate_in_another_phone_goes_on(bank: Bank, owner: Person) -> None:
    kept, _ = bound(bank, owner, "新手机")
    _, lost_id = bound(bank, owner, "旧手机")
    signer = signers.certified(bank, owner, kept)
    end(bank, kept, lost_id, "lost")
    assert states(bank, kept)[signer.factor_id] == "active"
    created = awaiting(bank, kept, owner, "key-kept-01")
    assert confirmed(bank, kept, signer, created).status == 200


def test_a_renewed_certificate_still_is_that_phones(bank: Bank, owner: Person) -> None:
    phone = Device(bank, owner)
    phone.bind()
    signer, new = signers.certified(bank, owner, str(phone.log_in().body["access_token"])), Signer()
    bank.clock.advance(dt.timedelta(days=710))
    # given that it was renewed in a session without a device
    request = new.request_pem()
    body = {"request": request, "signature": signer.sign(request.encode())}
    elsewhere = bank.log_in(owner)
    renewed = bank.request("POST", f"/v1/factors/{signer.factor_id}/renewal", body, token=elsewhere)
    assert renewed.status == 201, renewed
    (shown,) = bank.request("GET", "/v1/devices", token=elsewhere).body["devices"]
    end(bank, elsewhere, shown["id"], "revoked")
    assert states(bank, elsewhere)[renewed.body["factor_id"]] == "lost"


def test_where_nobody_knows_which_phone_it_is_in_any_loss_stops_it(bank: Bank, owner: Person) -> None:
    # given a certificate that was downloaded in a session without a device
    signer = signers.certified(bank, owner, bank.log_in(owner))
    _, revoked_id = bound(bank, owner, "旧手机")
    _, lost_id = bound(bank, owner, "手机")
    elsewhere = bank.log_in(owner)
    # then a phone that is merely not used any more does not stop it, and one that is lost does
    end(bank, elsewhere, revoked_id, "revoked")
    assert states(bank, elsewhere)[signer.factor_id] == "active"
    end(bank, elsewhere, lost_id, "lost")
    assert states(bank, elsewhere)[signer.factor_id] == "lost"


def test_keys_that_are_not_in_the_phone_go_on(bank: Bank, owner: Person) -> None:
    # given a cloud certificate, whose key the bank has, and a USB key; both downloaded on the phone
    phone, phone_id = bound(bank, owner, "手机")
    cloud = signers.cloud_certified(bank, owner, phone, "802731")
    usb_key = signers.certified(bank, owner, phone, "usb_key")
    elsewhere, _ = bound(bank, owner, "新手机")
    end(bank, elsewhere, phone_id, "lost")
    found = states(bank, elsewhere)
    assert (found[cloud], found[usb_key.factor_id], found["sms"]) == ("active", "active", "active")


def test_a_certificate_applied_for_is_not_downloaded_into_a_lost_phone(bank: Bank, owner: Person) -> None:
    phone, phone_id = bound(bank, owner, "手机")
    factor_id = signers.apply(bank, owner, "phone")
    code = signers.download_code(bank, owner, factor_id)
    end(bank, bank.log_in(owner), phone_id, "lost")
    refused = signers.download(bank, phone, factor_id, code, Signer().request_pem())
    assert refused.code == "session_ended"
