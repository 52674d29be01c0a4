"""The schedule that looks at the bank: real failures open one outage and end it; warnings are given once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.outages import service, store, workers
from chalicelib.outages.commands import keep_outages, watch
from chalicelib.outages.commands.keep_outages import Wish
from chalicelib.outages.domain import Outage
from chalicelib.outages.errors import RegisterChanged
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, metrics, updates
from chalicelib.platform.callers import StaffCaller
from chalicelib.platform.pdf import certificates
from chalicelib.reports import service as reports
from tests.chain.bank import Bank, LambdaContext
from tests.chain.probe import scheduled, table_items
from tests.chain.two_people import MAKER, enter_staff, person

pytestmark = pytest.mark.requirement("XJ-4.3")

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
# A Monday morning in working hours.
MORNING = dt.datetime(2026, 11, 23, 10, tzinfo=clock.SHANGHAI)


@pytest.fixture
def bank(bank: Bank, counted: list[str]) -> Bank:
    bank.clock.set(MORNING)
    certificates.install(certificates.trial_certificates(MORNING), MORNING)
    enter_staff()
    look(bank, 1)
    return bank


def look(bank: Bank, times: int) -> list[dict[str, int]]:
    """The schedule fires, once a minute."""
    done = []
    for _ in range(times):
        bank.clock.advance(MINUTE)
        done.append(workers.watch_service(scheduled(bank.clock.now()), LambdaContext()))
    return done


def silence() -> Exception:
    return ReadTimeoutError(endpoint_url="x")


def throttled() -> Exception:
    return ClientError({"Error": {"Code": "ProvisionedThroughputExceededException", "Message": ""}}, "BatchGetItem")


@contextmanager
def reads_failing(error: Callable[[], Exception] = silence) -> Iterator[None]:
    """The engine answers no read of the money's tables."""

    def answer(**_: Any) -> Any:
        raise error()

    with patch.object(aws.dynamodb(), "batch_get_item", answer):
        yield


def only() -> Outage:
    (found,) = service.outages()
    return found


def officer(who: str = MAKER) -> StaffCaller:
    return person("notice.publish", who)


def noted(bank: Bank, scope: str = "all", began_at: dt.datetime | None = None) -> Outage:
    now = bank.clock.now()
    return keep_outages.open_outage(officer(), f"key-{scope}-{now}", scope, "人工登记", began_at or now, now)[0]


def step(bank: Bank, outage: Outage, action: str, **more: Any) -> Outage:
    return keep_outages.note_step(
        officer(), outage.outage_id, outage.revision, Wish(action, "按值班记录", **more), bank.clock.now()
    )


@pytest.mark.parametrize("error", [silence, throttled])
def test_three_bad_looks_open_one_outage_and_five_good_ones_end_it(
    bank: Bank, counted: list[str], error: Callable[[], Exception]
) -> None:
    began = bank.clock.now() + MINUTE
    with reads_failing(error):
        assert look(bank, 2) == [{"bad": 1, "warned": 0}] * 2
        assert service.outages() == []
        assert look(bank, 4) == [{"bad": 1, "warned": 1}] + [{"bad": 1, "warned": 0}] * 3
    one = only()
    assert (one.scope, one.noted_by, one.state, one.opened_at) == ("all", "probe", "running", clock.to_text(began))
    assert "数据库未应答" in one.cause
    assert counted.count(metrics.OUTAGES_OPENED) == 1
    assert counted.count(metrics.PROBES_FAILED) == 6
    back = bank.clock.now() + MINUTE
    look(bank, 4)
    assert only().state == "running"
    look(bank, 3)
    assert (only().state, only().ended_at) == ("ended", clock.to_text(back))
    # and the next failure is another one
    with reads_failing(error):
        look(bank, 3)
    assert [found.state for found in service.outages()] == ["running", "ended"]
    assert [row.action for row in store.steps(one.outage_id)] == ["open", "warn", "end"]


