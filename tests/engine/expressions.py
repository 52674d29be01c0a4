"""What of chalicelib's expressions and conditional writes reached an engine, against what stands in the code."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import chalicelib
from chalicelib.platform import aws
from chalicelib.platform.dynamo import Item

ROOT = Path(str(chalicelib.__file__)).parent
Place = tuple[str, int]
# What is sent under these names is an expression; a transaction has them a level deeper.
_EXPRESSION = re.compile(r"Expression$")
_LAZY = ("query", "scan")


@dataclass
class Sent:
    """Expressions as they were sent, and the lines of chalicelib that a call to the engine went through."""

    expressions: set[str] = field(default_factory=set)
    places: set[Place] = field(default_factory=set)

    def has_clause(self, clause: str) -> bool:
        """Whether some expression contains this text; `*` stands for anything."""
        pattern = re.compile(".+".join(re.escape(part) for part in clause.split("*")))
        return any(pattern.search(expression) for expression in self.expressions)

    def has_place(self, node: ast.Call, path: Path) -> bool:
        """Whether a call went through this one."""
        return any((str(path), line) in self.places for line in range(node.lineno, (node.end_lineno or 0) + 1))


@contextmanager
def listening() -> Iterator[Sent]:
    """Note what goes to the engine inside the `with`."""
    sent, clients = Sent(), (aws.dynamodb(), aws.dynamodb_briefly())

    def note(params: dict[str, Any], **_: Any) -> None:
        sent.expressions.update(_expressions(json.loads(params["body"])))
        sent.places.update(_places())

    def noted(name: str) -> Any:
        # A model's query runs when its rows are taken, far from where it was written.
        original = getattr(Item, name)

        def call(cls: type[Item], *args: Any, **more: Any) -> Any:
            sent.places.update(_places())
            return original.__func__(cls, *args, **more)

        return patch.object(Item, name, classmethod(call), create=True)

    for client in clients:
        client.meta.events.register("before-call.dynamodb", note)
    try:
        with noted(_LAZY[0]), noted(_LAZY[1]):
            yield sent
    finally:
        for client in clients:
            client.meta.events.unregister("before-call.dynamodb", note)


def _expressions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, inner in node.items():
            if isinstance(inner, str) and _EXPRESSION.search(name):
                yield inner
            else:
                yield from _expressions(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _expressions(inner)


def _places() -> Iterator[Place]:
    frame = sys._getframe(1)
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_filename.startswith(str(ROOT)):
            yield frame.f_code.co_filename, frame.f_lineno


def _calls() -> Iterator[tuple[Path, ast.Call, str]]:
    """Every call of a method in chalicelib outside the platform: file, node, the method's name."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield path, node, node.func.attr


def _text(node: ast.expr) -> str | None:
    """A literal's text, with `*` for what is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    return None


def clauses() -> list[str]:
    """Every clause of an update (`update.set("…")`), and every expression given to a client, as it is written."""
    found = []
    for _, node, method in _calls():
        if method == "set" and node.args and (text := _text(node.args[0])) is not None:
            found.append(text)
        for keyword in node.keywords:
            if _EXPRESSION.search(keyword.arg or "") and (text := _text(keyword.value)) is not None:
                found.append(text)
    return found


def model_calls() -> list[tuple[Path, ast.Call]]:
    """Every place where a model is written, read page by page, or asked for a condition."""
    found = []
    for path, node, method in _calls():
        is_update = method == "update" and any(keyword.arg == "actions" for keyword in node.keywords)
        # The platform's own are the client's, below the models.
        is_model = isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Call)
        # A model's `save` takes a condition at most; a picture's also says of what format, and a page's has a canvas.
        is_picture = method == "save" and (len(node.args) > 1 or ast.unparse(node.func).endswith("canvas.save"))
        if (is_update or method in ("save", *_LAZY)) and (is_model or method == "save") and not is_picture:
            found.append((path, node))
    return found
