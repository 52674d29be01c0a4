"""The operators' command for outages: who does something logs in; the rest is read with the stack's own rights."""

from __future__ import annotations

import csv
import getpass
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.outages.commands import keep_cases
from chalicelib.outages.commands.keep_cases import CaseWish
from chalicelib.platform import clock
from chalicelib.staff import domain
from infra.cli.app import main as bank_command
from infra.cli.shell import NOT_DONE, WHOLE
from tests.chain import clerks
from tests.chain.bank import Bank
from tests.chain.clerks import Clerk
from tests.chain.two_people import enter_staff, person

pytestmark = pytest.mark.requirement("NB-5.1.8-7")

Run = Callable[..., tuple[int, str, str]]
WHY = ("--reason", "按值班记录")


@pytest.fixture
def run(bank: Bank, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(who: Clerk | None, *arguments: str) -> tuple[int, str, str]:
        typed = iter([] if who is None else [who.password, who.code(bank)])
        monkeypatch.setattr(getpass, "getpass", lambda _: next(typed))
        code = bank_command(["outage", *arguments, *(["--staff", who.staff_id] if who else [])])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def operator(bank: Bank) -> Clerk:
    return clerks.appoint(bank, domain.OPERATOR)


def opened(run: Run, operator: Clerk, scope: str = "all") -> str:
    code, out, err = run(operator, "open", scope, "2026-11-20T10:00:00+08:00", "机房供电中断")
    assert code == WHOLE, err
    return out.split()[0]


def test_an_outage_by_the_command_from_its_beginning_to_its_end(bank: Bank, run: Run, operator: Clerk) -> None:
    # given an outage that was noted on the day after, by when its report is due
    number = opened(run, operator)
    assert "须报告 / to be reported: 2026-11-21 10:00:00; 已报 / done —" in run(None, "show", number)[1]
    for line in (
        ("end", number, *WHY, "--at", "2026-11-20T15:00:00+08:00"),
        ("correct", number, "ended_at", "2026-11-20T15:30:00+08:00", *WHY),
        ("handle", number, *WHY, "--at", "2026-11-20T16:00:00+08:00"),
        ("describe", number, *WHY, "--impact", "转账停办", "--remedy", "切换电源", "--handling", "已恢复"),
        ("report", number, "first", "2026-17", *WHY),
        ("report", number, "final", "2026-18", *WHY),
        ("explain", number, "供电中断，已恢复。", "Power failed and is back.", *WHY),
    ):
        code, out, err = run(operator, *line)
        assert (code, out.split()[0]) == (WHOLE, number), (line, err)
    # another person publishes what they have read, by its revision
    checker = clerks.appoint(bank, domain.EBANK_ADMINISTRATOR, domain.CHECKER)
    assert "待发布 / draft: 供电中断，已恢复。 / Power failed and is back." in run(None, "show", number)[1]
    code, _, err = run(operator, "publish", number, "8")
    assert (code, "staff_permission_denied" in err) == (NOT_DONE, True)
    code, _, err = run(checker, "publish", number, "7")
    assert (code, "register_changed" in err) == (NOT_DONE, True)
    assert run(checker, "publish", number, "8")[0] == WHOLE
    assert len(bank.request("GET", "/v1/outages").body["outages"]) == 1
    assert "closed" in run(operator, "close", number, *WHY)[1]
    # and all of it is shown
    out = run(None, "show", number)[1]
    assert "工作时间内 / inside 5:30:00, 外 / outside 0:00:00" in out
    assert "ended_at: 2026-11-20T07:00:00.000Z -> 2026-11-20T07:30:00.000Z" in out
    assert number in run(None, "list")[1]
    draft = run(None, "draft", number, "--report", "final")[1]
    assert draft.index("处理结果") < draft.index("final report")


def test_a_mistake_is_annulled(run: Run, operator: Clerk) -> None:
    number = opened(run, operator)
    assert "annulled" in run(operator, "annul", number, *WHY)[1]


def test_who_may_not_does_nothing(bank: Bank, run: Run, operator: Clerk) -> None:
    teller = clerks.appoint(bank, domain.TELLER)
    code, _, err = run(teller, "open", "all", "2026-11-20T10:00:00+08:00", "原因")
    assert (code, "staff_permission_denied" in err) == (NOT_DONE, True)
    number = opened(run, operator)
    code, _, err = run(teller, "end", number, *WHY)
    assert (code, "staff_permission_denied" in err) == (NOT_DONE, True)
    assert "running" in run(None, "show", number)[1]


@pytest.mark.parametrize(
    "line",
    [
        ("open", "everything", "2026-11-20T10:00:00+08:00", "原因", "--staff", "O0001"),
        ("open", "all", "2026-11-20T10:00:00", "原因", "--staff", "O0001"),
        ("open", "all", "yesterday", "原因", "--staff", "O0001"),
        ("correct", "x", "closed_at", "2026-11-20T10:00:00+08:00", "--staff", "O0001", *WHY),
        ("report", "x", "second", "2026-17", "--staff", "O0001", *WHY),
        ("draft", "nobody"),
        ("show", "nobody"),
        ("export", "--as", "xml"),
        ("export-cases", "202611"),
    ],
)
def test_what_cannot_be_is_said(run: Run, line: tuple[str, ...]) -> None:
    code, out, err = run(None, *line)
    assert (code, out) == (NOT_DONE, "")
    assert err


def test_both_registers_are_exported_with_their_history(bank: Bank, run: Run, operator: Clerk, tmp_path: Path) -> None:
    number = opened(run, operator)
    run(operator, "end", number, "--reason", "=1+1")
    found = json.loads(run(None, "export")[1])
    assert [(one["outage_id"], one["state"], one["reportable"]) for one in found] == [(number, "ended", True)]
    assert [step["action"] for step in found[0]["history"]] == ["open", "end"]
    assert found[0]["inside_s"] == 7 * 3600
    table = list(csv.DictReader(io.StringIO(run(None, "export", "--as", "csv")[1].lstrip("\ufeff"))))
    assert [(row["outage_id"], row["outside_s"]) for row in table] == [(number, str(found[0]["outside_s"]))]
    steps = list(csv.DictReader(io.StringIO(run(None, "export", "--as", "csv", "--history")[1].lstrip("\ufeff"))))
    # a reason that a spreadsheet would run is text
    assert [(row["action"], row["reason"]) for row in steps] == [("open", "机房供电中断"), ("end", "'=1+1")]
    # the other register
    enter_staff()
    wish = CaseWish("emergency", "phone", bank.clock.now(), "本人", "手机丢失", "cccccccccccccccccccc")
    case, _ = keep_cases.open_case(person("login.unlock", "1"), "key-case", wish, bank.clock.now())
    month = clock.month_of(clock.business_date(bank.clock.now()))
    file = tmp_path / "cases.json"
    assert run(None, "export-cases", month, "--to", str(file))[0] == WHOLE
    # and what customers told is nobody else's to read on that machine
    assert file.stat().st_mode & 0o077 == 0
    (one,) = json.loads(file.read_text(encoding="utf-8"))
    assert (one["case_id"], one["what"], [step["action"] for step in one["history"]]) == (
        case.case_id,
        "手机丢失",
        ["open"],
    )
    # a file that is there is not written over
    code, _, err = run(None, "export-cases", month, "--to", str(file))
    assert (code, "cases.json" in err) == (NOT_DONE, True)
    out = run(None, "export-cases", month, "--as", "csv")[1].lstrip("\ufeff")
    assert [row["case_id"] for row in csv.DictReader(io.StringIO(out))] == [case.case_id]
    assert json.loads(run(None, "export-cases", "2026-10")[1]) == []
