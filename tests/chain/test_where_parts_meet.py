"""Attacks that go through two parts of the bank at once, where each alone would hold."""

from __future__ import annotations

import datetime as dt
from unittest.mock import patch

import pytest

from chalicelib.customers.commands import change_edition, change_phone
from chalicelib.customers.commands.open_account import AccountForm, open_account
from chalicelib.customers.commands.sign_up import AccountWish, SignUp, sign_up
from chalicelib.customers.commands.sign_up_online import OnlineForm, sign_up_online
from chalicelib.customers.errors import PhoneNotReserved, SignUpRefused
from chalicelib.identity import service as identity
from chalicelib.ledger import service as ledger
from chalicelib.notifications import providers
from chalicelib.parameters import service as parameters
from tests.chain import counter, signers
from tests.chain.bank import BRANCH, LIMITS, PASSWORD, TELLER, Bank, Person, Reply
from tests.chain.device import Device
from tests.chain.outbox import texts_to
from tests.chain.probe import table_items, unchanged
from tests.chain.test_log_in_work import counted
from tests.chain.two_people import done

OLD, NEW_PHONE, THIEF = "13700000001", "13700000002", "13700000666"
PIN = "493817"
NEW = "Another-Lamp-8"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def owner(bank: Bank) -> Person:
    person = bank.sign_up("赵小明", deposit="100.00")
    bank.settle()
    return person


def serial(bank: Bank) -> int:
    """A document that no other test of the module has."""
    return len(table_items(bank, "IdentitiesTable")) + 1


def log_in(bank: Bank, name: str, password: str = PASSWORD) -> Reply:
    return bank.request("POST", "/v1/sessions", {"login_name": name, "password": password})


def apply(bank: Bank, name: str, phone: str, account_id: str, id_number: str, pin: str = PIN) -> str:
    stated = {"name": name, "phone": phone, "account_id": account_id, "id_number": id_number}
    reply = bank.request("POST", "/v1/password-applications", stated | {"withdrawal_password": pin})
    assert reply.status == 202, reply
    bank.settle()
    return str(reply.body["application_id"])


def codes_to(phone: str) -> list[str]:
    """The codes that a number got, oldest first."""
    return [text.split("验证码")[1][:6] for text in texts_to(phone) if "】验证码" in text]


def enter(bank: Bank, application_id: str, code: str) -> Reply:
    path = f"/v1/password-applications/{application_id}/confirmation"
    return bank.request("POST", path, {"code": code, "password": NEW})


@pytest.mark.requirement("NB-5.2.6")
@pytest.mark.parametrize("is_online", [False, True])
def test_a_form_with_somebody_elses_document_changes_nothing(bank: Bank, is_online: bool) -> None:
    number = serial(bank)
    victim = counter.enter(bank, number)
    account_id = counter.account(bank, victim)
    if is_online:
        counter.sign_up(bank, victim, account_id)
    form = SignUp(
        name="赵小明" if is_online else "钱江",
        phone="13600000000" if is_online else THIEF,
        branch_id=BRANCH,
        login_name=f"thief{number}",
        password=PASSWORD,
        limit_outward_fen=1,
        accounts=(AccountWish("savings", ledger.RIGHT_FULL, LIMITS),),
        document=counter.document(number),
        birth_date=counter.BIRTH_DATE,
    )
    with unchanged(bank), pytest.raises(SignUpRefused):
        sign_up(form, teller_id=TELLER, at=bank.clock.now())


@pytest.mark.requirement("NB-5.3.6")
def test_after_the_loss_of_sms_codes_they_confirm_nothing_else_either(bank: Bank, owner: Person) -> None:
    token = bank.log_in(owner)
    bank.request("DELETE", "/v1/settings/transfers", token=token)
    phone = Device(bank, owner)
    waiting = phone.asked()
    code = bank.code_for(owner, waiting)
    assert bank.request("POST", "/v1/factors/sms/loss", token=token).status == 204
    bank.clock.advance(dt.timedelta(seconds=1))
    # what waited for a code that the lost phone got is void, and nothing new is sent there
    assert phone.enter(waiting, code).code == "phone_changed"
    before = codes_to(owner.phone)
    assert Device(bank, owner).log_in().code == "strong_factor_required"
    bank.settle()
    assert codes_to(owner.phone) == before
    # the number can still be changed at the counter, and codes come back once staff lift the loss
    now = bank.clock.now()
    number = "138" + owner.phone[3:]
    begun = change_phone.begin_at_counter(
        owner.customer_id, number, teller_id=TELLER, correlation_id="counter-1", now=now
    )
    bank.settle()
    (proof,) = codes_to(number)
    change_phone.complete_at_counter(owner.customer_id, begun.challenge_id, proof, teller_id=TELLER, now=now)
    done("factor.lift_loss", customer_id=owner.customer_id, factor_id="sms")
    bank.clock.advance(dt.timedelta(seconds=1))
    moved = Person(owner.name, number, owner.login_name, owner.signed)
    assert Device(bank, moved).bind().status == 201


