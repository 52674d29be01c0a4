"""The bank stops one customer's online transfers: a teller at once, two people let them go on (XJ-4.4-switch)."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.chain.bank import Bank, Person, Reply
from tests.chain.clerks import CITY, Clerk
from tests.chain.probe import table_items
from tests.chain.tellers import approved, decided, newest_voucher, operator, post, seen, tellers

pytestmark = pytest.mark.requirement("XJ-4.4-switch")

SWITCH = "/v1/settings/transfers"
REASON = {"reason": "客户来电称疑似被骗"}


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def counter(bank: Bank) -> tuple[Clerk, Clerk]:
    return tellers(bank)


@pytest.fixture
def payer(bank: Bank) -> Person:
    return bank.sign_up("赵小明", deposit="100.00")


def stop(bank: Bank, teller: Clerk, person: Person) -> Reply:
    return post(bank, teller, f"customers/{person.customer_id}/transfer-stops", REASON)


def resume(bank: Bank, teller: Clerk, person: Person, reference: str = "resume-0001") -> Reply:
    body = {"reason": "已核实为本人操作", "reference": reference}
    return post(bank, teller, f"customers/{person.customer_id}/transfer-resumptions", body)


def switch(bank: Bank, token: str, *, on: bool, step_up: dict[str, str] | None = None) -> Reply:
    return bank.request("PUT", SWITCH, {"on": on}, token=token, headers=step_up or {})


def kinds(bank: Bank, person: Person) -> list[str]:
    """What the customer's own log says of settings, by name: the clock stands still."""
    rows = [row for row in table_items(bank, "SecurityEventsTable") if row["customer_id"] == person.customer_id]
    return sorted(str(row["kind"]) for row in rows if row["category"] == "setting")


def test_the_bank_stops_a_customers_transfers_at_once_and_two_let_them_go_on(
    bank: Bank, counter: tuple[Clerk, Clerk], payer: Person
) -> None:
    teller, checker = counter
    payee = bank.sign_up("钱红")
    token = bank.log_in(payer)
    # given a transfer whose code has come
    transfer_id = bank.create(token, payer, payee, "1.00", "key-before").body["id"]
    bank.settle()
    code = bank.code_for(payer, transfer_id)
    # when the bank stops them, with a voucher
    stopped = stop(bank, teller, payer)
    assert stopped.status == 201, stopped
    voucher = newest_voucher(bank, teller)
    assert (voucher["number"], voucher["kind"]) == (stopped.body["voucher"], "transfers_stopped")
    # then neither the new one nor the old one goes out, and money between own accounts would
    refused = bank.create(token, payer, payee, "1.00", "key-after")
    assert (refused.status, refused.code) == (422, "transfers_stopped")
    assert bank.confirm(token, transfer_id, code).code == "transfers_stopped"
    assert bank.request("GET", SWITCH, token=token).body == {"on": True, "stopped_by_bank": True}
    # and the customer is told that, not why
    bank.settle()
    (told,) = [text for text in bank.messages(payer) if "本行已停用网上转账" in text]
    assert REASON["reason"] not in told
    # and one person alone does not let them go on
    asked = resume(bank, teller, payer)
    shown = seen(bank, asked, checker)
    assert (shown["request"]["kind"], shown["request"]["state"]) == ("customer.resume_transfers", "requested")
    assert bank.confirm(token, transfer_id, code).code == "transfers_stopped"
    assert approved(bank, asked, checker)
    # then what waited is confirmed, and all of it is on record
    assert bank.request("GET", SWITCH, token=token).body == {"on": True, "stopped_by_bank": False}
    assert bank.confirm(token, transfer_id, code).status == 200
    assert kinds(bank, payer) == ["signed_up", "transfers_resumed", "transfers_stopped"]
    assert newest_voucher(bank, teller)["kind"] == "transfers_resumed"
    noted = [row for row in table_items(bank, "StaffActionsTable") if row["action"] == "transfers.stopped"]
    assert [(row["on"], row["staff_id"]) for row in noted] == [(payer.customer_id, teller.staff_id)]


def test_neither_switch_undoes_the_other(bank: Bank, counter: tuple[Clerk, Clerk], payer: Person) -> None:
    teller, checker = counter
    token, payee = bank.log_in(payer), bank.sign_up("钱红")
    assert switch(bank, token, on=False).status == 200
    asked = switch(bank, token, on=True)
    bank.settle()
    confirmed = bank.step_up(token, payer, asked)
    # when the bank stops what the customer has off, then the customer does not get it on, a step-up or none
    assert stop(bank, teller, payer).status == 201
    for step_up in ({}, confirmed):
        refused = switch(bank, token, on=True, step_up=step_up)
        assert (refused.status, refused.code) == (422, "transfers_stopped")
    # and after the bank's stop it is the customer's own off that holds
    assert approved(bank, resume(bank, teller, payer), checker)
    assert bank.create(token, payer, payee, "1.00", "key-0001").code == "transfers_switched_off"
    # what the customer switches off during a stop stays off, too
    assert switch(bank, token, on=True, step_up=confirmed).body == {"on": True, "stopped_by_bank": False}
    assert stop(bank, teller, payer).status == 201
    assert switch(bank, token, on=False).body == {"on": False, "stopped_by_bank": True}
    assert approved(bank, resume(bank, teller, payer, "resume-0002"), checker)
    assert bank.create(token, payer, payee, "1.00", "key-0002").code == "transfers_switched_off"


def test_a_stop_and_its_end_are_each_done_once(bank: Bank, counter: tuple[Clerk, Clerk], payer: Person) -> None:
    teller, checker = counter
    assert resume(bank, teller, payer).code == "transfer_stop_unchanged"
    assert stop(bank, teller, payer).status == 201
    again = stop(bank, teller, payer)
    assert (again.status, again.code) == (409, "transfer_stop_unchanged")
    # given a request for the end of one stop, another stop is not ended by it
    old = resume(bank, teller, payer, "resume-0002")
    assert approved(bank, resume(bank, teller, payer, "resume-0003"), checker)
    bank.clock.advance(dt.timedelta(milliseconds=1))
    assert stop(bank, teller, payer).status == 201
    assert decided(bank, old, checker).code == "approval_outdated"


def test_who_may_stop_whose(bank: Bank, counter: tuple[Clerk, Clerk], payer: Person) -> None:
    _, checker = counter
    for clerk in (checker, operator(bank)):
        assert stop(bank, clerk, payer).code == "staff_permission_denied"
    elsewhere, _ = tellers(bank, CITY)
    unknown = post(bank, elsewhere, "customers/aaaaaaaaaaaaaaaaaaaa/transfer-stops", REASON)
    other = stop(bank, elsewhere, payer)
    assert (other.status, other.code) == (unknown.status, unknown.code)
    assert bank.request("GET", SWITCH, token=bank.log_in(payer)).body["stopped_by_bank"] is False
