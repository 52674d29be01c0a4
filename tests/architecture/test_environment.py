"""What a function is told: the tables, and what else its policy names, in as few bytes as AWS takes."""

from __future__ import annotations

from typing import Any

import pytest

from infra.environment import variables
from infra.policies import FUNCTION
from tests.architecture.iam import PSEUDO, Template
from tests.architecture.packaged import packaged

# Names and values of all variables of a function, together.
MOST_BYTES = 4096
# What Ref gives, as long as it gets: an id, an ARN with its random end, a name that CloudFormation makes.
KEY_ID, SECRET_END, BUCKET = "0" * 36, "-Ab3dE6", "rural-bank-staging-" + "b" * 32 + "-1abcdefghijk2"
SECRETS = "arn:aws-cn:secretsmanager:cn-northwest-1:123456789012:secret"
LONGEST_TEXT = "x" * 60


def functions() -> dict[str, Any]:
    return {name: item for name, item in packaged()["Resources"].items() if item["Type"] == FUNCTION}


def value_of(template: Template, reference: Any) -> str:
    """What the variable will hold; one whose resource is not there in the cloud counts all the same."""
    if isinstance(reference, str):
        return reference
    if "Fn::If" in reference:
        return max((value_of(template, branch) for branch in reference["Fn::If"][1:]), key=len)
    logical_id = reference["Ref"]
    if logical_id not in template.resources:
        return PSEUDO.get(logical_id, LONGEST_TEXT)
    properties = template.resources[logical_id].get("Properties", {})
    name = template.text(properties.get("TableName") or properties.get("QueueName") or "")
    return {
        "AWS::DynamoDB::Table": name,
        "AWS::SQS::Queue": f"https://sqs.cn-northwest-1.amazonaws.com.cn/123456789012/{name}",
        "AWS::SecretsManager::Secret": f"{SECRETS}:{BUCKET}{SECRET_END}",
        "AWS::KMS::Key": KEY_ID,
        "AWS::S3::Bucket": BUCKET,
    }[template.resources[logical_id]["Type"]]


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_functions_environment_is_no_more_than_aws_takes(name: str) -> None:
    template = packaged()
    found = (
        template["Globals"]["Function"]["Environment"]["Variables"]
        | (functions()[name]["Properties"]["Environment"]["Variables"])
    )
    resources = Template(template["Resources"])
    used = sum(len(key.encode()) + len(value_of(resources, value).encode()) for key, value in found.items())
    assert used <= MOST_BYTES, (name, used)


def test_tables_are_told_to_all_and_the_rest_to_who_may_use_it() -> None:
    told = [set(function["Properties"]["Environment"]["Variables"]) for function in functions().values()]
    everybodys = packaged()["Globals"]["Function"]["Environment"]["Variables"].keys() & variables().keys()
    assert everybodys == {name for name in variables() if name.endswith("_TABLE")}
    assert set.union(*told) == variables().keys() - everybodys
    assert not set.intersection(*told)
