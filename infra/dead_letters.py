"""Dead letters: looked at without taking them, sent again within bounds, set aside in a file.

SQS can move dead letters by itself (`StartMessageMoveTask`), but moves all there are, knows no dry run and no single
message, differs in China's regions, and no local engine has it. So they are received, sent and deleted here, in that
order: what dies in between leaves a letter twice, never lost, and every worker stands repeats.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import boto3

from chalicelib.platform import aws, clock
from chalicelib.platform.queues import Message

AT_ONCE = 10
# So long a letter is hidden from others at most; what is looked at is given back at the end.
HIDDEN_S = 60
# An answer to a question without waiting comes from some of SQS's servers only, and may miss what there is.
WAIT_S = 1
# The metrics whose alarms say that a queue's messages are not being handled.
_AGE, _ERRORS = ("AWS/SQS", "ApproximateAgeOfOldestMessage"), ("AWS/Lambda", "Errors")


@dataclass(frozen=True)
class Letter:
    """A dead letter: `sent_at` is when its message was first sent, from which its 14 days run."""

    message_id: str
    body: str
    sent_at: dt.datetime
    receipt_handle: str

    def described(self) -> str:
        """What it is, by ids alone: of a body that is no message only its size and digest are shown."""
        try:
            message = Message.from_json(self.body)
        except (ValueError, KeyError, TypeError):
            digest = hashlib.sha256(self.body.encode()).hexdigest()[:12]
            return f"不可读 / unreadable: {len(self.body.encode())} bytes, sha256 {digest}…"
        return f"{message.event_type} {message.aggregate_id}, correlation_id {message.correlation_id}"

    def to_line(self) -> str:
        """The whole letter as a line of a file."""
        kept = {name: value for name, value in asdict(self).items() if name != "receipt_handle"}
        return json.dumps(kept | {"sent_at": clock.to_text(self.sent_at)}, ensure_ascii=False, sort_keys=True)


def attributes_of(url: str) -> dict[str, Any]:
    """What SQS says of a queue; its counts are approximate."""
    found: Any = aws.sqs().get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return dict(found)


def count(url: str) -> int:
    """Messages in a queue, hidden ones too."""
    attributes = attributes_of(url)
    return int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])


def dead_letters_of(url: str) -> str:
    """The URL of a queue's dead-letter queue, from its own wiring."""
    arn = json.loads(attributes_of(url)["RedrivePolicy"])["deadLetterTargetArn"]
    return str(aws.sqs().get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"])


def _received(url: str, most: int) -> list[Letter]:
    answer = aws.sqs().receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=min(AT_ONCE, most),
        VisibilityTimeout=HIDDEN_S,
        WaitTimeSeconds=WAIT_S,
        MessageSystemAttributeNames=["SentTimestamp"],
    )
    return [
        Letter(
            found["MessageId"],
            found["Body"],
            clock.from_epoch(int(found["Attributes"]["SentTimestamp"]) // 1000),
            found["ReceiptHandle"],
        )
        for found in answer.get("Messages", [])
    ]


def batches(url: str, most: int) -> Iterator[list[Letter]]:
    """Up to `most` of the letters that are there now, ten at a time, each hidden from others for a minute."""
    # What fails again and comes back meanwhile is not among them.
    left = min(most, count(url))
    while left > 0 and (found := _received(url, left)):
        left -= len(found)
        yield found


@contextmanager
def looked_at(url: str, most: int) -> Iterator[list[Letter]]:
    """Up to `most` letters, given back when the caller has done; those deleted meanwhile stay deleted."""
    letters = [letter for batch in batches(url, most) for letter in batch]
    try:
        yield letters
    finally:
        for start in range(0, len(letters), AT_ONCE):
            entries: Any = [
                {"Id": str(place), "ReceiptHandle": letter.receipt_handle, "VisibilityTimeout": 0}
                for place, letter in enumerate(letters[start : start + AT_ONCE])
            ]
            # Those deleted are answered as failed, which is no failure.
            aws.sqs().change_message_visibility_batch(QueueUrl=url, Entries=entries)


def delete(url: str, letter: Letter) -> None:
    """Take a letter away; it is elsewhere by now."""
    aws.sqs().delete_message(QueueUrl=url, ReceiptHandle=letter.receipt_handle)


def send_again(url: str, dead_url: str, letters: Sequence[Letter], per_second: int) -> None:
    """Send letters to their queue, so many a second on average."""
    for letter in letters:
        aws.sqs().send_message(QueueUrl=url, MessageBody=letter.body)
        delete(dead_url, letter)
    clock.sleep(len(letters) / per_second)


def alarms_of(url: str) -> list[str]:
    """Names of the alarms that say that a queue's messages are late or its worker raises."""
    arn = attributes_of(url)["QueueArn"]
    watched = [(_AGE, "QueueName", arn.rpartition(":")[2])]
    mappings = boto3.client("lambda").list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    watched += [(_ERRORS, "FunctionName", mapping["FunctionArn"].split(":")[6]) for mapping in mappings]
    return sorted(name for metric, dimension, value in watched for name in _ringing(metric, dimension, value))


def _ringing(metric: tuple[str, str], dimension: str, value: str) -> Iterator[str]:
    wanted = [{"Name": dimension, "Value": value}]
    namespace, name = metric
    answer = boto3.client("cloudwatch").describe_alarms_for_metric(
        Namespace=namespace,
        MetricName=name,
        Dimensions=wanted,
    )
    for alarm in answer["MetricAlarms"]:
        # Local engines answer with the metric's alarms whatever their dimensions.
        if alarm.get("StateValue") == "ALARM" and alarm.get("Dimensions") == wanted:
            yield alarm["AlarmName"]
