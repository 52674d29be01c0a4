"""The PIN of a cloud certificate is changed with the old one, by its owner, on a bound device (NB-5.3.3-cert)."""

from __future__ import annotations

import pytest

from chalicelib.platform import passwords
from tests.chain.bank import PASSWORD, Bank, Reply
from tests.chain.device import Device
from tests.chain.pins import PIN, WRONG, Owner
from tests.chain.signers import (
    certified,
)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def owner(bank: Bank) -> Owner:
    return Owner(bank)


NEXT = "620845"


def changed(owner: Owner, old: str, new: str, token: str | None = None) -> Reply:
    path = f"/v1/factors/{owner.factor_id}/pin"
    return owner.bank.request("POST", path, {"pin": old, "new_pin": new}, token=token or owner.token)


@pytest.mark.requirement("NB-5.3.3-cert")
@pytest.mark.requirement("YQ-4.2.2-set")
def test_the_pin_is_changed_with_the_old_one(bank: Bank, owner: Owner) -> None:
    before = owner.row()
    assert changed(owner, PIN, NEXT).status == 204
    # then the old one is wrong, the new one signs, and key and certificate are what they were
    created = owner.created("key-newpin-01")
    assert owner.confirm(created, PIN).code == "pin_wrong"
    assert owner.confirm(created, NEXT).status == 200
    after = owner.row()
    assert (after["private_key"], after["certificate"]) == (before["private_key"], before["certificate"])
    assert NEXT not in repr(after)
    # and the owner's log has it, once, and was told
    events = bank.request("GET", "/v1/security-events", token=owner.token).body["events"]
    assert [event["kind"] for event in events].count("factor_pin_changed") == 1
    bank.settle()
    assert any("PIN" in text for text in bank.messages(owner.person))


@pytest.mark.requirement("NB-5.3.3-cert")
def test_of_two_changes_from_one_old_pin_the_second_is_refused(owner: Owner, monkeypatch: pytest.MonkeyPatch) -> None:
    # given that another change is made while this one's old PIN is looked at
    matches = passwords.matches

    def meanwhile(kept: str, given: str) -> bool:
        monkeypatch.setattr(passwords, "matches", matches)
        is_right = matches(kept, given)
        assert changed(owner, PIN, NEXT).status == 204
        return is_right

    monkeypatch.setattr(passwords, "matches", meanwhile)

    assert changed(owner, PIN, "620854").code == "try_again"

    assert owner.confirm(owner.created("key-twopins-1"), NEXT).status == 200


@pytest.mark.requirement("NB-5.3.3-cert")
def test_a_weak_or_unchanged_pin_is_refused_and_weak_ones_take_no_try(owner: Owner) -> None:
    weak = {"123456": "password_pattern", "111111": "password_pattern", owner.person.phone[-6:]: "password_personal"}
    for _ in range(2):
        assert {new: changed(owner, WRONG, new).code for new in weak} == weak
    assert owner.row()["pin_tries"] == 0
    assert changed(owner, PIN, PIN).code == "password_unchanged"
    for malformed in ("", "12345", "8027319999999", "80273a", "８０２７３１"):
        assert changed(owner, PIN, malformed).code == "malformed_request"
    assert owner.confirm(owner.created("key-weakpin-1"), PIN).status == 200


@pytest.mark.requirement("NB-5.3.3-cert")
def test_wrong_old_pins_are_the_certificates_tries_and_the_last_locks(owner: Owner) -> None:
    left = [changed(owner, WRONG, NEXT) for _ in range(5)]
    assert [(reply.code, reply.body["facts"]["tries_left"]) for reply in left] == [
        ("pin_wrong", str(tries)) for tries in (4, 3, 2, 1, 0)
    ]
    assert changed(owner, PIN, NEXT).code == "pin_locked"
    assert owner.state() == "locked"


@pytest.mark.requirement("NB-5.3.3-cert")
@pytest.mark.requirement("NB-5.1.4")
def test_a_pin_is_changed_by_its_owner_on_a_bound_device_alone(bank: Bank, owner: Owner) -> None:
    assert changed(owner, PIN, NEXT, bank.log_in(owner.person)).code == "bound_device_required"
    stranger = str(Device(bank, owner.payee).bind().body["access_token"])
    assert changed(owner, PIN, NEXT, stranger).code == "not_found"
    phone = certified(bank, owner.person, owner.token)
    body = {"pin": PIN, "new_pin": NEXT}
    path = f"/v1/factors/{phone.factor_id}/pin"
    assert bank.request("POST", path, body, token=owner.token).code == "signature_required"
    # nor does an express session
    express = {"login_name": owner.person.login_name, "password": PASSWORD, "edition": "express"}
    token = str(bank.request("POST", "/v1/sessions", express).body["access_token"])
    assert changed(owner, PIN, NEXT, token).code == "edition_not_entitled"
    assert owner.row()["pin_tries"] == 0
    assert owner.confirm(owner.created("key-ownpin-01"), PIN).status == 200