def test_a_read_that_is_answered_in_part_is_bad(bank: Bank) -> None:
    with patch.object(aws.dynamodb(), "batch_get_item", lambda **asked: {"UnprocessedKeys": asked["RequestItems"]}):
        look(bank, 3)
    assert "限流" in only().cause


def test_a_database_that_takes_no_write_is_found_out_by_its_silence(bank: Bank, counted: list[str]) -> None:
    last = bank.clock.now()
    with (
        reads_failing(),
        patch.object(aws.dynamodb(), "get_item", side_effect=lambda **_: (_ for _ in ()).throw(silence())),
    ):
        for _ in range(30):
            with pytest.raises(ReadTimeoutError):
                look(bank, 1)
    # meanwhile the metric rang, without a database
    assert counted == [metrics.PROBES_FAILED] * 30
    assert service.outages() == []
    look(bank, 1)
    one = only()
    assert (one.opened_at, one.state) == (clock.to_text(last), "running")
    back = bank.clock.now()
    look(bank, 4)
    assert (only().state, only().ended_at) == ("ended", clock.to_text(back))


def test_a_database_that_answers_nothing_at_all_rings_by_the_metric(bank: Bank, counted: list[str]) -> None:
    def fail(**_: Any) -> Any:
        raise silence()

    engine = aws.dynamodb()
    with reads_failing(), patch.object(engine, "get_item", fail), patch.object(engine, "query", fail):
        for _ in range(3):
            with pytest.raises(ReadTimeoutError):
                look(bank, 1)
    assert counted == [metrics.PROBES_FAILED] * 6


def test_what_cannot_be_looked_at_keeps_no_other_look_back(bank: Bank, counted: list[str]) -> None:
    def fail(*_: Any) -> Any:
        raise throttled()

    with patch.object(reports, "overdue_count", fail):
        assert look(bank, 30) == [{"bad": 1, "warned": 0}] * 30
    # and no look is no bad one
    look(bank, 1)
    assert service.outages() == []
    assert counted == [metrics.PROBES_FAILED] * 30


def test_transactions_that_nothing_follows_on_are_an_outage_of_transfers(bank: Bank) -> None:
    parameters.set_value("outage.stuck_count", 2)
    payer, payee = bank.sign_up("赵小明", deposit="100.00"), bank.sign_up("钱红")
    bank.settle()
    look(bank, 20)
    # given payments whose lines, receipts and messages do not come, as the workers stand still
    token = bank.log_in(payer)
    for number in range(2):
        bank.create(token, payer, payee, "1.00", f"key-stuck-{number}")
    bank.settle()
    before = [one for one in service.outages() if one.scope == "transfers"]
    assert before == []
    look(bank, 25)
    found = [one for one in service.outages() if one.scope == "transfers"]
    assert [one.state for one in found] == ["running"]
    assert "滞留" in found[0].cause


def test_a_persons_outage_stands_in_place_of_the_probes_and_is_the_persons_to_end(bank: Bank) -> None:
    one = noted(bank)
    with reads_failing():
        look(bank, 5)
    look(bank, 10)
    assert [found.outage_id for found in service.outages()] == [one.outage_id]
    assert only().state == "running"
    step(bank, only(), "end")
    look(bank, 10)
    assert only().state == "ended"


def test_a_person_who_ends_theirs_once_service_is_back_has_ended_all_there_was(bank: Bank) -> None:
    # given that the person is quicker than the looks that the probes need
    noted(bank)
    with reads_failing():
        look(bank, 5)
    look(bank, 1)
    step(bank, only(), "end")
    look(bank, 1)
    # and one slip, which is none
    with reads_failing():
        look(bank, 1)
    look(bank, 10)
    assert only().state == "ended"


def test_a_persons_outage_that_ends_too_early_is_not_counted_twice(bank: Bank) -> None:
    noted(bank)
    with reads_failing():
        look(bank, 60)
        ended = step(bank, only(), "end")
        look(bank, 3)
    probes, persons = service.outages()
    assert (probes.state, persons.outage_id) == ("running", ended.outage_id)
    assert clock.from_text(probes.opened_at) > clock.from_text(str(persons.ended_at)) - 3 * MINUTE


