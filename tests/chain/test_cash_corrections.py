"""Wrong cash is undone at the counter over HTTP: by two, on its day, entry, till and voucher together (NB-5.1.6)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.approvals.errors import ApprovalFailed
from chalicelib.closing import service as closing
from chalicelib.identity.commands.set_withdrawal_password import set_withdrawal_password
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from tests.chain.bank import TELLER, Bank, Reply
from tests.chain.clerks import OTHER, Clerk, log_in
from tests.chain.counter import account, enter
from tests.chain.tellers import approved, decided, get, newest_voucher, operator, post, printed, seen, tellers

pytestmark = [pytest.mark.requirement("NB-5.1.6"), pytest.mark.requirement("NB-5.1.5")]

PIN = "273849"


class Counter:
    """A teller with an open till, a checker, and an account."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.teller, self.checker = tellers(bank)
        self.account = account(bank, enter(bank, 1))
        set_withdrawal_password(self.account, PIN, teller_id=TELLER)
        assert post(bank, self.teller, "tills", {"cash": "0.00"}).status == 201

    def deposit(self, amount: str, reference: str) -> str:
        body = {"account": self.account, "amount": amount, "reference": reference}
        return str(post(self.bank, self.teller, "deposits", body).body["voucher"])

    def withdrawal(self, amount: str, reference: str) -> str:
        body = {"account": self.account, "amount": amount, "reference": reference, "password": PIN}
        return str(post(self.bank, self.teller, "withdrawals", body).body["voucher"])

    def ask(self, voucher: str, reference: str = "correct-1", clerk: Clerk | None = None) -> Reply:
        body = {"reason": "存入账户有误", "reference": reference}
        return post(self.bank, clerk or self.teller, f"vouchers/{voucher}/corrections", body)

    def till(self) -> Any:
        return get(self.bank, self.teller, f"tills/{clock.business_date(clock.now())}/{self.teller.staff_id}").body


@pytest.fixture
def counter(bank: Bank) -> Counter:
    return Counter(bank)


def test_a_deposit_into_the_wrong_account_is_undone_and_done_anew(bank: Bank, counter: Counter) -> None:
    wrong = counter.deposit("500.00", "deposit-1")
    asked, again = counter.ask(wrong), counter.ask(wrong)
    assert asked.body == again.body
    shown = {change["fact"]: change["after"] for change in seen(bank, asked, counter.checker)["changes"]}
    assert (shown["corrects"], shown["amount"], shown["side"]) == (wrong, "500.00", "红字存款")
    assert bank.balance(counter.account) == 500_00
    assert approved(bank, asked, counter.checker)
    # the account and the till are as if nothing had been, and the voucher in red says what it corrects
    assert bank.balance(counter.account) == 0
    assert (counter.till()["cash"], counter.till()["taken_in"]) == ("0.00", "0.00")
    voucher = newest_voucher(bank, counter.teller)
    assert (voucher["kind"], voucher["facts"]["corrects"], voucher["checker"]) == (
        "cash_corrected",
        wrong,
        counter.checker.staff_id,
    )
    text = printed(bank, counter.teller, voucher["number"])
    assert "红字" in text
    assert wrong in text
    original = ledger.read_entry(str(get(bank, counter.teller, f"vouchers/{wrong}").body["entry"]))
    assert original is not None
    assert original["reversed_by"] == voucher["entry"]
    # once, and a correction is not corrected
    for number in (wrong, voucher["number"]):
        assert counter.ask(number, "correct-2").code == "cash_correction_refused"
    # what was meant is done anew, under a reference of its own, and the day balances
    body = {"account": counter.account, "amount": "500.00", "reference": "deposit-1"}
    assert post(bank, counter.teller, "deposits", body).code == "idempotency_key_reused"
    counter.deposit("50.00", "deposit-2")
    date = clock.business_date(clock.now())
    path = f"tills/{date}/{counter.teller.staff_id}/counts"
    assert post(bank, counter.teller, path, {"counted": "50.00"}).body["state"] == "closed"
    bank.settle()
    bank.clock.set(dt.datetime(2026, 11, 22, 0, 30, tzinfo=clock.SHANGHAI))
    assert closing.trial_balance(date, clock.now()).is_balanced
    cash = ledger.cash_account("0001")
    assert ledger.read_accounts([cash])[cash].posted_fen == -50_00


