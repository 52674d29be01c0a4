"""The house style, where a machine can see it."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.source import Source, sources

MAX_FUNCTION_LINES = 70
MAX_FILE_LINES = 400

# Anything over a maximum is named here, with the reason.
LONG_FUNCTIONS: dict[str, str] = {}
LONG_FILES: dict[str, str] = {
    "parameters/domain.py": "the list of every parameter, a line or two each",
    "parameters/service.py": "names every parameter to other contexts, twice (import and __all__); 120 lines are code",
}

# Where a binary fraction may stand, because it counts seconds and never money.
FLOATS = {
    "notifications/gateways.py": "moments of a monotonic clock, in seconds",
    "clearing/schemas.py": "the type by which a generated class says that an element is a decimal; no amount",
    "platform/clock.py": "seconds to wait, and of a monotonic clock",
    "ledger/posting.py": "pauses between attempts, in seconds",
    "platform/pdf/fonts.py": "widths of text, in points",
    "platform/pdf/pages.py": "lengths on paper, in millimetres and points",
    "platform/pdf/seals.py": "lengths on paper, and angles",
    "receipts/printing.py": "lengths on paper, in millimetres and points",
    "statements/files/pdf_file.py": "the same",
    "statements/files/xlsx_file.py": "decimals of yuan, exactly: a workbook takes no text for a number",
}
BROAD_EXCEPTS = {
    "platform/http.py": "the edge of HTTP: any fault leaves as problem+json",
    "platform/workers.py": "the edge of workers: logs and re-raises",
}

every_file = pytest.mark.parametrize("source", sources(), ids=lambda source: source.path)


@every_file
def test_functions_are_short(source: Source) -> None:
    functions = (node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    lengths = {f"{source.path}:{f.name}": (f.end_lineno or f.lineno) - f.lineno + 1 for f in functions}
    assert {name for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} <= LONG_FUNCTIONS.keys()


@every_file
def test_files_are_short(source: Source) -> None:
    assert source.text.count("\n") <= MAX_FILE_LINES or source.path in LONG_FILES


@every_file
def test_every_module_says_what_it_is_for(source: Source) -> None:
    assert (ast.get_docstring(source.tree) or "").strip()


def binary_fractions(tree: ast.AST) -> list[str]:
    """Where a float is written, asked for, or made by division."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"{node.lineno}: {node.value}")
        elif isinstance(node, ast.Name) and node.id in ("float", "Decimal"):
            found.append(f"{node.lineno}: {node.id}")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            found.append(f"{node.lineno}: division")
    return found


@every_file
def test_no_binary_fraction_comes_near_money(source: Source) -> None:
    found = binary_fractions(source.tree)
    assert found == [] or source.path in FLOATS, found


@pytest.mark.parametrize("code", ["x = 1.5", "float(x)", "x / 2", "x /= 2", "def f(x: float): ...", "Decimal('1')"])
def test_a_binary_fraction_would_be_found(code: str) -> None:
    assert binary_fractions(ast.parse(code))


@pytest.mark.parametrize("path", sorted({*FLOATS, *BROAD_EXCEPTS}))
def test_exceptions_to_a_rule_are_still_needed(path: str) -> None:
    (source,) = [source for source in sources() if source.path == path]
    if path in FLOATS:
        assert binary_fractions(source.tree)
    if path in BROAD_EXCEPTS:
        assert broad_excepts(source.tree)


def broad_excepts(tree: ast.AST) -> list[int]:
    """Lines that catch everything."""
    broad = ("Exception", "BaseException")
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or any(isinstance(n, ast.Name) and n.id in broad for n in ast.walk(node.type)))
    ]


@every_file
def test_everything_is_caught_at_the_edges_only(source: Source) -> None:
    assert broad_excepts(source.tree) == [] or source.path in BROAD_EXCEPTS


@every_file
def test_nothing_is_left_to_do_or_printed(source: Source) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", source.text)
    names = {node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name)}
    assert not names & {"NotImplementedError", "NotImplemented", "print", "breakpoint"}


@every_file
def test_time_and_chance_come_from_one_place(source: Source) -> None:
    # `now` and ids are passed in, or come from the seams that tests and the simulation set.
    if source.path in ("platform/clock.py", "platform/ids.py"):
        return
    modules = {
        name.split(".")[0]
        for node in ast.walk(source.tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not modules & {"time", "random", "secrets"}
    called = {node.attr for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)}
    assert not called & {"utcnow", "today", "fromtimestamp"}
