"""The words that customers are sent are changed by two people, and by nobody into something that cannot be sent."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.notifications.channels import Outgoing
from chalicelib.notifications.providers import LocalProvider
from chalicelib.parameters import service as parameters
from chalicelib.platform import ids
from chalicelib.staff import domain
from tests.chain import clerks
from tests.chain.bank import Bank, Person
from tests.chain.probe import table_items
from tests.chain.test_bound_channels import WECHAT, with_email
from tests.chain.test_notification_settings import chosen
from tests.chain.two_people import approved, asked, change_of, enter_staff

pytestmark = pytest.mark.requirement("NB-5.2.2")
KIND = "parameter.change"
SIGNED = "【新村银行】"


@pytest.fixture
def customer(bank: Bank) -> Person:
    enter_staff()
    return bank.sign_up("赵小明")


def changed(name: str, zh: str, en: str) -> None:
    approved(asked(KIND, change_of(name, {"zh": zh, "en": en})))
    parameters.forget()


def newest(bank: Bank, token: str, language: str) -> str:
    reply = bank.request("GET", "/v1/notifications", token=token, headers={"accept-language": language})
    return str(reply.body["notifications"][0]["text"])


@pytest.mark.requirement("YQ-4.2.2-alert")
def test_a_changed_alert_is_sent_and_shown_in_the_language_of_the_app(bank: Bank, customer: Person) -> None:
    token = bank.log_in(customer)
    tail = customer.account[-4:]
    bank.deposit(customer.account, 10_00)
    bank.settle()
    assert "现金存入人民币10.00元" in bank.messages(customer)[-1]
    assert newest(bank, token, "en").endswith("cash deposit, 10.00 CNY; balance 10.00 CNY.")
    # when two people have changed the words
    changed(
        "message.movement.alone",
        SIGNED + "尊敬的客户：{at}，尾号{account}账户{movement}{amount}元，余额{balance}元。",
        "Dear customer: {movement} of {amount} yuan on {account} at {at}, now {balance}.",
    )
    bank.deposit(customer.account, 5_00)
    bank.settle()
    # then all have the new ones, and what was told before stays as it was
    at = "2026-11-21 10:00:00"
    text = f"{SIGNED}尊敬的客户：{at}，尾号{tail}账户现金存入5.00元，余额15.00元。"
    assert bank.messages(customer)[-1] == newest(bank, token, "zh") == text
    assert newest(bank, token, "en") == f"Dear customer: cash deposit of 5.00 yuan on {tail} at {at}, now 15.00."
    assert len([text for text in bank.messages(customer) if "【乡村银行】" in text and "现金存入" in text]) == 1


@pytest.mark.requirement("XJ-4.2-sms")
def test_a_code_goes_out_in_changed_words_and_confirms(bank: Bank, customer: Person) -> None:
    changed("message.code.step_up", SIGNED + "验证码{code}：{operation}", "{code}: {operation}")
    token = bank.log_in(customer)
    with_email(bank, customer, token)
    assert bank.messages(customer, "email")[-1].startswith(f"{SIGNED}验证码")
    assert bank.messages(customer, "email")[-1].endswith("：将z***@e***.com设为接收消息通知的邮箱")


def test_the_longest_text_is_taken(bank: Bank, customer: Person) -> None:
    longest = {language: (SIGNED + "{at}{event}").ljust(parameters.MAX_MESSAGE, "字") for language in ("zh", "en")}
    changed("message.security", **longest)
    chosen(bank, customer, bills=["push"])
    bank.settle()
    assert bank.messages(customer)[-1].startswith(f"{SIGNED}2026-11-21 10:00:00消息通知设置已修改字字")


@pytest.mark.parametrize(
    ("chinese", "code", "says"),
    [
        ("验证码{code}", "message_placeholder_missing", "{operation}"),
        ("{code}{operation}{code.__class__}", "message_placeholder_unknown", "{code.__class__}"),
        ("{code!r}{operation}", "message_placeholder_unknown", "{code}"),
        ("{code}{operation}{", "message_text_malformed", "300"),
    ],
)
def test_a_text_that_cannot_be_filled_in_is_refused_when_it_is_asked_for(
    bank: Bank, chinese: str, code: str, says: str
) -> None:
    maker = clerks.appoint(bank, domain.EBANK_ADMINISTRATOR, domain.MAKER)
    clerks.log_in(bank, maker)
    value = {"zh": SIGNED + chinese, "en": "{code}: {operation}"}
    body: dict[str, Any] = {"kind": KIND, "payload": change_of("message.code.step_up", value), "reason": "按规定"}
    before = table_items(bank, "ApprovalsTable")
    for language, begins in (("zh", "消息文本 message.code.step_up"), ("en", "The message message.code.step_up")):
        headers = {"idempotency-key": ids.random_id(), "accept-language": language}
        reply = bank.request("POST", "/v1/staff/approvals", body, token=maker.token, headers=headers)
        assert (reply.status, reply.code) == (422, code), reply
        assert reply.body["detail"].startswith(begins)
        assert says in reply.body["detail"]
    assert table_items(bank, "ApprovalsTable") == before


def test_staff_read_what_may_stand_in_a_text(bank: Bank) -> None:
    maker = clerks.appoint(bank, domain.EBANK_ADMINISTRATOR, domain.MAKER)
    clerks.log_in(bank, maker)

    def shown(name: str, language: str) -> Any:
        headers = {"accept-language": language}
        found = bank.request("GET", "/v1/staff/parameters", token=maker.token, headers=headers).body["parameters"]
        return next(one for one in found if one["name"] == name)

    message = shown("message.code.step_up", "en")
    assert message["default"] == parameters.CODE_TEXTS["step_up"].default
    assert message["variables"] == [
        {"name": "code", "meaning": "the code", "is_required": True},
        {"name": "operation", "meaning": "what the code confirms", "is_required": True},
        {"name": "valid_for", "meaning": "how long it is valid", "is_required": False},
        {"name": "contact", "meaning": "how to reach the bank, as text.contact says it", "is_required": False},
    ]
    assert shown("message.code.step_up", "zh")["variables"][1]["meaning"] == "正在确认的操作"
    assert shown("factor.sms.tries", "en")["variables"] == []


def test_what_a_channel_shows_in_place_of_a_text_or_above_it_is_changed_too(
    bank: Bank, customer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = bank.log_in(customer)
    with_email(bank, customer, token)
    asked_for = bank.request("PUT", WECHAT, {"code": "local-1"}, token=token)
    step_up = bank.step_up(token, customer, asked_for)
    assert bank.request("PUT", WECHAT, {"code": "local-1"}, token=token, headers=step_up).status == 200
    bank.settle()
    chosen(bank, customer, movements=["email", "wechat", "sms"])
    bank.settle()
    sent: dict[str, str] = {}

    def send(_: LocalProvider, message: Outgoing) -> None:
        sent[message.channel] = message.title

    monkeypatch.setattr(LocalProvider, "send", send)

    def titles() -> dict[str, str]:
        bank.deposit(customer.account, 10_00)
        bank.settle()
        return sent

    assert titles() == {"email": "乡村银行通知", "wechat": "账户动账提醒", "sms": ""}
    changed("wechat.title.movement", "资金变动", "Money moved")
    changed("email.subject", "新村银行通知", "A notice")
    assert titles() == {"email": "新村银行通知", "wechat": "资金变动", "sms": ""}
