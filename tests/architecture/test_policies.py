"""What a policy lets nobody do, as no local engine enforces IAM."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.architecture.source import ROOT

POLICIES = sorted((ROOT / ".chalice").glob("policy-*.json"))
# Rows are added and read, and nothing else, whoever asks; time-to-live takes them at their term.
ADDED_AND_READ = {"dynamodb:PutItem", "dynamodb:Query", "dynamodb:GetItem"}
ONLY_ADDED_TO = {"StaffActionsTable": ADDED_AND_READ, "RechecksTable": ADDED_AND_READ}


def statements(node: Any) -> list[dict[str, Any]]:
    """Every statement of a policy, also those under a condition."""
    if isinstance(node, dict) and "Action" in node:
        return [node]
    inner = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return [found for one in inner for found in statements(one)]


def actions_on(policy: Any, logical_id: str) -> set[str]:
    """What a policy allows on a resource that it names."""
    found: set[str] = set()
    for statement in statements(policy):
        resource = json.dumps(statement["Resource"])
        if f'"{logical_id}"' in resource or '"*"' in resource:
            found |= {action for action in statement["Action"] if action.startswith("dynamodb:")}
    # Streams are listed by account, and tell of no row.
    return found - {"dynamodb:ListStreams"}


@pytest.mark.requirement("NB-4-audit")
@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
@pytest.mark.parametrize("logical_id", sorted(ONLY_ADDED_TO))
def test_no_function_may_change_or_remove_a_row_of_what_staff_did(path: Any, logical_id: str) -> None:
    policy = json.loads(path.read_text(encoding="utf-8"))
    assert actions_on(policy, logical_id) <= ONLY_ADDED_TO[logical_id]
    assert not [action for one in statements(policy) for action in one["Action"] if "*" in action]


@pytest.mark.requirement("NB-4-audit")
def test_no_table_is_named_but_by_its_logical_id() -> None:
    # A pattern in a resource could reach a table that no statement names.
    for path in POLICIES:
        for statement in statements(json.loads(path.read_text(encoding="utf-8"))):
            if any(action.startswith("dynamodb:") for action in statement["Action"]):
                assert ":table/" not in json.dumps(statement["Resource"])
