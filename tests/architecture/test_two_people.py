"""What needs two people has no door for one (NB-5.1.5); that nobody rewrites who did it is test_policies.py."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import ROOT, called_name, sources

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
