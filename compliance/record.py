"""What became of the marked tests, written down as a by-product of a run of pytest.

`tests/conftest.py` registers a `Recorder`. With `--requirements-record FILE` it writes FILE at the end of the run, also
where pytest-xdist spreads the tests over processes: reports carry the marks to the process that writes.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from compliance.rows import ROOT

MARKER = "requirement"
# What a result depends on.
CODE = (
    "app.py",
    "bank",
    "pyproject.toml",
    ".chalice/*.json",
    "clients/**/*",
    *(f"{folder}/**/*" for folder in ("bench", "chalicelib", "docs/vectors", "events", "infra", "simulation", "tests")),
)


@dataclass(frozen=True)
class Suite:
    """Tests that one target of the Makefile runs, and where the record of it lies."""

    target: str
    folders: tuple[str, ...]
    options: tuple[str, ...] = ()

    @property
    def record(self) -> Path:
        """Where `make <target>` writes down what became of its marked tests."""
        return ROOT / "build" / f"compliance-{self.target}.json"

    def has(self, test: str) -> bool:
        """Whether a test is one of this suite's."""
        return test.startswith(tuple(f"{folder}/" for folder in self.folders))


SUITES = (
    Suite("test", ("tests/unit", "tests/chain", "tests/architecture"), ("-n", "auto", "--dist", "loadfile")),
    Suite("prove", ("tests/engine", "tests/deploy", "tests/simulation", "tests/fuzz/test_answers_conform.py")),
)


class Outcome(StrEnum):
    """What became of a test, over all of its parameters: one failure is a failure, and one pass without any a pass."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Record:
    """`code`: digest of the code that was run; `outcomes`: marked test -> what became of it."""

    code: str
    outcomes: dict[str, Outcome]


def digest(root: Path = ROOT) -> str:
    """SHA-256 over names and contents of all that the results of tests depend on."""
    found = hashlib.sha256()
    files = {path for pattern in CODE for path in root.glob(pattern) if path.is_file() and path.suffix != ".pyc"}
    for path in sorted(files):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return found.hexdigest()


def write(record: Record, target: Path) -> None:
    """Write a record, tests in order of their names."""
    target.parent.mkdir(parents=True, exist_ok=True)
    content = {"code": record.code, "outcomes": dict(sorted(record.outcomes.items()))}
    target.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Record:
    """A record that `write` wrote; raises OSError, ValueError or KeyError when it is none."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Record(content["code"], {test: Outcome(word) for test, word in content["outcomes"].items()})


def usable(suite: Suite, marked: Iterable[str], code: str) -> Record | None:
    """The suite's record, if it is of this very code and has each of its marked tests."""
    try:
        found = read(suite.record)
    except (OSError, ValueError, KeyError):
        return None
    has_all = all(test in found.outcomes for test in marked if suite.has(test))
    return found if found.code == code and has_all else None


def _over_parameters(outcomes: set[str]) -> Outcome:
    return next((one for one in (Outcome.FAILED, Outcome.PASSED) if one in outcomes), Outcome.SKIPPED)


class Recorder:
    """A plugin of pytest: fails tests whose mark names no row, and keeps what became of marked tests."""

    def __init__(self, known: frozenset[str], target: Path | None, is_writer: bool) -> None:
        self._known = known
        self._target = target if is_writer else None
        self._code = digest() if self._target else ""
        self._outcomes: defaultdict[str, set[str]] = defaultdict(set)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail a test that is marked with what is no row, else put the marks on its reports."""
        named = [one for marker in item.iter_markers(MARKER) for one in marker.args]
        item.user_properties += [(MARKER, one) for one in named]
        if unknown := sorted({*named} - self._known):
            pytest.fail(f"no such requirement: {', '.join(unknown)}", pytrace=False)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a step of a marked test: what fails in set-up or clean-up fails too."""
        if any(name == MARKER for name, _ in report.user_properties) and (report.when == "call" or not report.passed):
            self._outcomes[report.nodeid.partition("[")[0]].add(report.outcome)

    def pytest_sessionfinish(self) -> None:
        """Write what was asked for."""
        if self._target:
            outcomes = {test: _over_parameters(seen) for test, seen in self._outcomes.items()}
            write(Record(self._code, outcomes), self._target)
