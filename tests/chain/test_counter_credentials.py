"""Passwords, locks, phones and factors at the counter over HTTP: who may, what is shown, a voucher each."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.blanks.commands.receive import receive
from chalicelib.customers import service as customers
from chalicelib.factors import service as factors
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from tests.chain.bank import BRANCH, PASSWORD, TELLER, Bank, Reply
from tests.chain.clerks import OTHER, Clerk
from tests.chain.counter import account, document, enter, sign_up
from tests.chain.counter import log_in as log_in_customer
from tests.chain.outbox import texts_to
from tests.chain.probe import wrong_code
from tests.chain.tellers import (
    SHOWN,
    approved,
    decided,
    get,
    newest_voucher,
    operator,
    post,
    printed,
    seen,
    tellers,
)

pytestmark = pytest.mark.requirement("NB-5.2.6")

SEED = bytes(range(32)).hex()
NEW_PHONE = "13700000009"
NEW_PASSWORD = "Another-Lamp-8"  # of a made-up customer


def customer(bank: Bank) -> tuple[str, str]:
    """A professional customer of the counter: id and log-in name."""
    person = enter(bank, 1)
    return person, sign_up(bank, person, account(bank, person))


def stocked(bank: Bank, kind: str, *serials: str) -> None:
    receive(kind, serials, branch_id=BRANCH, reference="DN-1", staff_id=TELLER, now=bank.clock.now())


def codes_at(phone: str, word: str) -> list[str]:
    """The codes in SMS that a number got with this word in them, newest last."""
    texts = [text for text in texts_to(phone) if word in text]
    return [text.split("下载码" if "下载码" in text else "验证码")[1][:6] for text in texts]


def token(**changes: Any) -> dict[str, Any]:
    return {"serial": "TK00000001", "seed": SEED, "document": SHOWN, "reference": "token-0001", **changes}


@pytest.mark.requirement("NB-5.3.3-token")
@pytest.mark.requirement("NB-5.3.5")
def test_a_token_is_issued_lost_found_and_replaced(bank: Bank) -> None:
    teller, checker = tellers(bank)
    person, _ = customer(bank)
    stocked(bank, "token", "TK00000001", "TK00000002")
    path = f"customers/{person}"
    # when it is issued, and the same is sent again, then it is one token with one voucher
    issued, again = (post(bank, teller, f"{path}/tokens", token()) for _ in range(2))
    assert (issued.status, again.body) == (201, issued.body)
    assert post(bank, teller, f"{path}/tokens", token(serial="TK00000002")).code == "idempotency_key_reused"
    listed = get(bank, teller, f"{path}/factors").body["factors"]
    (held,) = [one for one in listed if one["method"] == "token"]
    assert (held["state"], held["serial_tail"]) == ("active", "0001")
    voucher = get(bank, teller, f"vouchers/{issued.body['voucher']}").body
    assert (voucher["kind"], voucher["facts"]["serial"]) == ("factor_issued", "*0001")
    text = printed(bank, teller, voucher["number"])
    assert "动态口令牌" in text
    assert SEED not in str(voucher) + text
    assert document(1).number not in str(voucher) + text
    # a second one is not issued beside it, nor one that is not in stock
    assert post(bank, teller, f"{path}/tokens", token(serial="TK00000002", reference="token-0002")).code == (
        "factor_held_already"
    )
    # when it is lost, then it stops at once without a document; two people lift it
    lost = post(bank, teller, f"{path}/factors/{held['id']}/losses", {"reference": "loss-0001"})
    assert get(bank, teller, f"vouchers/{lost.body['voucher']}").body["kind"] == "factor_lost"
    assert state_of(person, held["id"]) == "lost"
    shown = {"document": SHOWN, "reference": "lift-0001"}
    assert approved(bank, post(bank, teller, f"{path}/factors/{held['id']}/lifts", shown), checker)
    assert state_of(person, held["id"]) == "active"
    assert newest_voucher(bank, teller)["kind"] == "factor_found"
    # when it is replaced, then the old one is ended with its device, and another one issued
    ending = {"document": SHOWN, "reference": "end-00001"}
    ended, once_more = (post(bank, teller, f"{path}/factors/{held['id']}/endings", ending) for _ in range(2))
    assert ended.body == once_more.body
    assert state_of(person, held["id"]) == "revoked"
    assert post(bank, teller, f"{path}/tokens", token(reference="token-0003")).code == "blank_cancelled"
    assert post(bank, teller, f"{path}/tokens", token(serial="TK00000002", reference="token-0004")).status == 201


def state_of(person: str, factor_id: str) -> str:
    (row,) = [row for row in factors.factors_of(person) if row.factor_id == factor_id]
    return factors.state_at(row, clock.now())


@pytest.mark.requirement("NB-5.3.3-dl")
def test_a_certificate_is_applied_for_with_its_key(bank: Bank) -> None:
    teller, _ = tellers(bank)
    person, _ = customer(bank)
    path = f"customers/{person}/certificates"
    body = {"method": "usb_key", "device": "UK00000001", "document": SHOWN, "reference": "certificate-1"}
    assert post(bank, teller, path, body).code == "blank_not_in_stock"
    stocked(bank, "usb_key", "UK00000001")
    applied, again = (post(bank, teller, path, body) for _ in range(2))
    assert (applied.status, again.body) == (201, applied.body)
    bank.settle()
    # a repeat sends no second code; applied for anew it does
    assert len(codes_at("13700000001", "证书")) == 1
    anew = post(bank, teller, path, {**body, "reference": "certificate-2"})
    assert anew.body["voucher"] != applied.body["voucher"]
    bank.settle()
    assert len(codes_at("13700000001", "证书")) == 2
    assert post(bank, teller, path, {**body, "device": None, "reference": "certificate-3"}).code == "factor_malformed"


@pytest.mark.requirement("NB-5.3.2")
def test_a_query_password_is_set_anew_by_the_customer_alone(bank: Bank) -> None:
    teller, _ = tellers(bank)
    person, name = customer(bank)
    old = log_in_customer(bank, name)
    body = {"document": SHOWN, "reference": "password-1"}
    reset, again = (post(bank, teller, f"customers/{person}/password-resets", body) for _ in range(2))
    assert (reset.status, again.body) == (201, reset.body)
    bank.settle()
    (code,) = codes_at("13700000001", "重置查询密码")
    # the old password is good until the customer sets another one with the code
    path = f"/v1/password-applications/{reset.body['application_id']}/confirmation"
    assert bank.request("POST", path, {"code": wrong_code(code), "password": NEW_PASSWORD}).code == (
        "application_refused"
    )
    assert bank.request("POST", path, {"code": code, "password": NEW_PASSWORD}).status == 204
    assert bank.request("GET", "/v1/accounts", token=old).code == "session_ended"
    given = {"login_name": name, "password": NEW_PASSWORD}
    assert bank.request("POST", "/v1/sessions", given).status == 201
    voucher = get(bank, teller, f"vouchers/{reset.body['voucher']}").body
    assert voucher["kind"] == "password_reset"
    assert code not in str(voucher)
    text = printed(bank, teller, voucher["number"])
    assert reset.body["application_id"] in text
    assert "2026-11-21 10:0" in text
    # who never signed up has none, and it is not done without end
    assert post(bank, teller, f"customers/{enter(bank, 2)}/password-resets", shown(2)).code == "not_signed_up"
    codes = {
        post(bank, teller, f"customers/{person}/password-resets", {**body, "reference": f"password-{i}0"}).status
        for i in range(20)
    }
    assert codes == {201, 429}


def shown(serial: int) -> dict[str, Any]:
    return {"document": {"kind": "resident_id", "number": document(serial).number}, "reference": f"shown-000{serial}"}


@pytest.mark.requirement("XJ-4.2-pw")
def test_a_lock_is_let_go_by_two_with_a_voucher(bank: Bank) -> None:
    teller, checker = tellers(bank)
    person, name = customer(bank)
    body = {"document": SHOWN, "reference": "unlock-01"}
    assert post(bank, teller, f"customers/{person}/unlocks", body).code == "approval_changes_nothing"
    parameters.set_value("login.captcha_after", 10)
    wrong = {"login_name": name, "password": "Wrong-Lamp-9"}
    for _ in range(5):
        bank.request("POST", "/v1/sessions", wrong)
    right = {"login_name": name, "password": PASSWORD}
    assert bank.request("POST", "/v1/sessions", right).status == 401
    assert approved(bank, post(bank, teller, f"customers/{person}/unlocks", body), checker)
    assert bank.request("POST", "/v1/sessions", right).status == 201
    assert newest_voucher(bank, teller)["kind"] == "login_unlocked"


@pytest.mark.requirement("NB-5.1.5")
@pytest.mark.parametrize("kind", ["login.unlock", "factor.lift_loss"])
def test_what_takes_a_document_is_not_asked_for_past_the_counter(bank: Bank, kind: str) -> None:
    teller, _ = tellers(bank)
    person, _ = customer(bank)
    payload = {"customer_id": person, **({"factor_id": "sms"} if kind == "factor.lift_loss" else {})}
    body = {"kind": kind, "payload": payload, "reason": "柜面业务"}
    headers = {"idempotency-key": "past-the-counter-1"}
    reply = bank.request("POST", "/v1/staff/approvals", body, token=teller.token, headers=headers)
    assert (reply.status, reply.code) == (422, "approval_at_counter")


class PhoneChange:
    """The change of a reserved phone, as far as the code at the new number."""

    def __init__(self, bank: Bank, teller: Clerk, person: str) -> None:
        self.bank, self.teller, self.path = bank, teller, f"customers/{person}/phone-changes"
        begun = post(bank, teller, self.path, {"phone": NEW_PHONE, "document": SHOWN})
        assert begun.status == 201, begun
        self.id = begun.body["phone_change"]
        bank.settle()
        self.code = codes_at(NEW_PHONE, "预留手机号")[-1]

    def ask(self, clerk: Clerk | None = None, **changes: Any) -> Reply:
        body = {"code": self.code, "document": SHOWN, "reference": "phone-001", **changes}
        return post(self.bank, clerk or self.teller, f"{self.path}/{self.id}/requests", body)


@pytest.mark.requirement("NB-5.3.7-2")
@pytest.mark.requirement("NB-5.1.5")
def test_a_reserved_phone_is_changed_by_two_once_the_new_one_is_proved(bank: Bank) -> None:
    teller, checker = tellers(bank)
    person, _ = customer(bank)
    change = PhoneChange(bank, teller, person)
    # another teller did not see the customer, and a wrong code proves nothing
    second, _ = tellers(bank)
    assert change.ask(second).code == "not_found"
    assert change.ask(code=wrong_code(change.code)).code == "code_wrong"
    asked, again = change.ask(), change.ask()
    assert asked.body == again.body
    assert customers.profile_of(person).phone == "13700000001"
    whole = seen(bank, asked, checker)
    assert NEW_PHONE not in str(whole)
    assert approved(bank, asked, checker)
    bank.settle()
    assert customers.profile_of(person).phone == NEW_PHONE
    # the old number is told, and the voucher has the new one masked
    assert any("更换为" in text for text in texts_to("13700000001"))
    voucher = newest_voucher(bank, teller)
    assert voucher["kind"] == "phone_changed"
    assert NEW_PHONE not in str(voucher)
    # and the proof is used
    assert change.ask(reference="phone-002").code == "step_up_not_awaiting"


@pytest.mark.requirement("NB-5.3.7-2")
def test_of_two_changes_of_a_phone_the_second_is_outdated(bank: Bank) -> None:
    teller, checker = tellers(bank)
    person, _ = customer(bank)
    first = PhoneChange(bank, teller, person).ask()
    bank.clock.advance(dt.timedelta(minutes=1))
    second = PhoneChange(bank, teller, person).ask(reference="phone-002")
    assert approved(bank, second, checker)
    assert decided(bank, first, checker).code in ("approval_failed", "approval_outdated")
    assert customers.profile_of(person).phone == NEW_PHONE


@pytest.mark.requirement("NB-5.2.3")
def test_who_may_not(bank: Bank) -> None:
    teller, checker = tellers(bank)
    person, _ = customer(bank)
    elsewhere, _ = tellers(bank, OTHER)
    stocked(bank, "token", "TK00000001")
    bodies: dict[str, dict[str, Any]] = {
        "tokens": token(),
        "certificates": {"method": "phone", "document": SHOWN, "reference": "certificate-1"},
        "password-resets": {"document": SHOWN, "reference": "password-1"},
        "unlocks": {"document": SHOWN, "reference": "unlock-01"},
        "phone-changes": {"phone": NEW_PHONE, "document": SHOWN},
        "factors/sms/endings": {"document": SHOWN, "reference": "end-00001"},
        "factors/sms/lifts": {"document": SHOWN, "reference": "lift-0001"},
        "factors/sms/losses": {"reference": "loss-0001"},
    }
    for what, body in bodies.items():
        path = f"customers/{person}/{what}"
        for clerk in (operator(bank), checker):
            assert post(bank, clerk, path, body).code == "staff_permission_denied", what
        assert post(bank, elsewhere, path, body).code == "not_found", what
        assert post(bank, teller, f"customers/{'a' * 20}/{what}", body).code == "not_found", what
        assert post(bank, teller, f"customers/{'a' * 900}/{what}", body).code == "not_found", what
        if "document" in body:
            other = {**body, "document": {"kind": "resident_id", "number": document(2).number}}
            assert post(bank, teller, path, other).code == "document_not_shown", what
        assert post(bank, teller, path, {**body, "extra": 1}).code == "malformed_request", what
    for seed in ("", "zz" * 32, SEED.upper(), SEED + "00"):
        assert post(bank, teller, f"customers/{person}/tokens", token(seed=seed)).code == "malformed_request"
    # nothing of all that was done, and nothing has a voucher
    assert state_of(person, "sms") == "active"
    assert post(bank, teller, f"customers/{person}/factors/nobodys/losses", {"reference": "loss-0001"}).code == (
        "not_found"
    )
    first = post(bank, teller, f"customers/{person}/factors/sms/losses", {"reference": "loss-0001"})
    assert first.body["voucher"].endswith("-000001")
