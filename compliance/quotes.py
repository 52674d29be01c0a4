"""Where the code quotes a requirement: in docstrings, comments and texts (the source of a parameter)."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from compliance.rows import ID, ROOT

SOURCES = ("chalicelib", "compliance", "infra")

_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _scopes(tree: ast.AST, outer: str = "") -> Iterator[tuple[int, int, str]]:
    """First line, last line and dotted name of every function, class and name of the module, outer ones first."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _Scope):
            name = f"{outer}.{node.name}" if outer else node.name
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield first, node.end_lineno or node.lineno, name
            yield from _scopes(node, name)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and not outer:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            yield node.lineno, node.end_lineno or node.lineno, ast.unparse(target)
        else:
            yield from _scopes(node, outer)


def _texts(source: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every string and comment."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def quoted_in(source: str, module: str) -> dict[str, set[str]]:
    """Requirement -> places of one module, `module` or `module:name`; a place is the innermost around the quote."""
    tree = ast.parse(source)
    scopes = list(_scopes(tree))
    found: dict[str, set[str]] = defaultdict(set)
    for line, text in _texts(source, tree):
        for quoted in ID.findall(text):
            around = [name for first, last, name in scopes if first <= line <= last]
            found[quoted].add(f"{module}:{around[-1]}" if around else module)
    return dict(found)


def _module(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def quotes(root: Path = ROOT) -> dict[str, list[str]]:
    """Requirement -> sorted places of all of the bank's code."""
    found: dict[str, set[str]] = defaultdict(set)
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*.py")):
            for quoted, places in quoted_in(path.read_text(encoding="utf-8"), _module(path, root)).items():
                found[quoted] |= places
    return {quoted: sorted(places) for quoted, places in found.items()}
