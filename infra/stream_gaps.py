"""Changes that a stream's worker never handled: read from where they were set aside, or from the table itself.

A record that a worker gave up lies in the failures bucket: Lambda writes there which worker, shard and sequence
numbers, and the event itself. While the stream keeps its records (24 hours) they can be read there as well. After that
there is the table: what an item is now is told as if it had just been written. Every worker stands repeats, and none
lets an earlier state overwrite a later one.
"""

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.platform import aws, clock, settings

# As many as the workers' own batches have; a worker's time-out is set for so many.
BATCH = 25
# Longer than any worker of a stream may run; never sent twice by the client itself.
_LAMBDA = Config(read_timeout=90, retries={"total_max_attempts": 1})
# As many pages of a shard are read: a thousand records a page, and 24 hours have fewer.
MOST_PAGES = 10_000
REPLAYED = "replayed"
_TRIMMED = ("TrimmedDataAccessException", "ExpiredIteratorException", "ResourceNotFoundException")

# Worker -> its table, and the times in an item by which it is found. Not named, as nothing is to be replayed of them
# from a table: movements and links (their sweeps and `bank day replay` make them from the journal and the log), codes
# of challenges (void within minutes), and batches (asked for again every five minutes until they have ended).
TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "RelayJournal": ("journal", ("created_at", "posted_at", "ended_at")),
    "ProjectTransfers": ("journal", ("created_at", "posted_at", "ended_at")),
    "RelayOrders": ("order_history", ("at",)),
    "RelaySecurityEvents": ("security_events", ("at",)),
    "RelayRecalls": ("recalls", ("asked_at", "changed_at")),
    "RelayDocuments": ("documents", ("asked_at",)),
}


class RecordsTrimmed(Exception):
    """The stream no longer has the records."""


@dataclass(frozen=True)
class Failure:
    """What Lambda set aside: `function` its ARN, `first` and `last` sequence numbers, `records` where it kept them."""

    key: str
    function: str
    condition: str
    stream_arn: str
    shard_id: str
    first: str
    last: str
    size: int
    at: str
    records: Sequence[Any]
    is_replayed: bool

    @property
    def worker(self) -> str:
        """The function's name."""
        return self.function.split(":")[6]


def bucket() -> str:
    """The bucket of what was given up, as infra/resources.yaml names it."""
    stack = settings.get("TABLE_PREFIX").removesuffix("-")
    account = boto3.client("sts").get_caller_identity()["Account"]
    return f"{stack}-{account}-stream-failures"


def failures() -> Iterator[Failure]:
    """Everything that was set aside, oldest day first."""
    name = bucket()
    for page in aws.s3().get_paginator("list_objects_v2").paginate(Bucket=name):
        for found in page.get("Contents", []):
            yield failure(found["Key"])


def failure(key: str) -> Failure:
    """One of them; raises KeyError where there is none, ValueError where it is no record of Lambda's."""
    name, s3 = bucket(), aws.s3()
    try:
        text = s3.get_object(Bucket=name, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        raise KeyError(key) from None
    tags = {tag["Key"] for tag in s3.get_object_tagging(Bucket=name, Key=key)["TagSet"]}
    try:
        said = json.loads(text)
        batch, asked = said["DDBStreamBatchInfo"], said["requestContext"]
        event = said.get("payload", {})
        event = json.loads(event) if isinstance(event, str) else event
        return Failure(
            key,
            asked["functionArn"],
            asked["condition"],
            batch["streamArn"],
            batch["shardId"],
            batch["startSequenceNumber"],
            batch["endSequenceNumber"],
            int(batch["batchSize"]),
            said["timestamp"],
            event.get("Records", []),
            REPLAYED in tags,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError(f"no record of Lambda's: {key}") from None


def records_of(failed: Failure) -> list[Any]:
    """The changes of a failure as Lambda hands them to a worker; raises RecordsTrimmed."""
    if failed.records:
        return list(failed.records)
    streams = boto3.client("dynamodbstreams")
    try:
        iterator: str | None = streams.get_shard_iterator(
            StreamArn=failed.stream_arn,
            ShardId=failed.shard_id,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=failed.first,
        )["ShardIterator"]
        return _read(streams, iterator, failed)
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] in _TRIMMED:
            raise RecordsTrimmed(failed.key) from None
        raise


def _read(streams: Any, iterator: str | None, failed: Failure) -> list[Any]:
    found: list[Any] = []
    for _ in range(MOST_PAGES):
        if iterator is None:
            break
        answer = streams.get_records(ShardIterator=iterator)
        for record in answer["Records"]:
            # Numbers of a shard rise, and need not follow each other.
            if int(record["dynamodb"]["SequenceNumber"]) > int(failed.last):
                return found
            found.append(_as_event(record, failed.stream_arn))
        if len(found) >= failed.size or not answer["Records"]:
            break
        iterator = answer.get("NextShardIterator")
    if not found:
        raise RecordsTrimmed(failed.key)
    return found


def _as_event(record: Any, stream_arn: str) -> dict[str, Any]:
    images = {name: encoded(record["dynamodb"][name]) for name in IMAGES if name in record["dynamodb"]}
    about = {name: record["dynamodb"][name] for name in ("SequenceNumber", "StreamViewType")}
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventSource": "aws:dynamodb",
        "eventSourceARN": stream_arn,
        "dynamodb": images | about,
    }


