"""What became of marked tests is written down while they run, in one process or in several."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from compliance import record
from compliance.record import Outcome, Record, Suite, digest, usable
from compliance.rows import ROOT

CONFTEST = """
from pathlib import Path
from compliance.record import Recorder

def pytest_addoption(parser):
    parser.addoption("--requirements-record", type=Path)

def pytest_configure(config):
    config.addinivalue_line("markers", "requirement(*ids)")
    is_writer = not hasattr(config, "workerinput")
    target = config.getoption("--requirements-record")
    config.pluginmanager.register(Recorder(frozenset({"NB-1", "NB-2"}), target, is_writer))
"""
TESTS = """
import pytest

@pytest.mark.requirement("NB-1")
@pytest.mark.parametrize("x", [1, 2])
def test_passes(x): ...

@pytest.mark.requirement("NB-1", "NB-2")
@pytest.mark.parametrize("x", [1, 2])
def test_fails_once(x):
    assert x == 1

@pytest.fixture
def broken():
    yield
    raise RuntimeError

@pytest.mark.requirement("NB-2")
def test_breaks_afterwards(broken): ...

@pytest.mark.requirement("NB-2")
def test_is_skipped():
    pytest.skip("no program")

def test_of_no_row(): ...
"""


def run(folder: Path, tests: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run some tests in a process of their own, with the recorder."""
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "test_some.py").write_text(tests, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", str(folder), "--rootdir", str(folder), "-c", "/dev/null", "-q"]
    asked = ["-p", "no:cacheprovider", "--requirements-record", str(folder / "record.json")]
    return subprocess.run([*command, *asked, *options], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.requirement("XJ-7.3.3")
@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "several"])
def test_the_end_of_each_marked_test_is_written_down(tmp_path: Path, options: tuple[str, ...]) -> None:
    run(tmp_path, TESTS, *options)
    assert record.read(tmp_path / "record.json") == Record(
        digest(),
        {
            "test_some.py::test_breaks_afterwards": Outcome.FAILED,
            "test_some.py::test_fails_once": Outcome.FAILED,
            "test_some.py::test_is_skipped": Outcome.SKIPPED,
            "test_some.py::test_passes": Outcome.PASSED,
        },
    )


@pytest.mark.requirement("XJ-7.3.3")
def test_a_test_whose_mark_names_no_row_fails(tmp_path: Path) -> None:
    done = run(tmp_path, TESTS.replace('"NB-1", "NB-2"', '"NB-1", "NB-7"'))
    assert done.returncode == 1
    assert done.stdout.count("no such requirement: NB-7") >= 2
    assert record.read(tmp_path / "record.json").outcomes["test_some.py::test_fails_once"] is Outcome.FAILED


def test_a_digest_is_of_names_and_contents(tmp_path: Path) -> None:
    def changed(name: str, content: str) -> str:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
        return digest(tmp_path)

    seen = [digest(tmp_path), changed("tests/a.py", "1"), changed("tests/a.py", "2"), changed("chalicelib/b/c.py", "")]
    assert len({*seen}) == len(seen)
    # and of nothing that a run leaves behind
    assert changed("tests/a.pyc", "3") == changed("build/x.json", "4") == seen[-1]


TEST, ELSEWHERE = "tests/unit/test_x.py::test_y", "tests/engine/test_x.py::test_y"


@pytest.mark.parametrize(
    ("written", "is_usable"),
    [
        (Record("code", {TEST: Outcome.FAILED}), True),
        (Record("other code", {TEST: Outcome.PASSED}), False),
        (Record("code", {}), False),
        (None, False),
    ],
)
def test_a_record_is_used_when_it_is_whole_and_of_this_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: Record | None, is_usable: bool
) -> None:
    monkeypatch.setattr(record, "ROOT", tmp_path)
    suite = Suite("test", ("tests/unit",))
    if written:
        record.write(written, suite.record)
    assert usable(suite, [TEST, ELSEWHERE], "code") == (written if is_usable else None)


def test_what_is_no_record_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "ROOT", tmp_path)
    suite = Suite("test", ("tests/unit",))
    suite.record.parent.mkdir()
    for content in ("", "{}", '{"code": "code", "outcomes": {"a": "perhaps"}}'):
        suite.record.write_text(content, encoding="utf-8")
        assert usable(suite, [], "code") is None
