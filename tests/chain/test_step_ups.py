"""Sensitive operations: asked for, confirmed for just what was asked, done once; shown by the transfer switch."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.platform import aws
from tests.chain.bank import Bank, Reply
from tests.chain.probe import force, give, same_refusal, table_items, unchanged, wiretap, wrong_code

SWITCH = "/v1/settings/transfers"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


class Phone:
    """A customer whose transfers are off, and who wants them on."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.person = bank.sign_up("赵小明", deposit="100.00")
        bank.settle()
        self.token = bank.log_in(self.person)
        assert self.switch(on=False).status == 200

    def switch(self, *, on: bool, step_up: str | None = None, token: str | None = None) -> Reply:
        headers = {"step-up": step_up} if step_up else {}
        return self.bank.request("PUT", SWITCH, {"on": on}, token=token or self.token, headers=headers)

    def asked(self) -> str:
        """A challenge whose code was sent; its id."""
        refused = self.switch(on=True)
        assert (refused.status, refused.code) == (403, "step_up_required")
        self.bank.settle()
        return str(refused.body["facts"]["step_up"])

    def code(self, step_up: str) -> str:
        return self.bank.code_for(self.person, step_up)

    def confirm(self, step_up: str, code: str, token: str | None = None) -> Reply:
        body = {"factor": "sms", "code": code}
        path = f"/v1/step-ups/{step_up}/confirmation"
        return self.bank.request("POST", path, body, token=token or self.token)

    def confirmed(self) -> str:
        step_up = self.asked()
        assert self.confirm(step_up, self.code(step_up)).status == 200
        return step_up

    def is_on(self) -> bool:
        return bool(self.bank.request("GET", SWITCH, token=self.token).body["on"])

    def log(self) -> list[str]:
        rows = [r for r in table_items(self.bank, "SecurityEventsTable") if r["customer_id"] == self.person.customer_id]
        return [row["kind"] for row in sorted(rows, key=lambda row: str(row["event"])) if row["category"] == "setting"]


@pytest.fixture
def phone(bank: Bank) -> Phone:
    return Phone(bank)


@pytest.mark.requirement("XJ-4.4-switch")
def test_off_at_once_on_with_a_step_up(bank: Bank, phone: Phone) -> None:
    # given transfers switched off at once: nothing goes out
    payee = bank.sign_up("钱红")
    assert bank.create(phone.token, phone.person, payee, "1.00", "key-switch-1").code == "transfers_switched_off"
    # when they are switched on, the bank asks for a step-up and says which
    refused = phone.switch(on=True)
    facts = refused.body["facts"]
    assert (refused.code, facts["factors"], len(facts["digest"])) == ("step_up_required", "sms", 64)
    assert facts["valid_until"] == "2026-11-21T02:05:00.000Z"
    bank.settle()
    # then its SMS says in words what it would do
    text = f"【乡村银行】验证码{phone.code(facts['step_up'])}，您正在开启网上转账功能，5分钟内有效。"
    assert text + "如非本人操作请勿泄露，立即联系我行。" in bank.messages(phone.person)
    # and confirmed, the same request is done
    headers = bank.step_up(phone.token, phone.person, refused)
    assert not phone.is_on()
    done = phone.switch(on=True, step_up=headers["step-up"])
    assert (done.status, done.body) == (200, {"on": True, "stopped_by_bank": False})
    assert bank.create(phone.token, phone.person, payee, "1.00", "key-switch-2").status == 201
    assert sorted(phone.log()) == ["signed_up", "transfers_switched_off", "transfers_switched_on"]


def test_an_sms_says_how_to_reach_the_bank_as_the_bank_has_decided(bank: Bank, phone: Phone) -> None:
    parameters.set_value("text.contact", {"zh": "致电0990-0000000", "en": "call 0990-0000000"})
    phone.switch(on=False)
    phone.switch(on=True)
    bank.settle()
    (text,) = [text for text in bank.messages(phone.person) if "开启网上转账功能" in text]
    assert text.endswith("如非本人操作请勿泄露，立即致电0990-0000000。")


def test_a_challenge_whose_put_the_client_sends_twice_is_asked_for_all_the_same(bank: Bank, phone: Phone) -> None:
    # the first put is done and not answered: the client repeats it, and it finds its own
    put = aws.dynamodb().put_item

    def twice(**request: Any) -> Any:
        put(**request)
        return put(**request)

    with patch.object(aws.dynamodb(), "put_item", twice):
        refused = phone.switch(on=True)
    assert (refused.status, refused.code) == (403, "step_up_required")
    headers = bank.step_up(phone.token, phone.person, refused)
    assert phone.switch(on=True, step_up=headers["step-up"]).body == {"on": True, "stopped_by_bank": False}


