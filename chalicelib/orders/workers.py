"""The schedule that looks for what is due, the workers that execute it, and the outbox of what its owner must know."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib.maintenance import service as maintenance
from chalicelib.orders import service
from chalicelib.orders.domain import Event
from chalicelib.platform import clock, log, queues
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes, handle_messages

blueprint = Blueprint(__name__)

FIND_EVERY_MIN = 5

_QUEUE: Any = {"Fn::GetAtt": ["OrdersQueue", "Arn"]}
_HISTORY: Any = {"Fn::GetAtt": ["OrderHistoryTable", "StreamArn"]}


@blueprint.schedule(Rate(FIND_EVERY_MIN, unit=Rate.MINUTES), name="find_due_orders")
def find_due_orders(event: CloudWatchEvent) -> dict[str, int]:
    """Ask for what is due; two runs at a time, or a late one, have nothing executed twice.

    While orders are suspended nothing is asked for: the first run afterwards finds all that is due by then.
    """
    # The API registers every worker and calls none: it starts without what only they need.
    from chalicelib.orders.commands import find_due  # noqa: PLC0415

    correlation_id = str(event.to_dict()["id"])
    log.begin(correlation_id)
    now = clock.now()
    if maintenance.is_waiting(maintenance.STANDING_ORDERS, now):
        log.logger.info("due orders wait for the end of a suspension")
        return {"asked": 0}
    asked = find_due.find_due(now, correlation_id)
    log.logger.info("due orders asked for", extra={"count": asked})
    return {"asked": asked}


@blueprint.on_sqs_message(queue_arn=_QUEUE, name="execute_orders", batch_size=10)
def execute_orders(event: SQSEvent) -> Answer:
    """Execute each due date asked for, once however often it is asked for."""
    return handle_messages(event, _execute)


@blueprint.on_dynamodb_record(stream_arn=_HISTORY, name="relay_orders", batch_size=25)
def relay_orders(event: DynamoDBEvent) -> Answer:
    """Tell the queue of alerts what its owner must know of an order (the stream is the outbox)."""
    return handle_changes(event, _relay)


def _execute(message: Message) -> None:
    from chalicelib.orders.commands.execute_order import execute_order  # noqa: PLC0415  # as above

    now = clock.now()
    if maintenance.is_waiting(maintenance.STANDING_ORDERS, now):
        # Asked for before it began. The order's row is still due: the schedule asks for it again.
        log.logger.info("order waits for the end of a suspension")
        return
    came_of_it = execute_order(message.aggregate_id, message.data["due_date"], message.correlation_id, now)
    log.logger.info("order executed", extra={"outcome": came_of_it})


def _relay(change: Change) -> None:
    if change.new is None or change.old is not None:
        return
    told = Event(**{name: value for name, value in change.new.items() if name in Event.__dataclass_fields__})
    if told.is_told:
        queues.send("alerts", [service.not_executed_message(told)])
