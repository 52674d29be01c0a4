"""Receive codes over HTTP: shown face to face, scanned, and paid once (YQ-4.2.2-xfer)."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.parameters import service as parameters
from tests.chain.bank import Bank, Person, Reply
from tests.chain.probe import force_account, table_items, unchanged

pytestmark = pytest.mark.requirement("YQ-4.2.2-xfer")

CODES, LOOKUPS, PAYMENTS = "/v1/receive-codes", "/v1/receive-code-lookups", "/v1/receive-code-payments"
VALID_S, DAY_FEN = parameters.PAYCODE_VALID_S.default, parameters.STATIC_CODES_DAY_FEN.default


@dataclass
class Stall:
    """A payee with a phone that shows codes, and payers who scan them."""

    bank: Bank
    payee: Person
    payer: Person

    def show(self, **more: Any) -> Reply:
        body = {"account": self.payee.account, **more}
        return self.bank.request("POST", CODES, body, token=self.bank.log_in(self.payee))

    def payload(self, **more: Any) -> str:
        shown = self.show(**more)
        assert shown.status == 201, shown
        return str(shown.body["payload"])

    def scan(self, payload: str, who: Person | None = None) -> Reply:
        return self.bank.request("POST", LOOKUPS, {"payload": payload}, token=self.bank.log_in(who or self.payer))

    def pay(self, payload: str, key: str, who: Person | None = None, **more: Any) -> Reply:
        payer = who or self.payer
        body = {"payload": payload, "payer_account": payer.account, **more}
        headers = {"idempotency-key": key}
        return self.bank.request("POST", PAYMENTS, body, token=self.bank.log_in(payer), headers=headers)

    def confirm(self, made: Reply, who: Person | None = None) -> Reply:
        payer = who or self.payer
        assert made.status in (200, 201), made
        self.bank.settle()
        code = self.bank.code_for(payer, made.body["id"])
        return self.bank.confirm(self.bank.log_in(payer), made.body["id"], code)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.fixture
def stall(bank: Bank) -> Stall:
    return Stall(bank, bank.sign_up("钱红"), bank.sign_up("赵小明", deposit="2000.00"))


@pytest.mark.requirement("YQ-4.2.2-f2f")
def test_the_payer_sees_name_and_amount_and_pays_by_what_was_shown(stall: Stall) -> None:
    # given a code for 12.50 that the payee shows
    shown = stall.show(amount="12.50")
    assert (shown.status, shown.body["kind"], shown.body["state"]) == (201, "single", "open")
    payload = shown.body["payload"]
    # then its text has no account, no name and no amount in it, and the bank keeps it nowhere
    assert not any(text in payload for text in (stall.payee.account, stall.payee.name, "12.50"))
    random_part = payload.rpartition(":")[2]
    assert not any(random_part in json.dumps(item, default=str) for item in table_items(stall.bank, "PayCodesTable"))
    # when the payer scans it
    found = stall.scan(payload)
    assert (found.status, found.body["payee_name"], found.body["amount"]) == (200, "*红", "12.50")
    assert stall.payee.account not in json.dumps(found.body)
    # then it is paid as a transfer is, by the payer's factor, and the payee has the money
    made = stall.pay(payload, "stall-key-1")
    assert (made.status, made.body["amount"], made.body["fee"]) == (201, "12.50", "0.00")
    confirmed = stall.confirm(made)
    assert (confirmed.status, confirmed.body["state"]) == (200, "posted")
    assert (stall.bank.balance(stall.payee.account), stall.bank.balance(stall.payer.account)) == (12_50, 1987_50)
    # whose receipt says how
    stall.bank.settle()
    token = stall.bank.log_in(stall.payer)
    receipt = stall.bank.request("GET", f"/v1/transfers/{made.body['id']}/receipt", token=token)
    assert (receipt.status, receipt.body["channel"]) == (200, "手机银行（收款码）")
    # and sent again it answers what was made, though the code is used
    again = stall.pay(payload, "stall-key-1")
    assert (again.status, again.body["id"], again.headers["Idempotency-Hit"]) == (200, made.body["id"], "true")


@pytest.mark.requirement("YQ-4.2.2-f2f")
def test_a_code_for_one_payment_is_paid_once(stall: Stall) -> None:
    # given two who scan one code, and both have a transfer that waits
    payload, other = stall.payload(), stall.bank.sign_up("孙丽", deposit="100.00")
    first, second = (
        stall.pay(payload, "once-key-1", amount="3.00"),
        stall.pay(payload, "once-key-2", other, amount="3.00"),
    )
    # when both confirm
    assert stall.confirm(second, other).status == 200
    refused = stall.confirm(first)
    # then one has paid, and the other is told that nothing of theirs moved
    assert (refused.status, refused.code) == (409, "receive_code_used")
    assert [stall.bank.balance(one.account) for one in (stall.payee, stall.payer, other)] == [3_00, 2000_00, 97_00]
    for told in (stall.scan(payload), stall.pay(payload, "once-key-3", amount="3.00")):
        assert (told.status, told.code) == (409, "receive_code_used")


@pytest.mark.requirement("YQ-4.2.2-f2f")
def test_a_code_for_one_payment_ends_within_moments(stall: Stall) -> None:
    payload = stall.payload(amount="1.00")
    made = stall.pay(payload, "late-key-1")
    stall.bank.settle()
    stall.bank.clock.advance(dt.timedelta(seconds=VALID_S, milliseconds=-1))
    assert stall.scan(payload).status == 200
    stall.bank.clock.advance(dt.timedelta(milliseconds=1))
    for told in (stall.scan(payload), stall.pay(payload, "late-key-2")):
        assert (told.status, told.code) == (422, "receive_code_expired")
    # but what was made in time may be confirmed while its own time lasts
    assert stall.confirm(made).status == 200


@pytest.mark.parametrize(
    ("asked", "paid", "code"),
    [
        ("12.50", "12.49", "receive_code_amount_differs"),
        ("12.50", "12.50", None),
        (None, None, "receive_code_amount_missing"),
        (None, "0.00", "amount_out_of_range"),
        (None, "99999999999.00", "factor_ceiling_exceeded"),
    ],
)
def test_the_amount_is_the_payees_or_else_the_payers(
    stall: Stall, asked: str | None, paid: str | None, code: str | None
) -> None:
    payload = stall.payload(amount=asked)
    made = stall.pay(payload, "amount-key-1", amount=paid)
    assert (made.code if made.status != 201 else None) == code


def test_static_codes_have_a_daily_limit_of_their_own(stall: Stall) -> None:
    # given what hangs on two walls
    neighbour = Stall(stall.bank, stall.bank.sign_up("周平"), stall.payer)
    static, other = stall.payload(kind="static"), neighbour.payload(kind="static")
    assert stall.confirm(stall.pay(static, "static-key-1", amount="300.00")).status == 200
    assert stall.confirm(stall.pay(other, "static-key-2", amount="199.99")).status == 200
    # then a day's payments by any of them add up, at creation and at confirmation
    waiting = stall.pay(static, "static-key-3", amount="0.01")
    refused = stall.pay(static, "static-key-4", amount="0.02")
    assert (refused.code, refused.body["facts"]) == (
        "static_code_limit_exceeded",
        {"limit": "500.00", "remaining": "0.01"},
    )
    assert stall.confirm(waiting).status == 200
    # and a fresh code, and the next date, are not held back
    assert stall.confirm(stall.pay(stall.payload(), "static-key-5", amount="600.00")).status == 200
    stall.bank.clock.advance(dt.timedelta(days=1))
    assert stall.confirm(stall.pay(static, "static-key-6", amount="500.00")).status == 200
    assert stall.pay(static, "static-key-7", amount="0.01").code == "static_code_limit_exceeded"


def test_another_static_code_voids_the_one_on_the_wall(stall: Stall) -> None:
    old = stall.show(kind="static").body
    waiting = stall.pay(old["payload"], "wall-key-1", amount="5.00")
    new = stall.show(kind="static").body
    token = stall.bank.log_in(stall.payee)
    read = stall.bank.request("GET", f"{CODES}?account={stall.payee.account}", token=token)
    assert (read.body["id"], read.body["state"], "payload" in read.body) == (new["id"], "open", False)
    # then the old one pays nothing, not even what waited
    assert stall.scan(old["payload"]).code == "receive_code_withdrawn"
    assert stall.confirm(waiting).code == "receive_code_withdrawn"
    # and the new one is withdrawn by its owner alone, once or twice
    path = f"{CODES}/{new['id']}"
    assert stall.bank.request("DELETE", path, token=stall.bank.log_in(stall.payer)).code == "not_found"
    for _ in range(2):
        assert stall.bank.request("DELETE", path, token=token).body["state"] == "withdrawn"
    assert stall.scan(new["payload"]).code == "receive_code_withdrawn"


def test_what_is_no_code_of_ours_is_unknown(stall: Stall) -> None:
    payload = stall.payload()
    swapped = payload[:-1] + ("a" if payload[-1] != "a" else "b")
    for wrong in (swapped, payload.upper(), payload + " ", payload.rpartition(":")[2], "https://example.com", ""):
        with unchanged(stall.bank, but=["SessionsTable", "CustomersTable", "SecurityEventsTable", "AttemptsTable"]):
            assert (stall.scan(wrong).code, stall.pay(wrong, "wrong-key-1").code) == ("receive_code_unknown",) * 2


def test_a_code_pays_its_owner_from_others_only(stall: Stall) -> None:
    payload = stall.payload(amount="1.00")
    assert stall.scan(payload, stall.payee).code == "receive_code_is_own"
    assert stall.pay(payload, "own-key-1", stall.payee).code == "receive_code_is_own"


def test_an_account_that_closed_is_not_paid(stall: Stall) -> None:
    # given a payment that waits when the payee's account closes
    payload = stall.payload(amount="1.00")
    waiting = stall.pay(payload, "closed-key-1")
    stall.bank.settle()
    force_account(stall.bank, stall.payee.account, state="closed")
    # then nothing is paid, and no other code is shown
    assert stall.confirm(waiting).code == "payee_unavailable"
    assert stall.pay(payload, "closed-key-2").code == "payee_unavailable"
    assert stall.show().code == "account_cannot_receive"
    assert stall.bank.balance(stall.payer.account) == 2000_00
    # and the code was not used up by that
    force_account(stall.bank, stall.payee.account, state="open")
    assert stall.confirm(stall.pay(payload, "closed-key-3")).status == 200


def test_wrong_codes_are_no_guesses_at_names(stall: Stall) -> None:
    parameters.set_value("payees.wrong_day", 1)
    payload = stall.payload(amount="1.00")
    force_account(stall.bank, stall.payee.account, state="closed")
    told = [stall.pay(payload, f"no-guess-key-{i}").code for i in range(3)]
    assert told == ["payee_unavailable"] * 3


def test_codes_are_of_accounts_that_pay_and_of_their_owner(stall: Stall) -> None:
    force_account(stall.bank, stall.payee.account, right="query")
    assert stall.show().code == "account_query_only"
    assert stall.show(account=stall.payer.account).code == "not_found"
    assert stall.show(account="9000010000009999999").code == "not_found"
    assert stall.show(kind="static", amount="1.00").body["errors"] == [{"field": "amount", "code": "not_allowed"}]
