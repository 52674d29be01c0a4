"""What is wrong is told, and a row that holds less than it says has fallen."""

from __future__ import annotations

from pathlib import Path

import pytest

from compliance.judge import Verdict, faults, unseen, verdicts
from compliance.record import Outcome
from tests.unit.compliance.small import PLACE, TEST, evidence, row

PART, OPEN = row("NB-1", "part", "No website."), row("NB-1", "open", "Not built.")


def test_a_row_that_is_met_shown_and_quoted_is_right(tmp_path: Path) -> None:
    assert faults(evidence(tmp_path, row("NB-1"))) == []


@pytest.mark.parametrize("one", [PART, OPEN])
def test_a_row_that_is_not_met_needs_no_test_and_no_code(tmp_path: Path, one: str) -> None:
    assert faults(evidence(tmp_path, one, tests={}, quoted=())) == []


@pytest.mark.requirement("XJ-7.3.3")
def test_each_fault_is_told(tmp_path: Path) -> None:
    found = evidence(tmp_path, row("NB-1"), tests={TEST: ["NB-9"]}, quoted=("NB-8",))
    assert faults(found) == [
        f"{TEST}: marked with NB-9, which is no row of compliance/requirements.toml",
        f"{PLACE}: quotes NB-8, which is neither a row nor a clause of rows",
        "NB-1: `met`, but no test is marked with it",
        "NB-1: `met`, but no place in the code quotes it",
    ]
    assert faults(evidence(tmp_path, OPEN)) == ["NB-1: `open`, but tests are marked with it: it is `part`"]


OTHER = "tests/chain/test_notices.py::test_a_notice_is_read"


def verdict(folder: Path, one: str, **outcomes: Outcome) -> Verdict:
    """What becomes of NB-1 when its two tests end so."""
    names = {"late": TEST, "read": OTHER}
    found = evidence(folder, one, tests={TEST: ["NB-1"], OTHER: ["NB-1"]})
    (judged,) = verdicts(found, {names[name]: outcome for name, outcome in outcomes.items()})
    return judged


@pytest.mark.requirement("XJ-7.3.3")
@pytest.mark.parametrize("one", [row("NB-1"), PART])
@pytest.mark.parametrize(
    ("outcomes", "falls"),
    [
        ({"late": Outcome.PASSED, "read": Outcome.PASSED}, False),
        ({"late": Outcome.PASSED, "read": Outcome.SKIPPED}, False),
        ({"late": Outcome.PASSED, "read": Outcome.FAILED}, True),
        ({"late": Outcome.PASSED}, True),
        ({"late": Outcome.SKIPPED, "read": Outcome.SKIPPED}, True),
    ],
)
def test_a_row_falls_with_any_test_that_fails_or_did_not_run(
    tmp_path: Path, one: str, outcomes: dict[str, Outcome], falls: bool
) -> None:
    assert verdict(tmp_path, one, **outcomes).has_fallen is falls


def test_a_row_without_a_test_does_not_fall(tmp_path: Path) -> None:
    (judged,) = verdicts(evidence(tmp_path, OPEN, tests={}), {})
    assert not judged.has_fallen


def test_a_mark_that_the_source_does_not_show_is_told(tmp_path: Path) -> None:
    marks = evidence(tmp_path, row("NB-1")).marks
    assert unseen(marks, {TEST: Outcome.PASSED}) == []
    assert unseen(marks, {OTHER: Outcome.PASSED}) == [f"{OTHER}: its mark is not on it, its class or its file"]
