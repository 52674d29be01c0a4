"""What staff did is chained by date: whatever is done to its rows or links afterwards is found (NB-4-audit)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.audit import links as chain
from chalicelib.audit import service as audit
from chalicelib.audit import workers
from chalicelib.audit.commands import link_actions, verify_actions
from chalicelib.audit.commands.export_actions import export_date
from chalicelib.audit.commands.verify_actions import NotAnExport, verify_date, verify_lines
from chalicelib.platform import aws, clock, metrics, transactions
from chalicelib.platform.dynamo import to_raw
from tests.chain.bank import Bank, LambdaContext
from tests.chain.probe import give, scheduled, table_items, wiretap

ROWS, LINKS = "StaffActionsTable", "StaffActionLinksTable"
Tamper = Callable[[Bank], None]


def note(bank: Bank, *actions: str) -> None:
    """Rows of today, a second apart, as parts of writes of their own."""
    for action in actions:
        assert transactions.commit([audit.staff_event("S1", action, bank.clock.now(), on="c1", reason="按规定")])
        bank.clock.sleep(1)


def today(bank: Bank) -> str:
    return clock.business_date(bank.clock.now())


def verdict(bank: Bank, business_date: str = "") -> chain.Verdict:
    return verify_date(business_date or today(bank), bank.clock.now())


def later(bank: Bank, **by: int) -> None:
    bank.clock.advance(dt.timedelta(**by))


def sweep(bank: Bank) -> dict[str, int]:
    return workers.sweep_staff_actions(scheduled(bank.clock.now()), LambdaContext())  # type: ignore[no-any-return]


def row_of(bank: Bank, action: str) -> dict[str, Any]:
    (row,) = [row for row in table_items(bank, ROWS) if row["action"] == action]
    return row


def link_items(bank: Bank) -> list[dict[str, Any]]:
    found = [item for item in table_items(bank, LINKS) if item["place"].startswith(chain.PLACE)]
    return sorted(found, key=lambda item: (item["business_date"], item["place"]))


def put(bank: Bank, table: str, item: dict[str, Any]) -> None:
    """Write past the bank."""
    aws.dynamodb().put_item(TableName=bank.references[table], Item=to_raw(item))


def delete(bank: Bank, table: str, item: dict[str, Any]) -> None:
    names = {ROWS: ("business_date", "action_key"), LINKS: ("business_date", "place")}[table]
    aws.dynamodb().delete_item(TableName=bank.references[table], Key=to_raw({name: item[name] for name in names}))


@pytest.fixture
def bank(shared_bank: Bank) -> Bank:
    """The module's bank, with nothing on record."""
    shared_bank.settle()
    for table in (ROWS, LINKS):
        for item in table_items(shared_bank, table):
            delete(shared_bank, table, item)
    lose_records(shared_bank)
    return shared_bank


def lose_records(bank: Bank) -> None:
    """What the streams still have to tell is gone."""
    for source, handler in [key for key in bank.positions if key[0] == ROWS]:
        bank.positions[(source, handler)] = len(bank._stream(source))


@pytest.fixture
def log(bank: Bank) -> Bank:
    """A bank with five rows, linked, ten minutes ago."""
    note(bank, "a", "b", "c", "d", "e")
    bank.settle()
    later(bank, minutes=10)
    return bank


# ---- how rows are linked --------------------------------------------------------------------------------------
@pytest.mark.requirement("NB-4-audit")
def test_every_row_gets_its_link_in_one_chain(log: Bank) -> None:
    found = verdict(log)
    assert (found.held, found.wrong, found.pending, found.seq) == (5, 0, 0, 5)
    previous = chain.FIRST_HASH
    for item, action in zip(link_items(log), "abcde", strict=True):
        row = row_of(log, action)
        assert item["of"] == f"row#{row['action_key']}"
        assert item["digest"] == chain.digest_of(row)
        assert item["chain"] != previous
        previous = item["chain"]
    assert previous == found.chain


@pytest.mark.requirement("NB-4-audit")
def test_records_that_come_again_or_in_another_order_link_nothing_twice(bank: Bank) -> None:
    note(bank, "a", "b", "c")
    with wiretap() as tap:
        bank.settle()
    records = tap.of("link_staff_actions")
    assert len(records) == 3
    before = table_items(bank, LINKS)
    assert give("link_staff_actions", [*reversed(records), *records]) == []
    assert table_items(bank, LINKS) == before
    # rows whose records come in the wrong order are linked as they come
    note(bank, "d", "e")
    with wiretap() as tap:
        bank.settle()
    for item in table_items(bank, LINKS):
        delete(bank, LINKS, item)
    assert give("link_staff_actions", [*reversed(tap.of("link_staff_actions")), *records]) == []
    assert (verdict(bank).held, verdict(bank).wrong) == (5, 0)


