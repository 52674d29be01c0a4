"""What is packaged for a stage of the cloud: of any partition, encrypted, recoverable, bounded and logged."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra import encryption
from infra.build import log_retention_d
from tests.architecture.packaged import packaged
from tests.iam import STACK

CLOUD = ("dev", "staging", "prod")
# Principals of services are called alike in every partition, save those of a region, which have its suffix.
PRINCIPALS = {"lambda", "apigateway", "cloudwatch", "s3", "logging.s3"}
KEY = {"Fn::GetAtt": ["DataKey", "Arn"]}
# CloudFormation adds a dash and twelve characters to a function's name; Lambda takes 64.
MOST_NAME, RANDOM = 64, 13


def of_type(stage: str, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, item in packaged(stage)["Resources"].items():
        if item["Type"] == kind:
            yield name, item["Properties"]


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, list | dict):
        for one in node.values() if isinstance(node, dict) else node:
            yield from strings(one)


@pytest.mark.parametrize("stage", CLOUD)
def test_a_template_names_no_partition_so_that_it_is_the_one_of_china_too(stage: str) -> None:
    texts = list(strings(packaged(stage)))
    assert [text for text in texts if re.search(r"\barn:aws(-cn)?:", text)] == []
    hosts = {found for text in texts for found in re.findall(r"([\w.-]+)\.amazonaws\.com", text)}
    assert hosts <= PRINCIPALS
    # and a region is its own, too
    assert [text for text in texts if re.search(r"\b(cn|us|ap|eu)-[a-z]+-\d\b", text)] == []


@pytest.mark.parametrize("stage", CLOUD)
def test_everything_that_keeps_data_is_encrypted_with_the_stacks_own_key(stage: str) -> None:
    for kind, where in (
        ("AWS::SQS::Queue", "KmsMasterKeyId"),
        ("AWS::SNS::Topic", "KmsMasterKeyId"),
        ("AWS::SecretsManager::Secret", "KmsKeyId"),
        ("AWS::Logs::LogGroup", "KmsKeyId"),
    ):
        assert [name for name, properties in of_type(stage, kind) if properties.get(where) != KEY] == []
    for name, properties in of_type(stage, "AWS::DynamoDB::Table"):
        assert properties["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}, name
    for name, properties in of_type(stage, "AWS::S3::Bucket"):
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        by = rule["ServerSideEncryptionByDefault"]
        expected = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
        assert by == ({"SSEAlgorithm": "AES256"} if name == encryption.ACCESS_LOGS else expected), name


def test_every_function_may_use_that_key_through_the_services_that_keep_data_only() -> None:
    ((_, properties),) = (one for one in of_type("prod", "AWS::IAM::ManagedPolicy") if one[0] == encryption.POLICY)
    (statement,) = properties["PolicyDocument"]["Statement"]
    assert statement["Resource"] == KEY
    assert statement["Condition"]["StringEquals"]["kms:ViaService"] == [
        {"Fn::Sub": f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}"}
        for service in ("dynamodb", "s3", "secretsmanager", "sqs")
    ]
    for name, role in of_type("prod", "AWS::IAM::Role"):
        assert {"Ref": encryption.POLICY} in role["ManagedPolicyArns"], name


def test_the_local_stage_has_none_of_that() -> None:
    resources = packaged("local")["Resources"]
    assert not {"DataKey", encryption.POLICY, encryption.ACCESS_LOGS, "ApiAccessLogGroup"} & resources.keys()
    assert "KMSMasterKeyId" not in json.dumps(resources)


@pytest.mark.parametrize("stage", CLOUD)
def test_tables_can_be_recovered_to_any_moment_and_outlive_their_stack(stage: str) -> None:
    resources = packaged(stage)["Resources"]
    for name, properties in of_type(stage, "AWS::DynamoDB::Table"):
        if resources[name].get("Condition") == "IsLocal":
            continue
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name
        assert properties["DeletionProtectionEnabled"] == {"Fn::If": ["IsProd", True, False]}, name
        assert (resources[name]["DeletionPolicy"], resources[name]["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


@pytest.mark.parametrize("stage", CLOUD)
def test_every_log_ends_when_the_stage_says(stage: str) -> None:
    kept = {name: properties["RetentionInDays"] for name, properties in of_type(stage, "AWS::Logs::LogGroup")}
    assert kept.keys() >= {"ApiHandlerLogGroup", "ApiAccessLogGroup"}
    assert set(kept.values()) == {log_retention_d(stage)}


def test_requests_are_logged_by_route_and_never_by_path() -> None:
    ((_, api),) = of_type("prod", "AWS::Serverless::Api")
    assert api["AccessLogSetting"]["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogGroup", "Arn"]}
    logged = json.loads(api["AccessLogSetting"]["Format"])
    assert {"$context.requestId", "$context.resourcePath", "$context.status"} <= set(logged.values())
    assert not {"$context.path", "$context.identity.userAgent"} & set(logged.values())


def test_a_page_of_another_host_is_told_why_the_gateway_refused_it() -> None:
    ((_, api),) = of_type("prod", "AWS::Serverless::Api")
    answers = api["GatewayResponses"]
    assert {answers[name]["StatusCode"] for name in ("UNAUTHORIZED", "ACCESS_DENIED")} == {401, 403}
    for name, answer in answers.items():
        headers = answer["ResponseParameters"]["Headers"]
        assert headers["Access-Control-Allow-Origin"] == {"Fn::Sub": "'${WebOrigin}'"}, name
    everybodys = packaged()["Globals"]["Function"]["Environment"]["Variables"]
    assert everybodys["WEB_ORIGIN"] == {"Ref": "WebOrigin"}


@pytest.mark.parametrize("stage", CLOUD)
def test_every_function_is_bounded_in_memory_time_and_number(stage: str) -> None:
    for name, properties in of_type(stage, "AWS::Serverless::Function"):
        assert properties["MemorySize"] in (512, 1024), name
        assert 0 < properties["Timeout"] <= 900, name
        for event in properties.get("Events", {}).values():
            if event["Type"] == "SQS":
                assert 2 <= event["Properties"]["ScalingConfig"]["MaximumConcurrency"] <= 10, name
            if event["Type"] in ("SQS", "DynamoDB"):
                assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
            if event["Type"] == "DynamoDB":
                assert event["Properties"]["BisectBatchOnFunctionError"] is True, name
                assert event["Properties"]["DestinationConfig"]["OnFailure"]["Type"] == "S3", name
    api = dict(of_type(stage, "AWS::Serverless::Function"))["APIHandler"]
    assert api["ReservedConcurrentExecutions"] == {"Fn::If": ["IsProd", 100, {"Ref": "AWS::NoValue"}]}


def test_a_functions_name_is_whole_so_that_its_role_finds_its_own_log() -> None:
    names = [name for name, _ in of_type("prod", "AWS::Serverless::Function")]
    assert [name for name in names if len(f"{STACK}-{name}") + RANDOM > MOST_NAME] == []
