"""Lines lost in the middle come back as they were, proved by the chain; what stands is never written over."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.accounts import store
from chalicelib.accounts.commands import fill_holes, lost_lines
from chalicelib.accounts.commands.verify_chain import Verdict, verify_chain
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, metrics
from infra.cli.app import main as bank_command
from tests.chain.bank import Bank, Person, running_bank
from tests.chain.lost_lines import Lines, busy_customer, lose, lose_last, put_line, sweep, table
from tests.chain.probe import force_account, lines_of, table_items
from tests.chain.test_deferred_legs import merchant

COUNT = 17
LATER = dt.timedelta(minutes=2)
MUCH_LATER = dt.timedelta(minutes=20)


@pytest.fixture(scope="module")
def whole() -> Iterator[tuple[Bank, Person]]:
    """One bank for all: each test puts back what it broke."""
    with running_bank() as bank:
        yield bank, busy_customer(bank)


@pytest.fixture
def bank(whole: tuple[Bank, Person]) -> Bank:
    clock.use(whole[0].clock)
    return whole[0]


Case = tuple[Bank, Person, Lines]


@pytest.fixture
def case(bank: Bank, whole: tuple[Bank, Person]) -> Iterator[Case]:
    person = whole[1]
    lines = lines_of(bank, person.account)
    assert len(lines) == COUNT
    yield bank, person, lines
    for line in lines_of(bank, person.account):
        table(bank).delete_item(Key={"account_id": person.account, "line": line["line"]})
    for line in lines:
        put_line(bank, line)
    assert verify_chain(person.account) == Verdict(COUNT, None)


def told(bank: Bank, person: Person) -> tuple[list[str], int]:
    return bank.messages(person), len(table_items(bank, "InboxTable"))


def broken(person: Person) -> tuple[int, str]:
    found = verify_chain(person.account).broken
    assert found is not None
    return found.seq, found.how


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize(
    ("first", "size"),
    [*((first, 1) for first in range(1, COUNT)), (1, 2), (4, 2), (10, 2), (15, 2), (1, 9), (5, 9), (8, 9)],
)
def test_lines_lost_in_the_middle_come_back_to_the_last_byte(case: Case, first: int, size: int) -> None:
    # given a hole anywhere before the last line: whole entries, and principal or fee alone
    bank, person, lines = case
    before = told(bank, person)
    lose(bank, person.account, list(range(first, first + size)))
    assert broken(person) == (first, "missing")
    # when the operator has it rebuilt
    assert bank_command(["account", "rebuild", person.account]) == 0
    # then the same lines stand there, and nobody is told anything twice
    assert lines_of(bank, person.account) == lines
    assert verify_chain(person.account) == Verdict(COUNT, None)
    bank.settle()
    assert told(bank, person) == before


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize("seed", range(6))
def test_any_number_of_holes_and_a_lost_end_come_back(case: Case, seed: int) -> None:
    bank, person, lines = case
    chance = random.Random(seed)  # noqa: S311  # a choice, repeatable
    gone = chance.sample(range(1, COUNT + 1), chance.randint(4, 12))
    lose(bank, person.account, gone)
    if COUNT not in gone:
        lose(bank, person.account, [COUNT])
    bank.clock.advance(MUCH_LATER)
    assert bank_command(["account", "rebuild", person.account]) == 0
    assert [{**line, "rebuilt": None} for line in lines_of(bank, person.account)] == [
        {**line, "rebuilt": None} for line in lines
    ]


def test_entries_of_the_same_moment_come_back_in_their_order(bank: Bank) -> None:
    # given six deposits in one millisecond, whose order the journal cannot tell, long forgotten by the account
    person = bank.sign_up("赵小明")
    for fen in range(1, 7):
        bank.deposit(person.account, fen)
    bank.clock.advance(dt.timedelta(minutes=5))
    for fen in range(10, 20):
        bank.deposit(person.account, fen)
    bank.settle()
    lines = lines_of(bank, person.account)
    assert len({line["posted_at"] for line in lines[:6]}) == 1
    # when some are lost, then the chain tells the order
    lose(bank, person.account, [2, 3, 4, 5])
    assert bank_command(["account", "rebuild", person.account]) == 0
    assert lines_of(bank, person.account) == lines


def test_a_hole_of_deferred_legs_comes_back(bank: Bank) -> None:
    # given a merchant whose credits come from the stream, some of them together and a day late
    shop, payer = merchant(bank), bank.sign_up("赵小明", deposit="1000.00")
    for number in range(12):
        bank.clock.advance(dt.timedelta(hours=1, minutes=20))
        bank.pay(payer, shop, f"{number + 1}.00", f"key-shop-{number:04d}")
        if number % 3 == 0:
            bank.settle()
    bank.settle()
    lines = lines_of(bank, shop.account)
    assert len(lines) == 12
    assert any(line.get("value_date") for line in lines)
    for gone in ([2], [2, 3, 4, 5, 6, 7], [11]):
        lose(bank, shop.account, gone)
        assert bank_command(["account", "rebuild", shop.account]) == 0
        assert lines_of(bank, shop.account) == lines


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda line: {**line, "amount_fen": line["amount_fen"] + 1}, "altered"),
        (lambda line: {**line, "balance_fen": line["balance_fen"] - 1}, "wrong balance"),
        (lambda line: {**line, "chain": b"\x01" * 32}, "wrong chain"),
    ],
    ids=["amount", "balance", "chain"],
)
@pytest.mark.parametrize("where", [6, 10, 14], ids=["before the hole", "after it", "far after it"])
def test_a_line_that_was_tampered_with_is_never_written_over(case: Case, change: Any, how: str, where: int) -> None:
    # given lines 7 to 9 lost, and another that was tampered with
    bank, person, lines = case
    tampered = change(lines[where - 1])
    put_line(bank, tampered)
    lose(bank, person.account, [7, 8, 9])
    standing = lines_of(bank, person.account)
    # when it is rebuilt, then that line stays as it is, and is named
    assert bank_command(["account", "rebuild", person.account]) == 1
    after = {line["seq"]: line for line in lines_of(bank, person.account)}
    assert after[where] == tampered
    if where == 14:
        # the hole itself was between lines that hold
        assert [after[seq] for seq in (7, 8, 9)] == lines[6:9]
        assert broken(person) == (14, how)
    else:
        # nothing proves what was there: nothing is written
        assert list(after.values()) == standing
        assert broken(person) == ((6, how) if where == 6 else (7, "missing"))


def test_a_line_moved_elsewhere_is_no_hole(case: Case) -> None:
    bank, person, lines = case
    lose(bank, person.account, [3])
    put_line(bank, {**lines[2], "line": f"20261122#{3:012d}", "business_date": "20261122"})
    standing = lines_of(bank, person.account)
    assert bank_command(["account", "rebuild", person.account]) == 1
    assert lines_of(bank, person.account) == standing
    assert broken(person) == (3, "reordered")


def test_the_sweeper_fills_what_it_sees_at_a_glance_and_rings(case: Case, counted: list[str]) -> None:
    # given a hole among the newest eight lines, and one far before them
    bank, person, lines = case
    lose(bank, person.account, [12, 13])
    lose(bank, person.account, [4])
    # when the sweep comes, then the near one is filled, and told to the operators
    sweep(bank)
    assert [line["seq"] for line in lines_of(bank, person.account)] == [*range(1, 4), *range(5, COUNT + 1)]
    assert counted == [metrics.LINE_GAPS]
    assert broken(person) == (4, "missing")
    # and a second sweep finds nothing
    sweep(bank)
    assert counted == [metrics.LINE_GAPS]
    assert bank_command(["account", "rebuild", person.account]) == 0
    assert lines_of(bank, person.account) == lines


def test_the_sweeper_fills_a_hole_before_a_lost_end(case: Case, counted: list[str]) -> None:
    bank, person, lines = case
    lose_last(bank, person.account, 2)
    lose(bank, person.account, [13])
    bank.clock.advance(LATER)
    sweep(bank)
    assert lines_of(bank, person.account) == lines
    assert counted == [metrics.LINE_GAPS]


def test_what_the_sweeper_cannot_prove_is_told_and_holds_back_nobody(case: Case, counted: list[str]) -> None:
    # given a hole whose neighbour was tampered with, and another customer who lost a line
    bank, person, lines = case
    other = busy_customer(bank, entries=3)
    lose_last(bank, other.account, 1)
    lose(bank, person.account, [12])
    put_line(bank, {**lines[12], "chain": b"\x01" * 32})
    standing = lines_of(bank, person.account)
    bank.clock.advance(LATER)
    sweep(bank)
    assert counted == [metrics.LINES_NOT_REBUILT]
    assert lines_of(bank, person.account) == standing
    assert len(lines_of(bank, other.account)) == 3


def test_a_fresh_accounts_first_line_is_missed_and_an_old_ones_is_not_guessed_at(
    bank: Bank, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given an account with fewer lines than a glance has, its first one lost
    person = busy_customer(bank, entries=3)
    lines = lines_of(bank, person.account)
    lose(bank, person.account, [1])
    sweep(bank)
    assert lines_of(bank, person.account) == lines
    # and a glance that ends in the middle of an account says nothing of what is before it
    account = ledger.read_accounts([person.account])[person.account]
    monkeypatch.setattr(fill_holes, "GLANCE", 2)
    newest = [item.to_movement() for item in store.all_lines(person.account)][:0:-1]
    assert [line.seq for line in newest] == [3, 2]
    assert fill_holes.fill_newest(account, newest) == 0


def test_limits_of_the_search_are_told(
    case: Case, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a hole that the account does not remember
    bank, person, lines = case
    lose(bank, person.account, [2, 3])
    account = ledger.read_accounts([person.account])[person.account]
    with pytest.raises(lost_lines.Irreparable, match="too large for a sweep"):
        fill_holes.fill_holes(account, most_pages=0)
    with monkeypatch.context() as patch:
        patch.setattr(fill_holes, "MAX_RECENT_LINES", 3)
        assert bank_command(["account", "rebuild", person.account]) == 1
        assert "too many lines" in capsys.readouterr().out
    # and a journal whose entry is gone explains nothing
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "entries_posted", lambda *_: iter(()))
        assert bank_command(["account", "rebuild", person.account]) == 1
        assert "not rebuilt" in capsys.readouterr().out
    force_account(bank, person.account, held_fen=0)
    assert bank_command(["account", "rebuild", person.account]) == 0
    assert lines_of(bank, person.account) == lines
