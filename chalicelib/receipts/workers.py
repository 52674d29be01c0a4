"""Posted transfers get their receipts."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib.platform import clock
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, handle_messages
from chalicelib.receipts import service

blueprint = Blueprint(__name__)

_QUEUE: Any = {"Fn::GetAtt": ["ReceiptsQueue", "Arn"]}


@blueprint.on_sqs_message(queue_arn=_QUEUE, name="issue_receipts", batch_size=10)
def issue_receipts(event: SQSEvent) -> Answer:
    """Issue a receipt for each posted transfer told, once however often it is told."""
    return handle_messages(event, _issue)


def _issue(message: Message) -> None:
    service.issue(message.aggregate_id, clock.now())
