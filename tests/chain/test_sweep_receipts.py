"""A receipt or a row of the list whose message was lost for good comes all the same, once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

import pytest

from chalicelib.accounts import service as accounts
from chalicelib.accounts.service import Movement
from chalicelib.customers import store as customers_store
from chalicelib.ledger.commands.reverse_entry import reverse_entry
from chalicelib.platform import aws, clock, metrics
from chalicelib.receipts import workers
from chalicelib.receipts.commands import sweep_receipts as module
from tests.chain.bank import START, Bank, LambdaContext, Person
from tests.chain.probe import WORKERS, lines_of, put_on, scheduled, state_of, table_items, unchanged, wiretap
from tests.event_schemas import check

LATER = dt.timedelta(minutes=11)
RELAY, LIST = "relay_journal", "project_transfers"


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


def confirmed(bank: Bank, payer: Person, payee: Person, amount: str, key: str) -> str:
    """A posted transfer of which no worker has heard yet."""
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, amount, key)
    bank.settle()
    reply = bank.confirm(token, created.body["id"], bank.code_for(payer, created.body["id"]))
    assert reply.status == 200, reply
    return str(created.body["id"])


def lose_records(bank: Bank, *names: str) -> None:
    """The journal's records that these workers have not read are gone for good."""
    for name in names:
        bank.positions["JournalTable", WORKERS[name]] = len(bank._stream("JournalTable"))


def sweep(bank: Bank) -> None:
    """The schedule fires and the workers come to rest."""
    workers.start_receipt_sweep(scheduled(bank.clock.now()), LambdaContext())
    bank.settle()


def receipts(bank: Bank, entry_id: str) -> int:
    return sum(row["entry_id"] == entry_id for row in table_items(bank, "ReceiptsTable"))


def listed(bank: Bank, entry_id: str) -> list[str]:
    return [row["state"] for row in table_items(bank, "TransfersTable") if row["entry_id"] == entry_id]


def parties(bank: Bank) -> tuple[Person, Person]:
    return bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")


@pytest.mark.requirement("NB-5.1.1")
def test_a_receipt_whose_message_was_purged_is_issued_once(bank: Bank, counted: list[str]) -> None:
    # given a posted transfer whose message was given up, and the dead letters were purged
    payer, payee = parties(bank)
    entry_id = confirmed(bank, payer, payee, "30.00", "key-purged-01")
    bank._streams()
    assert bank.waiting("ReceiptsQueue") == 1
    aws.sqs().purge_queue(QueueUrl=bank.references["ReceiptsQueue"])
    bank.settle()
    assert (receipts(bank, entry_id), listed(bank, entry_id)) == (0, ["posted"])
    # when the sweep comes at once, it leaves the transfer to its worker
    sweep(bank)
    assert receipts(bank, entry_id) == 0
    # when it comes later, then there is exactly one receipt
    bank.clock.advance(LATER)
    with wiretap() as tap:
        sweep(bank)
    assert receipts(bank, entry_id) == 1
    assert counted == [metrics.TRANSFERS_RETOLD]
    reply = bank.request("GET", f"/v1/transfers/{entry_id}/receipt", token=bank.log_in(payer))
    assert (reply.status, reply.body["amount"]) == (200, "30.00")
    # by messages that name no account
    for record in tap.of("sweep_receipts") + tap.of("issue_receipts"):
        assert payer.account not in record["body"]
        assert check(record["body"])
    # and a repeat does nothing
    with unchanged(bank, but=("SessionsTable", "CredentialsTable")), wiretap() as tap:
        sweep(bank)
    assert tap.of("issue_receipts") == []
    assert counted == [metrics.TRANSFERS_RETOLD]


@pytest.mark.requirement("NB-5.1.1")
@pytest.mark.parametrize("names", [(RELAY,), (LIST,), (RELAY, LIST)], ids="+".join)
def test_a_record_of_the_journals_stream_that_is_lost_is_made_good(
    bank: Bank, counted: list[str], names: tuple[str, ...]
) -> None:
    # given that the journal's stream never gets to the one or the other worker
    payer, payee = parties(bank)
    entry_id = confirmed(bank, payer, payee, "30.00", f"key-lost-{'-'.join(names)}")
    lose_records(bank, *names)
    bank.settle()
    assert receipts(bank, entry_id) == (0 if RELAY in names else 1)
    assert listed(bank, entry_id) == (["awaiting"] if LIST in names else ["posted"])
    # when the sweep comes, then all is there, once; and again nothing happens
    bank.clock.advance(LATER)
    for _ in range(2):
        sweep(bank)
        assert (receipts(bank, entry_id), listed(bank, entry_id)) == (1, ["posted"])
    assert counted == [metrics.TRANSFERS_RETOLD]
    page = bank.request("GET", "/v1/transfers", token=bank.log_in(payer)).body
    assert [(row["id"], row["state"]) for row in page["transfers"]] == [(entry_id, "posted")]


