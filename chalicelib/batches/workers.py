"""The table's stream is the outbox: it asks for the payments of a batch, and tells its payer of those not made."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.batches import service, store
from chalicelib.platform import clock, log, queues
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes, handle_messages

blueprint = Blueprint(__name__)

_QUEUE: Any = {"Fn::GetAtt": ["BatchesQueue", "Arn"]}
_BATCHES: Any = {"Fn::GetAtt": ["BatchesTable", "StreamArn"]}


@blueprint.on_dynamodb_record(stream_arn=_BATCHES, name="relay_batches", batch_size=25)
def relay_batches(event: DynamoDBEvent) -> Answer:
    """Ask for the payments of what was confirmed, and tell of what ended."""
    return handle_changes(event, _relay)


@blueprint.on_sqs_message(queue_arn=_QUEUE, name="execute_batches", batch_size=1)
def execute_batches(event: SQSEvent) -> Answer:
    """Make the payments of a batch that are not made yet, each once however often it is asked for."""
    return handle_messages(event, _execute)


def _relay(change: Change) -> None:
    new, old = change.new, change.old
    if new is None or new[store.PLACE] != store.HEAD:
        return
    if old is None:
        queues.send("batches", [service.confirmed_message(new[store.KEY], new["correlation_id"])])
    elif "ended_at" in new and "ended_at" not in old and new["refused"]:
        queues.send("alerts", [service.ended_message(new[store.KEY], new["correlation_id"])])


def _execute(message: Message) -> None:
    # The API registers every worker and calls none: it starts without what only they need.
    from chalicelib.batches.commands import execute_batch  # noqa: PLC0415

    came_of_it = execute_batch.execute_batch(message.aggregate_id, clock.now())
    log.logger.info("batch executed", extra={"outcomes": came_of_it})
