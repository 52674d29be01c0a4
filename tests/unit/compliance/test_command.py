"""`python -m compliance`: what it writes, says and ends with."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compliance import __main__ as command
from compliance import judge, record
from compliance.record import Outcome, Record
from tests.unit.compliance.small import TEST, evidence, row


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(command, "PAGE", tmp_path / "compliance.md")
    monkeypatch.setattr(record, "digest", lambda: "code")
    return tmp_path / "compliance.md"


def judged(folder: Path, monkeypatch: pytest.MonkeyPatch, found: judge.Evidence, **outcomes: Outcome) -> int:
    """Judge NB-1 by a record in which its test ended so."""
    monkeypatch.setattr(judge, "gather", lambda: found)
    record.write(Record("code", dict.fromkeys((TEST,), outcomes["late"]) if outcomes else {}), folder / "run.json")
    return command.main(["--from", str(folder / "run.json")])


@pytest.mark.requirement("XJ-7.3.3")
def test_it_writes_the_page_and_counts(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(tmp_path, monkeypatch, evidence(tmp_path, row("NB-1")), late=Outcome.PASSED) == 0
    assert "- Result: passed" in page.read_text(encoding="utf-8")
    assert capsys.readouterr().out.splitlines()[:2] == ["wrote compliance.md", "class A: 1 met, 0 part, 0 open"]


@pytest.mark.requirement("XJ-7.3.3")
@pytest.mark.parametrize(
    ("outcomes", "said"),
    [({"late": Outcome.FAILED}, "failed"), ({}, "not run"), ({"late": Outcome.SKIPPED}, "skipped")],
)
def test_a_row_that_fell_ends_it_with_1_and_is_named(  # fixtures and a table's columns
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcomes: dict[str, Outcome],
    said: str,
) -> None:
    assert judged(tmp_path, monkeypatch, evidence(tmp_path, row("NB-1")), **outcomes) == 1
    assert f"**{said}**" in page.read_text(encoding="utf-8")
    assert capsys.readouterr().err.splitlines() == ["NB-1 (met) has fallen:", f"  {said}: {TEST}"]


def test_faults_are_told_and_nothing_is_written(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = evidence(tmp_path, row("NB-1"), row("NB-2"))
    assert judged(tmp_path, monkeypatch, found, late=Outcome.PASSED) == 1
    assert "NB-2: `met`, but no test is marked with it" in capsys.readouterr().err
    assert not page.exists()


def test_a_record_of_other_code_is_no_evidence(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "digest", lambda: "changed since")
    with pytest.raises(SystemExit, match="made of other code"):
        judged(tmp_path, monkeypatch, evidence(tmp_path, row("NB-1")), late=Outcome.PASSED)
    assert not page.exists()


def test_without_a_record_the_marked_tests_of_a_suite_are_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a record of other code for one suite, and one of this code for the other
    monkeypatch.setattr(record, "ROOT", tmp_path)
    monkeypatch.setattr(judge, "gather", lambda: evidence(tmp_path, row("NB-1")))
    test, prove = record.SUITES
    record.write(Record("other code", {TEST: Outcome.FAILED}), test.record)
    record.write(Record("code", {}), prove.record)
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> None:
        asked.append(command)
        record.write(Record("code", {TEST: Outcome.PASSED}), test.record)

    monkeypatch.setattr(subprocess, "run", run)
    # when it judges, then the one is run anew, and judged by what came of it
    assert command.main([]) == 0
    (ran,) = asked
    assert ran[1:] == [
        *("-m", "pytest", "tests/unit", "tests/chain", "tests/architecture", "-n", "auto", "--dist", "loadfile"),
        *("-q", "-m", "requirement", "--requirements-record", str(test.record)),
    ]
    # and a second time nothing is run
    assert (command.main([]), len(asked)) == (0, 1)
