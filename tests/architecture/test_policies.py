"""What IAM lets nobody do to what is only added to: the packaged policies, evaluated (NB-4-audit, NB-5.1.5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra import policies
from infra.policies import DENIED, FOR_ALL, MANAGED, ROLE
from tests.architecture.packaged import packaged
from tests.architecture.source import ROOT
from tests.iam import Statement, Template, decide, statements_of, variants

POLICIES = sorted((ROOT / ".chalice").glob("policy-*.json"))
LOGS = {"StaffActionsTable", "StaffActionLinksTable", "SecurityEventsTable"}
HISTORIES = {
    "ApprovalHistoryTable",
    "ParameterHistoryTable",
    "BlankStepsTable",
    "RegisterStepsTable",
    "BillCheckHistoryTable",
}
LINES = {"MovementsTable", "CounterVouchersTable", "RechecksTable", "ReceiptPrintsTable"}
SEALS = {"DaySealsTable", "SealTilesTable"}
# What AWS takes at most, spaces apart: the inline policies of a role together, and one managed policy.
MOST_INLINE, MOST_MANAGED, MOST_ATTACHED = 10_240, 6_144, 10


def template() -> Template:
    return Template(packaged()["Resources"])


def roles() -> dict[str, dict[str, Any]]:
    return {name: item for name, item in template().resources.items() if item["Type"] == ROLE}


def on_table(name: str) -> list[str]:
    """A table, its indexes and its stream."""
    arn = template().arn(name)
    return [arn, f"{arn}/index/any", f"{arn}/stream/2026-11-27T00:00:00.000"]


def own_statements(role: dict[str, Any]) -> list[Statement]:
    """Without the policies that every role is given."""
    attached = [one for one in role["Properties"]["ManagedPolicyArns"] if one["Ref"] not in FOR_ALL]
    return statements_of(template(), {"Properties": {**role["Properties"], "ManagedPolicyArns": attached}})


def test_the_tables_that_are_only_added_to_are_marked() -> None:
    assert set(policies.tables(packaged()["Resources"])) == LOGS | HISTORIES | LINES | SEALS


def test_every_function_has_a_role_of_its_own_and_that_role_is_looked_at_here() -> None:
    functions = {
        name: item["Properties"]["Role"]
        for name, item in template().resources.items()
        if item["Type"] == "AWS::Serverless::Function"
    }
    named = [role["Fn::GetAtt"][0] for role in functions.values()]
    assert sorted(named) == sorted(roles())
    assert len(functions) == len(POLICIES)
    # SAM's own way to give a function more than its role
    for name in functions:
        assert "Policies" not in template().resources[name]["Properties"]


@pytest.mark.requirement("XJ-3.5")
@pytest.mark.requirement("NB-4-audit")
@pytest.mark.parametrize("logical_id", sorted(LOGS | HISTORIES | LINES | SEALS))
def test_no_function_may_change_or_remove_a_row(logical_id: str) -> None:
    for name, role in roles().items():
        for action in DENIED:
            # its own policy does not let it, and the one that it is given forbids it
            for resource in on_table(logical_id):
                assert decide(template(), own_statements(role), action, resource) == "not allowed", (name, action)
            assert decide(template(), statements_of(template(), role), action, on_table(logical_id)[0]) == "denied"


@pytest.mark.requirement("NB-4-audit")
@pytest.mark.parametrize(
    "hole",
    [
        {"Action": "*", "Resource": "*"},
        {"Action": ["dynamodb:*"], "Resource": {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:*:*:table/*"}},
        {"Action": "dynamodb:Update*", "Resource": {"Fn::GetAtt": ["StaffActionsTable", "Arn"]}},
        {"NotAction": "s3:*", "NotResource": "arn:aws:s3:::x"},
    ],
    ids=str,
)
def test_a_policy_that_lets_too_much_is_still_denied(hole: dict[str, Any]) -> None:
    wrong = {"Effect": "Allow", **hole}
    arn = template().arn("StaffActionsTable")
    for role in roles().values():
        assert decide(template(), [*own_statements(role), wrong], "dynamodb:UpdateItem", arn) == "allowed"
        assert decide(template(), [*statements_of(template(), role), wrong], "dynamodb:UpdateItem", arn) == "denied"


def test_nobody_may_change_policies_or_roles() -> None:
    for name, role in roles().items():
        for action in ("iam:DetachRolePolicy", "iam:PutRolePolicy", "iam:CreatePolicyVersion", "sts:AssumeRole"):
            assert decide(template(), statements_of(template(), role), action, "*") == "not allowed", (name, action)


@pytest.mark.parametrize(
    ("function", "action", "table"),
    [
        ("ApiHandlerRole", "dynamodb:PutItem", "StaffActionsTable"),
        ("ApiHandlerRole", "dynamodb:PutItem", "SecurityEventsTable"),
        ("ApiHandlerRole", "dynamodb:Query", "StaffActionLinksTable"),
        ("LinkStaffActionsRole", "dynamodb:PutItem", "StaffActionLinksTable"),
        ("SweepStaffActionsRole", "dynamodb:PutItem", "StaffActionLinksTable"),
        ("WriteMovementsRole", "dynamodb:PutItem", "MovementsTable"),
        ("SealDaysRole", "dynamodb:PutItem", "DaySealsTable"),
    ],
)
def test_rows_may_still_be_added_and_read(function: str, action: str, table: str) -> None:
    statements = statements_of(template(), roles()[function])
    assert decide(template(), statements, action, template().arn(table)) == "allowed"


@pytest.mark.requirement("NB-4-audit")
@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ("StaffActionLinksTable", {"LinkStaffActionsRole", "SweepStaffActionsRole"}),
        ("DaySealsTable", {"SealDaysRole"}),
        ("SealTilesTable", {"SealDaysRole"}),
    ],
)
def test_chains_and_seals_are_written_by_their_workers_only(table: str, wanted: set[str]) -> None:
    writers = {
        name
        for name, role in roles().items()
        if decide(template(), statements_of(template(), role), "dynamodb:PutItem", on_table(table)[0]) == "allowed"
    }
    assert writers == wanted


@pytest.mark.requirement("YQ-4.2.2-receipt")
def test_receipts_and_seals_are_signed_by_their_workers_only_and_tokens_by_the_api_only() -> None:
    def tags(action: str) -> dict[str, set[str]]:
        """Role -> tags of the keys on which it may do this."""
        found: dict[str, set[str]] = {}
        for name, role in roles().items():
            for statement in own_statements(role):
                if action in statement.get("Action", []) and "Condition" in statement:
                    named = statement["Condition"]["StringEquals"]
                    found.setdefault(name, set()).update(key.removeprefix("aws:ResourceTag/") for key in named)
        return found

    workers = {"IssueReceiptsRole": {"signs-receipts-of"}, "SealDaysRole": {"signs-seals-of"}}
    assert tags("kms:Sign") == {
        "ApiHandlerRole": {"signs-tokens-of"},
        "MakeDocumentsRole": {"signs-documents-of"},
        **workers,
    }
    assert tags("kms:GetPublicKey") == {
        "ApiHandlerRole": {"signs-tokens-of", "signs-receipts-of", "signs-seals-of"},
        "MakeDocumentsRole": {"signs-documents-of", "signs-receipts-of"},
        **workers,
    }
    # and no key has two tags, so that none signs what another does
    keys = {name: item for name, item in template().resources.items() if item["Type"] == "AWS::KMS::Key"}
    tagged = {name: [tag["Key"] for tag in item["Properties"].get("Tags", [])] for name, item in keys.items()}
    assert {name: one for name, one in tagged.items() if one} == {
        "TokenKey": ["signs-tokens-of"],
        "ReceiptKey": ["signs-receipts-of"],
        "DocumentKey": ["signs-documents-of"],
        "SealKey": ["signs-seals-of"],
    }


def test_no_policy_is_longer_than_aws_takes() -> None:
    def length(node: Any) -> int:
        return max(len(json.dumps(resolved(one), separators=(",", ":"))) for one in variants(node))

    def resolved(node: Any) -> Any:
        if isinstance(node, dict) and len(node) == 1 and next(iter(node)) in ("Ref", "Fn::Sub", "Fn::GetAtt"):
            return template().text(node)
        if isinstance(node, dict):
            return {name: resolved(value) for name, value in node.items()}
        return [resolved(one) for one in node] if isinstance(node, list) else node

    lengths = {
        name: sum(length(policy["PolicyDocument"]) for policy in role["Properties"]["Policies"])
        for name, role in roles().items()
    }
    assert {name: used for name, used in lengths.items() if used > MOST_INLINE} == {}
    managed = {name: item for name, item in template().resources.items() if item["Type"] == MANAGED}
    too_long = [name for name, item in managed.items() if length(item["Properties"]["PolicyDocument"]) > MOST_MANAGED]
    assert too_long == []
    assert max(len(role["Properties"]["ManagedPolicyArns"]) for role in roles().values()) <= MOST_ATTACHED


def test_every_statement_of_a_policy_is_in_the_package() -> None:
    def sids(statements: list[Statement]) -> list[str]:
        return [one["Fn::If"][1]["Sid"] if "Fn::If" in one else one["Sid"] for one in statements]

    written = {tuple(sids(json.loads(path.read_text(encoding="utf-8"))["Statement"])) for path in POLICIES}
    assert {tuple(sids(own_statements(role))) for role in roles().values()} == written


# ---- the evaluator itself -------------------------------------------------------------------------------------
TABLES = Template(
    {
        "AlphaTable": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "${AWS::StackName}-a"}}},
        "BetaTable": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "${AWS::StackName}-b"}}},
    }
)
ALPHA: dict[str, Any] = {"Fn::GetAtt": ["AlphaTable", "Arn"]}
UPDATE = "dynamodb:UpdateItem"
ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": [UPDATE], "Resource": ALPHA}
DENY: dict[str, Any] = {**ALLOW, "Effect": "Deny"}


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([], "not allowed"),
        ([ALLOW], "allowed"),
        ([{**ALLOW, "Action": "DynamoDB:updateitem"}], "allowed"),
        ([{**ALLOW, "Action": "dynamodb:Update*"}], "allowed"),
        ([{**ALLOW, "Action": "dynamodb:Update?tem"}], "allowed"),
        ([{**ALLOW, "Action": "dynamodb:Put*"}], "not allowed"),
        ([{**ALLOW, "Action": "dynamodb.UpdateItem"}], "not allowed"),
        ([{**ALLOW, "Resource": "*"}], "allowed"),
        ([{**ALLOW, "Resource": {"Fn::GetAtt": "AlphaTable.Arn"}}], "allowed"),
        ([{**ALLOW, "Resource": {"Fn::GetAtt": ["BetaTable", "Arn"]}}], "not allowed"),
        ([{**ALLOW, "Resource": {"Fn::GetAtt": ["AlphaTable", "StreamArn"]}}], "not allowed"),
        ([{**ALLOW, "Resource": {"Fn::Sub": "${AlphaTable.Arn}/index/*"}}], "not allowed"),
        (
            [{**ALLOW, "Resource": {"Fn::Sub": "arn:${AWS::Partition}:dynamodb:*:*:table/${AWS::StackName}-*"}}],
            "allowed",
        ),
        ([{**ALLOW, "Resource": [{"Fn::GetAtt": ["BetaTable", "Arn"]}, ALPHA]}], "allowed"),
        ([{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}], "allowed"),
        ([{"Effect": "Allow", "NotAction": "dynamodb:*", "Resource": "*"}], "not allowed"),
        ([{"Effect": "Allow", "Action": "*", "NotResource": ALPHA}], "not allowed"),
        ([{**ALLOW, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}], "allowed"),
        ([{"Fn::If": ["IsLocal", ALLOW, {"Ref": "AWS::NoValue"}]}], "allowed"),
        ([{**ALLOW, "Resource": {"Fn::If": ["IsLocal", {"Fn::GetAtt": ["BetaTable", "Arn"]}, ALPHA]}}], "allowed"),
        ([ALLOW, DENY], "denied"),
        ([DENY, ALLOW], "denied"),
        ([DENY], "denied"),
        ([ALLOW, {**DENY, "Action": "dynamodb:Delete*"}], "allowed"),
        ([ALLOW, {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}], "allowed"),
        ([ALLOW, {"Fn::If": ["IsLocal", {"Ref": "AWS::NoValue"}, DENY]}], "allowed"),
        ([ALLOW, {**DENY, "Resource": {"Fn::If": ["IsLocal", "arn:none", ALPHA]}}], "allowed"),
    ],
)
def test_the_evaluator_judges_as_aws_does(statements: list[Statement], decision: str) -> None:
    assert decide(TABLES, statements, UPDATE, TABLES.arn("AlphaTable")) == decision
