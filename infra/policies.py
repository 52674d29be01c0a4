"""What a packaged role has beside its function's own policy: managed policies.

No function may change or remove a row of what is only added to, whatever its own policy says (NB-4-audit):
`resources.yaml` marks such tables (`Metadata: {AppendOnly: true}`), one managed policy denies it, and every role has
it. And what of a function's own policy is more than a role takes inline stands in managed policies.
"""

import json
from typing import Any

Template = dict[str, Any]

POLICY = "AppendOnlyPolicy"
TABLE, ROLE, MANAGED = "AWS::DynamoDB::Table", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"
# AWS takes 10,240 characters inline, 6,144 in a managed policy, spaces apart. A reference counts as the longest ARN.
INLINE_CHARACTERS, MANAGED_CHARACTERS, ARN_CHARACTERS = 9_000, 5_500, 120
# A transaction's updates and deletes are judged as UpdateItem and DeleteItem; a batch has no words of its own for its
# deletes. What would take all rows at once, or their term away, is denied with them.
DENIED = (
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLUpdate",
    "dynamodb:PartiQLDelete",
    "dynamodb:UpdateTable",
    "dynamodb:DeleteTable",
    "dynamodb:UpdateTimeToLive",
)


def tables(resources: Template) -> list[str]:
    """Logical ids of the tables that are only added to."""
    return [
        logical_id
        for logical_id, resource in resources.items()
        if resource.get("Type") == TABLE and resource.get("Metadata", {}).get("AppendOnly")
    ]


def policy_for(resources: Template) -> dict[str, Template]:
    """The policy that denies it, by logical id."""
    statement = {
        "Sid": "NobodyRewritesWhatIsOnlyAddedTo",
        "Effect": "Deny",
        "Action": list(DENIED),
        "Resource": [{"Fn::GetAtt": [logical_id, "Arn"]} for logical_id in tables(resources)],
    }
    return {POLICY: _managed([statement])}


def _managed(statements: list[Template]) -> Template:
    document = {"Version": "2012-10-17", "Statement": statements}
    return {"Type": MANAGED, "Properties": {"PolicyDocument": document}}


def finish(template: Template) -> None:
    """Give the policy to every role of a packaged template, and what is too long inline policies of its own."""
    roles = {name: item["Properties"] for name, item in template["Resources"].items() if item["Type"] == ROLE}
    for name, properties in roles.items():
        attached = [POLICY]
        (own,) = properties["Policies"]
        inline, *more = _parts(own["PolicyDocument"]["Statement"])
        own["PolicyDocument"]["Statement"] = inline
        for number, statements in enumerate(more, start=2):
            attached.append(f"{name}Policy{number}")
            template["Resources"][attached[-1]] = _managed(statements)
        properties["ManagedPolicyArns"] = [{"Ref": logical_id} for logical_id in attached]


def _parts(statements: list[Template]) -> list[list[Template]]:
    """The statements in order, cut where a policy is full."""
    parts: list[list[Template]] = [[]]
    room = INLINE_CHARACTERS
    for statement in statements:
        length = len(json.dumps(_resolved(statement), separators=(",", ":")))
        if length > room and parts[-1]:
            parts.append([])
            room = MANAGED_CHARACTERS
        parts[-1].append(statement)
        room -= length
    return parts


def _resolved(node: Any) -> Any:
    if isinstance(node, list):
        return [_resolved(one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.keys() & {"Fn::GetAtt", "Fn::Sub", "Ref"}:
        return "x" * ARN_CHARACTERS
    return {name: _resolved(value) for name, value in node.items()}