def test_a_withdrawal_of_a_wrong_amount_is_undone(bank: Bank, counter: Counter) -> None:
    counter.deposit("500.00", "deposit-1")
    wrong = counter.withdrawal("30.00", "withdraw-1")
    assert approved(bank, counter.ask(wrong), counter.checker)
    assert bank.balance(counter.account) == 500_00
    assert (counter.till()["cash"], counter.till()["given_out"]) == ("500.00", "0.00")
    assert newest_voucher(bank, counter.teller)["facts"]["side"] == "红字取款"


def cause(reply: Reply) -> str:
    """Why an approval could not be carried out."""
    assert reply.code == ApprovalFailed.code, reply
    return str(reply.body["facts"]["cause"])


def test_what_has_been_spent_or_counted_is_not_undone(bank: Bank, counter: Counter) -> None:
    first, second = counter.deposit("500.00", "deposit-1"), counter.deposit("20.00", "deposit-2")
    spent, late = counter.ask(first), counter.ask(second, "correct-2")
    # the holder has spent it
    counter.withdrawal("100.00", "withdraw-1")
    assert cause(decided(bank, spent, counter.checker)) == "insufficient_funds"
    # the till has been counted and handed back
    path = f"tills/{clock.business_date(clock.now())}/{counter.teller.staff_id}/counts"
    assert post(bank, counter.teller, path, {"counted": "420.00"}).body["state"] == "closed"
    assert cause(decided(bank, late, counter.checker)) == "till_not_open"
    assert bank.balance(counter.account) == 420_00


def test_it_is_undone_on_its_own_date_only(bank: Bank, counter: Counter) -> None:
    bank.clock.set(dt.datetime(2026, 11, 21, 23, 58, tzinfo=clock.SHANGHAI))
    for clerk in (counter.teller, counter.checker):
        log_in(bank, clerk)
    wrong = counter.deposit("500.00", "deposit-1")
    asked = counter.ask(wrong)
    bank.clock.set(dt.datetime(2026, 11, 22, 0, 0, tzinfo=clock.SHANGHAI))
    assert decided(bank, asked, counter.checker).code == "approval_expired"
    assert counter.ask(wrong, "correct-2").code == "cash_correction_refused"
    assert bank.balance(counter.account) == 500_00


def test_who_may_not(bank: Bank, counter: Counter) -> None:
    wrong = counter.deposit("500.00", "deposit-1")
    for clerk in (operator(bank), counter.checker):
        assert counter.ask(wrong, clerk=clerk).code == "staff_permission_denied"
    second, _ = tellers(bank)
    elsewhere, _ = tellers(bank, OTHER)
    assert counter.ask(wrong, clerk=second).code == "staff_not_entitled"
    assert counter.ask(wrong, clerk=elsewhere).code == "not_found"
    for number in ("0001-20261121-000099", "x", "0001-20261121-000001"):
        assert counter.ask(number).code in ("not_found", "cash_correction_refused")
    for body in ({}, {"reason": "", "reference": "correct-1"}, {"reason": "误", "reference": "x"}):
        reply = post(bank, counter.teller, f"vouchers/{wrong}/corrections", body)
        assert reply.code == "malformed_request"
    # another teller who asks past the counter's own route gets no further
    payload = {"voucher": wrong, "reason": "误"}
    by_hand = {"kind": "cash.correct", "payload": payload, "reason": "误"}
    headers = {"idempotency-key": "by-hand-1"}
    made = bank.request("POST", "/v1/staff/approvals", by_hand, token=second.token, headers=headers)
    path = f"/v1/staff/approvals/{made.body['request']['id']}/approval"
    refused = bank.request("POST", path, {"digest": made.body["digest"]}, token=counter.checker.token)
    assert cause(refused) == "second_person_required"
    assert bank.balance(counter.account) == 500_00
