"""The operators' command `bank`: how it ends, what it says, and the commands that no other file is about."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import boto3
import pytest
import typer.main

from chalicelib.audit import service as audit
from chalicelib.platform import aws, clock, origin, settings, transactions
from infra.cli.app import app, main
from infra.cli.shell import BROKEN, NOT_DONE, PENDING, WHOLE, CannotBeDone, use_bank
from infra.local.engine import free_port
from tests.architecture.source import ROOT
from tests.chain.bank import Bank, handlers_by_source
from tests.chain.lost_lines import lose_last
from tests.chain.probe import force, lines_of, table_items, unchanged
from tests.chain.test_sweep_receipts import LIST, RELAY, confirmed, listed, lose_records, receipts

Run = Callable[..., tuple[int, str, str]]
DATE = "20261121"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def commands() -> dict[str, set[str]]:
    """Group -> its commands; those of no group under ""."""
    root = typer.main.get_command(app)
    found: dict[str, set[str]] = {"": set()}
    for name, command in root.commands.items():  # type: ignore[attr-defined]  # a group
        inner = getattr(command, "commands", None)
        if inner is None:
            found[""].add(name)
        else:
            found[name] = set(inner)
    return found


# ---- how it is entered and ends -------------------------------------------------------------------------------
def test_a_command_that_is_none_or_wrongly_given_is_not_done(run: Run) -> None:
    for line in ("", "x", "key", "key x", "audit verify", "audit verify-log", "queue redrive receipts --most 0"):
        code, out, err = run(*line.split())
        assert (code, out) == (NOT_DONE, "")
        assert "Usage: bank" in err
    code, out, _ = run("--help")
    assert (code, "staff" in out) == (WHOLE, True)


def test_no_command_asks_the_terminal_what_it_can_do() -> None:
    code = "import sys, infra.cli.app; sys.exit('blessed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_every_command_says_in_both_languages_what_it_does(run: Run) -> None:
    for group, names in commands().items():
        for name in names:
            code, out, _ = run(*filter(None, (group, name)), "--help")
            assert code == WHOLE
            assert re.search("[一-鿿].*/ *[a-z]", out.replace("\n", " ")), (group, name)


def test_every_command_that_the_pages_name_exists() -> None:
    known = commands()
    pages = [ROOT / name for name in ("README.md", "README.zh-CN.md", "CHANGELOG.md", "Makefile", "infra/evidence.py")]
    named = set()
    for page in [*pages, *(ROOT / "docs").glob("*.md")]:
        text = page.read_text(encoding="utf-8")
        assert "infra.ops" not in text, page
        named |= set(re.findall(r"\./bank ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", text))
        named |= set(re.findall(r"-m infra\.cli ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", text))
    assert len(named) > 25
    for group, name in named:
        assert group in known[""] or name in {"", *known[group]}, (group, name)


def test_the_file_bank_works_from_any_directory(tmp_path: Path) -> None:
    (tmp_path / "file.jsonl").write_text("{}\n", encoding="utf-8")
    done = subprocess.run(
        [ROOT / "bank", "audit", "verify-file", "file.jsonl"],
        cwd=tmp_path,
        env={"PATH": os.defpath, "PYTHONIOENCODING": "utf-8", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (NOT_DONE, "")
    assert "不是完整的导出文件 / no whole export: line 1" in done.stderr


def test_without_a_bank_it_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANK_PORT", str(free_port()))
    code, out, err = run("day", "trial-balance", DATE)
    assert (code, out) == (NOT_DONE, "")
    assert "make run" in err
    # an environment that names some of a bank, and not enough
    monkeypatch.setenv("TABLE_PREFIX", "nobodys-")
    code, _, err = run("queue", "redrive", "receipts")
    assert (code, "no such queue" in err) == (NOT_DONE, True)
    code, _, err = run("key", "export-code-secrets")
    assert (code, "CODE_SECRET_ARN is not set" in err) == (NOT_DONE, True)
    code, _, err = run("blank", "count")
    assert (code, "the bank does not answer" in err) == (NOT_DONE, True)


@pytest.mark.usefixtures("bank")
def test_it_works_on_the_stack_that_is_named() -> None:
    # given a stack in the cloud, with the stage that it was made for
    table = {
        "TableName": {"Fn::Sub": "${AWS::StackName}-journal"},
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "entry_id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "entry_id", "KeyType": "HASH"}],
    }
    template = {
        "Parameters": {"Stage": {"Type": "String"}},
        "Resources": {"JournalTable": {"Type": "AWS::DynamoDB::Table", "Properties": table}},
    }
    boto3.client("cloudformation").create_stack(
        StackName="rural-bank-prod",
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "prod"}],
    )
    with patch.dict(os.environ, BANK_STACK="rural-bank-prod"):
        use_bank()
        assert (settings.table("journal"), os.environ["STAGE"]) == ("rural-bank-prod-journal", "prod")
        assert os.environ["MESSAGE_PROVIDER"] == "sns"
    with patch.dict(os.environ, BANK_STACK="no-such-stack"), pytest.raises(CannotBeDone, match="cannot be read"):
        use_bank()


# ---- the staff's log ------------------------------------------------------------------------------------------
def note(bank: Bank, *actions: str) -> None:
    for action in actions:
        assert transactions.commit([audit.staff_event("S1", action, bank.clock.now())])
        bank.clock.sleep(1)


@pytest.mark.requirement("NB-4")
@pytest.mark.requirement("NB-4-audit")
def test_the_log_is_verified_exported_and_verified_again_from_the_file(bank: Bank, run: Run, tmp_path: Path) -> None:
    note(bank, "a", "b", "c")
    bank.settle()
    bank.clock.advance(dt.timedelta(minutes=10))
    code, out, _ = run("audit", "verify-log", DATE, "20261120")
    assert code == WHOLE
    assert re.search(f"{DATE} 完好 / whole: rows 3, .* wrong 0; head 3 [0-9a-f]{{64}}\n20261120 完好", out)
    file = tmp_path / "log.jsonl"
    assert run("audit", "export", DATE, "--to", str(file)) == (WHOLE, "", "")
    _, out, _ = run("audit", "export", DATE)
    assert out == file.read_text(encoding="utf-8")
    assert run("audit", "verify-file", str(file))[0] == WHOLE
    # a file is not written over
    assert run("audit", "export", DATE, "--to", str(file))[0] == NOT_DONE
    # and what is wrong is named, in the tables and in the file
    row = table_items(bank, "StaffActionsTable")[0]
    key = {name: row[name] for name in ("business_date", "action_key")}
    force(bank, "StaffActionsTable", key, on="x")
    code, out, _ = run("audit", "verify-log", DATE)
    assert (code, f"altered: {row['action_key']}" in out) == (BROKEN, True)
    file.write_text(file.read_text(encoding="utf-8").replace('"action":"b"', '"action":"x"'), encoding="utf-8")
    code, out, _ = run("audit", "verify-file", str(file))
    assert (code, out.count("altered: ")) == (BROKEN, 1)
    for arguments in (["verify-log", "2026"], ["export", "20261131"], ["verify-file", str(tmp_path / "none")]):
        assert run("audit", *arguments)[0] == NOT_DONE


def test_what_a_command_writes_says_that_it_came_from_a_shell(
    bank: Bank, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cli.app.staff.found_bank", lambda maker, checker, ask: note(bank, f"{maker}{checker}"))
    assert run("found", "S1", "S2")[0] == WHOLE
    (row,) = table_items(bank, "StaffActionsTable")
    assert (row["action"], re.fullmatch(r"shell:.+@.+", row["source_address"]) is not None) == ("S1S2", True)
    assert origin.address() is None


# ---- a business date ------------------------------------------------------------------------------------------
def test_a_date_is_balanced_and_closed(bank: Bank, run: Run) -> None:
    person = bank.sign_up("赵小明", deposit="100.00")
    bank.settle()
    assert run("day", "close", DATE)[0] == NOT_DONE
    assert run("day", "trial-balance", "x")[0] == NOT_DONE
    bank.clock.advance(dt.timedelta(days=1))
    lost = lose_last(bank, person.account, 1)
    assert run("day", "trial-balance", DATE)[0] in (PENDING, BROKEN)
    assert run("account", "rebuild", person.account)[0] == WHOLE
    assert len(lost) == len(lines_of(bank, person.account))
    code, out, _ = run("day", "trial-balance", DATE)
    assert (code, "平衡 / balanced" in out, "100.00" in out) == (WHOLE, True, True)
    for _ in range(2):
        code, out, _ = run("day", "close", DATE)
        assert (code, f"营业日 {DATE} 已日终 / closed at 2026-11-22" in out) == (WHOLE, True)


@pytest.mark.requirement("NB-5.1.1")
def test_a_date_is_replayed_from_its_journal_once(bank: Bank, run: Run) -> None:
    # given a transfer of yesterday: no receipt, no row in the list, a line gone; and a row of the log without link
    payer, payee = bank.sign_up("赵小明", deposit="500.00"), bank.sign_up("钱红")
    entry_id = confirmed(bank, payer, payee, "30.00", "key-replay-01")
    lose_records(bank, RELAY, LIST)
    bank.settle()
    note(bank, "a")
    lose_table_records(bank, "StaffActionsTable")
    lose_last(bank, payee.account, 1)
    assert run("day", "replay", DATE)[0] == NOT_DONE
    bank.clock.set(dt.datetime(2026, 11, 22, 8, 0, tzinfo=clock.SHANGHAI))
    assert (receipts(bank, entry_id), listed(bank, entry_id), lines_of(bank, payee.account)) == (0, ["awaiting"], [])
    # when the date is replayed
    code, out, _ = run("day", "replay", DATE)
    assert code == WHOLE
    bank.settle()
    # then all of it is there, once
    assert "lines rebuilt: 1;" in out
    assert "accounts not repaired: 0" in out
    # the payer's list, and the bank's list of the day
    assert "told again for their receipts: 1, 补列 / listed: 2" in out
    assert "log linked: 1" in out
    assert (receipts(bank, entry_id), listed(bank, entry_id)) == (1, ["posted"])
    assert [line["entry_id"] for line in lines_of(bank, payee.account)] == [entry_id]
    # and a second run finds nothing to do
    with unchanged(bank):
        code, out, _ = run("day", "replay", DATE)
    assert (code, re.findall(r": ([0-9]+)", out)) == (WHOLE, ["0", "0", "1", "0", "0", "0", "0", "0"])
    assert run("audit", "verify-log", DATE)[0] == WHOLE


def lose_table_records(bank: Bank, table: str) -> None:
    """What its stream still has to tell is gone."""
    for handler, _ in handlers_by_source()[table]:
        bank.positions[(table, handler)] = len(bank._stream(table))


def test_a_replay_tells_of_legs_that_are_due(bank: Bank, run: Run) -> None:
    person = bank.sign_up("赵小明", deposit="100.00")
    bank._streams()
    aws.sqs().purge_queue(QueueUrl=bank.references["DeferredLegsQueue"])
    bank.settle()
    bank.clock.advance(dt.timedelta(days=1))
    assert run("day", "trial-balance", DATE)[0] == PENDING
    code, out, _ = run("day", "replay", DATE)
    assert (code, "entries with legs due: 1, 重发 / told again: 1" in out) == (WHOLE, True)
    bank.settle()
    assert run("day", "trial-balance", DATE)[0] == WHOLE
    assert bank.balance(person.account) == 100_00


def test_an_account_that_a_replay_cannot_repair_is_told(bank: Bank, run: Run) -> None:
    person = bank.sign_up("赵小明", deposit="100.00")
    bank.settle()
    lose_last(bank, person.account, 1)
    (entry,) = [row for row in table_items(bank, "JournalTable") if row["kind"] != "transfer"]
    bank.clock.advance(dt.timedelta(days=1))
    aws.dynamodb().delete_item(TableName=bank.references["JournalTable"], Key={"entry_id": {"S": entry["entry_id"]}})
    code, out, _ = run("day", "replay", DATE)
    assert (code, "accounts not repaired: 1" in out) == (BROKEN, True)
    assert lines_of(bank, person.account) == []


def test_a_run_of_bills_is_started_again_by_hand(bank: Bank, run: Run) -> None:
    person = bank.sign_up("赵小明", deposit="10.00")
    bank.settle()
    code, out, err = run("bill", "run", "2026-11")
    assert (code, out, "the month is not over" in err) == (NOT_DONE, "", True)
    code, out, err = run("bill", "run", "November")
    assert (code, out, "month_malformed" in err) == (NOT_DONE, "", True)
    bank.clock.set(dt.datetime(2026, 12, 15, 12, 0, tzinfo=clock.SHANGHAI))
    assert run("bill", "run", "2026-11")[:2] == (WHOLE, "已开始 / started: 2026-11\n")
    bank.settle()
    assert [row["account_id"] for row in table_items(bank, "BillsTable")] == [person.account]
