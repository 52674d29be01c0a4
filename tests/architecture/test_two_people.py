"""What needs two people has no door for one, and nobody can rewrite who did it (NB-5.1.5)."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest

from tests.architecture.source import ROOT, called_name, sources
from tests.architecture.test_names import mentioned

HISTORIES = ("ApprovalHistoryTable", "ParameterHistoryTable")
REWRITES = ("UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQL", "*")
# Use cases that one person could carry out, for simulation, benchmarks and tests: who in the bank calls them, and why.
DOORS_FOR_ONE: dict[str, dict[str, str]] = {
    "set_value": {},
    "reverse_transfer": {},
    "upgrade": {},
    "downgrade": {},
    "close_online": {},
    "complete_at_counter": {},
    "reverse_entry": {"transfers/commands/reverse_transfer.py": "is the same door, with the customer's limits"},
}


def statements() -> list[tuple[str, dict[str, Any]]]:
    """Every statement of every function's policy."""
    found = []
    for path in sorted((ROOT / ".chalice").glob("policy-*.json")):
        for statement in json.loads(path.read_text(encoding="utf-8"))["Statement"]:
            found.append((path.name, statement.get("Fn::If", [None, statement])[1]))
    return found


@pytest.mark.parametrize("table", HISTORIES)
def test_a_history_is_only_added_to(table: str) -> None:
    touching = [
        (name, action)
        for name, statement in statements()
        if table in mentioned(statement["Resource"]) or f"${{{table}" in json.dumps(statement["Resource"])
        for action in statement["Action"]
    ]
    assert touching
    assert [pair for pair in touching if any(word in pair[1] for word in REWRITES)] == []


@pytest.mark.requirement("NB-5.1.5")
@pytest.mark.parametrize("door", sorted(DOORS_FOR_ONE))
def test_nothing_in_the_bank_uses_a_door_for_one(door: str) -> None:
    callers = {source.path for source in sources() for call in source.calls() if called_name(call) == door}
    assert callers == DOORS_FOR_ONE[door].keys()
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted((ROOT / "infra").rglob("*.py"))]
    called = {called_name(node) for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert door not in called


def test_limits_are_raised_past_a_customer_by_two_people_only() -> None:
    raising = {
        source.path
        for source in sources()
        for call in source.calls()
        for keyword in call.keywords
        if keyword.arg == "may_raise" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
    }
    assert raising == set()