IMAGES = ("Keys", "OldImage", "NewImage")


def encoded(value: Any) -> Any:
    """A DynamoDB value as an event has it: JSON, bytes in base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: encoded(inner) for name, inner in value.items()}
    return [encoded(inner) for inner in value] if isinstance(value, list) else value


def from_table(worker: str, since: dt.datetime, until: dt.datetime) -> Iterator[dict[str, Any]]:
    """The items of a worker's table with a time in [since, until), each as the change by which it came to be.

    Reads the whole table, a page in memory at a time. Raises KeyError for a worker that is not replayed from a table.
    """
    table, times = TABLES[worker]
    name = settings.table(table)
    within = " OR ".join(f"(#t{place} >= :since AND #t{place} < :until)" for place in range(len(times)))
    pages = (
        aws.dynamodb()
        .get_paginator("scan")
        .paginate(
            TableName=name,
            ConsistentRead=True,
            FilterExpression=within,
            ExpressionAttributeNames={f"#t{place}": time for place, time in enumerate(times)},
            ExpressionAttributeValues={":since": {"S": clock.to_text(since)}, ":until": {"S": clock.to_text(until)}},
        )
    )
    for page in pages:
        for item in page["Items"]:
            image = encoded(item)
            text = json.dumps(image, sort_keys=True)
            event_id = hashlib.sha256(f"{name} {text}".encode()).hexdigest()[:32]
            yield {
                "eventID": event_id,
                "eventName": "INSERT",
                "eventSource": "aws:dynamodb",
                # What a worker answers a failure by; the stream's own are digits.
                "dynamodb": {"NewImage": image, "SequenceNumber": event_id, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            }


def function_of(worker: str) -> str:
    """The name of a worker's function in the stack."""
    stack = settings.get("TABLE_PREFIX").removesuffix("-")
    found = boto3.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=worker)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def hand_over(function: str, records: Sequence[Any]) -> int:
    """Give changes to a worker's function, in order, 25 at a time; how many it did not handle.

    It stops at the first batch that was not handled whole: what follows may build on it.
    """
    for start in range(0, len(records), BATCH):
        batch = records[start : start + BATCH]
        if not invoked(function, {"Records": list(batch)}):
            return len(records) - start
    return 0


def invoked(function: str, event: dict[str, Any]) -> bool:
    """Whether a function handled an event whole."""
    client = boto3.client("lambda", config=_LAMBDA)
    answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
    # What raised answers with its error instead.
    return bool(json.loads(answer["Payload"].read() or b"null") == {"batchItemFailures": []})


def mark_replayed(failed: Failure) -> None:
    """Note that a failure's changes were handled; the object stays, and nothing rings."""
    tags: Any = {"TagSet": [{"Key": REPLAYED, "Value": clock.to_text(clock.now())}]}
    aws.s3().put_object_tagging(Bucket=bucket(), Key=failed.key, Tagging=tags)
