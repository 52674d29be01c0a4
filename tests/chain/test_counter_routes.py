"""The counter over HTTP: tellers with their own log-in, vouchers, and a second person where it takes two."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.counter.service import vault_fen
from chalicelib.customers import service as customers
from chalicelib.identity import service as identity
from chalicelib.identity.commands.set_withdrawal_password import set_withdrawal_password
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.staff import domain as staff_domain
from tests.chain.bank import PASSWORD, TELLER, Bank
from tests.chain.clerks import CITY, VILLAGE, Clerk, appoint, log_in
from tests.chain.counter import PHONE, account, document, enter
from tests.chain.counter import log_in as log_in_customer
from tests.chain.tellers import approved, decided, post, seen, tellers

pytestmark = pytest.mark.requirement("NB-5.2.6")

PIN = "273849"
OTHER_PASSWORD = "Other-Bank-2026"
PAPER = {"number": "（2026）示01执123号", "authority": "示范县人民法院", "officers": ["法警0001", "法警0002"]}


@pytest.fixture
def counter(bank: Bank) -> tuple[Clerk, Clerk]:
    """A teller and a checking teller of the head office, logged in."""
    return tellers(bank)


def holder(bank: Bank, serial: int = 1) -> str:
    account_id = account(bank, enter(bank, serial))
    set_withdrawal_password(account_id, PIN, teller_id=TELLER)
    return account_id


def test_a_tellers_day(bank: Bank, counter: tuple[Clerk, Clerk]) -> None:
    teller, checker = counter
    account_id = holder(bank)
    # given an empty till, when cash comes in and goes out
    till = post(bank, teller, "tills", {"cash": "0.00"})
    assert (till.status, till.body["state"], till.body["cash"]) == (201, "open", "0.00")
    body = {"account": account_id, "amount": "120000.00", "reference": "deposit-1"}
    taken = post(bank, teller, "deposits", body)
    assert (taken.status, taken.body["voucher"]) == (201, "0001-20261121-000002")
    again = post(bank, teller, "deposits", body)
    assert (again.status, again.body) == (200, taken.body)
    paid = post(bank, teller, "withdrawals", {**body, "amount": "20.00", "reference": "withdraw-1", "password": PIN})
    assert paid.status == 201, paid
    # then each voucher can be read and printed, and printed again
    voucher = bank.request("GET", f"/v1/staff/counter/vouchers/{paid.body['voucher']}", token=teller.token)
    assert (voucher.body["kind"], voucher.body["amount"]) == ("cash_out", "20.00")
    prints = [post(bank, teller, f"vouchers/{paid.body['voucher']}/prints", None) for _ in range(2)]
    assert [one.body["place"] for one in prints] == [1, 2]
    assert "补打" in prints[1].body["text"]
    # a large one takes document and a second person
    large = {**body, "amount": "100000.00", "reference": "withdraw-2", "password": PIN}
    assert post(bank, teller, "withdrawals", large).code == "document_not_shown"
    shown = {"kind": "resident_id", "number": document(1).number}
    asked = post(bank, teller, "withdrawals", {**large, "document": shown})
    assert (asked.status, asked.body["voucher"]) == (202, None)
    assert bank.balance(account_id) == 119_980_00
    assert approved(bank, asked, checker)
    assert bank.balance(account_id) == 19_980_00
    # and at day-end the till is counted; a difference is the checker's to settle
    date = clock.business_date(clock.now())
    counted = post(bank, teller, f"tills/{date}/{teller.staff_id}/counts", {"counted": "19970.00"})
    assert (counted.body["state"], counted.body["difference"]) == ("counted", "-10.00")
    settlement = {"counted": "19970.00", "reason": "原因待查"}
    path = f"tills/{date}/{teller.staff_id}/settlement"
    assert post(bank, teller, path, settlement).code == "staff_permission_denied"
    settled = post(bank, checker, path, settlement)
    assert (settled.body["state"], settled.body["checker"]) == ("closed", checker.staff_id)
    found = bank.request("GET", f"/v1/staff/counter/tills/{date}/{teller.staff_id}", token=teller.token)
    assert found.body == settled.body


@pytest.mark.requirement("NB-5.1.5")
def test_what_a_holder_wanted_on_one_date_is_not_paid_out_on_the_next(bank: Bank, counter: tuple[Clerk, Clerk]) -> None:
    teller, checker = counter
    account_id = holder(bank)
    bank.deposit(account_id, 120_000_00)
    body = {"account": account_id, "amount": "100000.00", "reference": "withdraw-1", "password": PIN}
    shown = {"kind": "resident_id", "number": document(1).number}
    asked = post(bank, teller, "withdrawals", {**body, "document": shown})
    payload = seen(bank, asked, checker)["payload"]
    rejection = f"/v1/staff/approvals/{asked.body['approval']}/rejection"
    assert bank.request("POST", rejection, {"reason": "客户改变主意"}, token=checker.token).status == 200
    # given the next date, a full till, and the holder at home
    bank.clock.set(bank.clock.now() + dt.timedelta(days=1))
    for clerk in counter:
        log_in(bank, clerk)
    post(bank, teller, "tills", {"cash": "0.00"})
    cash = {"account": holder(bank, 2), "amount": "100000.00", "reference": "deposit-1"}
    assert post(bank, teller, "deposits", cash).status == 201
    # when the teller asks again with what was checked yesterday, then nobody can approve it
    again = {"kind": "cash.withdraw", "payload": payload, "reason": "补办"}
    headers = {"idempotency-key": "withdraw-anew"}
    made = bank.request("POST", "/v1/staff/approvals", again, token=teller.token, headers=headers)
    approval = f"/v1/staff/approvals/{made.body['request']['id']}/approval"
    done = bank.request("POST", approval, {"digest": made.body["digest"]}, token=checker.token)
    assert done.code == "approval_expired"
    assert bank.balance(account_id) == 120_000_00


@pytest.mark.requirement("NB-5.3.7")
@pytest.mark.requirement("XJ-4.2-phone")
def test_a_customer_is_signed_up_by_two(bank: Bank, counter: tuple[Clerk, Clerk]) -> None:
    teller, checker = counter
    person = enter(bank, 1)
    savings = account(bank, person)
    form = {
        "phone": PHONE,
        "login_name": "zhaoxiaoming",
        "password": PASSWORD,
        "edition": "professional",
        "rights": {savings: "full"},
        "limit_outward": "1000.00",
        "factors": ["sms"],
        "reference": "sign-up-1",
    }
    path = f"customers/{person}/sign-ups"
    # a professional edition without a factor, and a phone that is not reserved, are refused
    assert post(bank, teller, path, {**form, "factors": []}).code == "sign_up_refused"
    assert post(bank, teller, path, {**form, "phone": "13700000008"}).code == "phone_not_reserved"
    assert post(bank, teller, "customers/aaaaaaaaaaaaaaaaaaaa/sign-ups", form).code == "not_found"
    # when it is prepared, then nobody can log in yet, and no request holds the password
    asked = post(bank, teller, path, form)
    refused = bank.request("POST", "/v1/sessions", {"login_name": "zhaoxiaoming", "password": PASSWORD})
    assert refused.code == "login_refused"
    shown = seen(bank, asked, checker)
    assert PASSWORD not in str(shown)
    assert PHONE not in str(shown)
    # and after the second person's approval it works, with a voucher
    assert approved(bank, asked, checker)
    assert log_in_customer(bank, "zhaoxiaoming")
    record = customers.customer_of(person)
    assert record is not None
    assert record.edition == "professional"
    printed = post(bank, teller, "vouchers/0001-20261121-000001/prints", None)
    assert "网上银行签约回执" in printed.body["text"]
    assert post(bank, teller, path, {**form, "reference": "sign-up-2"}).code == "sign_up_refused"


@pytest.mark.requirement("NB-5.2.6")
def test_after_a_rejection_another_form_takes_the_place_of_the_first(bank: Bank, counter: tuple[Clerk, Clerk]) -> None:
    teller, checker = counter
    person = enter(bank, 1)
    savings, second = account(bank, person), account(bank, person)
    form = {
        "phone": PHONE,
        "login_name": "zhaoxiaoming",
        "password": PASSWORD,
        "edition": "professional",
        "rights": {savings: "full", second: "query"},
        "limit_outward": "1000.00",
        "factors": ["sms"],
        "reference": "sign-up-1",
    }
    path = f"customers/{person}/sign-ups"
    first = post(bank, teller, path, form)
    # given that the customer chooses another password, name and fewer accounts before anybody has decided
    other = {**form, "login_name": "zhaoxm", "password": OTHER_PASSWORD, "rights": {savings: "full"}}
    again = post(bank, teller, path, {**other, "reference": "sign-up-2"})
    assert again.status == 202, again.body
    # then what was asked for first is not what would be opened
    assert (decided(bank, first, checker).code, customers.contracts_of(person)) == (
        "approval_outdated",
        {savings: "full"},
    )
    # and with the second approved, the second's name and password alone log in
    assert approved(bank, again, checker)
    for name, password in (("zhaoxiaoming", OTHER_PASSWORD), ("zhaoxm", PASSWORD), (second, OTHER_PASSWORD)):
        assert bank.request("POST", "/v1/sessions", {"login_name": name, "password": password}).code == "login_refused"
    # and the name that was given up is free for somebody else
    session = {"login_name": "zhaoxm", "password": OTHER_PASSWORD}
    assert bank.request("POST", "/v1/sessions", session).status == 201
    assert identity.customer_named("zhaoxiaoming") is None


@pytest.mark.requirement("XJ-5.3-loss")
def test_a_loss_stops_at_once_and_two_lift_it(bank: Bank, counter: tuple[Clerk, Clerk]) -> None:
    teller, checker = counter
    account_id = holder(bank)
    for state in ("lost", "frozen"):
        stopped = post(bank, teller, f"accounts/{account_id}/stops", {"state": state})
        assert stopped.status == 201, stopped
        assert ledger.read_accounts([account_id])[account_id].state == state
        again = post(bank, teller, f"accounts/{account_id}/stops", {"state": state})
        assert again.code == "account_state_change_refused"
        asked = post(bank, teller, f"accounts/{account_id}/lifts", {"lifted": state, "reference": f"lift-{state}"})
        assert ledger.read_accounts([account_id])[account_id].state == state
        assert approved(bank, asked, checker)
        assert ledger.read_accounts([account_id])[account_id].state == "open"


def test_orders_of_courts_by_two(bank: Bank, counter: tuple[Clerk, Clerk]) -> None:
    teller, checker = counter
    account_id = holder(bank)
    order = {"document": PAPER, "until": "20271120", "reference": "court-order-1"}
    asked = post(bank, teller, f"accounts/{account_id}/court-orders", order)
    assert ledger.read_accounts([account_id])[account_id].state == "open"
    assert approved(bank, asked, checker)
    assert ledger.read_accounts([account_id])[account_id].state == "frozen"
    lifted = post(bank, teller, f"accounts/{account_id}/lifts", {"lifted": "frozen", "reference": "lift-frozen"})
    assert lifted.code == "frozen_by_court"
    renewal = {"document": PAPER, "until": "20271121", "reference": "court-renewal"}
    assert approved(bank, post(bank, teller, f"accounts/{account_id}/court-orders/1/renewals", renewal), checker)
    body = {"document": PAPER, "first_date": "20261101", "last_date": "20261121", "account": account_id}
    answer = post(bank, teller, "court-enquiries", body)
    assert (answer.status, answer.body["accounts"][0]["orders"][0]["until"]) == (201, "20271121")
    lifting = {"document": PAPER, "reference": "court-lifting"}
    assert approved(bank, post(bank, teller, f"accounts/{account_id}/court-orders/1/liftings", lifting), checker)
    assert ledger.read_accounts([account_id])[account_id].state == "open"
    assert post(bank, teller, f"accounts/{account_id}/court-orders/x/liftings", lifting).code == "not_found"


def test_who_may_not(bank: Bank, counter: tuple[Clerk, Clerk]) -> None:
    _, checker = counter
    account_id = holder(bank)
    operator = appoint(bank, staff_domain.OPERATOR)
    log_in(bank, operator)
    body = {"account": account_id, "amount": "1.00", "reference": "deposit-1"}
    # operators never serve a counter, and who checks does not make
    for clerk in (operator, checker):
        assert post(bank, clerk, "deposits", body).code == "staff_permission_denied"
        assert post(bank, clerk, "tills", {"cash": "0.00"}).code == "staff_permission_denied"
    customer = bank.sign_up("钱红")
    reply = bank.request("POST", "/v1/staff/counter/deposits", body, token=bank.log_in(customer))
    assert reply.status == 401, reply


@pytest.mark.requirement("NB-5.1.5")
def test_a_vaults_cash_is_moved_by_its_own_branch(bank: Bank) -> None:
    teller, checker = tellers(bank, CITY)
    for branch_id, code in ((VILLAGE, "approval_failed"), (CITY, None)):
        cash = {
            "branch": branch_id,
            "direction": "in",
            "amount": "5000.00",
            "reference": "vault-0001",
            "reason": "调拨",
        }
        body = {"kind": "cash.vault", "payload": cash, "reason": "调拨"}
        headers = {"idempotency-key": f"vault-of-{branch_id}"}
        made = bank.request("POST", "/v1/staff/approvals", body, token=teller.token, headers=headers)
        path = f"/v1/staff/approvals/{made.body['request']['id']}/approval"
        done = bank.request("POST", path, {"digest": made.body["digest"]}, token=checker.token)
        assert done.body.get("code") == code
        assert vault_fen(branch_id) == (0 if code else 5000_00)
