"""A chain that holds is said to hold; of one that does not, the first broken line is named, and how."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.accounts.commands import verify_chain as module
from chalicelib.accounts.commands.verify_chain import Verdict, verify_chain
from chalicelib.accounts.domain import FIRST_HASH, Movement
from chalicelib.factors import service as factors
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock
from chalicelib.platform.errors import NotFound
from infra.cli.app import main as bank_command
from tests.chain.bank import Bank, Person, running_bank
from tests.chain.lost_lines import Lines, busy_customer, lose, put_line, table
from tests.chain.probe import force_account, lines_of, table_items
from tests.chain.test_deferred_legs import merchant

COUNT = 17


@pytest.fixture(scope="module")
def whole() -> Iterator[tuple[Bank, Person]]:
    """One bank for all: each test puts back what it broke."""
    with running_bank() as bank:
        yield bank, busy_customer(bank)


@pytest.fixture
def case(whole: tuple[Bank, Person]) -> Iterator[tuple[Bank, Person, Lines]]:
    bank, person = whole
    lines = lines_of(bank, person.account)
    assert len(lines) == COUNT
    yield bank, person, lines
    lose(bank, person.account, [line["seq"] for line in lines_of(bank, person.account)])
    for line in lines:
        put_line(bank, line)
    force_account(bank, person.account, available_fen=lines[-1]["balance_fen"], seq=COUNT)
    assert verify_chain(person.account) == Verdict(COUNT, None)


def found(person: Person) -> tuple[int, str]:
    broken = verify_chain(person.account).broken
    assert broken is not None
    return broken.seq, broken.how


Case = tuple[Bank, Person, Lines]


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize("seed", range(5))
def test_the_first_of_some_missing_lines_is_named(case: Case, seed: int) -> None:
    bank, person, lines = case
    chance = random.Random(seed)  # noqa: S311  # a choice, repeatable
    gone = chance.sample(range(1, len(lines) + 1), chance.randint(1, 12))
    lose(bank, person.account, gone)
    assert found(person) == (min(gone), "missing")


def altered(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda line: {**line, **changes}


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda line: {**line, "amount_fen": line["amount_fen"] + 1}, "altered"),
        (altered(kind="gift"), "altered"),
        (altered(posted_at="2026-11-21T02:00:00.000Z"), "altered"),
        (altered(entry_id="a" * 26), "inserted"),
        (lambda line: {**line, "balance_fen": line["balance_fen"] - 1}, "wrong balance"),
        (altered(chain=b"\x01" * 32), "wrong chain"),
    ],
    ids=["amount", "kind", "time", "entry", "balance", "chain"],
)
def test_what_was_changed_in_a_line_is_named(
    case: Case, change: Callable[[dict[str, Any]], dict[str, Any]], how: str
) -> None:
    bank, person, lines = case
    put_line(bank, change(lines[6]))
    assert found(person) == (7, how)


@pytest.mark.requirement("NB-5.1.3")
def test_swapped_lines_are_named(case: Case) -> None:
    bank, person, lines = case
    put_line(bank, {**lines[4], "line": lines[5]["line"]})
    put_line(bank, {**lines[5], "line": lines[4]["line"]})
    assert found(person) == (5, "reordered")


def test_a_line_moved_to_another_day_is_named(case: Case) -> None:
    bank, person, lines = case
    lose(bank, person.account, [3])
    put_line(bank, {**lines[2], "line": f"20261122#{3:012d}", "business_date": "20261122"})
    assert found(person) == (3, "reordered")
    lose(bank, person.account, [3])


@pytest.mark.parametrize("seq", [4, COUNT + 1])
def test_an_inserted_line_is_named(case: Case, seq: int) -> None:
    # given a copy of a real line, with a number that is taken, or one after the last
    bank, person, lines = case
    copy = {**lines[3], "seq": seq, "business_date": "20261122", "line": f"20261122#{seq:012d}"}
    put_line(bank, copy)
    assert found(person)[1] == "inserted"
    assert found(person)[0] == seq
    table(bank).delete_item(Key={"account_id": person.account, "line": copy["line"]})


def test_a_chain_that_was_computed_anew_does_not_fool_the_journal(case: Case) -> None:
    # given an intruder who knows how chains are made: a larger amount, and everything after it made to fit
    bank, person, lines = case
    chain, extra = FIRST_HASH, 0
    for line in lines:
        extra += 500_00 if line["seq"] == 6 else 0
        amount = line["amount_fen"] + (500_00 if line["seq"] == 6 else 0)
        facts = {name: line[name] for name in Movement.__dataclass_fields__ if name in line and name != "chain"}
        made = Movement(**{**facts, "amount_fen": amount, "balance_fen": line["balance_fen"] + extra})
        made = made.chained_to(chain)
        chain = made.chain
        put_line(bank, {**line, "amount_fen": amount, "balance_fen": made.balance_fen, "chain": chain})
    assert found(person) == (6, "altered")


def chain_anew(bank: Bank, lines: Lines) -> None:
    """What an intruder does who knows how chains and balances are made: the lines as given, made to fit each other."""
    chain, balance_fen = FIRST_HASH, 0
    for line in lines:
        balance_fen += line["amount_fen"]
        facts = {name: line[name] for name in Movement.__dataclass_fields__ if name in line and name != "chain"}
        made = Movement(**{**facts, "balance_fen": balance_fen}).chained_to(chain)
        chain = made.chain
        put_line(bank, {**line, "line": made.line, "balance_fen": balance_fen, "chain": chain})


def test_a_chain_that_was_computed_anew_over_the_same_lines_holds(case: Case) -> None:
    bank, person, lines = case
    chain_anew(bank, lines)
    assert verify_chain(person.account) == Verdict(COUNT, None)


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize("seq", [1, 6, COUNT])
def test_a_changed_time_is_named_though_the_chain_was_computed_anew(case: Case, seq: int) -> None:
    bank, person, lines = case
    moved = [{**line, "posted_at": "2026-11-21T02:00:00.500Z"} if line["seq"] == seq else line for line in lines]
    chain_anew(bank, moved)
    assert found(person) == (seq, "altered")


@pytest.mark.requirement("NB-5.1.3")
@pytest.mark.parametrize("change", [{"business_date": "20261122"}, {"value_date": "20261120"}], ids=["date", "value"])
def test_a_changed_date_is_named_though_the_chain_was_computed_anew(case: Case, change: dict[str, str]) -> None:
    bank, person, lines = case
    lose(bank, person.account, [COUNT])
    chain_anew(bank, [*lines[:-1], {**lines[-1], **change}])
    assert found(person) == (COUNT, "altered")


@pytest.mark.requirement("NB-5.1.3")
def test_lines_that_changed_places_are_named_by_what_the_account_remembers(case: Case) -> None:
    # given the newest two neighbours that are an entry each, exchanged, and everything made to fit
    bank, person, lines = case
    single = [line["seq"] for line in lines if [one["entry_id"] for one in lines].count(line["entry_id"]) == 1]
    first = max(seq for seq in single if seq + 1 in single)
    one, other = lines[first - 1], lines[first]
    assert len({line["entry_id"] for line in lines[first - 1 :]}) < ledger.REMEMBERED_ENTRIES
    swapped = [*lines[: first - 1], {**other, "seq": first}, {**one, "seq": first + 1}, *lines[first + 1 :]]
    chain_anew(bank, swapped)
    assert found(person) == (first, "reordered")


@pytest.mark.requirement("NB-5.1.3")
def test_lines_of_another_time_that_changed_places_are_named_however_old(whole: tuple[Bank, Person]) -> None:
    # given an account whose second entry was a minute after its first, and more since than it remembers
    bank, _ = whole
    person = bank.sign_up("赵小明")
    for number in range(12):
        bank.clock.advance(dt.timedelta(minutes=1))
        bank.deposit(person.account, 100_00 + number)
    bank.settle()
    lines = lines_of(bank, person.account)
    assert verify_chain(person.account) == Verdict(12, None)
    # when these two change places, and everything is made to fit
    chain_anew(bank, [{**lines[1], "seq": 1}, {**lines[0], "seq": 2}, *lines[2:]])
    assert found(person) == (2, "reordered")


@pytest.mark.requirement("NB-5.1.3")
def test_deferred_lines_hold_and_a_changed_value_date_is_named(whole: tuple[Bank, Person]) -> None:
    # given a merchant who was paid a second before midnight and posted after it
    bank, _ = whole
    clock.use(bank.clock)
    payer, shop = bank.sign_up("赵小明", deposit="100.00"), merchant(bank)
    bank.settle()
    bank.clock.set(dt.datetime(2026, 11, 21, 23, 59, 59, tzinfo=clock.SHANGHAI))
    token = bank.log_in(payer)
    created = bank.create(token, payer, shop, "10.00", "key-late-0001").body["id"]
    code = factors.confirmation_code(journal_digest(bank, created), 1)
    assert bank.confirm(token, created, code).status == 200
    bank.clock.advance(dt.timedelta(seconds=5))
    bank.settle()
    (line,) = lines_of(bank, shop.account)
    assert (line["business_date"], line.get("value_date")) == ("20261122", "20261121"), line
    assert verify_chain(shop.account) == Verdict(1, None)
    chain_anew(bank, [{**line, "value_date": "20261120"}])
    assert found(shop) == (1, "altered")


def journal_digest(bank: Bank, entry_id: str) -> bytes:
    (image,) = [row for row in table_items(bank, "JournalTable") if row["entry_id"] == entry_id]
    return bytes(image["digest"])


def test_an_account_that_says_otherwise_is_named(case: Case) -> None:
    bank, person, lines = case
    force_account(bank, person.account, available_fen=lines[-1]["balance_fen"] + 1)
    assert found(person) == (COUNT, "wrong balance")
    force_account(bank, person.account, seq=COUNT - 1)
    assert found(person) == (COUNT, "inserted")
    force_account(bank, person.account, seq=COUNT + 1)
    assert found(person) == (COUNT + 1, "missing")


def test_memory_stays_flat(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    # given pages of five lines, the entries of one page are read at a time
    _, person, _ = case
    monkeypatch.setattr(module, "PAGE", 5)
    original, sizes = ledger.read_entries, []

    def read(entry_ids: list[str]) -> Any:
        sizes.append(len(entry_ids))
        return original(entry_ids)

    monkeypatch.setattr(ledger, "read_entries", read)
    assert verify_chain(person.account) == Verdict(COUNT, None)
    assert max(sizes) <= 5
    assert len(sizes) == 4


def test_the_operators_command(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    bank, person, _ = case
    assert bank_command(["account", "verify", person.account]) == 0
    assert "17 lines" in capsys.readouterr().out
    lose(bank, person.account, [15, 16, 17])
    assert bank_command(["account", "verify", person.account]) == 1
    assert "line 15 is missing" in capsys.readouterr().out
    assert bank_command(["account", "verify", "9" * 19]) == 2
    assert bank_command(["account", "verify", "x"]) == 2
    assert bank_command(["account", "rebuild", "9" * 19]) == 2
    force_account(bank, person.account, held_fen=5)
    assert bank_command(["account", "rebuild", person.account]) == 1
    force_account(bank, person.account, held_fen=0)
    with pytest.raises(NotFound):
        verify_chain("9" * 19)
