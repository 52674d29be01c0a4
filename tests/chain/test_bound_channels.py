"""E-mail and WeChat: bound with a step-up and a proof whose they are, chosen, and in place of what fails."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.customers import store as customers_store
from chalicelib.notifications.channels import Outgoing, ProviderRefused
from chalicelib.notifications.providers import LocalProvider
from chalicelib.platform import updates
from chalicelib.platform.dynamo import n
from chalicelib.platform.errors import Retryable
from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import table_items
from tests.chain.test_notification_settings import USUAL, chosen

pytestmark = pytest.mark.requirement("YQ-4.2.2-alert")
ADDRESS = "zhao.xm@example.com"
BINDINGS = "/v1/notification-settings/email-bindings"
WECHAT = "/v1/notification-settings/wechat"


@pytest.fixture
def customer(bank: Bank) -> Person:
    return bank.sign_up("赵小明")


def begun(bank: Bank, person: Person, token: str, address: str = ADDRESS) -> Reply:
    """A binding that waits for its code."""
    asked = bank.request("POST", BINDINGS, {"address": address}, token=token)
    step_up = bank.step_up(token, person, asked)
    reply = bank.request("POST", BINDINGS, {"address": address}, token=token, headers=step_up)
    bank.settle()
    return reply


def entered(bank: Bank, token: str, binding: str, code: str) -> Reply:
    reply = bank.request("POST", f"{BINDINGS}/{binding}/confirmation", {"code": code}, token=token)
    bank.settle()
    return reply


def code_in(text: str) -> str:
    return text.partition("验证码")[2][:6]


def with_email(bank: Bank, person: Person, token: str) -> None:
    binding = begun(bank, person, token).body["id"]
    assert entered(bank, token, binding, code_in(bank.messages(person, "email")[-1])).status == 200


def test_an_address_is_bound_by_the_code_that_went_there_and_then_chosen(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    waits = begun(bank, customer, token)
    assert (waits.status, waits.body["email"]) == (202, "z***@e***.com")
    # the code went there and not to the phone, and says what it is for
    (letter,) = bank.messages(customer, "email")
    code = code_in(letter)
    assert "您正在将z***@e***.com设为接收消息通知的邮箱" in letter
    assert not any(code in text for text in bank.messages(customer))
    # and before it is entered nothing may be chosen
    refused = bank.request("PUT", "/v1/notification-settings", {**USUAL, "bills": ["email"]}, token=token)
    assert (refused.status, refused.code) == (422, "channel_not_bound")
    bound = entered(bank, token, waits.body["id"], code)
    assert (bound.status, bound.body["email"], bound.body["settings"]["bills"]) == (
        200,
        "z***@e***.com",
        ["sms", "push"],
    )
    # its owner is told
    assert "消息通知设置已修改" in bank.messages(customer)[-1]
    chosen(bank, customer, movements=["email"])
    sms = len(bank.messages(customer))
    bank.deposit(customer.account, 10_00)
    bank.settle()
    assert "人民币10.00元" in bank.messages(customer, "email")[-1]
    assert len(bank.messages(customer)) == sms


def test_a_code_is_good_once_for_its_owner_in_its_session(bank: Bank, customer: Person) -> None:
    token, other = bank.log_in(customer), bank.sign_up("钱红")
    binding = begun(bank, customer, token).body["id"]
    code = code_in(bank.messages(customer, "email")[-1])
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert entered(bank, token, binding, wrong).code == "code_wrong"
    assert entered(bank, bank.log_in(other), binding, code).code == "not_found"
    assert entered(bank, token, "a" * 20, code).code == "not_found"
    assert entered(bank, token, binding, code).status == 200
    assert entered(bank, token, binding, code).code == "step_up_not_awaiting"
    (head,) = [row for row in table_items(bank, "InboxHeadsTable") if row.get("addresses")]
    assert (head["customer_id"], head["addresses"]["email"]["to"]) == (customer.customer_id, ADDRESS)


def test_an_address_that_was_bound_before_the_reserved_phone_changed_is_not_used(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    with_email(bank, customer, token)
    chosen(bank, customer, movements=["email"])
    sent = len(bank.messages(customer, "email"))
    bank.clock.advance(dt.timedelta(seconds=1))
    row = customers_store.profile_update(customer.customer_id)
    updates.run(row.set("#phone_at = :at", at=n(int(bank.clock.now().timestamp() * 1000))))
    bank.deposit(customer.account, 10_00)
    bank.settle()
    assert len(bank.messages(customer, "email")) == sent
    assert any("人民币10.00元" in text for text in bank.messages(customer))


def test_a_code_that_was_used_binds_no_address_again(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    with_email(bank, customer, token)
    binding = begun(bank, customer, token).body["id"]
    code = code_in(bank.messages(customer, "email")[-1])
    assert entered(bank, token, binding, code).status == 200
    bank.request("DELETE", "/v1/notification-settings/email", token=token)
    assert entered(bank, token, binding, code).code == "step_up_not_awaiting"
    assert bank.request("GET", "/v1/notification-settings", token=token).body["email"] is None


def test_a_step_up_is_for_one_log_in_to_wechat(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    step_up = bank.step_up(token, customer, bank.request("PUT", WECHAT, {"code": "local-1"}, token=token))
    other = bank.request("PUT", WECHAT, {"code": "local-2"}, token=token, headers=step_up)
    assert other.code == "step_up_required"


def test_a_step_up_for_one_address_is_not_for_another(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    asked = bank.request("POST", BINDINGS, {"address": ADDRESS}, token=token)
    step_up = bank.step_up(token, customer, asked)
    refused = bank.request("POST", BINDINGS, {"address": "thief@example.com"}, token=token, headers=step_up)
    assert refused.code == "step_up_required"
    assert bank.messages(customer, "email") == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "zhao",
        "@example.com",
        "zhao@",
        "zhao@localhost",
        "zhao@example.com\nBcc: x@example.com",
        "zhao xm@example.com",
        "zhao@example..com",
        "赵@example.com",
        f"{'z' * 65}@example.com",
        7,
        None,
    ],
)
def test_what_is_no_address_is_refused(bank: Bank, customer: Person, address: Any) -> None:
    reply = bank.request("POST", BINDINGS, {"address": address}, token=bank.log_in(customer))
    assert (reply.status, reply.code) == (400, "malformed_request")


def test_what_an_address_that_is_taken_off_was_chosen_for_goes_by_what_is_left(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    with_email(bank, customer, token)
    chosen(bank, customer, movements=["email"], bills=["sms", "email"])
    for _ in range(2):
        assert bank.request("DELETE", "/v1/notification-settings/email", token=token).status == 204
    shown = bank.request("GET", "/v1/notification-settings", token=token).body
    assert (shown["email"], shown["settings"]["movements"], shown["settings"]["bills"]) == (
        None,
        ["sms", "push"],
        ["sms"],
    )


def bound_to_wechat(bank: Bank, person: Person, token: str, code: str = "local-1") -> Reply:
    asked = bank.request("PUT", WECHAT, {"code": code}, token=token)
    step_up = bank.step_up(token, person, asked)
    reply = bank.request("PUT", WECHAT, {"code": code}, token=token, headers=step_up)
    bank.settle()
    return reply


def test_wechat_is_bound_by_a_log_in_there_and_chosen(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    bound = bound_to_wechat(bank, customer, token)
    assert (bound.status, bound.body["wechat"]) == (200, True)
    chosen(bank, customer, movements=["wechat"])
    bank.deposit(customer.account, 10_00)
    bank.settle()
    assert len(bank.messages(customer, "wechat")) == 1
    assert bank.request("DELETE", WECHAT, token=token).status == 204
    assert bank.request("GET", "/v1/notification-settings", token=token).body["wechat"] is False


def test_a_code_that_wechat_does_not_know_and_one_that_it_does_not_answer_bind_nothing(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = bank.log_in(customer)
    assert bound_to_wechat(bank, customer, token, "another").code == "wechat_code_invalid"

    def silent(*_: Any) -> None:
        raise Retryable("WeChat was not reached")

    with monkeypatch.context() as out:
        out.setattr(LocalProvider, "open_id_of", silent)
        unavailable = bound_to_wechat(bank, customer, token)
        assert (unavailable.status, unavailable.code, unavailable.headers["Retry-After"]) == (
            503,
            "channel_unavailable",
            "60",
        )
    with monkeypatch.context() as none:
        none.setattr(LocalProvider, "offers", lambda *_: False)
        assert bank.request("PUT", WECHAT, {"code": "local-1"}, token=token).code == "channel_not_offered"
        assert bank.request("POST", BINDINGS, {"address": ADDRESS}, token=token).code == "channel_not_offered"
    assert not any(row.get("addresses") for row in table_items(bank, "InboxHeadsTable"))


def test_what_is_bound_takes_the_place_of_what_fails_the_cheapest_first(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = bank.log_in(customer)
    with_email(bank, customer, token)
    bound_to_wechat(bank, customer, token)
    refusing = {"sms"}
    sends = LocalProvider.send

    def send(provider: LocalProvider, message: Outgoing) -> None:
        if message.channel in refusing:
            raise ProviderRefused("not this one")
        sends(provider, message)

    monkeypatch.setattr(LocalProvider, "send", send)

    def told(yuan: int) -> list[str]:
        bank.deposit(customer.account, yuan * 100)
        bank.settle()
        channels = ("sms", "push", "wechat", "email")
        return [one for one in channels if any(f"人民币{yuan}.00元" in text for text in bank.messages(customer, one))]

    assert told(11) == ["wechat"]
    refusing.add("wechat")
    assert told(12) == ["email"]
    refusing.clear()
    assert told(13) == ["sms"]
