"""What IAM would say: the policies of a template judged as AWS judges them, since no local engine enforces them.

An explicit deny wins over every allow, and what nothing allows is not allowed. Where a statement hangs on a condition,
of the template or of the request, an allow counts as if it held and a deny as if it did not: what is denied here is
denied whatever the condition.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Decision = Literal["allowed", "denied", "not allowed"]
Statement = dict[str, Any]
# What stands for the stack's own name and place; longer than those of any stage.
STACK = "rural-bank-staging"
PSEUDO = {
    "AWS::StackName": STACK,
    "AWS::Partition": "aws-cn",
    "AWS::Region": "cn-northwest-1",
    "AWS::AccountId": "123456789012",
    "AWS::NoValue": "",
}
_ARN = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/{}"),
    "AWS::SQS::Queue": ("sqs", "{}"),
    "AWS::KMS::Key": ("kms", "key/{}"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "secret:{}"),
    "AWS::S3::Bucket": ("s3", "{}"),
    "AWS::SNS::Topic": ("sns", "{}"),
}
_NAMES = {"AWS::DynamoDB::Table": "TableName", "AWS::SQS::Queue": "QueueName", "AWS::S3::Bucket": "BucketName"}


@dataclass(frozen=True)
class Template:
    """The resources of a template, by logical id."""

    resources: Mapping[str, Any]

    def arn(self, logical_id: str) -> str:
        """What `GetAtt …Arn` gives for a resource."""
        resource = self.resources[logical_id]
        service, form = _ARN[resource["Type"]]
        named = resource.get("Properties", {}).get(_NAMES.get(resource["Type"], ""), f"{STACK}-{logical_id}")
        place = ":" if service == "s3" else "cn-northwest-1:123456789012"
        return f"arn:aws-cn:{service}:{place}:{form.format(self.text(named))}"

    def key(self, name: str) -> str:
        """The ARN of a key that no template has."""
        return f"arn:aws-cn:kms:cn-northwest-1:123456789012:key/{name}"

    def text(self, node: Any) -> str:
        """A value of the template, with names as they would be."""
        if isinstance(node, str):
            return node
        ((function, value),) = node.items()
        if function == "Ref":
            is_secret = self.resources.get(value, {}).get("Type") == "AWS::SecretsManager::Secret"
            return self.arn(value) if is_secret else PSEUDO.get(value, f"{STACK}-{value}")
        if function == "Fn::Sub":
            assert isinstance(value, str), "a form of Fn::Sub that no policy here uses"
            return re.sub(r"\$\{([^}]+)\}", lambda match: self._named(match[1]), value)
        assert function == "Fn::GetAtt", function
        parts = value.split(".") if isinstance(value, str) else value
        return self._named(".".join(parts))

    def _named(self, name: str) -> str:
        logical_id, _, attribute = name.partition(".")
        if attribute == "Arn":
            return self.arn(logical_id)
        if attribute == "StreamArn":
            return f"{self.arn(logical_id)}/stream/2026-11-27T00:00:00.000"
        assert attribute == "", name
        return self.text({"Ref": logical_id})


def variants(node: Any) -> Iterator[Any]:
    """A part of a template under each answer to its `Fn::If`s."""
    if isinstance(node, dict) and "Fn::If" in node:
        _, yes, no = node["Fn::If"]
        yield from itertools.chain(variants(yes), variants(no))
    elif isinstance(node, dict):
        for values in itertools.product(*(list(variants(value)) for value in node.values())):
            yield dict(zip(node, values, strict=True))
    elif isinstance(node, list):
        for values in itertools.product(*(list(variants(value)) for value in node)):
            yield list(values)
    else:
        yield node


def statements_of(template: Template, role: Mapping[str, Any]) -> list[Statement]:
    """Every statement that a role has: inline, and of the managed policies it names."""
    found: list[Statement] = []
    properties = role["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    for attached in properties.get("ManagedPolicyArns", []):
        documents.append(template.resources[attached["Ref"]]["Properties"]["PolicyDocument"])
    for document in documents:
        statements = document["Statement"]
        found += statements if isinstance(statements, list) else [statements]
    return found


def decide(template: Template, statements: Sequence[Statement], action: str, resource: str) -> Decision:
    """What becomes of a call."""
    is_allowed = False
    for statement in statements:
        covering = [_covers(template, one, action, resource) for one in variants(statement)]
        effects = {one["Effect"] for one in variants(statement) if isinstance(one, dict) and "Effect" in one}
        assert effects <= {"Allow", "Deny"}
        assert len(effects) == 1
        if effects == {"Allow"}:
            is_allowed = is_allowed or any(covering)
        elif all(covering) and "Condition" not in statement:
            return "denied"
    return "allowed" if is_allowed else "not allowed"


def by_key(statement: Statement) -> Statement:
    """A statement of all keys that have a tag, as one of the key that is called like the tag; any other as it is."""
    tags = [name.partition("/")[2] for name in statement.get("Condition", {}).get("StringEquals", {})]
    return {**statement, "Resource": Template({}).key(tags[0])} if tags else statement


def _covers(template: Template, statement: Any, action: str, resource: str) -> bool:
    if not isinstance(statement, dict) or "Effect" not in statement:
        return False  # AWS::NoValue: under this condition there is no statement
    assert "Resource" in statement or "NotResource" in statement
    does = _any_matches(_listed(statement.get("Action")), action, ignore_case=True)
    if "NotAction" in statement:
        does = not _any_matches(_listed(statement["NotAction"]), action, ignore_case=True)
    on = _any_matches([template.text(one) for one in _listed(statement.get("Resource"))], resource)
    if "NotResource" in statement:
        on = not _any_matches([template.text(one) for one in _listed(statement["NotResource"])], resource)
    return does and on


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _any_matches(patterns: Sequence[str], text: str, *, ignore_case: bool = False) -> bool:
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return any(re.fullmatch(_regex(pattern), text, flags) for pattern in patterns)


def _regex(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
