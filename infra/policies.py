"""What a packaged role has beside its function's own policy, managed policies; and what its function is told.

No function may change or remove a row of what is only added to, whatever its own policy says (NB-4-audit):
`resources.yaml` marks such tables (`Metadata: {AppendOnly: true}`), one managed policy denies it, and every role has
it. And what of a function's own policy is more than a role takes inline stands in managed policies.

A function finds in its environment, of queues, keys, secrets and buckets, those that its policy names: AWS takes 4 KB
of variables a function, which all of them are more than.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from infra import encryption
from infra.environment import variables

Template = dict[str, Any]

POLICY = "AppendOnlyPolicy"
# What every role has, where the template has it.
FOR_ALL = (POLICY, encryption.POLICY)
TABLE, ROLE, MANAGED = "AWS::DynamoDB::Table", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"
FUNCTION, KEY = "AWS::Serverless::Function", "AWS::KMS::Key"
# A ring of keys is named by the tag that they have, whichever of them signs.
_BY_TAG = "aws:ResourceTag/"
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
    """Give the policy to every role of a packaged template, what is too long inline policies of its own, and every
    function the variables of what its policy names.
    """
    _tell_what_is_named(template)
    roles = {name: item["Properties"] for name, item in template["Resources"].items() if item["Type"] == ROLE}
    for role, properties in roles.items():
        attached = [name for name in FOR_ALL if name in template["Resources"]]
        (own,) = properties["Policies"]
        inline, *more = _parts(own["PolicyDocument"]["Statement"])
        own["PolicyDocument"]["Statement"] = inline
        for number, statements in enumerate(more, start=2):
            attached.append(f"{role}Policy{number}")
            template["Resources"][attached[-1]] = _managed(statements)
        properties["ManagedPolicyArns"] = [{"Ref": logical_id} for logical_id in attached]


def _tell_what_is_named(template: Template) -> None:
    """Move the variables of queues, keys, secrets and buckets from all functions to those whose policies name them."""
    everybodys = template["Globals"]["Function"]["Environment"]["Variables"]
    owned = variables()
    references = {name: everybodys.pop(name) for name in owned}
    tags = {
        f"{_BY_TAG}{tag['Key']}": logical_id
        for logical_id, resource in template["Resources"].items()
        for tag in (resource.get("Properties", {}).get("Tags", []) if resource["Type"] == KEY else [])
    }
    for function in template["Resources"].values():
        if function["Type"] == FUNCTION:
            role, _ = function["Properties"]["Role"]["Fn::GetAtt"]
            found = set(_named(template["Resources"][role]["Properties"]["Policies"]))
            named = found | {tags[name] for name in found if name in tags}
            function["Properties"]["Environment"] = {
                "Variables": {name: references[name] for name, logical_id in owned.items() if logical_id in named}
            }


def _named(node: Any) -> Iterator[str]:
    """Logical ids that a part of a template refers to, and the tags that it asks for."""
    if isinstance(node, list):
        for one in node:
            yield from _named(one)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "Fn::GetAtt":
                yield value[0] if isinstance(value, list) else value.partition(".")[0]
            elif name == "Fn::Sub":
                yield from (found.partition(".")[0] for found in re.findall(r"\$\{([^}]+)\}", value))
            elif name == "Ref":
                yield value
            else:
                if name.startswith(_BY_TAG):
                    yield name
                yield from _named(value)


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