def test_a_crash_between_two_rows_loses_and_doubles_nothing(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    note(bank, "a", "b", "c")
    with wiretap() as tap:
        bank.settle()
    records = tap.of("link_staff_actions")
    for item in table_items(bank, LINKS):
        delete(bank, LINKS, item)
    # the function dies right after the second link was written, unacknowledged
    committed: list[Any] = []
    real = transactions.commit

    def dies(writes: Any) -> bool:
        done = real(writes)
        committed.append(writes)
        if len(committed) == 2:
            raise MemoryError
        return done

    monkeypatch.setattr(transactions, "commit", dies)
    failed = give("link_staff_actions", records)
    assert failed
    assert give("link_staff_actions", records) == []
    assert (verdict(bank).held, verdict(bank).wrong, verdict(bank).seq) == (3, 0, 3)


@pytest.mark.requirement("NB-4-audit")
def test_a_row_that_the_stream_lost_is_linked_by_the_sweep_and_rings(log: Bank, counted: list[str]) -> None:
    note(log, "lost")
    lose_records(log)
    # a young row is left to its stream
    assert sweep(log)["rows"] == 0
    assert verdict(log).pending == 1
    later(log, minutes=6)
    assert [finding.how for finding in verdict(log).findings] == ["unlinked"]
    assert sweep(log)["rows"] == 1
    assert counted == [metrics.STAFF_ACTIONS_UNLINKED]
    assert (verdict(log).held, verdict(log).wrong) == (6, 0)
    # again it finds nothing
    assert sweep(log)["rows"] == 0
    assert counted == [metrics.STAFF_ACTIONS_UNLINKED]


def test_the_sweep_looks_over_midnight_and_no_further_than_a_run_can(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_actions, "MOST_ROWS", 3)
    bank.clock.set(dt.datetime(2026, 11, 21, 23, 59, 58, tzinfo=clock.SHANGHAI))
    note(bank, "a", "b", "c", "d")
    lose_records(bank)
    later(bank, minutes=10)
    assert [sweep(bank)["rows"] for _ in range(3)] == [3, 1, 0]
    assert (verdict(bank, "20261121").held, verdict(bank, "20261122").held) == (2, 2)


@pytest.mark.requirement("NB-4-audit")
def test_a_date_takes_in_the_heads_of_those_before_it(log: Bank) -> None:
    first = verdict(log)
    later(log, days=1)
    note(log, "f")
    log.settle()
    assert [sweep(log)["heads"] for _ in range(2)] == [1, 0]
    second = verdict(log)
    assert [(head.business_date, head.seq, head.chain) for head in second.heads] == [("20261121", 5, first.chain)]
    assert second.wrong == 0
    # a row of the day before that comes late grows its chain, which is taken in anew
    late = dt.datetime(2026, 11, 21, 23, 59, 59, tzinfo=clock.SHANGHAI)
    assert transactions.commit([audit.staff_event("S1", "late", late)])
    log.settle()
    assert sweep(log)["heads"] == 1
    assert {head.seq for head in verdict(log).heads} == {5, 6}
    assert (verdict(log, "20261121").held, verdict(log, "20261121").wrong) == (6, 0)


@pytest.mark.requirement("NB-4-audit")
def test_a_row_at_its_term_may_go_and_no_earlier(log: Bank, counted: list[str]) -> None:
    row = row_of(log, "b")
    log.clock.set(clock.from_epoch(row["expires_at"] - 1))
    delete(log, ROWS, row)
    assert verdict(log, "20261121").findings[0].how == "removed"
    later(log, seconds=1)
    found = verdict(log, "20261121")
    assert (found.held, found.expired, found.wrong) == (4, 1, 0)
    # time-to-live rings nobody; that the other one went at its term is all the stream shows
    log.settle()
    assert counted == []


# ---- what is done to it ---------------------------------------------------------------------------------------
def _altered(bank: Bank) -> None:
    put(bank, ROWS, {**row_of(bank, "c"), "on": "c2"})


def _term_shortened(bank: Bank) -> None:
    put(bank, ROWS, {**row_of(bank, "c"), "expires_at": int(bank.clock.now().timestamp())})


def _removed(bank: Bank) -> None:
    delete(bank, ROWS, row_of(bank, "c"))


def _inserted_in_the_past(bank: Bank) -> None:
    later(bank, days=2)
    row = row_of(bank, "c")
    put(bank, ROWS, {**row, "action_key": row["action_key"].replace("#", "#x"), "action": "x"})
    bank.settle()


def _inserted_for_the_future(bank: Bank) -> None:
    row = row_of(bank, "c")
    put(bank, ROWS, {**row, "action_key": "2026-11-21T15:00:00.000Z#x", "action": "x"})
    bank.settle()


def _inserted_with_what_no_row_has(bank: Bank) -> None:
    later(bank, days=2)
    row = {name: value for name, value in row_of(bank, "c").items() if name != "expires_at"}
    strange = {"raw": b"\x00\xff", "several": {"b", "a"}, "numbers": {2, 1}, "nothing": {"x": None}}
    put(bank, ROWS, {**row, **strange, "action_key": row["action_key"].replace("#", "#x"), "action": "x"})
    bank.settle()


def _inserted_past_the_stream(bank: Bank) -> None:
    row = row_of(bank, "c")
    put(bank, ROWS, {**row, "action_key": row["action_key"].replace("#", "#x"), "action": "x"})


def _without_a_time(bank: Bank) -> None:
    put(bank, ROWS, {**row_of(bank, "c"), "action_key": "zzz", "action": "x"})


def _rows_exchanged(bank: Bank) -> None:
    one, two = row_of(bank, "b"), row_of(bank, "d")
    put(bank, ROWS, {**one, "action_key": two["action_key"]})
    put(bank, ROWS, {**two, "action_key": one["action_key"]})


def _links_exchanged(bank: Bank) -> None:
    one, two = link_items(bank)[1:3]
    put(bank, LINKS, {**one, "place": two["place"]})
    put(bank, LINKS, {**two, "place": one["place"]})


def _links_exchanged_with_their_numbers(bank: Bank) -> None:
    one, two = link_items(bank)[1:3]
    put(bank, LINKS, {**one, "place": two["place"], "seq": two["seq"]})
    put(bank, LINKS, {**two, "place": one["place"], "seq": one["seq"]})


def _link_removed(bank: Bank) -> None:
    delete(bank, LINKS, link_items(bank)[2])


def _row_and_link_removed(bank: Bank) -> None:
    delete(bank, ROWS, row_of(bank, "c"))
    delete(bank, LINKS, link_items(bank)[2])


def _row_and_digest_altered(bank: Bank) -> None:
    row = {**row_of(bank, "c"), "on": "c2"}
    put(bank, ROWS, row)
    put(bank, LINKS, {**link_items(bank)[2], "digest": chain.digest_of(row)})


def _linked_twice(bank: Bank) -> None:
    head = verdict(bank)
    again = link_items(bank)[2]
    link = chain.Link(today(bank), 6, again["of"], again["digest"], again["linked_at"], again["expires_at"])
    put(bank, LINKS, _stored(link.chained_to(head.chain)))


def _stored(link: chain.Link) -> dict[str, Any]:
    return {**{name: getattr(link, name) for name in link.__dataclass_fields__}, "place": link.place}


TAMPERED: dict[Tamper, set[str]] = {
    _altered: {"altered"},
    _term_shortened: {"altered"},
    _removed: {"removed"},
    _inserted_in_the_past: {"inserted"},
    _inserted_for_the_future: {"inserted"},
    _inserted_with_what_no_row_has: {"inserted"},
    _inserted_past_the_stream: {"unlinked"},
    _without_a_time: {"unlinked"},
    _rows_exchanged: {"altered"},
    _links_exchanged: {"reordered"},
    _links_exchanged_with_their_numbers: {"wrong chain"},
    _link_removed: {"missing link", "unlinked"},
    _row_and_link_removed: {"missing link"},
    _row_and_digest_altered: {"wrong chain"},
    _linked_twice: {"inserted"},
}


@pytest.mark.requirement("NB-4-audit")
@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__.strip("_"))
def test_whatever_is_done_past_the_bank_is_found(log: Bank, tamper: Tamper) -> None:
    # given a whole log, and its export
    business_date = today(log)
    assert verdict(log).wrong == 0
    # when somebody who may write to the tables does this
    tamper(log)
    # then it has its name, and the other rows still hold
    found = verdict(log, business_date)
    assert TAMPERED[tamper] <= {finding.how for finding in found.findings}, found
    assert found.held >= 3
    # and so in a file that is exported now
    (exported,) = verify_lines(export_date(business_date, log.clock.now()), log.clock.now())
    assert [finding.how for finding in exported.findings] == [finding.how for finding in found.findings]


