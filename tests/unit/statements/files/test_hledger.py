"""The CSV added up again by hledger, a bookkeeping program of others (Debian: `apt-get install hledger`).

Where it is not there these skip and say so; `HLEDGER=required` makes that a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from chalicelib.platform.money import decimal_text
from chalicelib.statements.files.csv_file import write
from tests.unit.statements.papers import CASES, Listed, statement, written

HLEDGER = shutil.which("hledger")
REASON = "no hledger on this machine: apt-get install hledger"
# The two rows without an amount: the first is booked as one, the last is nothing but its balance. Every balance is
# an assertion: hledger refuses a file in which one does not follow.
RULES = """\
skip 1
fields seq, date, time, kind, amount-in, amount-out, balance, name, account, purpose, entry, receipt
date-format %Y-%m-%d
currency1 CNY
currency2 CNY
account1 assets:bank
description %seq %kind %purpose
if %kind 期初余额
 amount1 %balance
 account2 equity:opening
if %kind 期末余额
 amount1 0
 account2 equity:closing
"""
TIMEOUT_S = 60


def hledger(folder: Path, data: bytes) -> subprocess.CompletedProcess[str]:
    """The balance of the account after every row of the file."""
    if HLEDGER is None:
        if os.environ.get("HLEDGER") == "required":
            pytest.fail(REASON)
        pytest.skip(REASON)
    (folder / "statement.csv").write_bytes(data)
    (folder / "statement.csv.rules").write_text(RULES, encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)}

    def run(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [HLEDGER, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=environment, input=given
        )

    # Assertions are checked in a journal only, so the table becomes one first.
    printed = run("-f", str(folder / "statement.csv"), "print", "--explicit")
    assert printed.stderr == ""
    return run("-f", "-", "balance", "assets:bank", "--format", "%(total)", "-N", "-E", given=printed.stdout)


@pytest.mark.parametrize("case", CASES)
def test_its_sum_is_the_closing_balance(case: str, tmp_path: Path) -> None:
    listed = Listed(*CASES[case])
    done = hledger(tmp_path, written(write, statement(listed), listed))
    assert done.stderr == ""
    closing = decimal_text(listed.figures.closing_fen)
    assert done.stdout.replace("CNY", "").strip() == ("0" if closing == "0.00" else closing)


def test_it_finds_an_amount_that_was_changed(tmp_path: Path) -> None:
    listed = Listed(*CASES["in, out, fee and cash"])
    data = written(write, statement(listed), listed)
    done = hledger(tmp_path, data.replace(b",33.33,", b",33.34,"))
    assert done.returncode != 0
    assert "assertion" in done.stderr
