"""What does not go on: at which stage, since when, and that it leaves the list once it goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import boto3
import pytest

from chalicelib.ledger import service as ledger
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.holds import Hold
from chalicelib.platform import aws, metrics
from chalicelib.receipts import service as receipts
from chalicelib.receipts import workers as receipt_workers
from chalicelib.reports import workers
from chalicelib.staff import domain as staff
from chalicelib.transfers.commands.expire_holds import expire_holds
from tests.chain.bank import Bank, LambdaContext, Person
from tests.chain.clerks import CITY, OTHER, VILLAGE, Clerk, appoint, branches, log_in
from tests.chain.probe import WORKERS, delete_line, force, scheduled, table_items

pytestmark = pytest.mark.requirement("NB-5.2.5-op")

PURPOSE = {"purpose": quote("滞留交易核查")}
AFTER = dt.timedelta(minutes=2, seconds=1)


@pytest.fixture
def office(bank: Bank) -> Clerk:
    """An operator of the head office; there are branches."""
    branches()
    return appoint(bank, staff.OPERATOR)


def stuck(bank: Bank, clerk: Clerk, query: str = "") -> dict[str, tuple[list[str], int]]:
    """Transaction -> its stages and age, as a clerk who logs in now sees them."""
    token = log_in(bank, clerk)
    reply = bank.request("GET", f"/v1/staff/transactions/stuck?{query}", token=token, headers=PURPOSE)
    assert reply.status == 200, reply
    assert reply.body["next_cursor"] is None
    return {one["transaction"]["id"]: (one["stages"], one["age_s"]) for one in reply.body["stuck"]}


def settle(bank: Bank) -> dict[str, int]:
    """The schedule fires."""
    done: dict[str, int] = workers.settle_transactions(scheduled(bank.clock.now()), LambdaContext())
    return done


def parties(bank: Bank, **more: Any) -> tuple[Person, Person]:
    return bank.sign_up("赵小明", deposit="500.00", **more), bank.sign_up("钱红")


def drop(bank: Bank, table: str, **key: str) -> None:
    resource: Any = boto3.resource("dynamodb")
    resource.Table(bank.references[table]).delete_item(Key=key)


def drop_receipt(bank: Bank, entry_id: str, payee: Person) -> None:
    drop(bank, "ReceiptsTable", entry_id=entry_id)


def drop_alert(bank: Bank, entry_id: str, payee: Person) -> None:
    (row,) = [row for row in table_items(bank, "InboxTable") if row["customer_id"] == payee.customer_id]
    drop(bank, "InboxTable", customer_id=payee.customer_id, notification_id=row["notification_id"])


def drop_line(bank: Bank, entry_id: str, payee: Person) -> None:
    delete_line(bank, payee.account, 1)


def drop_leg(bank: Bank, entry_id: str, payee: Person) -> None:
    force(bank, "JournalTable", {"entry_id": entry_id}, postings=_with_fee(entry_id))


def _with_fee(entry_id: str) -> list[dict[str, Any]]:
    image = ledger.read_entry(entry_id)
    assert image is not None
    payer, payee = image["postings"]
    return [{**payer, "f": payer["f"] - 1}, payee, {"a": ledger.FEE_INCOME_ACCOUNT, "f": 1, "k": "fee"}]


def unbalance(bank: Bank, entry_id: str, payee: Person) -> None:
    image = ledger.read_entry(entry_id)
    assert image is not None
    payer_leg, payee_leg = image["postings"]
    force(bank, "JournalTable", {"entry_id": entry_id}, postings=[payer_leg, {**payee_leg, "f": 1}])


def test_what_has_all_is_not_stuck_and_is_looked_at_once(bank: Bank, office: Clerk, counted: list[str]) -> None:
    payer, payee = parties(bank)
    bank.pay(payer, payee, "30.00", "key-whole-01")
    bank.settle()
    # given a transfer and the deposit before it, before they are due nobody looks at them
    assert settle(bank) == {"closed": 0, "stuck": 0}
    bank.clock.advance(AFTER)
    assert stuck(bank, office) == {}
    assert settle(bank) == {"closed": 2, "stuck": 0}
    assert settle(bank) == {"closed": 0, "stuck": 0}
    assert [row for row in table_items(bank, "TransactionsTable") if "open" in row] == []
    assert counted == []


@pytest.mark.parametrize(
    ("stage", "lose"),
    [
        ("receipt", drop_receipt),
        ("notification", drop_alert),
        ("lines", drop_line),
        ("deferred_legs", drop_leg),
        ("altered", unbalance),
    ],
)
def test_what_lacks_something_is_stuck_there(
    bank: Bank, office: Clerk, counted: list[str], stage: str, lose: Callable[[Bank, str, Person], None]
) -> None:
    payer, payee = parties(bank)
    entry_id = bank.pay(payer, payee, "30.00", f"key-{stage}")
    bank.settle()
    lose(bank, entry_id, payee)
    bank.clock.advance(AFTER)
    # then it is told at its stage and at no other, with its age
    assert stuck(bank, office) == {entry_id: ([stage], 121)}
    assert stuck(bank, office, f"stage={stage}") == {entry_id: ([stage], 121)}
    assert stuck(bank, office, "stage=hold") == {}
    # and it rings, every time, as long as it is so
    for _ in range(2):
        counted.clear()
        assert settle(bank)["stuck"] == 1
        assert counted == [metrics.TRANSACTIONS_STUCK]
    assert set(stuck(bank, office)) == {entry_id}


def test_what_comes_late_takes_it_off_the_list(bank: Bank, office: Clerk, counted: list[str]) -> None:
    # given a receipt's message that was lost
    payer, payee = parties(bank)
    token = bank.log_in(payer)
    entry_id = bank.create(token, payer, payee, "30.00", "key-late-01").body["id"]
    bank.settle()
    assert bank.confirm(token, entry_id, bank.code_for(payer, entry_id)).status == 200
    bank._streams()
    aws.sqs().purge_queue(QueueUrl=bank.references["ReceiptsQueue"])
    bank.settle()
    bank.clock.advance(AFTER)
    assert set(stuck(bank, office)) == {entry_id}
    # when it is issued after all
    assert receipts.issue(entry_id, bank.clock.now())
    assert stuck(bank, office) == {}
    assert settle(bank)["stuck"] == 0


def test_an_instruction_that_nobody_confirmed_ends_and_a_late_record_of_its_posting_wins(
    bank: Bank, office: Clerk, counted: list[str]
) -> None:
    payer, payee = parties(bank)
    token = bank.log_in(payer)
    left, paid = (bank.create(token, payer, payee, "30.00", f"key-end-{n}").body["id"] for n in range(2))
    bank.settle()
    assert bank.confirm(token, paid, bank.code_for(payer, paid)).status == 200
    # given that the record of the payment is late, and one instruction is left alone
    bank.clock.advance(dt.timedelta(minutes=4, seconds=1))
    assert stuck(bank, office)[left] == (["confirmation"], 241)
    assert stuck(bank, office)[paid][0][-1] == "list"
    settle(bank)
    states = {row["entry_id"]: row["state"] for row in table_items(bank, "TransactionsTable")}
    # then the one is over, and the other's row is brought up to the journal, and counted once
    assert (states[left], states[paid]) == ("expired", "posted")
    before = table_items(bank, "StatisticsTable")
    bank.settle()
    assert table_items(bank, "StatisticsTable") == before
    bank.clock.advance(AFTER)
    settle(bank)
    assert stuck(bank, office) == {}
    assert counted == []


def test_a_hold_that_does_not_end_is_stuck(bank: Bank, office: Clerk, counted: list[str]) -> None:
    payer, _ = parties(bank)
    ends = bank.clock.now() + dt.timedelta(minutes=30)
    holds.place(Hold("q" * 26, payer.customer_id, payer.account, 20_00, 0, ends, "订单", "test", b"digest"))
    bank.settle()
    bank.clock.advance(dt.timedelta(minutes=39))
    assert stuck(bank, office) == {}
    bank.clock.advance(dt.timedelta(minutes=1, seconds=1))
    assert stuck(bank, office) == {"q" * 26: (["hold"], 2401)}
    assert settle(bank)["stuck"] == 1
    assert expire_holds(bank.clock.now()) == 1
    bank.settle()
    assert stuck(bank, office) == {}
    assert settle(bank)["stuck"] == 0


def test_scope_and_pages(bank: Bank, office: Clerk, counted: list[str]) -> None:
    people = {branch_id: bank.sign_up("赵小明", branch_id=branch_id) for branch_id in (CITY, VILLAGE, OTHER)}
    for number in range(9):
        bank.clock.advance(dt.timedelta(seconds=1))
        bank.deposit(list(people.values())[number % 3].account, 1_01 + number)
    bank.settle()
    bank.clock.advance(AFTER)
    for row in table_items(bank, "InboxTable"):
        if row["customer_id"] in {person.customer_id for person in people.values()}:
            drop(bank, "InboxTable", customer_id=row["customer_id"], notification_id=row["notification_id"])
    # cash at the head office's counter is the head office's own
    assert len(stuck(bank, office, "limit=100")) == 9
    assert stuck(bank, appoint(bank, staff.OPERATOR, branch_id=CITY), "limit=100") == {}
    # and the pages together are the list, oldest first, whatever the size of a page
    token = log_in(bank, office)
    seen: list[int] = []
    cursors = [""]
    for cursor in cursors:
        path = "/v1/staff/transactions/stuck?limit=2" + (f"&cursor={cursor}" if cursor else "")
        reply = bank.request("GET", path, token=token, headers=PURPOSE)
        seen += [int(one["transaction"]["amount"].replace(".", "")) for one in reply.body["stuck"]]
        if reply.body["next_cursor"]:
            cursors.append(reply.body["next_cursor"])
    assert seen == list(range(101, 110))
    for tampered in ("x", "eyJ4IjoxfQ", cursors[1][2:]):
        path = f"/v1/staff/transactions/stuck?cursor={tampered}"
        assert bank.request("GET", path, token=token, headers=PURPOSE).code == "cursor_malformed"


def test_a_lost_record_is_made_good_by_the_sweep(bank: Bank, office: Clerk, counted: list[str]) -> None:
    # given a deposit of whose record the list never heard
    payer, _ = parties(bank)
    bank.settle()
    bank.deposit(payer.account, 7_00)
    bank.positions["JournalTable", WORKERS["project_transfers"]] = len(bank._stream("JournalTable"))
    bank.settle()
    assert [row for row in table_items(bank, "TransactionsTable") if row["amount_fen"] == 7_00] == []
    bank.clock.advance(dt.timedelta(minutes=11))
    receipt_workers.start_receipt_sweep(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()
    (row,) = [row for row in table_items(bank, "TransactionsTable") if row["amount_fen"] == 7_00]
    assert (row["kind"], row["state"]) == ("cash_deposit", "posted")
    assert counted == [metrics.TRANSFERS_RETOLD]