@pytest.mark.requirement("NB-4-audit")
def test_a_chain_made_anew_or_cut_short_is_not_what_the_next_date_holds(log: Bank) -> None:
    later(log, days=1)
    sweep(log)
    assert verdict(log, "20261121").wrong == verdict(log).wrong == 0
    # the last row goes, with its link and the mark
    for item in table_items(log, LINKS):
        if item["seq"] == 5:
            delete(log, LINKS, item)
    row = row_of(log, "e")
    delete(log, ROWS, row)
    assert [finding.how for finding in verdict(log, "20261121").findings] == ["missing link"]
    assert [finding.how for finding in verdict(log).findings] == ["wrong chain"]
    # and is replaced by another, rightly chained
    forged = {**row, "on": "c9"}
    put(log, ROWS, forged)
    head = verdict(log, "20261121")
    link = chain.Link("20261121", 5, f"row#{row['action_key']}", chain.digest_of(forged), row["at"], row["expires_at"])
    put(log, LINKS, _stored(link.chained_to(head.chain)))
    assert [finding.how for finding in verdict(log, "20261121").findings] == ["wrong chain"]
    assert [finding.how for finding in verdict(log).findings] == ["wrong chain"]


@pytest.mark.requirement("NB-4-audit")
def test_a_row_removed_before_its_record_was_read_is_found_too(bank: Bank, counted: list[str]) -> None:
    note(bank, "a", "b")
    delete(bank, ROWS, row_of(bank, "b"))
    bank.settle()
    assert [finding.how for finding in verdict(bank).findings] == ["removed"]
    assert counted == [metrics.STAFF_ACTIONS_REWRITTEN]


