"""The bank's own source, parsed once for the tests that read it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import chalicelib
from chalicelib.platform.http import Api, Operation

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "chalicelib"


@dataclass(frozen=True)
class Source:
    """One file of chalicelib: its path inside the package, text and syntax tree."""

    path: str
    text: str
    tree: ast.Module

    def calls(self) -> Iterator[ast.Call]:
        """Every call in the file."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


@cache
def sources() -> tuple[Source, ...]:
    """Every file of chalicelib."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Source(path.relative_to(PACKAGE).as_posix(), text, ast.parse(text)))
    return tuple(found)


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of chalicelib, imported."""
    names = [info.name for info in pkgutil.walk_packages(chalicelib.__path__, "chalicelib.")]
    return tuple(importlib.import_module(name) for name in names)


@cache
def operations() -> tuple[tuple[ModuleType, Operation], ...]:
    """Every operation, with the routes module that has its view."""
    return tuple(
        (module, operation)
        for module in modules()
        if module.__name__.endswith("routes")
        for api in [module.api]
        if isinstance(api, Api)
        for operation in api.operations
    )


def called_name(call: ast.Call) -> str:
    """The last name of what is called: `b` for `a.b()`."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
