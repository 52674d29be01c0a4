"""Editions change at the counter: with a history, at once for money, and not for sessions that are open."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.customers import service as customers
from chalicelib.customers.commands.change_edition import Upgrade, close_online, downgrade, upgrade
from chalicelib.customers.errors import (
    EditionChangeRefused,
    NoSettlementAccount,
    PhoneNotReserved,
    SignUpRefused,
)
from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands.change_state import change_state
from chalicelib.platform.errors import NotFound
from chalicelib.staff import service as staff
from chalicelib.staff.errors import StaffNotEntitled
from tests.chain.bank import PASSWORD, TELLER, Bank, Person, Reply
from tests.chain.counter import account, enter, sign_up


def raised(bank: Bank, customer_id: str, rights: dict[str, str], **changes: Any) -> None:
    """Upgrade at the counter."""
    teller_id = changes.pop("teller_id", TELLER)
    facts = {"factor": "sms", "limit_outward_fen": 100_00, **changes}
    upgrade(Upgrade(customer_id=customer_id, rights=rights, **facts), teller_id=teller_id, at=bank.clock.now())


def looker(bank: Bank, edition: str, kind: str) -> tuple[str, str, str]:
    """A customer of an edition that looks only: id, account, log-in name."""
    person = enter(bank, 1)
    held = account(bank, person, kind)
    name = sign_up(bank, person, held, edition=edition, rights={held: "query"}, limit_outward_fen=0)
    return person, held, name


def pay(bank: Bank, token: str, payer: str, payee: Person, amount: str, key: str) -> Reply:
    body = {"payer_account": payer, "payee_account": payee.account, "payee_name": payee.name, "amount": amount}
    return bank.request("POST", "/v1/transfers", body, token=token, headers={"idempotency-key": key})


@pytest.mark.requirement("NB-5.4.1-up")
@pytest.mark.requirement("NB-5.4.1-pro")
@pytest.mark.parametrize(("edition", "kind"), [("express", "savings"), ("credit_card", "credit_card")])
def test_an_upgrade_lets_pay_up_to_its_limit_and_is_remembered(bank: Bank, edition: str, kind: str) -> None:
    # given a customer who only looks, with a session
    person, _, name = looker(bank, edition, kind)
    payee, before = bank.sign_up("钱红"), bank.request("POST", "/v1/sessions", credentials(name)).body
    savings = account(bank, person)
    bank.deposit(savings, 500_00)
    assert pay(bank, before["access_token"], savings, payee, "1.00", "before-upgrade-1").code == "edition_not_entitled"
    # when the counter upgrades a minute later
    bank.clock.set(bank.clock.now() + dt.timedelta(minutes=1))
    raised(bank, person, {savings: "full"})
    # then the session that was open keeps its edition, a renewed one too, and a new one pays up to the limit
    renewed = bank.request("POST", "/v1/sessions/refresh", {"refresh_token": before["refresh_token"]}).body
    assert (before["edition"], renewed["edition"]) == (edition, edition)
    after = bank.request("POST", "/v1/sessions", credentials(name)).body
    assert after["edition"] == "professional"
    token = after["access_token"]
    assert pay(bank, token, savings, payee, "100.01", "after-upgrade-1").code == "customer_day_limit_exceeded"
    assert pay(bank, token, savings, payee, "100.00", "after-upgrade-2").status == 201
    # and there is a history
    history = [(change["from"], change["to"], change["by"]) for change in customers.editions_of(person)]
    assert history == [("none", edition, TELLER), (edition, "professional", TELLER)]
    assert customers.editions_of(person)[1]["at"] == "2026-11-21T02:01:00.000Z"
    (codes,) = [row for row in factors.factors_of(person) if row.factor_id == "sms"]
    assert codes.state == "active"


def credentials(name: str) -> dict[str, str]:
    return {"login_name": name, "password": PASSWORD}


@pytest.mark.requirement("NB-5.4.1-up")
@pytest.mark.requirement("XJ-3.3")
def test_which_upgrades_are_refused(bank: Bank) -> None:
    person, card, _ = looker(bank, "credit_card", "credit_card")
    savings, other_phone = account(bank, person), account(bank, person, phone="13700000009")
    staff.appoint_teller("T0002", "柜员乙", "0002", PASSWORD)
    for refusal, rights, changes in (
        (NoSettlementAccount, {card: "full"}, {}),
        (PhoneNotReserved, {other_phone: "full"}, {}),
        (SignUpRefused, {}, {}),
        (SignUpRefused, {savings: "full"}, {"factor": ""}),
        (SignUpRefused, {savings: "full"}, {"factor": "token"}),
        (SignUpRefused, {savings: "full"}, {"factor": "banana"}),
        (SignUpRefused, {savings: "full"}, {"limit_outward_fen": -1}),
        (SignUpRefused, {savings: "held"}, {}),
        (StaffNotEntitled, {savings: "full"}, {"teller_id": "T0002"}),
    ):
        with pytest.raises(refusal):
            raised(bank, person, rights, **changes)
    change_state(savings, before="open", after="frozen")
    with pytest.raises(NoSettlementAccount):
        raised(bank, person, {savings: "full"})
    change_state(savings, before="frozen", after="open")
    raised(bank, person, {savings: "full"})
    with pytest.raises(EditionChangeRefused):
        raised(bank, person, {savings: "full"})
    with pytest.raises(NotFound):
        raised(bank, "nobody", {savings: "full"})
    with pytest.raises(EditionChangeRefused):
        raised(bank, enter(bank, 2), {savings: "full"})
    assert [change["to"] for change in customers.editions_of(person)] == ["credit_card", "professional"]


@pytest.mark.requirement("NB-5.4.1-express")
def test_after_a_downgrade_no_open_session_pays(bank: Bank) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, "10.00", "downgrade-key-1").body["id"]
    bank.settle()
    code = bank.code_for(payer, created)
    for edition in ("professional", "gold"):
        with pytest.raises(EditionChangeRefused):
            downgrade(payer.customer_id, edition, teller_id=TELLER, at=bank.clock.now())
    downgrade(payer.customer_id, "express", teller_id=TELLER, at=bank.clock.now())
    assert bank.confirm(token, created, code).code == "edition_not_entitled"
    assert bank.request("GET", "/v1/accounts", token=token).status == 200
    assert bank.balance(payer.account) == 100_00


@pytest.mark.requirement("NB-5.4.1-up")
def test_a_closed_customer_is_out_everywhere_at_once(bank: Bank) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    grants = [bank.request("POST", "/v1/sessions", credentials(payer.login_name)).body for _ in range(2)]
    token = grants[0]["access_token"]
    created = bank.create(token, payer, payee, "10.00", "closing-key-01").body["id"]
    bank.settle()
    code = bank.code_for(payer, created)
    # when online banking is closed, twice
    for _ in range(2):
        close_online(payer.customer_id, teller_id=TELLER, at=bank.clock.now())
    # then nothing is served: money, reads, renewal, log-in
    assert bank.confirm(token, created, code).code == "account_query_only"
    for grant in grants:
        assert bank.request("GET", "/v1/accounts", token=grant["access_token"]).code == "session_ended"
        reply = bank.request("POST", "/v1/sessions/refresh", {"refresh_token": grant["refresh_token"]})
        assert reply.code == "refresh_refused"
    assert bank.request("POST", "/v1/sessions", credentials(payer.login_name)).code == "login_refused"
    assert bank.balance(payer.account) == 100_00
    # and the account is the customer's still, at the counter only
    assert customers.contracts_of(payer.customer_id) == {}
    assert ledger.read_accounts([payer.account])[payer.account].right == ledger.RIGHT_HELD
    bank.deposit(payer.account, 1_00)
    assert [change["to"] for change in customers.editions_of(payer.customer_id)] == ["professional", "none"]
    with pytest.raises(SignUpRefused):
        sign_up(bank, payer.customer_id, payer.account)


def test_who_never_signed_up_has_nothing_to_close(bank: Bank) -> None:
    with pytest.raises(EditionChangeRefused):
        close_online(enter(bank, 1), teller_id=TELLER, at=bank.clock.now())
    with pytest.raises(NotFound):
        close_online("nobody", teller_id=TELLER, at=bank.clock.now())