def test_what_a_person_ends_too_early_the_probes_open_anew(bank: Bank) -> None:
    with reads_failing():
        look(bank, 3)
        step(bank, only(), "end")
        look(bank, 2)
        assert len(service.outages()) == 1
        look(bank, 1)
    assert [one.state for one in service.outages()] == ["running", "ended"]
    # and one that was annulled while it went on
    with reads_failing():
        step(bank, service.outages()[0], "annul")
        look(bank, 3)
    assert sorted(one.state for one in service.outages()) == ["annulled", "ended", "running"]


def test_of_two_runs_at_once_one_notes_the_look(bank: Bank) -> None:
    with reads_failing():
        look(bank, 2)
        real = updates.together
        beside: list[int] = []

        def together(writes: Any) -> None:
            if not beside:
                beside.append(1)
                watch.watch_all(bank.clock.now())
            real(writes)

        with patch.object(updates, "together", together):
            look(bank, 1)
    assert len(service.outages()) == 1
    (seen,) = [row for row in table_items(bank, "RegistersTable") if row["number"] == "all" and "bad" in row]
    assert (seen["bad"], seen["outage_id"]) == (3, only().outage_id)


@pytest.mark.requirement("NB-5.1.8-7")
def test_each_warning_is_given_once_ahead_of_its_moment(bank: Bank, counted: list[str]) -> None:
    one = noted(bank)
    assert watch.warn(bank.clock.now()) == 1
    assert counted == [metrics.OUTAGES_OPENED]
    seen: list[tuple[str, str]] = []
    start = bank.clock.now()
    for minute in range(10, 26 * 60, 10):
        bank.clock.set(start + minute * MINUTE)
        before = len(counted)
        watch.warn(bank.clock.now())
        seen += [(name, str(minute * MINUTE)) for name in counted[before:]]
    assert seen == [
        (metrics.OUTAGE_WARNINGS, "3:10:00"),
        (metrics.OUTAGE_WARNINGS, "4:10:00"),
        (metrics.OUTAGE_WARNINGS, "18:00:00"),
        (metrics.OUTAGE_REPORTS_LATE, "1 day, 0:10:00"),
    ]
    assert [row.reason for row in store.steps(one.outage_id) if row.action == "warn"] == [
        "noted",
        "threshold_near",
        "threshold_reached",
        "report_soon",
        "report_late",
    ]
    # reported at last, then handled: the final report has its own
    one = step(bank, only(), "report", what="first", reference="2026-17")
    one = step(bank, one, "end")
    step(bank, one, "handle")
    counted.clear()
    for _ in range(80):
        bank.clock.advance(HOUR)
        watch.warn(bank.clock.now())
    assert counted == [metrics.OUTAGE_WARNINGS, metrics.OUTAGE_REPORTS_LATE]
    step(bank, only(), "report", what="final", reference="2026-18")
    assert watch.warn(bank.clock.now()) == 0


def test_of_two_runs_at_once_one_warns(bank: Bank, counted: list[str]) -> None:
    noted(bank, began_at=bank.clock.now() - 10 * HOUR)
    counted.clear()
    real = updates.together
    beside: list[int] = []

    def together(writes: Any) -> None:
        if not beside:
            beside.append(1)
            watch.warn(bank.clock.now())
        real(writes)

    with patch.object(updates, "together", together):
        assert watch.warn(bank.clock.now()) == 0
    assert counted == [metrics.OUTAGES_OPENED, metrics.OUTAGE_WARNINGS]


def test_a_person_who_writes_while_a_warning_is_given_is_told_to_look_again(bank: Bank) -> None:
    one = noted(bank, began_at=bank.clock.now() - 10 * HOUR)
    assert watch.warn(bank.clock.now()) == 2
    with pytest.raises(RegisterChanged):
        step(bank, one, "end")
    assert step(bank, only(), "end").state == "ended"
