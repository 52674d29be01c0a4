"""The watch over what functions ask of AWS: what it makes of each kind of call, and that it lets nothing by."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.platform import aws
from tests import calls
from tests.calls import Call
from tests.chain.bank import Bank
from tests.grants import Grant, grants_of, unused

PLACE = "cn-northwest-1:123456789012"
TABLE = f"arn:aws-cn:dynamodb:{PLACE}:table/rural-bank-staging-accounts"
BUCKET = "arn:aws-cn:s3:::rural-bank-staging-123456789012-documents"
WATCH = calls._Watch({"accounts": "AccountsTable", "codes": "CodesQueue", "files": "DocumentsBucket"})
ITEM = {"TableName": "accounts"}


@pytest.mark.parametrize(
    ("service", "operation", "asked", "needed"),
    [
        ("dynamodb", "GetItem", ITEM, [("dynamodb:GetItem", TABLE)]),
        ("dynamodb", "Query", {**ITEM, "IndexName": "ByName"}, [("dynamodb:Query", f"{TABLE}/index/ByName")]),
        ("dynamodb", "BatchGetItem", {"RequestItems": {"accounts": {}}}, [("dynamodb:BatchGetItem", TABLE)]),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Put": ITEM}, {"Update": ITEM}, {"Delete": ITEM}, {"ConditionCheck": ITEM}]},
            [(f"dynamodb:{word}Item", TABLE) for word in ("Put", "Update", "Delete", "ConditionCheck")],
        ),
        ("dynamodb", "TransactGetItems", {"TransactItems": [{"Get": ITEM}]}, [("dynamodb:GetItem", TABLE)]),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "codes"},
            [("sqs:SendMessage", f"arn:aws-cn:sqs:{PLACE}:rural-bank-staging-notifications-code-requested")],
        ),
        ("s3", "GetObject", {"Bucket": "files", "Key": "vouchers/1"}, [("s3:GetObject", f"{BUCKET}/vouchers/any")]),
        (
            "s3",
            "HeadObject",
            {"Bucket": "files", "Key": "vouchers/1"},
            [("s3:GetObject", f"{BUCKET}/vouchers/any"), ("s3:ListBucket", BUCKET)],
        ),
        (
            "s3",
            "PutObject",
            {"Bucket": "files", "Key": "vouchers/1", "ObjectLockRetainUntilDate": "2030"},
            [("s3:PutObject", f"{BUCKET}/vouchers/any"), ("s3:PutObjectRetention", f"{BUCKET}/vouchers/any")],
        ),
        (
            "s3",
            "CopyObject",
            {"Bucket": "files", "Key": "b/1", "CopySource": {"Bucket": "files", "Key": "a/1"}},
            [("s3:PutObject", f"{BUCKET}/b/any"), ("s3:GetObject", f"{BUCKET}/a/any")],
        ),
        ("s3", "ListObjectsV2", {"Bucket": "files"}, [("s3:ListBucket", BUCKET)]),
        ("sns", "Publish", {"PhoneNumber": "+86"}, [("sns:Publish", "*")]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_call_needs(service: str, operation: str, asked: dict[str, Any], needed: list[tuple[str, str]]) -> None:
    assert list(calls.needs(service, operation, asked, WATCH)) == needed


@pytest.mark.requirement("NB-4-audit")
def test_a_call_that_no_policy_allows_fails_the_test_that_makes_it(shared_bank: Bank) -> None:
    table = shared_bank.references["AccountSecretsTable"]
    with calls.within(None):
        aws.dynamodb().scan(TableName=table)
    refused = pytest.raises(AssertionError, match=r"not allowed .*'start_sweep', 'dynamodb:Scan'.*account-secrets")
    with refused, calls.within("start_sweep"):
        aws.dynamodb().scan(TableName=table)


def test_a_rings_key_is_known_by_its_tag(shared_bank: Bank) -> None:
    with calls.within(calls.API):
        aws.kms().get_public_key(KeyId=shared_bank.references["TokenKey"])
    with pytest.raises(AssertionError, match=r"'kms:Sign'.*key/signs-seals-of"), calls.within(calls.API):
        aws.kms().sign(
            KeyId=shared_bank.references["SealKey"],
            Message=b"a",
            MessageType="RAW",
            SigningAlgorithm="ECDSA_SHA_256",
        )


def test_what_nothing_asked_for_is_told() -> None:
    grants = list(grants_of("start_sweep"))
    asked = {call for grant in grants if (call := _exact(grant)) is not None}
    left = {(grant.action, grant.resource) for grant in unused(asked, ["start_sweep"])}
    assert left == {(grant.action, grant.resource) for grant in grants if _exact(grant) is None}
    (dropped,) = [call for call in asked if call.action == "sqs:SendMessage"]
    assert (dropped.action, dropped.resource) in {
        (grant.action, grant.resource) for grant in unused(asked - {dropped}, ["start_sweep"])
    }


def _exact(grant: Grant) -> Call | None:
    """The call that a grant is for, where it names one resource."""
    return None if "*" in grant.resource else Call(grant.function, grant.action, grant.resource)
