"""Statistics by day, branch and kind: exact, within one's scope, and as a file that a spreadsheet opens."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.closing.commands.close_day import close_day
from chalicelib.ledger.commands import holds
from chalicelib.ledger.commands.holds import Hold
from chalicelib.ledger.commands.reverse_entry import reverse_entry
from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.staff import domain as staff
from chalicelib.staff import service as staff_service
from infra.cli import app as cli
from infra.cli.shell import NOT_DONE, WHOLE
from tests.chain.bank import BRANCH, Bank, Reply
from tests.chain.clerks import CITY, OTHER, VILLAGE, Clerk, appoint, branches, log_in
from tests.chain.probe import WORKERS, table_items

pytestmark = pytest.mark.requirement("NB-5.2.5-op")

DAY = "20261121"
PERIOD = f"date_from={DAY}&date_to={DAY}"


@pytest.fixture
def office(bank: Bank) -> Clerk:
    """An operator of the head office; there are branches."""
    branches()
    return appoint(bank, staff.OPERATOR)


def ask(bank: Bank, clerk: Clerk, query: str = PERIOD, *, form: str = "", **headers: str) -> Reply:
    path = f"/v1/staff/statistics{form}?{query}"
    return bank.request("GET", path, token=log_in(bank, clerk), headers=headers)


def figures(bank: Bank, clerk: Clerk, query: str = PERIOD) -> dict[tuple[str, str, str], tuple[int, str, str]]:
    """(day, branch, kind) -> number, amount and fees."""
    reply = ask(bank, clerk, query)
    assert reply.status == 200, reply
    return {
        (one["business_date"], one["branch"], one["kind"]): (one["entries"], one["amount"], one["fees"])
        for one in reply.body["figures"]
    }


def a_day(bank: Bank, *, unheard: bool = False) -> None:
    """Deposits, transfers with a fee from two branches, a reversal, a hold that is paid in part.

    Where it is `unheard`, the lists' worker gets no record of it.
    """
    if unheard:
        bank.positions["JournalTable", WORKERS["project_transfers"]] = 10**9
    parameters.set_value("fee.transfer.own_bank_fen", 1_00)
    first = bank.sign_up("赵小明", deposit="500.00")
    second = bank.sign_up("钱红", deposit="300.00", branch_id=CITY)
    bank.pay(first, second, "30.00", "key-stat-001")
    bank.pay(second, first, "0.01", "key-stat-002")
    wrong = bank.pay(first, second, "40.00", "key-stat-003")
    reverse_entry(wrong, reason="冲正", by="S1", correlation_id="test")
    ends = bank.clock.now() + dt.timedelta(minutes=30)
    holds.place(Hold("q" * 26, first.customer_id, first.account, 20_00, 0, ends, "订单", "test", b"digest"))
    holds.capture("q" * 26, payee_account=second.account, amount_fen=15_00)
    # what only waits, or was let go, has moved nothing
    holds.place(Hold("r" * 26, first.customer_id, first.account, 20_00, 0, ends, "订单", "test", b"digest"))
    holds.release("r" * 26)
    assert bank.create(bank.log_in(first), first, second, "1.00", "key-stat-004").status == 201
    bank.settle()


ALL = {
    (DAY, BRANCH, "cash_deposit"): (2, "800.00", "0.00"),
    (DAY, BRANCH, "transfer"): (2, "70.00", "2.00"),
    (DAY, BRANCH, "reversal"): (1, "40.00", "0.00"),
    (DAY, BRANCH, "hold"): (1, "15.00", "0.00"),
    (DAY, CITY, "transfer"): (1, "0.01", "1.00"),
}


@pytest.mark.requirement("XJ-7.1")
def test_every_entry_counts_once_by_day_branch_and_kind(bank: Bank, office: Clerk) -> None:
    a_day(bank)
    reply = ask(bank, office)
    assert figures(bank, office) == ALL
    assert {name: reply.body[name] for name in ("entries", "amount", "fees")} == {
        "entries": 7,
        "amount": "925.01",
        "fees": "3.00",
    }
    # and this is the journal, entry by entry
    posted = [image for image in table_items(bank, "JournalTable") if image["state"] == "posted"]
    assert len(posted) == 7
    assert sum(image.get("captured_fen", image["amount_fen"]) for image in posted) == 925_01


def test_what_the_stream_never_told_is_made_good_by_an_operator(
    bank: Bank, office: Clerk, capsys: pytest.CaptureFixture[str]
) -> None:
    # given a day of which the worker heard the first deposit only
    person = bank.sign_up("孙立", deposit="1.00")
    bank.settle()
    a_day(bank, unheard=True)
    deposit = (DAY, BRANCH, "cash_deposit")
    assert figures(bank, office) == {deposit: (1, "1.00", "0.00")}
    # when it is run, and run again
    assert cli.main(["day", "lists", DAY]) == WHOLE
    assert cli.main(["day", "lists", DAY]) == WHOLE
    assert capsys.readouterr().out.split() == ["已补记", "/", "noted:", "7", "已补记", "/", "noted:", "0"]
    assert figures(bank, office) == {**ALL, deposit: (3, "801.00", "0.00")}
    assert bank.balance(person.account) == 1_00
    # of another date there is nothing, and what is no date is refused
    assert cli.main(["day", "lists", "20261122"]) == WHOLE
    assert cli.main(["day", "lists", "20261131"]) == NOT_DONE


def test_a_branch_counts_itself_and_what_is_below_it(bank: Bank, office: Clerk) -> None:
    for branch_id in (CITY, VILLAGE, OTHER):
        payer = bank.sign_up("赵小明", branch_id=branch_id, deposit="10.00")
        bank.pay(payer, bank.sign_up("钱红", branch_id=branch_id), "1.00", f"key-{branch_id}")
    bank.settle()
    city = appoint(bank, staff.OPERATOR, branch_id=CITY)
    own, below = (DAY, CITY, "transfer"), (DAY, VILLAGE, "transfer")
    assert figures(bank, city).keys() == {own, below}
    assert figures(bank, city, f"{PERIOD}&branch_id={VILLAGE}").keys() == {below}
    assert figures(bank, city, f"{PERIOD}&branch_id={CITY}").keys() == {own}
    for branch_id in (OTHER, BRANCH, "0999"):
        assert ask(bank, city, f"{PERIOD}&branch_id={branch_id}").code == "not_found"
    assert len(figures(bank, office)) == 4


def test_who_may_ask(bank: Bank, office: Clerk) -> None:
    assert ask(bank, appoint(bank, staff.AUDITOR)).status == 200
    for clerk in (appoint(bank, staff.TELLER), appoint(bank, staff.SYSTEM_ADMINISTRATOR)):
        assert ask(bank, clerk).code == "staff_permission_denied"
        assert ask(bank, clerk, form="/csv").code == "staff_permission_denied"
    token = bank.log_in(bank.sign_up("赵小明"))
    assert bank.request("GET", f"/v1/staff/statistics/csv?{PERIOD}", token=token).code == "not_logged_in"


def test_around_midnight_each_day_has_its_own(bank: Bank, office: Clerk) -> None:
    person = bank.sign_up("赵小明")
    bank.clock.set(dt.datetime(2026, 11, 21, 23, 59, 59, 999_000, tzinfo=clock.SHANGHAI))
    bank.deposit(person.account, 1_00)
    bank.clock.advance(dt.timedelta(milliseconds=1))
    bank.deposit(person.account, 2_00)
    bank.settle()
    kind = "cash_deposit"
    both = {(DAY, BRANCH, kind): (1, "1.00", "0.00"), ("20261122", BRANCH, kind): (1, "2.00", "0.00")}
    assert figures(bank, office, f"date_from={DAY}&date_to=20261122") == both
    assert figures(bank, office).keys() == {(DAY, BRANCH, kind)}
    # a date that is closed says that its figures are final
    bank.clock.advance(dt.timedelta(minutes=31))
    close_day(DAY, bank.clock.now())
    reply = ask(bank, office, f"date_from={DAY}&date_to=20261122")
    assert {one["business_date"]: one["closed"] for one in reply.body["figures"]} == {DAY: True, "20261122": False}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("date_from=20261101&date_to=20261202", "date_to"),
        ("date_from=19000101&date_to=20991231", "date_to"),
        ("date_from=20261121&date_to=20261131", "date_to"),
        ("date_from=20261121", "date_to"),
        ("date_from=2026112&date_to=20261121", "date_from"),
        (f"{PERIOD}&branch_id={'1' * 21}", "branch_id"),
    ],
)
def test_a_period_is_of_real_dates_and_31_days_at_most(bank: Bank, office: Clerk, query: str, field: str) -> None:
    for form in ("", "/csv"):
        reply = ask(bank, office, query, form=form)
        assert (reply.code, [error["field"] for error in reply.body["errors"]]) == ("malformed_request", [field])


def test_an_empty_period_has_no_figures(bank: Bank, office: Clerk) -> None:
    for query in ("date_from=20260101&date_to=20260131", "date_from=20261121&date_to=20261101"):
        assert ask(bank, office, query).body == {"figures": [], "entries": 0, "amount": "0.00", "fees": "0.00"}
        assert len(ask(bank, office, query, form="/csv").body.splitlines()) == 1


@pytest.mark.requirement("XJ-7.1")
def test_the_file_is_what_a_spreadsheet_opens(bank: Bank, office: Clerk) -> None:
    a_day(bank)
    # given a branch whose name a spreadsheet would run
    formula = '=HYPERLINK("http://x","城关, 支行")'
    staff_service.register_branch(staff_service.Branch(CITY, formula, "示范县", "0990-0000002", None))
    staff_service.branch_of.cache_clear()
    reply = ask(bank, office, form="/csv")
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == f'attachment; filename="statistics-{DAY}-{DAY}.csv"'
    assert reply.headers["Cache-Control"] == "no-store"
    # then it says that it is UTF-8, its lines end as RFC 4180 has it, and its cells are the figures
    assert reply.body.startswith("\ufeff会计日期,")
    assert reply.body.count("\r\n") == reply.body.count("\n") == len(ALL) + 1
    header, *rows = csv.reader(io.StringIO(reply.body.removeprefix("\ufeff")))
    assert header == ["会计日期", "已日终", "机构", "机构名称", "业务种类", "笔数", "金额（元）", "手续费（元）"]
    kinds = {"transfer": "转账", "hold": "预留付款", "reversal": "冲正", "cash_deposit": "现金存入"}
    names = {BRANCH: "示范村镇银行总行营业部", CITY: "'" + formula}
    expected: list[Any] = [
        [day, "否", branch, names[branch], kinds[kind], str(figure[0]), *figure[1:]]
        for (day, branch, kind), figure in ALL.items()
    ]
    assert sorted(rows) == sorted(expected)
    english = ask(bank, office, form="/csv", **{"accept-language": "en"})
    assert english.body.startswith("\ufeffbusiness date,closed,")
    assert ",cash deposit," in english.body
    assert quote(english.body[:1]) == "%EF%BB%BF"