@pytest.mark.requirement("NB-4-audit")
@pytest.mark.parametrize("tamper", [_altered, _term_shortened, _removed, _rows_exchanged], ids=lambda one: one.__name__)
def test_a_row_that_is_rewritten_rings_at_once(log: Bank, tamper: Tamper, counted: list[str]) -> None:
    tamper(log)
    log.settle()
    assert set(counted) == {metrics.STAFF_ACTIONS_REWRITTEN}


# ---- the file -------------------------------------------------------------------------------------------------
def exported(bank: Bank, *dates: str) -> list[str]:
    return [line for date in dates for line in export_date(date, bank.clock.now())]


def test_a_file_of_several_dates_is_verified_without_any_table(log: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    later(log, days=1)
    note(log, "f")
    log.settle()
    sweep(log)
    lines = exported(log, "20261121", "20261122")
    monkeypatch.setattr(verify_actions, "store", None)
    found = list(verify_lines(lines, log.clock.now()))
    assert [(one.held, one.wrong, one.seq) for one in found] == [(5, 0, 5), (1, 0, 2)]
    assert all(json.loads(line)["type"] in ("log", "link", "row", "end") for line in lines)
    # each date's heads are held to the other's links
    cut = [line for line in lines if '"seq":5,' not in line or '"type":"link"' not in line]
    assert [one.wrong > 0 for one in verify_lines(cut, log.clock.now())] == [True, True]
    # and to those of a date that is not in the file they are not
    assert [one.wrong for one in verify_lines(exported(log, "20261122"), log.clock.now())] == [0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [],
        lambda lines: ["", ""],
        lambda lines: lines[:-1],
        lambda lines: lines[1:],
        lambda lines: [*lines, lines[1]],
        lambda lines: ["{", *lines],
        lambda lines: ["[]", *lines],
        lambda lines: [lines[0].replace("log-1", "log-2"), *lines[1:]],
        lambda lines: [lines[0].replace("20261121", "20261199"), *lines[1:]],
        lambda lines: [lines[0], lines[1].replace('"seq":1', '"seq":"1"'), *lines[2:]],
        lambda lines: [lines[0], lines[1].replace('"digest":"', '"digest":"x'), *lines[2:]],
        lambda lines: [line.replace('"type":"row"', '"type":"note"') for line in lines],
        lambda lines: [line.replace('"action_key":', '"other_key":') for line in lines],
    ],
)
def test_what_is_no_whole_export_is_not_judged(log: Bank, spoil: Callable[[list[str]], list[str]]) -> None:
    lines = exported(log, "20261121")
    assert [one.wrong for one in verify_lines(lines, log.clock.now())] == [0]
    with pytest.raises(NotAnExport):
        list(verify_lines(spoil(lines), log.clock.now()))


def test_a_file_from_the_future_has_no_term_behind_it(log: Bank) -> None:
    lines = [line for line in exported(log, "20261121") if '"action":"c"' not in line]
    lines[0] = lines[0].replace("2026-11-21T", "2999-11-21T")
    (found,) = verify_lines(lines, log.clock.now())
    assert [finding.how for finding in found.findings] == ["removed"]


def test_many_findings_are_counted_and_some_named(log: Bank) -> None:
    note(log, *[f"n{number}" for number in range(chain.MOST_FINDINGS + 1)])
    log.settle()
    for row in table_items(log, ROWS):
        delete(log, ROWS, row)
    found = verdict(log)
    assert (found.held, found.wrong, len(found.findings)) == (0, chain.MOST_FINDINGS + 6, chain.MOST_FINDINGS)


def test_a_date_of_which_there_is_nothing_holds(bank: Bank) -> None:
    found = verdict(bank, "20200101")
    assert (found.held, found.wrong, found.seq) == (0, 0, 0)
