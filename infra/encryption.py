"""Everything that keeps data is encrypted with the stack's own key, DataKey, in every stage of the cloud.

There is no list to forget: tables, queues, secrets, buckets, logs and the topic of alarms are found by their type.
What asks for data must be allowed the key, too: every function's role has a policy for it that holds through the
services which keep data, and not else. Reasons: docs/decisions/0052.
"""

from collections.abc import Callable
from typing import Any

Template = dict[str, Any]

KEY, POLICY = "DataKey", "DataKeyPolicy"
_ARN = {"Fn::GetAtt": [KEY, "Arn"]}
# S3 does not write its log of accesses into a bucket that is encrypted with a key of one's own.
ACCESS_LOGS = "AccessLogsBucket"
# What the services do with the key on behalf of who reads and writes.
ACTIONS = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
SERVICES = ("dynamodb", "s3", "secretsmanager", "sqs")


def _table(properties: Template) -> None:
    properties["SSESpecification"] = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": _ARN}


def _queue(properties: Template) -> None:
    properties["KmsMasterKeyId"] = _ARN


def _keyed(properties: Template) -> None:
    properties["KmsKeyId"] = _ARN


def _bucket(properties: Template) -> None:
    rule = {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": _ARN},
        # One request to KMS for many objects.
        "BucketKeyEnabled": True,
    }
    properties["BucketEncryption"] = {"ServerSideEncryptionConfiguration": [rule]}


_BY_TYPE: dict[str, Callable[[Template], None]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _queue,
    "AWS::SecretsManager::Secret": _keyed,
    "AWS::Logs::LogGroup": _keyed,
    "AWS::S3::Bucket": _bucket,
}


def policy() -> dict[str, Template]:
    """What lets a function's role use the key through the services that keep data, by logical id."""
    through = [{"Fn::Sub": f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}"} for service in SERVICES]
    statement = {
        "Sid": "ReadAndWriteWhatIsEncrypted",
        "Effect": "Allow",
        "Action": list(ACTIONS),
        "Resource": _ARN,
        "Condition": {"StringEquals": {"kms:ViaService": through}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {POLICY: {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}}


def finish(resources: Template) -> None:
    """Encrypt all that keeps data among the resources of a packaged template."""
    for logical_id, resource in resources.items():
        if resource["Type"] in _BY_TYPE and logical_id != ACCESS_LOGS:
            _BY_TYPE[resource["Type"]](resource["Properties"])
