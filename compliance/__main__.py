"""`make compliance`: judge the requirements by what became of their tests, and write docs/compliance.md."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from compliance import judge, record
from compliance.marks import Marks
from compliance.page import page
from compliance.record import SUITES, Outcome, Suite
from compliance.rows import ROOT, Class, Status

PAGE = ROOT / "docs" / "compliance.md"


def outcomes_of(suite: Suite, marks: Marks, code: str) -> dict[str, Outcome]:
    """What became of a suite's marked tests: as `make test` or `make prove` wrote it down, else they are run now."""
    found = record.usable(suite, marks.tests, code)
    if found is None:
        print(f"no record of this code in {suite.record.relative_to(ROOT)}: running the marked tests", flush=True)
        suite.record.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", *suite.folders, *suite.options, "-q", "-m", record.MARKER]
        subprocess.run([*command, "--requirements-record", str(suite.record)], cwd=ROOT, check=False)
        found = record.read(suite.record)
    return found.outcomes


def outcomes_from(files: list[Path], code: str) -> dict[str, Outcome]:
    """What became of the marked tests in runs that were made before; exits when one was made of other code."""
    found: dict[str, Outcome] = {}
    for file in files:
        one = record.read(file)
        if one.code != code:
            sys.exit(f"{file}: made of other code: run `make test` and `make prove`, or `make compliance` alone")
        found |= one.outcomes
    return found


def tell(verdicts: list[judge.Verdict]) -> int:
    """Say what holds, what was skipped and what fell; 1 when a row fell."""
    for cls in Class:
        rows = [one.row for one in verdicts if one.row.cls is cls]
        counts = ", ".join(f"{sum(row.status is status for row in rows)} {status}" for status in Status)
        print(f"class {cls}: {counts}")
    for one in verdicts:
        if skipped := one.of(Outcome.SKIPPED):
            print(f"{one.row.id}: skipped on this machine: {', '.join(skipped)}")
    fallen = [one for one in verdicts if one.has_fallen]
    for one in fallen:
        print(f"{one.row.id} ({one.row.status}) has fallen:", file=sys.stderr)
        for test in one.of(Outcome.FAILED, Outcome.NOT_RUN, Outcome.SKIPPED):
            print(f"  {one.tests[test]}: {test}", file=sys.stderr)
    return 1 if fallen else 0


def main(arguments: list[str] | None = None) -> int:
    """See the module; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m compliance", description=__doc__.splitlines()[0])
    says = "judge these records of runs, such as build/compliance-test.json, and run nothing"
    parser.add_argument("--from", dest="files", metavar="FILE", type=Path, nargs="+", help=says)
    files = parser.parse_args(arguments).files
    evidence, code = judge.gather(), record.digest()
    wrong = judge.faults(evidence)
    outcomes: dict[str, Outcome] = {}
    if files:
        outcomes = outcomes_from(files, code)
    elif not wrong:
        for suite in SUITES:
            outcomes |= outcomes_of(suite, evidence.marks, code)
    wrong += judge.unseen(evidence.marks, outcomes)
    if wrong:
        print(*wrong, sep="\n", file=sys.stderr)
        return 1
    verdicts = judge.verdicts(evidence, outcomes)
    PAGE.write_text(page(evidence.requirements, verdicts, evidence.marks), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return tell(verdicts)


if __name__ == "__main__":
    sys.exit(main())
