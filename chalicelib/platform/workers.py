"""The edge of SQS, stream and schedule workers.

Lambda enters a worker as `chalicelib.x.workers.f`, past app.py and its middleware, so logging and partial
batch answers are put on here. `except Exception` is allowed at this edge only, and it re-raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from chalicelib.platform import log
from chalicelib.platform.dynamo import Image, stream_image
from chalicelib.platform.queues import Message

Answer = dict[str, list[dict[str, str]]]


class Change:
    """What a stream record says of one item: plain images before and after, either may be absent."""

    def __init__(self, event_id: str, old: Image | None, new: Image | None) -> None:
        self.event_id = event_id
        self.old = old
        self.new = new


def handle_messages(event: Any, handle: Callable[[Message], None]) -> Answer:
    """Give each message of an SQS event to `handle`; what raised is tried again by SQS alone."""

    def one(record: SQSRecord) -> None:
        # Poison is told too, under the queue's own id for it, as it has none of ours.
        log.begin(record.message_id)
        _tell_failure(lambda: _handle_body(record.body, handle))

    return _partial(event, one, EventType.SQS)


def _handle_body(body: str, handle: Callable[[Message], None]) -> None:
    message = Message.from_json(body)
    log.begin(message.correlation_id, event_id=message.event_id, event_type=message.event_type)
    handle(message)


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

    return _partial(event, one, EventType.DynamoDBStreams)


def _partial(event: Any, record_handler: Callable[[Any], None], kind: EventType) -> Answer:
    return process_partial_response(  # type: ignore[return-value]  # its TypedDict has this shape
        event=event.to_dict(),
        record_handler=record_handler,
        processor=BatchProcessor(event_type=kind, raise_on_entire_batch_failure=False),
        context=event.context,
    )


def _tell_failure(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        log.logger.exception("worker could not finish; the message will be tried again")
        raise
