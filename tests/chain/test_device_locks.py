"""A bound device has tries of its own: no stranger locks its owner out there. And a bank that asks for a device."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.approvals.errors import ApprovalChangesNothing
from chalicelib.identity import providers
from chalicelib.parameters import service as parameters
from tests.chain.bank import PASSWORD, Bank, Person, Reply
from tests.chain.device import Device
from tests.chain.probe import same_refusal, table_items, unchanged
from tests.chain.two_people import done

WRONG = "Wrong-Horse-7"
NEW = "Another-Lamp-8"
NOBODY = "nobody.at.all"

pytestmark = pytest.mark.requirement("XJ-4.2-pw")


@pytest.fixture
def owner(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="100.00")


@pytest.fixture
def device(bank: Bank, owner: Person) -> Device:
    bound = Device(bank, owner)
    bound.bind()
    return bound


def captcha(bank: Bank, name: str) -> dict[str, str]:
    id_ = bank.request("POST", "/v1/captchas", {"login_name": name}).body["captcha_id"]
    return {"captcha_id": id_, "text": providers.answer_of(id_)}


def log_in(bank: Bank, name: str, password: str = PASSWORD, device: Device | None = None) -> Reply:
    """A log-in by somebody who solves a captcha first."""
    body: dict[str, object] = {"login_name": name, "password": password, "captcha": captcha(bank, name)}
    if device is not None:
        body["device"] = device.proof(login_name=name)
        bank.clock.advance(dt.timedelta(milliseconds=1))
    return bank.request("POST", "/v1/sessions", body)


def locked_by_a_stranger(bank: Bank, owner: Person) -> None:
    for _ in range(5):
        assert log_in(bank, owner.login_name, WRONG).code == "login_refused"
    assert log_in(bank, owner.login_name).code == "login_refused"


def kinds_of(bank: Bank, owner: Person) -> list[tuple[str, str | None]]:
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == owner.customer_id]
    return sorted((row["kind"], row.get("device_id")) for row in rows if "locked" in row["kind"])


def device_id_of(bank: Bank, grant: Reply) -> str:
    (shown,) = bank.request("GET", "/v1/devices", token=grant.body["access_token"]).body["devices"]
    return str(shown["id"])


def test_a_stranger_cannot_lock_the_owner_out_of_a_bound_device(bank: Bank, owner: Person, device: Device) -> None:
    locked_by_a_stranger(bank, owner)
    grant = device.log_in()
    assert grant.status == 201
    # not even a captcha is asked for there; and that right password is no stranger's new chance elsewhere
    assert log_in(bank, owner.login_name).code == "login_refused"
    assert kinds_of(bank, owner) == [("locked", None)]
    # in that session the password can be changed, too
    body = {"old_password": PASSWORD, "new_password": NEW}
    token = grant.body["access_token"]
    assert bank.request("POST", "/v1/credentials/password", body, token=token).status in (200, 204)
    assert device.log_in(password=NEW).status == 201


def test_what_is_no_bound_device_of_that_customer_opens_nothing(bank: Bank, owner: Person, device: Device) -> None:
    used = device.proof()
    assert device.log_in(used).status == 201
    stranger = bank.sign_up("钱红")
    strangers, unbound = Device(bank, stranger), Device(bank, owner)
    strangers.bind()
    ended = Device(bank, owner)
    token = ended.bind().body["access_token"]
    for shown in bank.request("GET", "/v1/devices", token=token).body["devices"]:
        if shown["current"]:
            assert bank.request("DELETE", f"/v1/devices/{shown['id']}", token=token).status == 204
    locked_by_a_stranger(bank, owner)
    plain = log_in(bank, owner.login_name)
    proofs = [
        used,
        unbound.proof(),
        ended.proof(),
        strangers.proof(login_name=owner.login_name),
        {**device.proof(), "signature": unbound.proof()["signature"]},
        {**unbound.proof(), "signature": device.proof()["signature"]},
        device.proof(login_name=stranger.login_name),
        device.proof(at=bank.clock.now() - dt.timedelta(seconds=121)),
    ]
    for proof in proofs:
        name = owner.login_name
        body = {"login_name": name, "password": PASSWORD, "captcha": captcha(bank, name), "device": proof}
        assert same_refusal(bank.request("POST", "/v1/sessions", body), plain), proof


def test_a_bound_device_has_its_own_captcha_and_lock(bank: Bank, owner: Person, device: Device) -> None:
    other = Device(bank, owner)
    grant = other.bind()
    bank.clock.advance(dt.timedelta(seconds=1))
    assert [device.log_in(password=WRONG).code for _ in range(4)] == ["login_refused"] * 3 + ["captcha_required"]
    for _ in range(2):
        assert log_in(bank, owner.login_name, WRONG, device).code == "login_refused"
    # locked there, also for the right password; nowhere else
    assert log_in(bank, owner.login_name, PASSWORD, device).code == "login_refused"
    assert other.log_in().status == 201
    assert bank.request("POST", "/v1/sessions", {"login_name": owner.login_name, "password": PASSWORD}).status == 201
    # the owner hears of it, and the log says which device
    bank.settle()
    assert len([text for text in bank.messages(owner) if "一台已绑定设备上的登录已被锁定" in text]) == 1
    shown = bank.request("GET", "/v1/devices", token=grant.body["access_token"]).body["devices"]
    (locked,) = [one["id"] for one in shown if not one["current"]]
    assert kinds_of(bank, owner) == [("device_locked", locked)]
    # time ends it
    bank.clock.advance(dt.timedelta(minutes=30))
    assert device.log_in().status == 201
    assert kinds_of(bank, owner) == [("device_locked", locked), ("device_unlocked", locked)]


def test_staff_end_the_locks_of_devices_too(bank: Bank, owner: Person, device: Device) -> None:
    for _ in range(5):
        log_in(bank, owner.login_name, WRONG, device)
    locked_by_a_stranger(bank, owner)
    assert log_in(bank, owner.login_name, PASSWORD, device).code == "login_refused"
    assert done("login.unlock", customer_id=owner.customer_id).state == "approved"
    grant = device.log_in()
    assert grant.status == 201
    id_ = device_id_of(bank, grant)
    assert kinds_of(bank, owner) == [
        ("device_locked", id_),
        ("device_unlocked", id_),
        ("locked", None),
        ("unlocked", None),
    ]
    with unchanged(bank), pytest.raises(ApprovalChangesNothing):
        done("login.unlock", customer_id=owner.customer_id)


def test_a_session_on_a_bound_device_guesses_the_password_on_that_devices_count(
    bank: Bank, owner: Person, device: Device
) -> None:
    token = device.log_in().body["access_token"]
    body = {"old_password": WRONG, "new_password": NEW}
    for _ in range(5):
        assert bank.request("POST", "/v1/credentials/password", body, token=token).code == "old_password_wrong"
    body = {"old_password": PASSWORD, "new_password": NEW}
    assert bank.request("POST", "/v1/credentials/password", body, token=token).code == "old_password_wrong"
    assert log_in(bank, owner.login_name, PASSWORD, device).code == "login_refused"
    assert log_in(bank, owner.login_name).status == 201


def test_a_bank_that_asks_for_a_device_tells_nobody_anything(bank: Bank, owner: Person, device: Device) -> None:
    locked = bank.sign_up("钱红")
    locked_by_a_stranger(bank, locked)
    solved = captcha(bank, owner.login_name)
    parameters.set_value("login.device_required", 1)
    with unchanged(bank):
        replies = [
            bank.request("POST", "/v1/sessions", {"login_name": name, "password": password, **more})
            for name in (owner.login_name, locked.login_name, NOBODY)
            for password in (PASSWORD, WRONG)
            for more in ({}, {"captcha": solved})
        ]
    assert (replies[0].status, replies[0].code) == (403, "device_required")
    assert all(same_refusal(replies[0], reply) for reply in replies)
    # the captcha was not used up, no try was taken, and the owner's device is served
    assert device.log_in().status == 201
    parameters.set_value("login.device_required", 0)
    body = {"login_name": owner.login_name, "password": PASSWORD, "captcha": solved}
    assert bank.request("POST", "/v1/sessions", body).status == 201


def test_where_a_device_is_asked_for_a_log_in_takes_two_factors(bank: Bank, owner: Person, device: Device) -> None:
    before, bound = log_in(bank, owner.login_name).body, device.log_in().body
    parameters.set_value("login.device_required", 1)
    # a session without a device goes on no longer than its access token; one on a device is renewed
    renewals = [
        bank.request("POST", "/v1/sessions/refresh", {"refresh_token": one["refresh_token"]}) for one in (before, bound)
    ]
    assert (renewals[0].status, renewals[0].code, renewals[1].status) == (401, "refresh_refused", 200)
    assert bank.request("GET", "/v1/accounts", token=before["access_token"]).code == "session_ended"
    # a new device: the right password, and the code to the reserved phone
    new = Device(bank, owner)
    assert new.log_in(password=WRONG).code == "login_refused"
    step_up = new.asked()
    assert new.enter(step_up, bank.code_for(owner, step_up)).status == 201
    assert new.log_in().status == 201
