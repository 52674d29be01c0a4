"""The table's stream is the outbox: it asks for the payments of a batch, and tells its payer of those not made.

What it asked for and was lost, a schedule asks for again.
"""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib.batches import service, store
from chalicelib.platform import clock, log, queues
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes, handle_messages

blueprint = Blueprint(__name__)

AGAIN_EVERY_MIN = 5

_QUEUE: Any = {"Fn::GetAtt": ["BatchesQueue", "Arn"]}
_BATCHES: Any = {"Fn::GetAtt": ["BatchesTable", "StreamArn"]}


@blueprint.on_dynamodb_record(stream_arn=_BATCHES, name="relay_batches", batch_size=25)
def relay_batches(event: DynamoDBEvent) -> Answer:
    """Ask for the payments of what was confirmed, and tell of what ended."""
    return handle_changes(event, _relay)


@blueprint.schedule(Rate(AGAIN_EVERY_MIN, unit=Rate.MINUTES), name="ask_batches_again")
def ask_batches_again(event: CloudWatchEvent) -> dict[str, int]:
    """Ask again for what should long have ended; asking for it twice pays nothing twice."""
    from chalicelib.batches.commands import ask_again  # noqa: PLC0415  # as below

    correlation_id = str(event.to_dict()["id"])
    log.begin(correlation_id)
    asked = ask_again.ask_again(clock.now(), correlation_id)
    log.logger.info("batches asked for again", extra={"count": asked})
    return {"asked": asked}


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
