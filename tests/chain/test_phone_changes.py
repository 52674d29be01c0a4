"""The reserved phone changes with two proofs; codes and announcements go where they should (NB-5.3.7-2)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.customers.commands import change_phone
from chalicelib.factors.errors import CodeWrong
from chalicelib.notifications import providers
from chalicelib.platform import clock
from chalicelib.platform.callers import Caller
from chalicelib.platform.errors import NotFound
from chalicelib.staff.errors import StaffNotEntitled
from chalicelib.stepup import service as stepup
from tests.chain.bank import PASSWORD, TELLER, Bank, Person, Reply
from tests.chain.conftest import GIVEN
from tests.chain.device import Device
from tests.chain.outbox import texts_to
from tests.chain.probe import same_refusal, table_items, unchanged, wrong_code

CHANGES = "/v1/settings/phone-changes"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


def sent_to(phone: str) -> list[str]:
    """Every SMS that a number got."""
    return texts_to(phone)


def code_at(phone: str, change_id: str) -> str:
    items = providers.LocalMessageItem.query(phone)
    (text,) = [item.text for item in items if f"#{change_id}#code#" in item.message_id]
    return str(text.split("验证码")[1][:6])


class Phone:
    """A customer, and the number that is to be the new one."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.person = bank.sign_up("赵小明", deposit="100.00")
        self.new = "137" + self.person.phone[3:]
        reply = bank.request("POST", "/v1/sessions", {"login_name": self.person.login_name, "password": PASSWORD})
        self.token = reply.body["access_token"]
        session_id = reply.body["refresh_token"].split(".")[1]
        self.caller = Caller(self.person.customer_id, session_id, "professional")
        bank.settle()

    def ask(self, step_up: str | None = None, phone: str | None = None, token: str | None = None) -> Reply:
        headers = {"step-up": step_up} if step_up else {}
        body = {"phone": phone or self.new}
        return self.bank.request("POST", CHANGES, body, token=token or self.token, headers=headers)

    def begun(self) -> str:
        """Asked for with a certificate, the code sent; the change's id."""
        refused = self.ask()
        assert refused.code == "step_up_required"
        assert refused.body["facts"]["factors"] == "certificate"
        step_up = refused.body["facts"]["step_up"]
        stepup.confirm(self.caller, step_up, GIVEN, clock.now())
        begun = self.ask(step_up)
        assert (begun.status, begun.body["phone"]) == (202, self.new[:3] + "****" + self.new[-4:])
        self.bank.settle()
        return str(begun.body["id"])

    def enter(self, change_id: str, code: str, token: str | None = None) -> Reply:
        return self.bank.request(
            "POST", f"{CHANGES}/{change_id}/confirmation", {"code": code}, token=token or self.token
        )

    def changed(self) -> None:
        change_id = self.begun()
        assert self.enter(change_id, code_at(self.new, change_id)).status == 204
        self.bank.settle()

    def reserved(self) -> str:
        rows = table_items(self.bank, "ProfilesTable")
        (row,) = [row for row in rows if row["customer_id"] == self.person.customer_id]
        return str(row["phone"])


@pytest.fixture
def phone(bank: Bank) -> Phone:
    return Phone(bank)


@pytest.mark.requirement("NB-5.3.7-2")
@pytest.mark.requirement("XJ-4.2-phone")
def test_changed_with_a_strong_factor_and_a_code_to_the_new_number(
    bank: Bank, phone: Phone, certificates: list[bytes]
) -> None:
    old = phone.person.phone
    before = sent_to(old)
    change_id = phone.begun()
    # given the code at the new number only, which says what it is for
    code = code_at(phone.new, change_id)
    assert sent_to(phone.new)[-1].startswith(
        f"【乡村银行】验证码{code}，您正在将137****{phone.new[-4:]}设为预留手机号，"
    )
    assert sent_to(old) == before
    assert phone.reserved() == old
    # when it is entered, then it takes effect, the old number is told, and the log has it, masked
    assert phone.enter(change_id, code).status == 204
    bank.settle()
    assert phone.reserved() == phone.new
    assert set(sent_to(old)) - set(before) == {
        f"【乡村银行】您的预留手机号已由本号码更换为137****{phone.new[-4:]}，验证码不再发往本号码。"
        "如非本人操作请立即联系我行。"
    }
    (event,) = [row for row in table_items(bank, "SecurityEventsTable") if row["kind"] == "phone_changed"]
    assert event["facts"] == {
        "old": f"139****{old[-4:]}",
        "new": f"137****{old[-4:]}",
        "by": "customer",
    }
    # and codes go to the new number from now on
    payee = bank.sign_up("钱红")
    bank.clock.advance(dt.timedelta(milliseconds=1))
    transfer = bank.create(phone.token, phone.person, payee, "1.00", "key-phone-001").body["id"]
    bank.settle()
    assert bank.confirm(phone.token, transfer, code_at(phone.new, transfer)).status == 200


@pytest.mark.requirement("NB-5.3.7-2")
def test_an_sms_code_to_the_old_number_does_not_change_it(bank: Bank, phone: Phone) -> None:
    with unchanged(bank):
        refused = phone.ask()
        assert (refused.status, refused.code) == (403, "strong_factor_required")


@pytest.mark.requirement("XJ-4.2-wysiwys")
def test_a_step_up_for_one_number_is_not_for_another(bank: Bank, phone: Phone, certificates: list[bytes]) -> None:
    step_up = phone.ask().body["facts"]["step_up"]
    stepup.confirm(phone.caller, step_up, GIVEN, clock.now())
    assert phone.ask(step_up, "13600000000").code == "step_up_required"
    assert phone.ask(step_up).status == 202
    assert phone.ask(step_up).code == "step_up_required"


