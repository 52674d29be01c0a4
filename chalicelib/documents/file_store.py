"""DocumentsBucket: an object a document, by the document's id; put once, and read by its owner's links only."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from botocore.exceptions import ClientError

from chalicelib.documents.errors import DocumentTooLarge
from chalicelib.platform import aws, settings

# Half of what a function has for files: an archive and one of its members are there at once.
MAX_FILE_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_SHA256 = "sha256"


@dataclass(frozen=True, slots=True)
class Made:
    """A file that lies in the bucket: its size and SHA-256 (hex)."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Lock:
    """Until when nobody may delete or overwrite an object, and who may lift that: GOVERNANCE, COMPLIANCE."""

    mode: str
    until: dt.datetime


class _BoundedFile(io.FileIO):
    """A file that takes no more than MAX_FILE_BYTES; raises DocumentTooLarge."""

    def write(self, data: Any, /) -> int:
        if self.tell() + memoryview(data).nbytes > MAX_FILE_BYTES:
            raise DocumentTooLarge()
        return super().write(data)


@contextmanager
def scratch_file() -> Iterator[BinaryIO]:
    """A file that is gone afterwards: what is made is never in memory whole. Raises DocumentTooLarge."""
    descriptor, path = tempfile.mkstemp()
    Path(path).unlink()
    raw = _BoundedFile(descriptor, "r+")
    try:
        yield cast("BinaryIO", io.BufferedRandom(raw))
    finally:
        # Past the buffer: what did not fit stays out.
        raw.close()


def found(key: str) -> Made | None:
    """The file that lies under a key, or None."""
    try:
        head = aws.s3().head_object(Bucket=_bucket(), Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return None
        raise
    return Made(head["ContentLength"], head["Metadata"][_SHA256])


def put_once(key: str, file: BinaryIO, media_type: str, lock: Lock | None) -> Made:
    """Put a file; where one lies under its key that stays, and is the answer."""
    made, digest = _measured(file)
    locked: dict[str, Any] = (
        {} if lock is None else {"ObjectLockMode": lock.mode, "ObjectLockRetainUntilDate": lock.until}
    )
    try:
        aws.s3().put_object(
            Bucket=_bucket(),
            Key=key,
            Body=file,
            ContentType=media_type,
            # Named beside its value: a bucket that locks asks for it.
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=base64.b64encode(digest).decode(),
            Metadata={_SHA256: made.sha256},
            IfNoneMatch="*",
            **locked,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        return found(key) or made
    return made


def link(key: str, file_name: str, media_type: str, lives_s: int) -> str:
    """An address from which whoever has it gets the file under that name, for so many seconds."""
    return aws.s3().generate_presigned_url(
        "get_object",
        Params={
            "Bucket": _bucket(),
            "Key": key,
            "ResponseContentType": media_type,
            "ResponseContentDisposition": f'attachment; filename="{file_name}"',
        },
        ExpiresIn=lives_s,
    )


def _measured(file: BinaryIO) -> tuple[Made, bytes]:
    """What a file holds, which is left at its beginning."""
    file.seek(0)
    digest, size_bytes = hashlib.sha256(), 0
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
        size_bytes += len(chunk)
    file.seek(0)
    return Made(size_bytes, digest.hexdigest()), digest.digest()


def _bucket() -> str:
    return settings.get("DOCUMENTS_BUCKET")