@pytest.mark.requirement("NB-5.3.6")
def test_after_the_loss_of_sms_codes_no_password_is_applied_for(bank: Bank) -> None:
    number = serial(bank)
    document = counter.document(number)
    wish = AccountWish("savings", ledger.RIGHT_FULL, LIMITS, withdrawal_password=PIN)
    person = bank.sign_up("孙丽", document=document, birth_date=counter.BIRTH_DATE, accounts=(wish,))
    waiting = apply(bank, person.name, person.phone, person.account, document.number)
    (code,) = codes_to(person.phone)
    token = bank.log_in(person)
    assert bank.request("POST", "/v1/factors/sms/loss", token=token).status == 204
    bank.clock.advance(dt.timedelta(seconds=1))
    assert enter(bank, waiting, code).code == "application_refused"
    apply(bank, person.name, person.phone, person.account, document.number)
    assert codes_to(person.phone) == [code]
    assert log_in(bank, person.login_name).status == 201


@pytest.mark.requirement("NB-5.3.3-dl")
@pytest.mark.requirement("NB-5.3.7-2")
def test_a_download_code_that_went_to_the_old_number_is_void(bank: Bank, owner: Person) -> None:
    signer = signers.Signer(factor_id=signers.apply(bank, owner, "phone"))
    code = signers.download_code(bank, owner, signer.factor_id)
    bank.clock.advance(dt.timedelta(seconds=1))
    changed(bank, owner.customer_id, "138" + owner.phone[3:])
    token = bank.log_in(owner)
    refused = signers.download(bank, token, signer.factor_id, code, signer.request_pem())
    assert refused.code == "phone_changed"
    # applied for again, the code goes to the new number and is good
    bank.clock.advance(dt.timedelta(seconds=1))
    moved = Person(owner.name, "138" + owner.phone[3:], owner.login_name, owner.signed)
    assert signers.apply(bank, moved, "phone") == signer.factor_id
    code = signers.download_code(bank, moved, signer.factor_id)
    assert signers.download(bank, token, signer.factor_id, code, signer.request_pem()).status == 201


def changed(bank: Bank, customer_id: str, number: str) -> None:
    """The reserved phone changed at the counter."""
    now = bank.clock.now()
    begun = change_phone.begin_at_counter(customer_id, number, teller_id=TELLER, correlation_id="counter-2", now=now)
    bank.settle()
    (code,) = [
        item.text.split("验证码")[1][:6]
        for item in providers.LocalMessageItem.query(number)
        if f"#{begun.challenge_id}#code#" in item.message_id
    ]
    change_phone.complete_at_counter(customer_id, begun.challenge_id, code, teller_id=TELLER, now=now)


@pytest.mark.requirement("XJ-4.2-phone")
def test_the_phone_reserved_for_an_account_follows_a_change(bank: Bank) -> None:
    """A thief with the old SIM, the document and the card's password gets no online banking."""
    number = serial(bank)
    old, new = f"1350000{number:04d}", f"1351000{number:04d}"
    customer_id = counter.enter(bank, number, phone=old)
    now = bank.clock.now()
    held = open_account(
        customer_id, AccountForm("savings", old, LIMITS, withdrawal_password=PIN), teller_id=TELLER, at=now
    )
    other = counter.account(bank, customer_id, phone=OLD)
    changed(bank, customer_id, new)
    bank.clock.advance(dt.timedelta(seconds=1))
    apply(bank, "赵小明", old, held, counter.document(number).number)
    assert codes_to(old) == []
    form = OnlineForm(customer_id, old, f"follow{number}", PASSWORD, {held: ledger.RIGHT_FULL}, 1000_00)
    with pytest.raises(PhoneNotReserved):
        sign_up_online(form, teller_id=TELLER, at=bank.clock.now())
    # the new one does; what is reserved at another number stays there
    before = codes_to(new)
    application = apply(bank, "赵小明", new, held, counter.document(number).number)
    (code,) = codes_to(new)[len(before) :]
    assert enter(bank, application, code).status == 204
    rows = {row["account_id"]: row["reserved_phone"] for row in table_items(bank, "HoldingsTable")}
    assert (rows[held], rows[other]) == (new, OLD)