def test_where_nothing_changes_nothing_is_asked_for_or_written(bank: Bank, phone: Phone) -> None:
    with unchanged(bank):
        assert phone.switch(on=False).body == {"on": False, "stopped_by_bank": False}
    step_up = phone.confirmed()
    assert phone.switch(on=True, step_up=step_up).status == 200
    # a repeat of the request whose answer was lost
    with unchanged(bank):
        assert phone.switch(on=True, step_up=step_up).body == {"on": True, "stopped_by_bank": False}


@pytest.mark.requirement("XJ-4.2-wysiwys")
def test_the_screen_shows_what_will_be_done(bank: Bank, phone: Phone) -> None:
    step_up = phone.asked()
    shown = bank.request("GET", f"/v1/step-ups/{step_up}", token=phone.token)
    assert shown.status == 200
    assert shown.body["zh"] == "开启网上转账功能"
    assert shown.body["en"] == "switch online transfers on"
    assert (shown.body["state"], shown.body["facts"], shown.body["factors"]) == ("awaiting", {}, ["sms"])


def test_a_step_up_is_used_once(bank: Bank, phone: Phone) -> None:
    step_up = phone.confirmed()
    assert phone.switch(on=True, step_up=step_up).status == 200
    assert phone.switch(on=False).status == 200
    again = phone.switch(on=True, step_up=step_up)
    assert again.code == "step_up_required"
    assert again.body["facts"]["step_up"] != step_up
    assert not phone.is_on()
    assert phone.confirm(step_up, phone.code(step_up)).code == "step_up_not_awaiting"


def test_only_a_confirmed_step_up_does(bank: Bank, phone: Phone) -> None:
    step_up = phone.asked()
    for given in (step_up, "a" * 20, "../" + "a" * 17, "day#" + phone.person.customer_id, "é", step_up.upper()):
        refused = phone.switch(on=True, step_up=given)
        assert refused.code == "step_up_required", given
        assert refused.body["facts"]["step_up"] != given
    assert not phone.is_on()


@pytest.mark.requirement("XJ-4.2-wysiwys")
@pytest.mark.parametrize("what", ["digest", "operation", "customer_id", "holder"])
def test_a_stored_challenge_that_was_altered_does_nothing(bank: Bank, phone: Phone, what: str) -> None:
    step_up = phone.confirmed()
    force(bank, "ChallengesTable", {"challenge_id": step_up}, **{what: b"x" * 32 if what == "digest" else "x"})
    refused = phone.switch(on=True, step_up=step_up)
    if what == "operation":
        # The digest decides what is done; the name on the row does not.
        assert refused.status == 200
    else:
        assert refused.code == "step_up_required"
        assert not phone.is_on()


@pytest.mark.requirement("XJ-4.2-wysiwys")
def test_altered_facts_are_not_confirmed_nor_sent(bank: Bank, phone: Phone) -> None:
    refused = phone.switch(on=True)
    step_up = refused.body["facts"]["step_up"]
    force(bank, "ChallengesTable", {"challenge_id": step_up}, facts={"account": "x"})
    bank.settle()
    assert not any("验证码" in text for text in bank.messages(phone.person))
    assert phone.confirm(step_up, "123456").code == "step_up_altered"


def test_another_customer_or_session_finds_nothing(bank: Bank, phone: Phone) -> None:
    step_up = phone.asked()
    code = phone.code(step_up)
    stranger = bank.log_in(bank.sign_up("钱红"))
    second = bank.log_in(phone.person)
    with unchanged(bank):
        for token in (stranger, second):
            unknown = [phone.confirm(id_, code, token) for id_ in (step_up, "a" * 20, "no-id")]
            assert all(same_refusal(unknown[0], reply) for reply in unknown)
            assert (unknown[0].status, unknown[0].code) == (404, "not_found")
            for method, path in (("GET", f"/v1/step-ups/{step_up}"), ("POST", f"/v1/step-ups/{step_up}/codes")):
                assert bank.request(method, path, token=token).code == "not_found"
    # and confirmed by its own session, it is of no use in another
    assert phone.confirm(step_up, code).status == 200
    assert phone.switch(on=True, step_up=step_up, token=second).code == "step_up_required"
    assert not phone.is_on()


@pytest.mark.requirement("NB-5.3.3-sms")
def test_five_wrong_codes_are_the_end(bank: Bank, phone: Phone) -> None:
    step_up = phone.asked()
    code = phone.code(step_up)
    for tries_left in (4, 3, 2, 1, 0):
        reply = phone.confirm(step_up, wrong_code(code))
        assert (reply.code, reply.body["facts"]) == ("code_wrong", {"tries_left": str(tries_left)})
    assert phone.confirm(step_up, code).code == "step_up_tries_exhausted"
    assert phone.switch(on=True, step_up=step_up).code == "step_up_required"


@pytest.mark.requirement("NB-5.3.3-sms")
def test_a_code_is_for_its_own_challenge(bank: Bank, phone: Phone) -> None:
    one, two = phone.asked(), phone.asked()
    assert phone.confirm(one, phone.code(two)).code == "code_wrong"


