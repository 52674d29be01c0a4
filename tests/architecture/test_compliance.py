"""The requirements, the marks on tests and the quotes in code agree, and the Makefile writes what is judged."""

from __future__ import annotations

import re

import pytest

from compliance import judge
from compliance.record import SUITES, Suite
from compliance.rows import ROOT


@pytest.mark.requirement("XJ-7.3.3")
def test_every_mark_and_quote_is_a_row_and_every_row_is_as_it_says() -> None:
    assert judge.faults(judge.gather()) == []


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.target)
def test_a_target_of_the_makefile_runs_a_suite_and_records_it(suite: Suite) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    command = " ".join(["$(PYTEST)", *suite.folders, *suite.options])
    record = suite.record.relative_to(ROOT).as_posix()
    assert f"\n{suite.target}: bootstrap" in makefile
    # What else a run writes down is between them.
    recorded = rf"^\t{re.escape(command)}( --[a-z]+-record [a-z/.]+)? --requirements-record {re.escape(record)}$"
    assert re.search(recorded, makefile, re.MULTILINE)


def test_every_folder_of_tests_is_of_a_suite() -> None:
    folders = {f"tests/{path.parent.name}" for path in (ROOT / "tests").glob("*/__init__.py")}
    run = ["/".join(folder.split("/")[:2]) for suite in SUITES for folder in suite.folders]
    assert sorted(folders) == sorted(run)