@pytest.mark.requirement("NB-5.3.7-2")
def test_codes_under_way_to_the_old_number_are_void(bank: Bank, phone: Phone, certificates: list[bytes]) -> None:
    # given a transfer, a step-up and a new device whose codes are at the old number
    payee = bank.sign_up("钱红")
    token = bank.log_in(phone.person)
    transfer = bank.create(token, phone.person, payee, "10.00", "key-phone-002").body["id"]
    bank.request("PUT", "/v1/settings/transfers", {"on": False}, token=token)
    asked = bank.request("PUT", "/v1/settings/transfers", {"on": True}, token=token).body["facts"]["step_up"]
    device = Device(bank, phone.person)
    step_up = device.asked()
    codes = {id_: bank.code_for(phone.person, id_) for id_ in (transfer, asked, step_up)}
    # when the phone changes
    phone.changed()
    # then they confirm nothing
    body = {"factor": "sms", "code": codes[asked]}
    refused = bank.request("POST", f"/v1/step-ups/{asked}/confirmation", body, token=token)
    assert (refused.status, refused.code) == (409, "phone_changed")
    assert bank.confirm(token, transfer, codes[transfer]).code == "phone_changed"
    assert device.enter(step_up, codes[step_up]).code == "phone_changed"
    assert bank.balance(phone.person.account) == 100_00


@pytest.mark.requirement("NB-5.3.7-2")
def test_a_code_asked_for_before_and_sent_after_is_not_sent(
    bank: Bank, phone: Phone, certificates: list[bytes]
) -> None:
    def codes() -> list[str]:
        return [text for number in (phone.person.phone, phone.new) for text in sent_to(number) if "您正" in text]

    # given a change whose code has come, and then things that ask for codes which nobody has sent yet
    change_id = phone.begun()
    payee = bank.sign_up("钱红")
    bank.create(phone.token, phone.person, payee, "10.00", "key-phone-003")
    bank.request("PUT", "/v1/settings/transfers", {"on": False}, token=phone.token)
    bank.request("PUT", "/v1/settings/transfers", {"on": True}, token=phone.token)
    before = [
        text
        for number in (phone.person.phone, phone.new)
        for text in sent_to(number)
        if "验证码1" in text or "您正" in text
    ]
    assert phone.enter(change_id, code_at(phone.new, change_id)).status == 204
    bank.settle()
    after = [
        text
        for number in (phone.person.phone, phone.new)
        for text in sent_to(number)
        if "验证码1" in text or "您正" in text
    ]
    assert after == before


def test_two_changes_begun_only_one_ends(bank: Bank, phone: Phone, certificates: list[bytes]) -> None:
    one, two = phone.begun(), phone.begun()
    codes = {id_: code_at(phone.new, id_) for id_ in (one, two)}
    assert phone.enter(one, codes[one]).status == 204
    assert phone.enter(two, codes[two]).code == "phone_changed"
    assert phone.enter(one, codes[one]).code == "step_up_not_awaiting"
    assert phone.ask(phone=phone.new).code == "phone_unchanged"


def test_five_wrong_codes_and_strangers(bank: Bank, phone: Phone, certificates: list[bytes]) -> None:
    change_id = phone.begun()
    code = code_at(phone.new, change_id)
    stranger = bank.log_in(bank.sign_up("钱红"))
    unknown = [phone.enter(id_, code, stranger) for id_ in (change_id, "a" * 20, "x", "a" * 3000)]
    assert all(same_refusal(unknown[0], reply) for reply in unknown)
    assert unknown[0].code == "not_found"
    for tries_left in (4, 3, 2, 1, 0):
        assert phone.enter(change_id, wrong_code(code)).body["facts"] == {"tries_left": str(tries_left)}
    assert phone.enter(change_id, code).code == "step_up_tries_exhausted"
    assert phone.reserved() == phone.person.phone


@pytest.mark.parametrize("body", [{}, {"phone": "12345678901"}, {"phone": "+8613900000001"}, {"phone": 13900000001}])
def test_a_number_that_does_not_fit(bank: Bank, phone: Phone, body: dict[str, Any]) -> None:
    with unchanged(bank):
        assert bank.request("POST", CHANGES, body, token=phone.token).code == "malformed_request"


@pytest.mark.requirement("NB-5.3.7-2")
def test_at_the_counter(bank: Bank, phone: Phone) -> None:
    owner: Person = phone.person
    now = clock.now()

    def begin(new: str, teller: str = TELLER) -> stepup.Challenge:
        return change_phone.begin_at_counter(owner.customer_id, new, teller_id=teller, correlation_id="test", now=now)

    with pytest.raises(StaffNotEntitled):
        begin(phone.new, "T9999")
    with pytest.raises(ValueError, match="mobile"):
        begin("12345")
    change = begin(phone.new)
    bank.settle()
    code = code_at(phone.new, change.challenge_id)

    def complete(given: str, teller: str = TELLER) -> None:
        change_phone.complete_at_counter(owner.customer_id, change.challenge_id, given, teller_id=teller, now=now)

    with pytest.raises(CodeWrong):
        complete(wrong_code(code))
    with pytest.raises(NotFound):
        complete(code, "T0002")
    # nor does the customer's own session find it
    assert phone.enter(change.challenge_id, code).code == "not_found"
    complete(code)
    bank.settle()
    assert phone.reserved() == phone.new
    assert any("更换为" in text for text in sent_to(owner.phone))
