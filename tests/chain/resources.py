"""The resources of `infra/resources.yaml` on moto."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import boto3

from chalicelib.platform import aws, ids
from infra.environment import RESOURCES_FILE, read_template
from tests.chain.haste import json_templates

_SECRET, _KEY = "AWS::SecretsManager::Secret", "AWS::KMS::Key"


@cache
def _template() -> tuple[str, dict[str, Any]]:
    """The template without its secrets and keys, and those.

    moto's CloudFormation knows every type but secrets, and makes each key a symmetric one.
    """
    template = read_template(RESOURCES_FILE)
    apart = {name: item for name, item in template["Resources"].items() if item["Type"] in (_SECRET, _KEY)}
    template["Resources"] = {name: item for name, item in template["Resources"].items() if name not in apart}
    return json.dumps(template), apart


def _create_apart(stack: str) -> dict[str, str]:
    """The template's secrets and keys, as CloudFormation would create them; logical id -> what Ref gives."""
    references = {}
    for name, item in _template()[1].items():
        properties = item["Properties"]
        if item["Type"] == _KEY:
            tags: Any = [{"TagKey": tag["Key"], "TagValue": stack} for tag in properties.get("Tags", [])]
            key = aws.kms().create_key(KeySpec=properties["KeySpec"], KeyUsage=properties["KeyUsage"], Tags=tags)
            references[name] = key["KeyMetadata"]["KeyId"]
        else:
            client = aws.secretsmanager()
            length = properties["GenerateSecretString"]["PasswordLength"]
            # Of the test's own random numbers, so that codes are the same at every run, too.
            text = ids.random_id(length)[:length]
            references[name] = client.create_secret(Name=name, SecretString=text)["ARN"]
    return references


def created(stack: str) -> dict[str, str]:
    """All resources of the template, made anew as a stack of that name; logical id -> what Ref gives."""
    template, _ = _template()
    cloudformation = boto3.client("cloudformation")
    with json_templates():
        cloudformation.create_stack(
            StackName=stack,
            TemplateBody=template,
            Parameters=[{"ParameterKey": "Stage", "ParameterValue": "local"}],
        )
    rows = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows} | _create_apart(stack)
