"""Lost lines come back from the journal: the same lines, the same chain, each told once; nothing is guessed."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest

from chalicelib.accounts import store
from chalicelib.accounts.commands import lost_lines, rebuild_lines, sweep_lines
from chalicelib.accounts.commands.verify_chain import Verdict, verify_chain
from chalicelib.customers import store as customers_store
from chalicelib.ledger import service as ledger
from chalicelib.platform import aws, metrics
from tests.chain.bank import Bank
from tests.chain.lost_lines import busy_customer, lose_last, put_line, sweep
from tests.chain.probe import force_account, lines_of, table_items, wiretap

LATER = dt.timedelta(minutes=2)
MUCH_LATER = dt.timedelta(minutes=20)


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    return shared_bank


@pytest.mark.requirement("NB-5.1.3")
def test_any_number_of_lost_lines_comes_back_as_it_was(bank: Bank, counted: list[str]) -> None:
    # given an account of 14 entries, 17 lines
    person = busy_customer(bank)
    before = lines_of(bank, person.account)
    assert len(before) == 17
    told = (bank.messages(person), len(table_items(bank, "InboxTable")))
    for count in range(1, 13):
        # when its last lines are lost
        lose_last(bank, person.account, count)
        bank.clock.advance(MUCH_LATER)
        sweep(bank)
        # then they are there again, to the last byte; only those beyond eight entries say that time ordered them
        after = lines_of(bank, person.account)
        marked = [line["seq"] for line in after if line.get("rebuilt")]
        assert [{**line, "rebuilt": None} for line in after] == [{**line, "rebuilt": None} for line in before], count
        assert marked == list(range(18 - count, 8)), count
        assert verify_chain(person.account).broken is None
        for line in after:
            if line.get("rebuilt"):
                put_line(bank, {**line, "rebuilt": None})
    # and nobody was told anything twice
    assert (bank.messages(person), len(table_items(bank, "InboxTable"))) == told
    assert counted == []


def test_a_line_that_was_never_written_is_told_when_it_is_rebuilt(bank: Bank, counted: list[str]) -> None:
    # given an account that was set aside: a line is lost, and the next change comes
    person = busy_customer(bank, entries=3)
    lose_last(bank, person.account, 1)
    bank.deposit(person.account, 77_00)
    bank.settle()
    assert counted == [metrics.LINE_GAPS]
    assert not any("存入人民币77.00元" in text for text in bank.messages(person))
    # when the sweep comes
    bank.clock.advance(LATER)
    with wiretap() as tap:
        sweep(bank)
    # then both lines are there and the new one is told, once, by messages that name no account
    assert [line["seq"] for line in lines_of(bank, person.account)] == [1, 2, 3, 4]
    assert sum("存入人民币77.00元" in text for text in bank.messages(person)) == 1
    assert all(person.account not in record["body"] for record in tap.of("sweep_lines") + tap.of("send_alerts"))
    # and the account goes on as if nothing had been
    bank.deposit(person.account, 1_00)
    bank.settle()
    assert verify_chain(person.account) == Verdict(5, None)


def test_a_crash_between_two_lines_of_an_entry_is_made_good(bank: Bank) -> None:
    # given a transfer with a fee as the newest entry, its second line lost
    person = busy_customer(bank, entries=4)
    before = lines_of(bank, person.account)
    assert [line["kind"] for line in before[-2:]] == ["principal", "fee"]
    lose_last(bank, person.account, 1)
    bank.clock.advance(LATER)
    sweep(bank)
    assert lines_of(bank, person.account) == before


def test_a_crash_before_the_lines_are_written_loses_no_message(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    person = busy_customer(bank, entries=3)
    before = lines_of(bank, person.account)
    lose_last(bank, person.account, 2)
    bank.clock.advance(LATER)

    def crash(*_: object, **__: object) -> bool:
        raise RuntimeError("the machine is gone")

    with monkeypatch.context() as patch:
        patch.setattr(lost_lines, "append", crash)
        with pytest.raises(RuntimeError):
            sweep_lines.sweep_page("", "sweep-1", bank.clock.now())
    sweep(bank)
    assert lines_of(bank, person.account) == before


def test_lines_on_their_way_are_left_to_the_worker(bank: Bank) -> None:
    person = busy_customer(bank, entries=3)
    lose_last(bank, person.account, 1)
    sweep(bank)
    assert len(lines_of(bank, person.account)) == 2
    # and more than an account remembers is searched for only when the stream would have been alarmed
    person = busy_customer(bank, entries=12)
    lose_last(bank, person.account, 12)
    bank.clock.advance(LATER)
    sweep(bank)
    assert len(lines_of(bank, person.account)) == 2


def test_what_the_journal_does_not_explain_is_told_and_holds_back_nobody(bank: Bank, counted: list[str]) -> None:
    # given one account whose balance was tampered with, one whose entry is gone, and one that only lost a line
    tampered, bereft, plain = (busy_customer(bank, entries=3) for _ in range(3))
    gone = lines_of(bank, bereft.account)[-1]["entry_id"]
    for person in (tampered, bereft, plain):
        lose_last(bank, person.account, 1)
    force_account(bank, tampered.account, available_fen=1)
    aws.dynamodb().delete_item(TableName=bank.references["JournalTable"], Key={"entry_id": {"S": gone}})
    bank.clock.advance(LATER)
    # when the sweep comes, one of them at least in the middle of the page
    sweep(bank)
    # then the two are told to the operators, nothing is written for them, and the third has its line
    lengths = [len(lines_of(bank, person.account)) for person in (tampered, bereft, plain)]
    assert lengths == [2, 2, 3]
    assert counted == [metrics.LINES_NOT_REBUILT] * 2


def test_a_journal_too_large_for_a_sweep_is_left_to_the_operator(
    bank: Bank, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = busy_customer(bank)
    before = lines_of(bank, person.account)
    lose_last(bank, person.account, 12)
    bank.clock.advance(MUCH_LATER)
    with monkeypatch.context() as patch:
        patch.setattr(rebuild_lines.rebuild_lines, "__kwdefaults__", {"most_pages": 0})
        sweep(bank)
    assert counted.count(metrics.LINES_NOT_REBUILT) >= 1
    assert len(lines_of(bank, person.account)) == len(before) - 12
    sweep(bank)
    assert len(lines_of(bank, person.account)) == len(before)


def test_a_sweep_goes_on_from_page_to_page(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a page of one customer, and lines lost by all
    monkeypatch.setattr(customers_store, "MAX_SCAN_PAGE", 1)
    people = [busy_customer(bank, entries=2) for _ in range(3)]
    for person in people:
        lose_last(bank, person.account, 1)
    bank.clock.advance(LATER)
    with wiretap() as tap:
        sweep(bank)
        sweep(bank)  # the schedule fires twice
    assert [len(lines_of(bank, person.account)) for person in people] == [2, 2, 2]
    assert len(tap.of("sweep_lines")) >= 2 * len(people)


@pytest.mark.parametrize("seed", range(3))
def test_random_losses_and_changes_always_end_whole(bank: Bank, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # an order, repeatable
    person = busy_customer(bank, entries=10)
    for _ in range(4):
        lines = lines_of(bank, person.account)
        lose_last(bank, person.account, chance.randint(1, min(10, len(lines))))
        for _ in range(chance.randint(0, 3)):
            bank.clock.advance(dt.timedelta(seconds=chance.randint(0, 90)))
            bank.deposit(person.account, chance.randint(1, 1000))
        bank.settle()
        bank.clock.advance(MUCH_LATER)
        sweep(bank)
        assert verify_chain(person.account).broken is None


def test_a_line_written_while_the_sweeper_looks_is_no_defect(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a deposit whose line is still on its way when the sweeper starts to look
    person = bank.sign_up("赵小明", deposit="10.00")
    account = ledger.read_accounts([person.account])[person.account]
    newest = store.newest

    def after_the_worker(account_id: str, most: int) -> Any:
        bank.settle()
        return newest(account_id, most)

    monkeypatch.setattr(store, "newest", after_the_worker)

    # when the worker writes it in between, then the sweeper leaves it alone and calls nobody
    assert rebuild_lines.rebuild_lines(account, None, bank.clock.now() + dt.timedelta(hours=1)) == 0
    assert verify_chain(person.account).broken is None
