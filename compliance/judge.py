"""What is wrong with the rows, the marks and the quotes, and which rows have fallen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from compliance.marks import Marks, marks
from compliance.quotes import quotes
from compliance.record import Outcome
from compliance.rows import Requirements, Row, Status, read


@dataclass(frozen=True)
class Evidence:
    """What is known without a run. `quotes`: requirement -> places in the code."""

    requirements: Requirements
    marks: Marks
    quotes: Mapping[str, list[str]]


@dataclass(frozen=True)
class Verdict:
    """A row, what became of each of its tests, and the places in the code that quote it."""

    row: Row
    tests: Mapping[str, Outcome]
    places: list[str]

    def of(self, *outcomes: Outcome) -> list[str]:
        """Its tests that ended so."""
        return [test for test, outcome in self.tests.items() if outcome in outcomes]

    @property
    def has_fallen(self) -> bool:
        """Whether it holds less than its status says: a test fails or did not run, or all of them were skipped."""
        return bool(self.of(Outcome.FAILED, Outcome.NOT_RUN) or (self.tests and not self.of(Outcome.PASSED)))


def gather() -> Evidence:
    """The bank's own rows, marks and quotes."""
    return Evidence(read(), marks(), quotes())


def faults(evidence: Evidence) -> list[str]:
    """What the data says and the source does not bear out, a sentence each."""
    requirements, known = evidence.requirements, evidence.requirements.ids()
    found = [
        f"{test}: marked with {one}, which is no row of compliance/requirements.toml"
        for test, ids in evidence.marks.tests.items()
        for one in ids
        if one not in known
    ]
    found += [
        f"{place}: quotes {quoted}, which is neither a row nor a clause of rows"
        for quoted, places in sorted(evidence.quotes.items())
        if not requirements.is_known(quoted)
        for place in places
    ]
    for row in requirements.rows:
        has_tests = bool(evidence.marks.of(row.id))
        if row.status is Status.MET and not has_tests:
            found.append(f"{row.id}: `met`, but no test is marked with it")
        if row.status is Status.MET and row.id not in evidence.quotes:
            found.append(f"{row.id}: `met`, but no place in the code quotes it")
        if row.status is Status.OPEN and has_tests:
            found.append(f"{row.id}: `open`, but tests are marked with it: it is `part`")
    return found


def verdicts(evidence: Evidence, outcomes: Mapping[str, Outcome]) -> list[Verdict]:
    """Each row with what became of its tests; one that `outcomes` lacks did not run."""
    return [
        Verdict(
            row,
            {test: outcomes.get(test, Outcome.NOT_RUN) for test in evidence.marks.of(row.id)},
            list(evidence.quotes.get(row.id, [])),
        )
        for row in evidence.requirements.rows
    ]


def unseen(marks: Marks, outcomes: Mapping[str, Outcome]) -> list[str]:
    """Tests that ran as marked though their source does not show the mark: a sentence each."""
    return [
        f"{test}: its mark is not on it, its class or its file" for test in sorted(outcomes.keys() - marks.tests.keys())
    ]
