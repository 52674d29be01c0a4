"""The query password is applied for or reset after data, withdrawal password and a code by SMS (NB-5.3.2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.customers import service as customers
from chalicelib.customers.commands.open_account import AccountForm, open_account
from chalicelib.customers.commands.open_customer import Person as Newcomer
from chalicelib.customers.commands.open_customer import open_customer
from chalicelib.customers.commands.sign_up import SignedUp
from chalicelib.customers.domain import IdentityDocument
from chalicelib.identity.commands.set_withdrawal_password import set_withdrawal_password
from chalicelib.notifications import providers
from chalicelib.platform import aws
from chalicelib.platform.errors import NotFound
from chalicelib.staff.errors import StaffNotEntitled
from tests.chain.bank import BRANCH, LIMITS, PASSWORD, TELLER, Bank, Reply
from tests.chain.outbox import texts_to
from tests.chain.probe import dies_after_the_write, same_refusal, table_items, unchanged, wrong_code

PIN, WRONG_PIN = "493817", "493818"
ID_NUMBER = "110105199003074210"
NEW = "Another-Lamp-8"


@dataclass(frozen=True)
class Someone:
    name: str
    phone: str
    signed: SignedUp

    @property
    def account(self) -> str:
        return self.signed.account_ids[0]


def opened(bank: Bank, name: str, phone: str, *kinds: str) -> Someone:
    """Somebody who opens accounts at the counter and does not sign up; the bank reaches them at another number."""
    now = bank.clock.now()
    document = IdentityDocument.of("resident_id", ID_NUMBER)
    newcomer = Newcomer(name, "13900000000", BRANCH, document, "19900307")
    customer_id = open_customer(newcomer, teller_id=TELLER, at=now)
    forms = [AccountForm(kind, phone, LIMITS, withdrawal_password=PIN) for kind in kinds]
    accounts = tuple(open_account(customer_id, form, teller_id=TELLER, at=now) for form in forms)
    return Someone(name, phone, SignedUp(customer_id, accounts))


@pytest.fixture
def holder(bank: Bank) -> Someone:
    """Somebody with an account and a card, who never signed up."""
    return opened(bank, "郑琳", "13900007777", "savings", "credit_card")


def apply(bank: Bank, who: Someone, **other: str) -> Reply:
    stated = {
        "name": who.name,
        "id_number": ID_NUMBER,
        "phone": who.phone,
        "account_id": who.account,
        "withdrawal_password": PIN,
    }
    return bank.request("POST", "/v1/password-applications", stated | other)


def confirm(bank: Bank, application_id: str, code: str, password: str = NEW) -> Reply:
    path = f"/v1/password-applications/{application_id}/confirmation"
    return bank.request("POST", path, {"code": code, "password": password})


def code_of(bank: Bank, who: Someone) -> str:
    bank.settle()
    return [text for text in texts_to(who.phone) if "验证码" in text][-1].split("验证码")[1][:6]


def log_in(bank: Bank, name: str, password: str = NEW) -> Reply:
    return bank.request("POST", "/v1/sessions", {"login_name": name, "password": password})


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.requirement("NB-5.4.1-express")
def test_a_holder_without_sign_up_gets_a_query_password_and_the_express_edition(bank: Bank, holder: Someone) -> None:
    assert log_in(bank, holder.account).code == "login_refused"
    applied = apply(bank, holder)
    assert (applied.status, applied.body["expires_in"]) == (202, 180)
    code = code_of(bank, holder)
    assert f"尾号{holder.account[-4:]}账户申请或重置查询密码" in texts_to(holder.phone)[0]
    assert confirm(bank, applied.body["application_id"], code).status == 204
    # every account number logs in, with express rights
    for account in holder.signed.account_ids:
        session = log_in(bank, account)
        assert (session.status, session.body["edition"]) == (201, "express")
    token = session.body["access_token"]
    assert [one["right"] for one in bank.request("GET", "/v1/accounts", token=token).body["accounts"]] == ["held"]
    payee = bank.sign_up("钱红")
    body = {"payer_account": holder.account, "payee_account": payee.account, "payee_name": "钱红", "amount": "1.00"}
    refused = bank.request("POST", "/v1/transfers", body, token=token, headers={"idempotency-key": "key-express"})
    assert refused.code == "edition_not_entitled"
    # no secret is anywhere
    held = repr([table_items(bank, name) for name in bank.references if name.endswith("Table") and "Local" not in name])
    assert not any(secret in held for secret in (NEW, PIN, code))


def test_an_application_whose_put_the_client_sends_twice_is_taken_all_the_same(bank: Bank, holder: Someone) -> None:
    # the first put is done and not answered: the client repeats it, and it finds its own
    put = aws.dynamodb().put_item

    def twice(**request: Any) -> Any:
        put(**request)
        return put(**request)

    with patch.object(aws.dynamodb(), "put_item", twice):
        applied = apply(bank, holder)
    assert applied.status == 202
    assert confirm(bank, applied.body["application_id"], code_of(bank, holder)).status == 204


@pytest.mark.requirement("XJ-4.2-phone")
def test_an_account_with_another_reserved_phone_does_not_come_along(bank: Bank, holder: Someone) -> None:
    form = AccountForm("savings", "13700000009", LIMITS, withdrawal_password=PIN)
    other = open_account(holder.signed.customer_id, form, teller_id=TELLER, at=bank.clock.now())
    applied = apply(bank, holder)
    assert confirm(bank, applied.body["application_id"], code_of(bank, holder)).status == 204
    assert set(customers.contracts_of(holder.signed.customer_id)) == set(holder.signed.account_ids)
    assert log_in(bank, other).code == "login_refused"
    token = log_in(bank, holder.account).body["access_token"]
    assert bank.request("POST", "/v1/cards", {"card": other}, token=token).code == "phone_not_reserved"


@pytest.mark.requirement("NB-5.4.1-card")
def test_who_holds_cards_alone_gets_the_credit_card_edition(bank: Bank) -> None:
    who = opened(bank, "冯刚", "13900006666", "credit_card", "credit_card")
    applied = apply(bank, who)
    assert confirm(bank, applied.body["application_id"], code_of(bank, who)).status == 204
    session = log_in(bank, who.signed.account_ids[1]).body
    assert session["edition"] == "credit_card"
    listed = bank.request("GET", "/v1/accounts", token=session["access_token"]).body["accounts"]
    assert {one["id"] for one in listed} == set(who.signed.account_ids)


@pytest.mark.requirement("NB-5.3.2")
def test_a_reset_ends_sessions_and_lock_and_the_old_password(bank: Bank) -> None:
    person = bank.sign_up("赵小明", document=IdentityDocument.of("resident_id", ID_NUMBER), birth_date="19900307")
    set_withdrawal_password(person.account, PIN, teller_id=TELLER)
    who = Someone(person.name, person.phone, person.signed)
    token = bank.log_in(person)
    for _ in range(3):
        log_in(bank, person.login_name, "Wrong-Horse-7")
    applied = apply(bank, who)
    assert confirm(bank, applied.body["application_id"], code_of(bank, who)).status == 204
    assert bank.request("GET", "/v1/accounts", token=token).code == "session_ended"
    assert log_in(bank, person.login_name, PASSWORD).code == "login_refused"
    assert log_in(bank, person.login_name).body["edition"] == "professional"
    kinds = {row["kind"] for row in table_items(bank, "SecurityEventsTable")}
    assert "password_reset" in kinds


@pytest.mark.requirement("NB-5.3.2")
def test_a_function_that_dies_after_a_reset_leaves_no_session(
    bank: Bank, holder: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = apply(bank, holder)
    assert confirm(bank, first.body["application_id"], code_of(bank, holder)).status == 204
    thief = log_in(bank, holder.account).body["access_token"]
    bank.clock.advance(dt.timedelta(seconds=1))
    again = apply(bank, holder)
    bank.settle()
    items = providers.LocalMessageItem.query(holder.phone)
    (code,) = [item.text.split("验证码")[1][:6] for item in items if again.body["application_id"] in item.message_id]
    with monkeypatch.context() as dying:
        dies_after_the_write(dying)
        assert confirm(bank, again.body["application_id"], code).status == 500
    assert bank.request("GET", "/v1/accounts", token=thief).code == "session_ended"


@pytest.mark.requirement("NB-5.3.6")
def test_who_only_looks_reports_the_phone_lost_too(bank: Bank, holder: Someone) -> None:
    # given online banking by a password application: codes go to the phone reserved for the account
    applied = apply(bank, holder)
    assert confirm(bank, applied.body["application_id"], code_of(bank, holder)).status == 204
    token = log_in(bank, holder.account).body["access_token"]
    # when the phone's loss is reported
    assert bank.request("POST", "/v1/factors/sms/loss", {}, token=token).status == 204
    # then no code goes there
    bank.settle()
    told = texts_to(holder.phone)
    apply(bank, holder)
    bank.settle()
    assert texts_to(holder.phone) == told


@pytest.mark.requirement("NB-5.3.2")
@pytest.mark.parametrize(
    "untrue",
    [
        {"name": "郑林"},
        {"id_number": "110105199003074211"},
        {"phone": "13900007778"},
        {"account_id": "9000010000000000017"},
        {"withdrawal_password": WRONG_PIN},
    ],
    ids=lambda untrue: next(iter(untrue)),
)
def test_what_is_not_true_looks_the_same_and_gets_no_code(bank: Bank, holder: Someone, untrue: dict[str, str]) -> None:
    true, false = apply(bank, holder), apply(bank, holder, **untrue)
    assert (false.status, false.body.keys(), false.body["expires_in"]) == (202, true.body.keys(), 180)
    code = code_of(bank, holder)
    assert len(texts_to(holder.phone)) == 1
    # a wrong code for the true one and any code for the untrue one are one answer
    wrong = confirm(bank, true.body["application_id"], wrong_code(code))
    refused = confirm(bank, false.body["application_id"], code)
    assert (wrong.code, wrong.status) == ("application_refused", 422)
    assert same_refusal(wrong, refused)
    assert same_refusal(wrong, confirm(bank, "a" * 26, code))
    assert same_refusal(wrong, confirm(bank, "x", code))


@pytest.mark.requirement("NB-5.3.3-sms")
def test_a_code_is_good_once_in_time_and_five_guesses_end_it(bank: Bank, holder: Someone) -> None:
    late = apply(bank, holder).body["application_id"]
    late_code = code_of(bank, holder)
    bank.clock.advance(dt.timedelta(seconds=180))
    assert confirm(bank, late, late_code).code == "application_refused"
    # given five wrong guesses, then the right code is of no use
    guessed = apply(bank, holder).body["application_id"]
    code = code_of(bank, holder)
    for _ in range(5):
        assert confirm(bank, guessed, wrong_code(code)).code == "application_refused"
    assert confirm(bank, guessed, code).code == "application_refused"
    # a weak password takes a try and leaves the application open; then it is used once
    good = apply(bank, holder).body["application_id"]
    fresh = code_of(bank, holder)
    assert confirm(bank, good, fresh, "19900307-Kx9").code == "password_personal"
    assert confirm(bank, good, fresh).status == 204
    assert confirm(bank, good, fresh, "Third-Kiesel-9").code == "application_refused"
    assert log_in(bank, holder.account).status == 201


@pytest.mark.requirement("XJ-4.2-pw")
def test_the_withdrawal_password_locks_after_five_wrong_ones(bank: Bank, holder: Someone) -> None:
    for _ in range(5):
        apply(bank, holder, withdrawal_password=WRONG_PIN)
    apply(bank, holder)
    bank.settle()
    assert texts_to(holder.phone) == []
    bank.clock.advance(dt.timedelta(minutes=30))
    apply(bank, holder)
    bank.settle()
    assert len(texts_to(holder.phone)) == 1


def test_what_the_counter_refuses(bank: Bank, holder: Someone) -> None:
    with unchanged(bank):
        with pytest.raises(StaffNotEntitled):
            set_withdrawal_password(holder.account, PIN, teller_id="T9999")
        with pytest.raises(NotFound):
            set_withdrawal_password("9000010000000000017", PIN, teller_id=TELLER)
        for pin in ("12345", "1234567", "abcdef"):
            with pytest.raises(ValueError, match="six digits"):
                set_withdrawal_password(holder.account, pin, teller_id=TELLER)
        newcomer = AccountForm("savings", holder.phone, LIMITS, withdrawal_password="12345")
        with pytest.raises(ValueError, match="six digits"):
            open_account(holder.signed.customer_id, newcomer, teller_id=TELLER, at=bank.clock.now())


@pytest.mark.requirement("NB-5.3.2")
def test_the_holder_is_told_of_a_lock_and_an_account_of_nobody_tells_nobody(bank: Bank, holder: Someone) -> None:
    nobodys = "9000010000000000017"
    for account in (holder.account, nobodys):
        for _ in range(6):
            assert apply(bank, holder, account_id=account, withdrawal_password=WRONG_PIN).status == 202
    bank.settle()
    # the bank reaches the holder, who never signed up, at the number it has
    assert len([text for text in texts_to("13900000000") if "网上申请已被锁定" in text]) == 1
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["kind"] == "withdrawal_password_locked"]
    assert [row["customer_id"] for row in rows] == [holder.signed.customer_id]
    # what is right is not let in meanwhile, and looks the same; half an hour later it is
    assert apply(bank, holder).status == 202
    bank.settle()
    assert texts_to(holder.phone) == []
    bank.clock.advance(dt.timedelta(minutes=30))
    apply(bank, holder)
    assert code_of(bank, holder)
