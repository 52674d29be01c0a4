"""Devices: bound by a code, known by their key, ended at once (XJ-4.2, NB-5.3.6)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.ledger import service as ledger
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.device import Device
from tests.chain.probe import force, same_refusal, table_items, unchanged, wrong_code


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def owner(bank: Bank) -> Person:
    person = bank.sign_up("赵小明", deposit="100.00")
    bank.settle()
    return person


@pytest.fixture
def device(bank: Bank, owner: Person) -> Device:
    return Device(bank, owner)


def devices(bank: Bank, token: str) -> list[dict[str, Any]]:
    return list(bank.request("GET", "/v1/devices", token=token).body["devices"])


def served(bank: Bank, token: str) -> Reply:
    return bank.request("GET", "/v1/accounts", token=token)


def kinds(bank: Bank, owner: Person) -> list[str]:
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == owner.customer_id]
    return sorted(row["kind"] for row in rows if row["category"] == "device")


def test_bound_with_a_code_and_then_known(bank: Bank, owner: Person, device: Device) -> None:
    # given a first log-in on a phone: the password is right, and there is no session yet
    with unchanged(bank, but=("CredentialsTable", "ChallengesTable", "LocalMessagesTable")):
        step_up = device.asked()
    code = bank.code_for(owner, step_up)
    text = f"【乡村银行】验证码{code}，您正在登录新设备（android，编号尾号"
    assert any(message.startswith(text) for message in bank.messages(owner))
    # when the code is entered, then there is one
    bound = device.enter(step_up, code)
    assert (bound.status, bound.body["customer_id"]) == (201, owner.customer_id)
    (shown,) = devices(bank, bound.body["access_token"])
    assert (shown["name"], shown["platform"], shown["current"]) == ("我的手机", "android", True)
    # and from now on the phone logs in without a code; a renewed session still is the phone's
    again = device.log_in()
    assert again.status == 201
    renewed = bank.request("POST", "/v1/sessions/refresh", {"refresh_token": again.body["refresh_token"]})
    assert devices(bank, renewed.body["access_token"])[0]["current"] is True
    assert kinds(bank, owner) == ["device_bound"]


def test_without_a_device_log_in_stays_possible(bank: Bank, owner: Person, device: Device) -> None:
    device.bind()
    (shown,) = devices(bank, bank.log_in(owner))
    assert shown["current"] is False


def test_a_copied_id_and_key_are_worth_nothing(bank: Bank, owner: Person, device: Device) -> None:
    device.bind()
    thief = Device(bank, owner)
    forged = {**device.proof(), "signature": thief.proof()["signature"]}
    refusals = [
        forged,
        {**device.proof(), "signature": ""},
        {**device.proof(), "public_key": "x"},
        device.proof(login_name="somebody"),
        {**device.proof(), "signed_at": "2026-11-21T02:01:00.000Z"},
        {**device.proof(), "signed_at": "now"},
    ]
    with unchanged(bank, but=("CredentialsTable",)):
        for proof in refusals:
            refused = device.log_in(proof)
            assert (refused.status, refused.code) == (422, "device_proof_refused")


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_signature_that_is_not_of_now_is_refused(bank: Bank, device: Device, sign: int) -> None:
    outside, inside = (dt.timedelta(seconds=sign * seconds) for seconds in (121, 119))
    assert device.log_in(device.proof(at=bank.clock.now() + outside)).code == "device_proof_refused"
    assert device.log_in(device.proof(at=bank.clock.now() + inside)).code == "step_up_required"


def test_a_signature_is_good_once(bank: Bank, owner: Person, device: Device) -> None:
    device.bind()
    proof = device.proof()
    assert device.log_in(proof).status == 201
    assert device.log_in(proof).code == "device_proof_refused"
    # the one that was used to bind, too
    other = Device(bank, owner)
    proof = other.proof()
    refused = other.log_in(proof)
    bank.settle()
    step_up = refused.body["facts"]["step_up"]
    assert other.enter(step_up, bank.code_for(owner, step_up)).status == 201
    assert other.log_in(proof).code == "device_proof_refused"


def test_the_wrong_password_tells_nothing_of_devices(bank: Bank, owner: Person, device: Device) -> None:
    plain = bank.request("POST", "/v1/sessions", {"login_name": owner.login_name, "password": "Wrong-Horse-7"})
    for proof in (device.proof(), {**device.proof(), "signature": "x"}):
        assert same_refusal(device.log_in(proof, "Wrong-Horse-7"), plain)


def test_five_wrong_codes_and_no_other_challenge(bank: Bank, owner: Person, device: Device) -> None:
    step_up = device.asked()
    code = bank.code_for(owner, step_up)
    for tries_left in (4, 3, 2, 1, 0):
        assert device.enter(step_up, wrong_code(code)).body["facts"] == {"tries_left": str(tries_left)}
    assert device.enter(step_up, code).code == "step_up_tries_exhausted"
    # a challenge that is there for something else looks like none
    token = bank.log_in(owner)
    bank.request("PUT", "/v1/settings/transfers", {"on": False}, token=token)
    other = bank.request("PUT", "/v1/settings/transfers", {"on": True}, token=token).body["facts"]["step_up"]
    unknown = [device.enter(id_, code) for id_ in (other, "a" * 20, "x")]
    assert all(same_refusal(unknown[0], reply) for reply in unknown)
    assert unknown[0].code == "not_found"
    # and a device's challenge cannot be confirmed or used in a session
    body = {"factor": "sms", "code": code}
    assert bank.request("POST", f"/v1/step-ups/{step_up}/confirmation", body, token=token).code == "not_found"


def test_a_challenge_binds_once(bank: Bank, owner: Person, device: Device) -> None:
    step_up = device.asked()
    code = bank.code_for(owner, step_up)
    assert device.enter(step_up, code).status == 201
    assert device.enter(step_up, code).code == "step_up_not_awaiting"


def test_late_codes_bind_nothing(bank: Bank, owner: Person, device: Device) -> None:
    step_up = device.asked()
    bank.clock.advance(dt.timedelta(seconds=300))
    assert device.enter(step_up, bank.code_for(owner, step_up)).code == "step_up_expired"


def test_a_key_swapped_in_the_table_binds_nothing(bank: Bank, owner: Person, device: Device) -> None:
    step_up = device.asked()
    (row,) = [row for row in table_items(bank, "ChallengesTable") if row["challenge_id"] == step_up]
    thief = Device(bank, owner)
    facts = {**row["facts"], "public_key": thief.proof()["public_key"]}
    force(bank, "ChallengesTable", {"challenge_id": step_up}, facts=facts)
    assert device.enter(step_up, bank.code_for(owner, step_up)).code == "step_up_altered"


@pytest.mark.requirement("NB-5.3.6")
@pytest.mark.parametrize(
    ("method", "path", "kind"), [("DELETE", "", "device_revoked"), ("POST", "/loss", "device_lost")]
)
def test_an_ended_device_stops_at_once_everywhere(
    bank: Bank, owner: Person, device: Device, method: str, path: str, kind: str
) -> None:
    # given a phone with a session, and a transfer whose code has come
    payee = bank.sign_up("钱红")
    grant = device.bind().body
    waiting = bank.create(grant["access_token"], owner, payee, "10.00", f"key-device-{kind}").body["id"]
    bank.settle()
    code = bank.code_for(owner, waiting)
    elsewhere = bank.log_in(owner)
    (shown,) = devices(bank, elsewhere)
    # when it is ended from elsewhere
    assert bank.request(method, f"/v1/devices/{shown['id']}{path}", token=elsewhere).status == 204
    # then it reads nothing, moves nothing, and gets no new token
    assert served(bank, grant["access_token"]).code == "session_ended"
    assert bank.confirm(grant["access_token"], waiting, code).code == "session_ended"
    assert bank.create(grant["access_token"], owner, payee, "1.00", "key-device-9").code == "session_ended"
    renewal = bank.request("POST", "/v1/sessions/refresh", {"refresh_token": grant["refresh_token"]})
    assert renewal.code == "refresh_refused"
    assert bank.balance(owner.account) == 100_00
    # its key is never bound again, and the customer's other session lives on
    assert device.log_in().code == "device_revoked"
    assert devices(bank, elsewhere) == []
    assert kinds(bank, owner) == ["device_bound", kind]
    assert bank.request(method, f"/v1/devices/{shown['id']}{path}", token=elsewhere).code == "not_found"
    # a new key of the same phone can be bound
    assert Device(bank, owner).bind().status == 201


def test_a_phone_moves_money_while_it_is_bound(bank: Bank, owner: Person, device: Device) -> None:
    payee = bank.sign_up("钱红")
    token = device.bind().body["access_token"]
    waiting = bank.create(token, owner, payee, "10.00", "key-device-1").body["id"]
    bank.settle()
    assert bank.confirm(token, waiting, bank.code_for(owner, waiting)).status == 200
    # and the entry says on which
    entry = ledger.read_entry(waiting)
    (bound,) = devices(bank, token)
    assert entry is not None
    assert entry["device_id"] == bound["id"]


def test_a_name_of_ones_own(bank: Bank, owner: Person, device: Device) -> None:
    token = device.bind().body["access_token"]
    (shown,) = devices(bank, token)
    path = f"/v1/devices/{shown['id']}"
    assert bank.request("PATCH", path, {"name": "Pixel 9"}, token=token).status == 204
    assert devices(bank, token)[0]["name"] == "Pixel 9"
    for name in ("", " x", "x" * 21, "请拨打！", "<b>", 1):
        assert bank.request("PATCH", path, {"name": name}, token=token).code == "malformed_request"


def test_another_customers_device_looks_like_none(bank: Bank, owner: Person, device: Device) -> None:
    token = device.bind().body["access_token"]
    (shown,) = devices(bank, token)
    stranger = bank.log_in(bank.sign_up("钱红"))
    with unchanged(bank):
        for method, path, body in (("DELETE", "", None), ("POST", "/loss", None), ("PATCH", "", {"name": "x"})):
            refused = [
                bank.request(method, f"/v1/devices/{id_}{path}", body, token=stranger)
                for id_ in (shown["id"], "a" * 16, "x")
            ]
            assert refused[0].code == "not_found"
            assert all(same_refusal(refused[0], reply) for reply in refused)
    assert served(bank, token).status == 200


def test_five_devices_are_the_most(bank: Bank, owner: Person) -> None:
    # given four, and two that were asked for before the fifth was bound
    for _ in range(4):
        Device(bank, owner).bind()
    fifth, sixth = Device(bank, owner), Device(bank, owner)
    one, two = fifth.asked(), sixth.asked()
    assert fifth.enter(one, bank.code_for(owner, one)).status == 201
    late = sixth.enter(two, bank.code_for(owner, two))
    assert (late.status, late.code, late.body["facts"]) == (422, "device_limit_reached", {"limit": "5"})
    assert sixth.log_in().code == "device_limit_reached"
    # one revoked makes room
    token = bank.log_in(owner)
    bank.request("DELETE", f"/v1/devices/{devices(bank, token)[0]['id']}", token=token)
    assert sixth.bind().status == 201
    assert len(devices(bank, token)) == 5


BODIES: list[dict[str, Any]] = [{"platform": "windows"}, {"name": ""}, {"name": "x" * 21}, {"more": "x"}]


@pytest.mark.parametrize("other", BODIES, ids=str)
def test_a_device_that_does_not_fit(bank: Bank, owner: Person, device: Device, other: dict[str, Any]) -> None:
    with unchanged(bank):
        assert device.log_in(device.proof(**other)).code == "malformed_request"


def test_a_frozen_customer_binds_nothing(bank: Bank, owner: Person, device: Device) -> None:
    step_up = device.asked()
    force(bank, "CustomersTable", {"customer_id": owner.customer_id}, state="frozen")
    assert device.enter(step_up, bank.code_for(owner, step_up)).code == "login_refused"
    body = {"login_name": owner.login_name, "password": PASSWORD}
    assert bank.request("POST", "/v1/sessions", body).code == "login_refused"
