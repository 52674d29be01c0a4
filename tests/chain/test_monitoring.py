"""Transactions of a day by state and branch, for staff: what lists show, to whom, and that each look is on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import boto3
import pytest

from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.holds import Hold
from chalicelib.ledger.commands.reverse_entry import reversal_id_of, reverse_entry
from chalicelib.platform import clock
from chalicelib.staff import domain as staff
from chalicelib.transfers.commands.expire_holds import expire_holds
from tests.chain.bank import BRANCH, Bank, LambdaContext, Person, Reply, entered
from tests.chain.clerks import CITY, OTHER, VILLAGE, Clerk, appoint, branches, log_in
from tests.chain.lambda_events import stream_record
from tests.chain.probe import WORKERS, table_items

pytestmark = pytest.mark.requirement("NB-5.2.5-op")

PURPOSE = {"purpose": quote("日常监控")}
DAY = "20261121"


@pytest.fixture
def office(bank: Bank) -> Iterator[Clerk]:
    """An operator of the head office, logged in; there are branches."""
    branches()
    clerk = appoint(bank, staff.OPERATOR)
    log_in(bank, clerk)
    yield clerk


def at_branch(bank: Bank, branch_id: str, role: str = staff.OPERATOR) -> Clerk:
    clerk = appoint(bank, role, branch_id=branch_id)
    log_in(bank, clerk)
    return clerk


def look(bank: Bank, clerk: Clerk, query: str = "", **headers: str) -> Reply:
    return bank.request("GET", f"/v1/staff/transactions?{query}", token=clerk.token, headers={**PURPOSE, **headers})


def ids(bank: Bank, clerk: Clerk, query: str = "") -> list[str]:
    reply = look(bank, clerk, query)
    assert reply.status == 200, reply
    return [row["id"] for row in reply.body["transactions"]]


def awaiting(bank: Bank, payer: Person, payee: Person, key: str) -> str:
    created = bank.create(bank.log_in(payer), payer, payee, "30.00", key)
    assert created.status == 201, created
    bank.settle()
    return str(created.body["id"])


def hold(bank: Bank, payer: Person, hold_id: str = "h" * 26) -> str:
    wanted = Hold(
        hold_id,
        payer.customer_id,
        payer.account,
        20_00,
        0,
        bank.clock.now() + dt.timedelta(minutes=30),
        "订单",
        "test",
        b"digest",
    )
    holds.place(wanted)
    return hold_id


def test_each_transaction_stands_on_the_list_of_its_state(bank: Bank, office: Clerk) -> None:
    # given a day with one of each
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    waits = awaiting(bank, payer, payee, "key-waits-1")
    paid = bank.pay(payer, payee, "30.00", "key-paid-01")
    wrong = bank.pay(payer, payee, "40.00", "key-wrong-1")
    reverse_entry(wrong, reason="冲正", by="S1", correlation_id="test")
    held, freed, late = hold(bank, payer), hold(bank, payer, "f" * 26), hold(bank, payer, "l" * 26)
    holds.release(freed)
    bank.settle()
    assert ids(bank, office, "state=awaiting") == [waits]
    assert set(ids(bank, office, "state=held")) == {held, late}
    assert ids(bank, office, "state=released") == [freed]
    assert ids(bank, office, "state=reversed") == [wrong]
    deposit, reversal = (row for row in ids(bank, office) if row != paid)
    assert paid in ids(bank, office)
    assert reversal_id_of(wrong) in (deposit, reversal)
    assert ids(bank, office, "state=expired") == []
    # then what a row shows is masked, and nothing more
    (row,) = look(bank, office, "state=awaiting").body["transactions"]
    assert row == {
        "id": waits,
        "kind": "transfer",
        "state": "awaiting",
        "business_date": DAY,
        "branch": BRANCH,
        "at": row["created_at"],
        "created_at": row["created_at"],
        "until": clock.to_text(clock.from_text(row["created_at"]) + dt.timedelta(minutes=3)),
        "amount": "30.00",
        "fee": "0.00",
        "payer_account": payer.account[:6] + "*" * 9 + payer.account[-4:],
        "payee_account": payee.account[:6] + "*" * 9 + payee.account[-4:],
    }
    # and what nobody confirmed in time reads so
    bank.clock.advance(dt.timedelta(minutes=31))
    log_in(bank, office)
    assert [one["state"] for one in look(bank, office, "state=awaiting").body["transactions"]] == ["expired"]
    assert expire_holds(bank.clock.now()) == 2
    bank.settle()
    assert set(ids(bank, office, "state=expired")) == {held, late}


def test_newest_first_page_by_page(bank: Bank, office: Clerk) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    made = []
    for number in range(7):
        bank.clock.advance(dt.timedelta(seconds=61))
        made.append(awaiting(bank, payer, payee, f"key-paged-{number}"))
    found: list[str] = []
    query = "state=awaiting&limit=3"
    cursors = [""]
    for cursor in cursors:
        reply = look(bank, office, query + (f"&cursor={cursor}" if cursor else ""))
        page = [row["id"] for row in reply.body["transactions"]]
        assert len(page) <= 3
        found += page
        if reply.body["next_cursor"]:
            cursors.append(reply.body["next_cursor"])
    assert found == made[::-1]
    # a cursor is of its own list, and nothing else
    for other in ("state=posted", "state=awaiting&date=20261120", f"state=awaiting&branch_id={BRANCH}"):
        assert look(bank, office, f"{other}&cursor={cursors[1]}").code == "cursor_malformed"
    for tampered in ("x", cursors[1][:-6], "a" * 500, "eyJ4IjoxfQ"):
        assert look(bank, office, f"{query}&cursor={tampered}").code == "cursor_malformed"
    assert look(bank, office, f"{query}&cursor={'a' * 513}").code == "malformed_request"


def test_a_branch_sees_its_own_and_what_is_below_it(bank: Bank, office: Clerk) -> None:
    at: dict[str, Person] = {}
    for number, branch_id in enumerate((BRANCH, CITY, VILLAGE, OTHER)):
        at[branch_id] = bank.sign_up(f"客户{number}", deposit="100.00", branch_id=branch_id)
    waits = {
        branch_id: awaiting(bank, at[branch_id], at[BRANCH], f"key-at-{branch_id}")
        for branch_id in (CITY, VILLAGE, OTHER)
    }
    query = "state=awaiting"
    city, village, other = (at_branch(bank, branch_id) for branch_id in (CITY, VILLAGE, OTHER))
    assert set(ids(bank, office, query)) == set(waits.values())
    assert ids(bank, office, f"{query}&branch_id={VILLAGE}") == [waits[VILLAGE]]
    assert ids(bank, city, query) == [waits[CITY]]
    assert ids(bank, city, f"{query}&branch_id={VILLAGE}") == [waits[VILLAGE]]
    assert ids(bank, village, query) == [waits[VILLAGE]]
    # out of scope is as if it were not there, and so is what never was
    for clerk, branch_id in ((city, OTHER), (city, BRANCH), (village, CITY), (other, CITY), (office, "0999")):
        assert look(bank, clerk, f"{query}&branch_id={branch_id}").code == "not_found"


@pytest.mark.requirement("NB-4-audit")
def test_who_may_look_says_why_and_is_on_record(bank: Bank, office: Clerk) -> None:
    person = bank.sign_up("赵小明")
    assert look(bank, office, purpose="").code == "purpose_required"
    assert look(bank, at_branch(bank, BRANCH, staff.TELLER)).code == "staff_permission_denied"
    customers_own = bank.request("GET", "/v1/staff/transactions", token=bank.log_in(person), headers=PURPOSE)
    assert customers_own.code == "not_logged_in"
    assert bank.request("GET", "/v1/staff/transactions", headers=PURPOSE).code == "not_logged_in"
    before = len(table_items(bank, "StaffActionsTable"))
    assert look(bank, office).status == 200
    assert bank.request("GET", "/v1/staff/transactions/stuck", token=office.token, headers=PURPOSE).status == 200
    rows = sorted(table_items(bank, "StaffActionsTable"), key=lambda row: row["action_key"])
    mine = [row for row in rows if row["staff_id"] == office.staff_id and row["outcome"] == "asked"]
    assert len(rows) == before + 2
    assert {row["facts"]["operation"] for row in mine} == {"read_transactions", "read_stuck"}
    assert {(row["action"], row["purpose"]) for row in mine} == {("transactions.monitor", "日常监控")}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=paid", "state"),
        ("date=20260230", "date"),
        ("date=2026", "date"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("branch_id=", "branch_id"),
        ("what=1", "what"),
    ],
)
def test_what_cannot_be_read_is_refused(bank: Bank, office: Clerk, query: str, field: str) -> None:
    reply = look(bank, office, query)
    assert (reply.code, [error["field"] for error in reply.body["errors"]]) == ("malformed_request", [field])


def test_an_empty_day_is_an_empty_list(bank: Bank, office: Clerk) -> None:
    reply = look(bank, office, "date=20261122")
    assert reply.body == {"transactions": [], "next_cursor": None}


def test_around_midnight_an_entry_stands_on_the_day_it_is_booked(bank: Bank, office: Clerk) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    bank.clock.set(dt.datetime(2026, 11, 21, 23, 59, 59, 999_000, tzinfo=clock.SHANGHAI))
    log_in(bank, office)
    token = bank.log_in(payer)
    entry_id = bank.create(token, payer, payee, "30.00", "key-midnight").body["id"]
    bank.settle()
    assert ids(bank, office, f"state=awaiting&date={DAY}") == [entry_id]
    bank.clock.advance(dt.timedelta(milliseconds=1))
    assert bank.confirm(token, entry_id, bank.code_for(payer, entry_id)).status == 200
    bank.settle()
    assert ids(bank, office, f"state=awaiting&date={DAY}") == []
    assert entry_id not in ids(bank, office, f"date={DAY}")
    # today's list is the new day's
    assert ids(bank, office) == ids(bank, office, "date=20261122") == [entry_id]


def rows_and_counts(bank: Bank) -> tuple[Any, Any]:
    return (
        sorted(table_items(bank, "TransactionsTable"), key=lambda row: row["entry_id"]),
        sorted(table_items(bank, "StatisticsTable"), key=lambda row: (row["part"], row["line"])),
    )


def test_records_that_come_again_or_in_another_order_change_nothing(bank: Bank, office: Clerk) -> None:
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    for number in range(3):
        entry_id = bank.pay(payer, payee, "30.00", f"key-again-{number}")
    reverse_entry(entry_id, reason="冲正", by="S1", correlation_id="test")
    bank.settle()
    before = rows_and_counts(bank)
    assert sum(row["entries"] for row in before[1]) == 5  # three transfers, a reversal, a deposit
    records = [stream_record(record) for record in bank._stream("JournalTable")]
    worker = entered(WORKERS["project_transfers"])
    for order in (records, records[::-1]):
        assert worker({"Records": order}, LambdaContext())["batchItemFailures"] == []
        assert rows_and_counts(bank) == before
    # and from nothing, whatever comes first
    for table, keys in (("TransactionsTable", ["entry_id"]), ("StatisticsTable", ["part", "line"])):
        resource: Any = boto3.resource("dynamodb")
        rows = resource.Table(bank.references[table])
        for item in rows.scan()["Items"]:
            rows.delete_item(Key={name: item[name] for name in keys})
    assert worker({"Records": records[::-1]}, LambdaContext())["batchItemFailures"] == []
    assert rows_and_counts(bank) == before
