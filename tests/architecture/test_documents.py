"""Customers' files: nobody reads them but by the bank's own links, and no voucher is deleted (NB-5.1.6-2, XJ-3.5)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.documents import formats
from chalicelib.documents.commands.make_document import MAX_TRIES
from chalicelib.parameters import service as parameters
from tests.architecture.packaged import packaged
from tests.iam import Statement, Template, decide, statements_of

DELETES = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention")
# What would take a bucket's rules or its files away all at once.
BUCKET_WIDE = ("s3:PutLifecycleConfiguration", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:DeleteBucket")


def template() -> Template:
    return Template(packaged()["Resources"])


def bucket() -> dict[str, Any]:
    return dict(template().resources["DocumentsBucket"]["Properties"])


def policy() -> list[Statement]:
    resource = template().resources["DocumentsBucketPolicy"]
    assert resource["Properties"]["Bucket"] == {"Ref": "DocumentsBucket"}
    return list(resource["Properties"]["PolicyDocument"]["Statement"])


def lies(folder: str) -> str:
    return f"{template().arn('DocumentsBucket')}/{folder}/{'a' * 26}"


def roles() -> dict[str, list[Statement]]:
    found = {name: item for name, item in template().resources.items() if item["Type"] == "AWS::IAM::Role"}
    return {name: statements_of(template(), role) for name, role in found.items()}


def those_who_may(action: str, resource: str) -> set[str]:
    return {name for name, own in roles().items() if decide(template(), own, action, resource) == "allowed"}


def test_the_bucket_is_private_encrypted_versioned_and_can_lock() -> None:
    properties = bucket()
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["ObjectLockEnabled"] == {"Fn::If": ["IsLocal", {"Ref": "AWS::NoValue"}, True]}
    kept = template().resources["DocumentsBucket"]
    assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_nothing_passes_without_tls() -> None:
    (statement,) = [one for one in policy() if one["Sid"] == "NothingWithoutTls"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert [template().text(one) for one in statement["Resource"]] == [
        template().arn("DocumentsBucket"),
        f"{template().arn('DocumentsBucket')}/*",
    ]


@pytest.mark.requirement("XJ-3.5")
@pytest.mark.requirement("NB-5.1.6-2")
@pytest.mark.parametrize("action", DELETES)
def test_nobody_deletes_a_voucher_whatever_their_rights(action: str) -> None:
    anything: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    assert decide(template(), [anything, *policy()], action, lies("vouchers")) == "denied"
    assert all(one["Principal"] == "*" for one in policy())
    # nor does any function delete another file
    assert those_who_may(action, lies("vouchers")) == those_who_may(action, lies("statements")) == set()


@pytest.mark.parametrize("action", BUCKET_WIDE)
def test_no_function_changes_the_buckets_rules(action: str) -> None:
    assert those_who_may(action, template().arn("DocumentsBucket")) == set()


def test_one_worker_writes_files_and_the_api_links_to_them() -> None:
    for folder in ("vouchers", "statements"):
        assert those_who_may("s3:PutObject", lies(folder)) == {"MakeDocumentsRole"}
        assert those_who_may("s3:GetObject", lies(folder)) == {"MakeDocumentsRole", "ApiHandlerRole"}


@pytest.mark.requirement("NB-5.1.6-2")
def test_what_can_be_made_again_goes_after_its_row_and_vouchers_never() -> None:
    rules = bucket()["LifecycleConfiguration"]["Rules"]
    assert {rule["Prefix"] for rule in rules} == {"statements/"}
    (days,) = [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule]
    assert days == parameters.DOCUMENT_KEPT_D.high + 1


def test_the_queue_gives_up_when_the_worker_does() -> None:
    queue = template().resources["DocumentsQueue"]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == MAX_TRIES


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, of_kind in formats.FORMATS.items() for name in of_kind]
)
def test_each_format_names_a_maker_that_there_is(kind: str, name: str) -> None:
    how = formats.chosen(kind, name)
    assert callable(how.make())
    # its name is what a request gives, and a file ends in
    assert name.isalnum()
    assert name.islower()
    assert how.suffix.isalnum()
    assert "/" in how.media_type
