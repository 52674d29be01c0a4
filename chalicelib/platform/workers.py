"""The edge of SQS, stream and schedule workers.

Lambda enters a worker as `chalicelib.x.workers.f`, past app.py and its middleware, so logging and partial
batch answers are put on here. `except Exception` is allowed at this edge only, and it re-raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from chalicelib.platform import aws, log, settings
from chalicelib.platform.dynamo import Image, stream_image
from chalicelib.platform.errors import OutcomeUnknown, Retryable, TryAgain
from chalicelib.platform.queues import Message

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

Answer = dict[str, list[dict[str, str]]]

# How long what failed waits for its next delivery, each time three times as long. After the fifth it goes to the dead
# letters, whose alarm is not to wait.
PAUSES_S = (60, 180, 540, 1620, 0)


class Change:
    """What a stream record says of one item: plain images before and after, either may be absent."""

    def __init__(self, event_id: str, old: Image | None, new: Image | None) -> None:
        self.event_id = event_id
        self.old = old
        self.new = new


def handle_messages(event: Any, handle: Callable[[Message], None], *, backs_off: str | None = None) -> Answer:
    """Give each message of an SQS event to `handle`; what raised is tried again by SQS alone.

    `backs_off` names the queue whose messages are delivered again later and later while an outside party or the engine
    fails for now; others, and poison, come again after the queue's own time.
    """

    def one(record: SQSRecord) -> None:
        # Poison is told too, under the queue's own id for it, as it has none of ours.
        log.begin(record.message_id)
        try:
            _tell_failure(lambda: _handle_body(record.body, handle))
        except (Retryable, TryAgain, OutcomeUnknown):
            if backs_off is not None:
                times = int(record.attributes.approximate_receive_count)
                _back_off(backs_off, record.receipt_handle, times)
            raise

    return _partial(event, one, "SQS")


def _back_off(queue: str, receipt_handle: str, times: int) -> None:
    pause_s = PAUSES_S[min(times, len(PAUSES_S)) - 1]
    try:
        aws.sqs().change_message_visibility(
            QueueUrl=settings.queue_url(queue), ReceiptHandle=receipt_handle, VisibilityTimeout=pause_s
        )
    except (ClientError, *aws.NO_ANSWER):
        log.logger.warning("the queue's own pause is kept", exc_info=True)


def _handle_body(body: str, handle: Callable[[Message], None]) -> None:
    message = Message.from_json(body)
    log.begin(message.correlation_id, event_id=message.event_id, event_type=message.event_type)
    handle(message)


def handle_batch(event: Any, handle: Callable[[list[Message]], set[str]]) -> Answer:
    """Give all messages of an SQS event to `handle` at once; it returns the aggregates to be told again.

    Poison fails alone. What `handle` raises fails the whole batch.
    """
    records = event.to_dict()["Records"]
    log.begin(records[0]["messageId"])
    read: list[tuple[str, Message]] = []
    failed: list[str] = []
    for record in records:
        try:
            read.append((record["messageId"], Message.from_json(record["body"])))
        except (ValueError, KeyError, TypeError):
            log.logger.exception("not a message", extra={"message_id": record["messageId"]})
            failed.append(record["messageId"])
    messages = [message for _, message in read]
    left: set[str] = set()

    def work() -> None:
        left.update(handle(messages))

    if messages:
        _tell_failure(work)
    failed += [message_id for message_id, message in read if message.aggregate_id in left]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def handle_changes(event: Any, handle: Callable[[Change], None]) -> Answer:
    """Give each change of a stream event to `handle`, in order; the stream resumes at the first that raised."""

    def one(record: DynamoDBRecord) -> None:
        raw = record.raw_event["dynamodb"]
        change = Change(
            event_id=record.raw_event["eventID"],
            old=stream_image(raw["OldImage"]) if "OldImage" in raw else None,
            new=stream_image(raw["NewImage"]) if "NewImage" in raw else None,
        )
        log.begin(str((change.new or {}).get("correlation_id", change.event_id)), event_id=change.event_id)
        _tell_failure(lambda: handle(change))

    return _partial(event, one, "DynamoDBStreams")


def _partial(event: Any, record_handler: Callable[[Any], None], kind: str) -> Answer:
    # The API registers every worker and calls none: it starts without this.
    from aws_lambda_powertools.utilities.batch import (  # noqa: PLC0415
        BatchProcessor,
        EventType,
        process_partial_response,
    )

    return process_partial_response(  # type: ignore[return-value]  # its TypedDict has this shape
        event=event.to_dict(),
        record_handler=record_handler,
        processor=BatchProcessor(event_type=EventType[kind], raise_on_entire_batch_failure=False),
        context=event.context,
    )


def _tell_failure(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        log.logger.exception("worker could not finish; the message will be tried again")
        raise
