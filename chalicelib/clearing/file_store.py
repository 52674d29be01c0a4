"""ClearingFilesBucket: an object a file. Who carries files takes them from `outbox/` and lays answers into `inbox/`."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from chalicelib.platform import aws, settings

OUTBOX, INBOX, ANSWERS, REFUSED = "outbox/", "inbox/", "answers/", "refused/"
_TYPE = "application/xml"
# S3 takes keys of at most 1,024 bytes; of a refused file's name the end is kept.
_NAME_CHARACTERS = 200
# What S3 tells at once, and no bucket's folder has more than so many times.
_PAGE = 1000
MAX_PAGES = 100


@dataclass(frozen=True, slots=True)
class File:
    """A file that is there: where, how large, since when, and a digest of what it holds."""

    key: str
    size_bytes: int
    since: dt.datetime
    digest: str


def put_once(key: str, data: bytes) -> bool:
    """Write a file; False where one with that key is, which stays as it is."""
    try:
        aws.s3().put_object(Bucket=_bucket(), Key=key, Body=data, ContentType=_TYPE, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] == "PreconditionFailed":
            return False
        raise
    return True


def files(prefix: str, most: int = _PAGE * MAX_PAGES) -> Iterator[File]:
    """Files under a prefix in the order of their names, at most `most`."""
    pages = (
        aws.s3()
        .get_paginator("list_objects_v2")
        .paginate(Bucket=_bucket(), Prefix=prefix, PaginationConfig={"PageSize": min(most, _PAGE), "MaxItems": most})
    )
    for page in pages:
        for found in page.get("Contents", []):
            # A console makes a folder by an empty object of its name.
            if not found["Key"].endswith("/"):
                yield File(found["Key"], found["Size"], found["LastModified"], found["ETag"].strip('"'))


def read(key: str) -> bytes | None:
    """What a file holds; None when it is not there any more."""
    try:
        return aws.s3().get_object(Bucket=_bucket(), Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise


def remove(file: File) -> None:
    """Take a file away that has been taken or set aside; one that is gone stays so."""
    aws.s3().delete_object(Bucket=_bucket(), Key=file.key)


def set_aside(file: File, business_date: str, reason: str) -> bool:
    """Move a file of the inbox to those that were refused, whatever it holds; False when another run has moved it.

    The copy before the removal: a crash in between leaves both, and the next run does the same again.
    """
    name = file.key.removeprefix(INBOX).replace("/", "_")[-_NAME_CHARACTERS:]
    key = f"{REFUSED}{business_date}/{reason}/{file.digest[:8]}-{name}"
    try:
        aws.s3().copy_object(
            Bucket=_bucket(), Key=key, CopySource={"Bucket": _bucket(), "Key": file.key}, TaggingDirective="REPLACE"
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return False
        raise
    remove(file)
    return True


def digest_of(data: bytes) -> str:
    """What names a file by what it holds."""
    return hashlib.sha256(data).hexdigest()[:32]


def _bucket() -> str:
    return settings.get("CLEARING_FILES_BUCKET")