@pytest.mark.requirement("NB-5.3.3-sms")
@pytest.mark.parametrize("late_ms", [0, 1])
def test_in_time_or_not_at_all(bank: Bank, phone: Phone, late_ms: int) -> None:
    step_up, other = phone.asked(), phone.confirmed()
    bank.clock.advance(dt.timedelta(seconds=300, milliseconds=late_ms - 1))
    phone.token = bank.log_in(phone.person) if late_ms > 1 else phone.token
    confirmed, used = phone.confirm(step_up, phone.code(step_up)), phone.switch(on=True, step_up=other)
    if late_ms == 0:
        assert (confirmed.status, used.status) == (200, 200)
    else:
        # the session's token has just died too; renew it and see
        assert (confirmed.code, used.code) == ("token_expired", "token_expired")


def test_too_late_to_confirm_and_to_use(bank: Bank) -> None:
    parameters.set_value("session.access_token_s", 900)
    parameters.set_value("session.idle_s", 900)
    phone = Phone(bank)
    step_up, other = phone.asked(), phone.confirmed()
    bank.clock.advance(dt.timedelta(seconds=300))
    assert phone.confirm(step_up, phone.code(step_up)).code == "step_up_expired"
    assert bank.request("GET", f"/v1/step-ups/{other}", token=phone.token).body["state"] == "expired"
    assert bank.request("POST", f"/v1/step-ups/{step_up}/codes", token=phone.token).code == "step_up_expired"
    assert phone.switch(on=True, step_up=other).code == "step_up_required"
    assert not phone.is_on()


def resend(phone: Phone, step_up: str) -> Reply:
    return phone.bank.request("POST", f"/v1/step-ups/{step_up}/codes", token=phone.token)


@pytest.mark.requirement("NB-5.3.3-sms")
def test_a_code_is_sent_again_spaced_and_bounded(bank: Bank, phone: Phone) -> None:
    step_up = phone.asked()
    first = phone.code(step_up)
    too_soon = resend(phone, step_up)
    assert (too_soon.status, too_soon.code, too_soon.body["facts"]) == (429, "code_too_soon", {"seconds": "60"})
    bank.clock.advance(dt.timedelta(seconds=59, milliseconds=1))
    assert resend(phone, step_up).body["facts"] == {"seconds": "1"}
    bank.clock.advance(dt.timedelta(milliseconds=999))
    assert resend(phone, step_up).status == 202
    bank.settle()
    second = phone.code(step_up)
    # then the code before is void, and tries stay counted
    assert second != first
    assert phone.confirm(step_up, first).body["facts"] == {"tries_left": "4"}
    assert resend(phone, step_up).code == "code_too_soon"
    bank.clock.advance(dt.timedelta(seconds=60))
    assert resend(phone, step_up).status == 202
    bank.clock.advance(dt.timedelta(seconds=60))
    assert resend(phone, step_up).code == "code_sends_exhausted"
    bank.settle()
    assert phone.confirm(step_up, phone.code(step_up)).status == 200
    assert resend(phone, step_up).code in ("code_sends_exhausted", "step_up_not_awaiting")


def test_challenges_are_bounded_a_day(bank: Bank, phone: Phone) -> None:
    parameters.set_value("step_up.day_max", 3)
    for _ in range(3):
        phone.asked()
    with unchanged(bank):
        refused = phone.switch(on=True)
        assert (refused.status, refused.code) == (429, "step_up_limit_reached")
    # another customer has his own, and tomorrow is another day
    Phone(bank).asked()
    bank.clock.advance(dt.timedelta(days=1))
    phone.token = bank.log_in(phone.person)
    phone.asked()


BODIES: list[Any] = [
    {},
    {"factor": "sms"},
    {"factor": "certificate", "code": "123456"},
    {"factor": "sms", "code": "12345"},
    {"factor": "sms", "code": 123456},
    {"factor": "sms", "code": "123456", "more": 1},
]


@pytest.mark.parametrize("body", BODIES, ids=str)
def test_a_confirmation_that_does_not_fit(bank: Bank, phone: Phone, body: Any) -> None:
    step_up = phone.asked()
    with unchanged(bank):
        reply = bank.request("POST", f"/v1/step-ups/{step_up}/confirmation", body, token=phone.token)
        assert reply.code == "malformed_request"


def test_a_record_told_twice_sends_one_message_and_no_code_is_kept(
    bank: Bank, phone: Phone, logged: io.StringIO
) -> None:
    with wiretap() as tap:
        step_up = phone.asked()
    bank.settle()
    before = sorted(bank.messages(phone.person))
    for name, event in tap.events:
        if name.endswith(("relay_challenges", "send_codes")):
            assert give(name.rpartition(".")[2], event["Records"]) == []
    bank.settle()
    assert sorted(bank.messages(phone.person)) == before
    code = phone.code(step_up)
    held = repr([table_items(bank, name) for name in bank.references if name.endswith("Table") and "Local" not in name])
    assert f"'{code}'" not in held
    assert code not in logged.getvalue()
