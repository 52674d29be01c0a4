"""Which tests are marked with which requirements, read from their source: a run need not be waited for to know it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from compliance.rows import ROOT

TESTS = "tests"


@dataclass(frozen=True)
class Marks:
    """`tests`: test (`tests/unit/…/test_x.py::test_y`, without parameters) -> its requirements, in order of files;
    `per_file`: file -> how many tests it has, marked or not.
    """

    tests: dict[str, list[str]] = field(default_factory=dict)
    per_file: dict[str, int] = field(default_factory=dict)

    def of(self, requirement: str) -> list[str]:
        """The tests that show a requirement."""
        return [test for test, ids in self.tests.items() if requirement in ids]


def _ids(expressions: Iterable[ast.expr]) -> list[str]:
    """What `pytest.mark.requirement("…", …)` names among some expressions, inside of lists too."""
    calls = (node for one in expressions for node in ast.walk(one) if isinstance(node, ast.Call))
    named = (call for call in calls if ast.unparse(call.func) == "pytest.mark.requirement")
    return [ast.literal_eval(argument) for call in named for argument in call.args]


def _pytestmark(body: list[ast.stmt]) -> list[str]:
    assigned = [node for node in body if isinstance(node, ast.Assign)]
    return _ids(node.value for node in assigned if [ast.unparse(one) for one in node.targets] == ["pytestmark"])


def _walk(body: list[ast.stmt], name: str, inherited: list[str]) -> Iterator[tuple[str, list[str]]]:
    inherited = inherited + _pytestmark(body)
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _walk(node.body, f"{name}::{node.name}", inherited + _ids(node.decorator_list))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield f"{name}::{node.name}", sorted({*inherited, *_ids(node.decorator_list)})


def marked_in(source: str, name: str) -> dict[str, list[str]]:
    """Test -> its requirements, of one file; those without any are there too."""
    return dict(_walk(ast.parse(source).body, name, []))


def marks(root: Path = ROOT) -> Marks:
    """What all tests are marked with."""
    tests: dict[str, list[str]] = {}
    per_file: dict[str, int] = defaultdict(int)
    for path in sorted((root / TESTS).rglob("test_*.py")):
        name = path.relative_to(root).as_posix()
        found = marked_in(path.read_text(encoding="utf-8"), name)
        per_file[name] = len(found)
        tests |= {test: ids for test, ids in found.items() if ids}
    return Marks(tests, dict(per_file))
