"""Monthly bills: over all customers, once, complete or not at all (YQ-4.2.2-bill)."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.accounts import service as accounts
from chalicelib.customers import store as customer_store
from chalicelib.customers.commands.sign_up import AccountWish
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, metrics
from chalicelib.platform.queues import Message
from chalicelib.statements.workers import start_bill_run
from tests.chain.bank import LIMITS, Bank, LambdaContext
from tests.chain.probe import delete_line, give, put_on, queued, scheduled, state_of, table_items

DECEMBER = dt.datetime(2026, 12, 1, 2, 0, tzinfo=clock.SHANGHAI)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


def bill_due(customer_id: str, month: str = "2026-11") -> dict[str, object]:
    message = Message(f"bill#{customer_id}#{month}", "bill.due", customer_id, "correlation-1", {"month": month})
    return queued(message.to_json(), "bill")


def bills_of(bank: Bank, account_id: str) -> list[dict[str, object]]:
    return [row for row in table_items(bank, "BillsTable") if row["account_id"] == account_id]


def test_a_run_pages_over_all_customers_and_a_second_issues_nothing_twice(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given more customers than fit on a page, two of them with money
    monkeypatch.setattr(customer_store, "MAX_SCAN_PAGE", 2)
    people = [bank.sign_up(f"客户{index}", deposit="10.00" if index < 2 else "0") for index in range(7)]
    bank.settle()
    # when the month is over and the schedule fires twice, the second time late
    for moment in (DECEMBER, DECEMBER + dt.timedelta(days=3)):
        bank.clock.set(moment)
        start_bill_run(scheduled(DECEMBER), LambdaContext())
        bank.settle()
    # then every account has one bill, issued the first time
    for person in people:
        (bill,) = bills_of(bank, person.account)
        assert (bill["month"], bill["issued_at"]) == ("2026-11", clock.to_text(DECEMBER))


@pytest.mark.parametrize("lost", [1, 2, 3], ids=["first", "middle", "last"])
@pytest.mark.parametrize("later_lines", [False, True], ids=["month's end", "later lines"])
def test_a_bill_with_a_lost_line_is_not_issued(bank: Bank, lost: int, later_lines: bool) -> None:
    # given three lines in November, perhaps one in December, and one of November's lost
    person = bank.sign_up("赵小明")
    for _ in range(3):
        bank.deposit(person.account, 10_00)
    bank.settle()
    bank.clock.set(DECEMBER)
    if later_lines:
        bank.deposit(person.account, 5_00)
        bank.settle()
    delete_line(bank, person.account, lost)
    # then there is no bill, and the message comes again, to be seen in the end
    assert give("issue_bills", [bill_due(person.customer_id)]) == ["bill"]
    assert bills_of(bank, person.account) == []


@pytest.mark.parametrize("month", ["2026-11", "2026-12", "2027-11", "9999-12"])
def test_a_month_that_is_not_over_gets_no_bill(bank: Bank, month: str) -> None:
    person = bank.sign_up("赵小明", deposit="10.00")
    bank.settle()
    bank.clock.set(dt.datetime(2026, 11, 30, 23, 59, 59, tzinfo=clock.SHANGHAI))
    assert give("issue_bills", [bill_due(person.customer_id, month)]) == ["bill"]
    assert bills_of(bank, person.account) == []


def test_the_month_is_over_at_midnight_in_shanghai(bank: Bank) -> None:
    person = bank.sign_up("赵小明", deposit="10.00")
    bank.settle()
    bank.clock.set(dt.datetime(2026, 12, 1, tzinfo=clock.SHANGHAI))
    assert give("issue_bills", [bill_due(person.customer_id)]) == []
    assert len(bills_of(bank, person.account)) == 1


def test_bills_wait_for_lines_that_are_still_being_written(bank: Bank) -> None:
    # given a change whose line no worker has written yet
    person = bank.sign_up("赵小明", deposit="10.00")
    bank.clock.set(DECEMBER)
    assert give("issue_bills", [bill_due(person.customer_id)]) == ["bill"]
    assert bills_of(bank, person.account) == []
    bank.settle()
    assert give("issue_bills", [bill_due(person.customer_id)]) == []
    assert bills_of(bank, person.account)[0]["closing_fen"] == 10_00


def test_opening_follows_from_the_month_before_and_december_counts_in_december(bank: Bank) -> None:
    person = bank.sign_up("赵小明", deposit="10.00")
    bank.clock.set(DECEMBER)
    bank.deposit(person.account, 5_00)
    bank.settle()
    bank.clock.set(dt.datetime(2027, 1, 1, 2, 0, tzinfo=clock.SHANGHAI))
    for month in ("2026-11", "2026-12"):
        assert give("issue_bills", [bill_due(person.customer_id, month)]) == []
    november, december = sorted(bills_of(bank, person.account), key=lambda bill: str(bill["month"]))
    assert (november["opening_fen"], november["closing_fen"]) == (0, 10_00)
    assert (december["opening_fen"], december["in_fen"], december["closing_fen"]) == (10_00, 5_00, 15_00)
    shown = bank.request("GET", f"/v1/accounts/{person.account}/bills/2026-12", token=bank.log_in(person))
    assert (shown.body["opening"], shown.body["closing"]) == ("10.00", "15.00")
    assert shown.body["by_category"] == {}


def test_what_went_out_is_told_by_category(bank: Bank) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="10.00"), bank.sign_up("钱红")
    bank.pay(payer, payee, "2.50", "key-bills-1")
    bank.settle()
    bank.clock.set(DECEMBER)
    assert give("issue_bills", [bill_due(payer.customer_id)]) == []
    shown = bank.request("GET", f"/v1/accounts/{payer.account}/bills/2026-11", token=bank.log_in(payer))
    assert (shown.body["outgoing"], shown.body["by_category"]) == ("2.50", {"goods": "2.50"})


def test_a_bill_that_does_not_add_up_rings(bank: Bank, counted: list[str]) -> None:
    person = bank.sign_up("赵小明")
    for _ in range(3):
        bank.deposit(person.account, 10_00)
    bank.settle()
    bank.clock.set(DECEMBER)
    delete_line(bank, person.account, 2)
    assert give("issue_bills", [bill_due(person.customer_id)]) == ["bill"]
    assert counted == [metrics.BILLS_UNBALANCED]


@pytest.mark.parametrize("broken", [0, 1])
def test_an_account_whose_bill_does_not_add_up_keeps_none_of_the_others_back(
    bank: Bank, counted: list[str], broken: int
) -> None:
    wish = AccountWish("savings", ledger.RIGHT_FULL, LIMITS)
    person = bank.sign_up("赵小明", accounts=(wish, wish))
    account_ids = [account.account_id for account in accounts.accounts_of(person.customer_id)]
    for account_id in account_ids:
        bank.deposit(account_id, 10_00)
        bank.deposit(account_id, 10_00)
    bank.settle()
    bank.clock.set(DECEMBER)
    delete_line(bank, account_ids[broken], 1)
    # then the message comes again, and the other account has its bill
    assert give("issue_bills", [bill_due(person.customer_id)]) == ["bill"]
    assert counted == [metrics.BILLS_UNBALANCED]
    assert [len(bills_of(bank, account_id)) for account_id in account_ids] == [int(broken == 1), int(broken == 0)]


def test_a_bill_that_the_first_night_left_out_is_issued_by_the_next_and_rings(bank: Bank, counted: list[str]) -> None:
    # given a customer whose message of the first night was lost, and one who has their bill
    billed, missed = bank.sign_up("赵小明", deposit="1.00"), bank.sign_up("钱红", deposit="2.00")
    bank.settle()
    bank.clock.set(DECEMBER)
    assert give("issue_bills", [bill_due(billed.customer_id)]) == []
    assert counted == []
    # when the run of the next night has been
    bank.clock.set(DECEMBER + dt.timedelta(days=1))
    start_bill_run(scheduled(DECEMBER + dt.timedelta(days=1)), LambdaContext())
    bank.settle()
    # then both have one, and somebody is told that one had been missing
    assert [len(bills_of(bank, person.account)) for person in (billed, missed)] == [1, 1]
    assert bills_of(bank, billed.account)[0]["issued_at"] == clock.to_text(DECEMBER)
    assert metrics.BILLS_LATE in counted


def test_no_run_starts_later_in_the_month(bank: Bank) -> None:
    bank.clock.set(DECEMBER + dt.timedelta(days=10))
    start_bill_run(scheduled(DECEMBER + dt.timedelta(days=10)), LambdaContext())
    assert bank.waiting("BillRunsQueue") == 0


def test_an_account_opened_later_has_no_bill_for_a_month_before(bank: Bank) -> None:
    person = bank.sign_up("赵小明", deposit="10.00")
    bank.settle()
    assert give("issue_bills", [bill_due(person.customer_id, "2026-10")]) == []
    assert bills_of(bank, person.account) == []


def test_a_customer_who_does_not_exist_gets_nothing(bank: Bank) -> None:
    before = state_of(bank)
    bank.clock.set(DECEMBER)
    put_on(bank, "BillsQueue", Message("e", "bill.due", "a" * 20, "correlation-1", {"month": "2026-11"}).to_json())
    bank.settle()
    assert state_of(bank) == before