@pytest.mark.requirement("NB-5.3.2")
def test_applications_of_a_day_are_counted(bank: Bank) -> None:
    """Who knows everything but the code neither floods its owner nor gets endless tries at it."""
    number = serial(bank)
    phone = f"1352000{number:04d}"
    customer_id = counter.enter(bank, number)
    now = bank.clock.now()
    form = AccountForm("savings", phone, LIMITS, withdrawal_password=PIN)
    account_id = open_account(customer_id, form, teller_id=TELLER, at=now)
    most = parameters.PASSWORD_APPLICATIONS_DAY.default
    id_number = counter.document(number).number
    made = [apply(bank, "赵小明", phone, account_id, id_number) for _ in range(most + 3)]
    assert len(codes_to(phone)) == most
    assert {enter(bank, application, "000000").code for application in made[most:]} == {"application_refused"}
    # untrue ones take nothing from the next day's, which begins at midnight in Shanghai
    bank.clock.advance(dt.timedelta(hours=14))
    for _ in range(most):
        apply(bank, "赵小明", THIEF, account_id, id_number, pin=PIN)
    bank.clock.advance(dt.timedelta(minutes=31))
    apply(bank, "赵小明", phone, account_id, id_number)
    assert len(codes_to(phone)) == most + 1


@pytest.mark.requirement("XJ-4.2-pw")
def test_who_knows_the_withdrawal_password_gets_no_endless_tries_at_the_rest(bank: Bank) -> None:
    number = serial(bank)
    phone = f"1353000{number:04d}"
    customer_id = counter.enter(bank, number)
    form = AccountForm("savings", phone, LIMITS, withdrawal_password=PIN)
    account_id = open_account(customer_id, form, teller_id=TELLER, at=bank.clock.now())
    for guess in range(parameters.LOGIN_TRIES.default):
        apply(bank, "赵小明", phone, account_id, f"11010519900307{guess:04d}")
    apply(bank, "赵小明", phone, account_id, counter.document(number).number)
    assert codes_to(phone) == []


@pytest.mark.requirement("NB-5.3.2")
def test_a_log_in_with_the_old_password_does_not_outlive_its_change(bank: Bank, owner: Person) -> None:
    """The change falls between the check of the password and the beginning of the session."""
    token = bank.log_in(owner)
    served = identity._served  # what is read between the two

    def meanwhile(customer_id: str, edition: str | None) -> object:
        body = {"old_password": PASSWORD, "new_password": NEW}
        assert bank.request("POST", "/v1/credentials/password", body, token=token).status == 200
        return served(customer_id, edition)

    with patch.object(identity, "_served", meanwhile):
        overtaken = log_in(bank, owner.login_name)
    assert (overtaken.status, overtaken.code) == (503, "try_again")
    assert log_in(bank, owner.login_name).code == "login_refused"
    assert log_in(bank, owner.login_name, NEW).status == 201


@pytest.mark.requirement("NB-5.3.2")
def test_a_device_asked_for_with_the_old_password_gets_no_session(bank: Bank, owner: Person) -> None:
    token = bank.log_in(owner)
    device = Device(bank, owner)
    step_up = device.asked()
    body = {"old_password": PASSWORD, "new_password": NEW}
    assert bank.request("POST", "/v1/credentials/password", body, token=token).status == 200
    assert device.enter(step_up, bank.code_for(owner, step_up)).code == "login_refused"
    assert device.log_in().code == "login_refused"


@pytest.mark.requirement("NB-5.4.1-pro")
def test_a_session_of_an_edition_no_longer_signed_up_for_is_not_renewed(bank: Bank, owner: Person) -> None:
    session = log_in(bank, owner.login_name).body
    change_edition.downgrade(owner.customer_id, "express", teller_id=TELLER, at=bank.clock.now())
    refresh = {"refresh_token": session["refresh_token"]}
    assert bank.request("POST", "/v1/sessions/refresh", refresh).code == "refresh_refused"
    assert bank.request("GET", "/v1/accounts", token=session["access_token"]).code == "session_ended"


@pytest.mark.requirement("XJ-4.2-pw")
def test_whichever_fact_is_untrue_an_application_costs_the_same(bank: Bank) -> None:
    """No write tells who guesses that the withdrawal password at least was right."""
    number = serial(bank)
    phone = f"1354000{number:04d}"
    customer_id = counter.enter(bank, number)
    form = AccountForm("savings", phone, LIMITS, withdrawal_password=PIN)
    account_id = open_account(customer_id, form, teller_id=TELLER, at=bank.clock.now())
    id_number = counter.document(number).number
    true = ("赵小明", phone, account_id, id_number, PIN)
    apply(bank, *true)  # policy is read by whoever comes first
    untrue = {0: "钱江", 1: THIEF, 2: "9000010000000000017", 3: "110105199003074211", 4: "493818"}
    found = []
    for place, value in untrue.items():
        with counted() as work:
            stated = [value if index == place else fact for index, fact in enumerate(true)]
            names = ("name", "phone", "account_id", "id_number", "withdrawal_password")
            assert (
                bank.request("POST", "/v1/password-applications", dict(zip(names, stated, strict=True))).status == 202
            )
        found.append(work)
    assert found == found[:1] * len(untrue)
