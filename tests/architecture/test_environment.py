"""What a function is told: how tables are called, and what else its policy names, in as few bytes as AWS takes."""

from __future__ import annotations

from typing import Any

import pytest

from infra.environment import TABLE_PREFIX, environment_of, table_ids, table_suffix, variables
from infra.policies import FUNCTION
from tests.architecture.packaged import packaged
from tests.iam import PSEUDO, Template

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
    if "Fn::Sub" in reference:
        return template.text(reference)
    if "Fn::If" in reference:
        return max((value_of(template, branch) for branch in reference["Fn::If"][1:]), key=len)
    logical_id = reference["Ref"]
    if logical_id not in template.resources:
        return PSEUDO.get(logical_id, LONGEST_TEXT)
    properties = template.resources[logical_id].get("Properties", {})
    name = template.text(properties.get("QueueName") or "")
    return {
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


def test_a_variable_is_told_to_who_may_use_what_it_names() -> None:
    told = [set(function["Properties"]["Environment"]["Variables"]) for function in functions().values()]
    everybodys = packaged()["Globals"]["Function"]["Environment"]["Variables"].keys() & variables().keys()
    assert everybodys == set()
    assert set.union(*told) == variables().keys()
    assert not set.intersection(*told)


def test_every_table_is_named_by_the_prefix_that_functions_are_told() -> None:
    resources = packaged()["Resources"]
    prefix = packaged()["Globals"]["Function"]["Environment"]["Variables"][TABLE_PREFIX]
    names = {name: resources[name]["Properties"]["TableName"] for name in table_ids()}
    assert names == {name: {"Fn::Sub": prefix["Fn::Sub"] + table_suffix(name)} for name in table_ids()}


def test_tables_that_break_the_rule_are_told_of() -> None:
    good = {"AccountsTable": "rural-bank-prod-accounts", "LoginNamesTable": "rural-bank-prod-login-names"}
    assert environment_of(good)[TABLE_PREFIX] == "rural-bank-prod-"
    for broken in ("rural-bank-login-names", "rural-bank-prod-names", "login-names"):
        with pytest.raises(ValueError, match="without a prefix in common"):
            environment_of({**good, "LoginNamesTable": broken})
    with pytest.raises(ValueError, match="without a prefix in common"):
        environment_of({"AccountsTable": "customers"})