def test_a_transfer_of_which_the_list_never_heard_is_listed(bank: Bank, counted: list[str]) -> None:
    payer, payee = parties(bank)
    token = bank.log_in(payer)
    created = bank.create(token, payer, payee, "5.00", "key-unlisted1").body["id"]
    lose_records(bank, LIST)
    bank.settle()
    assert bank.confirm(token, created, bank.code_for(payer, created)).status == 200
    lose_records(bank, LIST)
    bank.settle()
    assert listed(bank, created) == []
    bank.clock.advance(LATER)
    sweep(bank)
    assert listed(bank, created) == ["posted"]


def test_nothing_but_transfers_gets_a_receipt(bank: Bank, counted: list[str]) -> None:
    # given a transfer that was reversed (money left the payee), and cash
    payer, payee = parties(bank)
    entry_id = confirmed(bank, payer, payee, "30.00", "key-reversed1")
    bank.settle()
    reverse_entry(entry_id, reason="冲正", by="T0001", correlation_id="test")
    bank.settle()
    bank.clock.advance(LATER)
    before = state_of(bank)
    with wiretap() as tap:
        sweep(bank)
    assert state_of(bank) == before
    assert len(tap.of("sweep_receipts")) >= 1
    assert counted == []


@pytest.mark.parametrize(
    ("after", "found"), [(dt.timedelta(hours=25), 1), (dt.timedelta(hours=27), 0)], ids=["a day late", "too late"]
)
def test_a_sweep_looks_back_over_a_day_and_across_midnight(
    bank: Bank, counted: list[str], after: dt.timedelta, found: int
) -> None:
    payer, payee = parties(bank)
    entry_id = confirmed(bank, payer, payee, "30.00", f"key-day-late-{found}")
    lose_records(bank, RELAY)
    bank.settle()
    bank.clock.advance(after)
    sweep(bank)
    assert receipts(bank, entry_id) == found


def test_an_account_that_did_not_move_is_not_read(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    payer, payee = parties(bank)
    confirmed(bank, payer, payee, "30.00", "key-quiet-001")
    bank.settle()
    asked: list[str] = []

    def lines_between(account_id: str, *_: str) -> Iterator[Movement]:
        asked.append(account_id)
        return iter(())

    monkeypatch.setattr(accounts, "lines_between", lines_between)
    bank.clock.advance(LATER)
    sweep(bank)
    assert payer.account in asked
    asked.clear()
    bank.clock.set(START + dt.timedelta(days=3))
    sweep(bank)
    assert asked == []


def test_a_sweep_goes_on_from_page_to_page_and_in_parts(
    bank: Bank, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given pages of one customer and parts of one entry, and two customers whose records were lost
    monkeypatch.setattr(customers_store, "MAX_SCAN_PAGE", 1)
    monkeypatch.setattr(module, "AT_ONCE", 1)
    lost = []
    for number in range(2):
        payer, payee = parties(bank)
        for part in range(2):
            lost.append(confirmed(bank, payer, payee, "1.00", f"key-pages-{number}-{part}"))
            lose_records(bank, RELAY)
            bank.settle()
    bank.clock.advance(LATER)
    sweep(bank)
    assert [receipts(bank, entry_id) for entry_id in lost] == [1] * 4


def test_one_entry_that_gets_no_receipt_holds_back_no_other(bank: Bank, counted: list[str]) -> None:
    # given two transfers without receipt, one of which was tampered with
    payer, payee = parties(bank)
    lost = []
    for number in range(2):
        lost.append(confirmed(bank, payer, payee, "1.00", f"key-tampered-{number}"))
        lose_records(bank, RELAY)
        bank.settle()
    tampered, plain = lost
    aws.dynamodb().update_item(
        TableName=bank.references["JournalTable"],
        Key={"entry_id": {"S": tampered}},
        UpdateExpression="SET postings[0].f = :more",
        ExpressionAttributeValues={":more": {"N": "-500"}},
    )
    lose_records(bank, RELAY, LIST)
    bank.clock.advance(LATER)
    sweep(bank)
    assert (receipts(bank, tampered), receipts(bank, plain)) == (0, 1)
    assert len(lines_of(bank, payer.account)) == 3


def test_a_message_nobody_can_read_fails_alone(bank: Bank) -> None:
    put_on(bank, "ReceiptSweepsQueue", json.dumps({"schema_version": 1}))
    bank.settle()
    assert bank.waiting("ReceiptSweepsQueue") == 1
    assert clock.now() == START
    aws.sqs().purge_queue(QueueUrl=bank.references["ReceiptSweepsQueue"])
