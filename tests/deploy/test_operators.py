"""`bank queue` and `bank stream` on the deployed bank: what was given up goes into the packaged functions again."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from chalicelib.platform import aws
from infra import stream_gaps
from infra.cli.app import main
from infra.cli.shell import PENDING, WHOLE
from infra.local import walk as walking
from infra.local.stack import Bank

MOST_RECORDS = 1000


def receipts(bank: Bank) -> dict[str, dict[str, Any]]:
    """Every receipt by its key."""
    found = bank.client("dynamodb").scan(TableName=bank.resources["ReceiptsTable"], ConsistentRead=True)["Items"]
    return {item["entry_id"]["S"]: item for item in found}


def give_up(bank: Bank, worker: str) -> int:
    """What Lambda writes of all that the journal's stream has, without the event; how many changes."""
    table = bank.client("dynamodb").describe_table(TableName=bank.resources["JournalTable"])["Table"]
    streams = boto3.client("dynamodbstreams")
    (shard,) = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]["Shards"]
    place = streams.get_shard_iterator(
        StreamArn=table["LatestStreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    records = streams.get_records(ShardIterator=place, Limit=MOST_RECORDS)["Records"]
    function = bank.client("lambda").get_function(FunctionName=bank.resources[worker])["Configuration"]
    said = {
        "requestContext": {"functionArn": function["FunctionArn"], "condition": "RetryAttemptsExhausted"},
        "timestamp": "2026-11-21T04:00:00.000Z",
        "DDBStreamBatchInfo": {
            "shardId": shard["ShardId"],
            "startSequenceNumber": records[0]["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": records[-1]["dynamodb"]["SequenceNumber"],
            "batchSize": len(records),
            "streamArn": table["LatestStreamArn"],
        },
    }
    aws.s3().put_object(Bucket=stream_gaps.bucket(), Key=f"aws/lambda/{worker}", Body=json.dumps(said).encode())
    return len(records)


def test_what_the_relay_gave_up_is_read_from_the_stream_and_replayed(
    deployed: tuple[Bank, dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    bank, _ = deployed
    before = receipts(bank)
    assert before
    # given a relay that never told of the transfers, so that no receipt was made
    for entry_id in before:
        bank.client("dynamodb").delete_item(
            TableName=bank.resources["ReceiptsTable"], Key={"entry_id": {"S": entry_id}}
        )
    count = give_up(bank, "RelayJournal")
    assert main(["stream", "failures"]) == PENDING
    # when it is replayed into the packaged function
    assert main(["stream", "replay", "--send"]) == WHOLE
    assert f"已处理 / handled: {count}, 未处理 / not handled: 0" in capsys.readouterr().out
    # then the receipts are there once more, and it is noted
    walking.wait_for("the receipts", lambda: True if set(receipts(bank)) == set(before) else None)
    assert main(["stream", "failures"]) == WHOLE


def test_a_dead_letter_that_was_handled_before_is_sent_again_and_changes_nothing(
    deployed: tuple[Bank, dict[str, Any]],
) -> None:
    bank, _ = deployed
    before = receipts(bank)
    entry_id = next(iter(before))
    message = {
        "event_id": f"{entry_id}#posted",
        "event_type": "transfer.posted",
        "schema_version": 1,
        "aggregate_id": entry_id,
        "correlation_id": entry_id,
        "data": {},
    }
    sqs = bank.client("sqs")
    sqs.send_message(QueueUrl=bank.resources["ReceiptsDeadLetterQueue"], MessageBody=json.dumps(message))
    assert main(["queue", "redrive", "receipts", "--send"]) == WHOLE

    def drained() -> bool | None:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        urls = [bank.resources[name] for name in ("ReceiptsQueue", "ReceiptsDeadLetterQueue")]
        found = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"] for url in urls]
        return True if not any(int(value) for one in found for value in one.values()) else None

    walking.wait_for("the queue", drained)
    assert receipts(bank) == before
