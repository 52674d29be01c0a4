"""Deferred legs reach their accounts from here."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, SQSEvent

from chalicelib.ledger.commands.post_deferred_legs import post_deferred_legs as post
from chalicelib.platform.workers import Answer, handle_batch

blueprint = Blueprint(__name__)

_QUEUE: Any = {"Fn::GetAtt": ["DeferredLegsQueue", "Arn"]}


# Many entries a batch, because all of them meet at one house account: a second of waiting costs nobody anything.
@blueprint.on_sqs_message(
    queue_arn=_QUEUE, name="post_deferred_legs", batch_size=50, maximum_batching_window_in_seconds=1
)
def post_deferred_legs(event: SQSEvent) -> Answer:
    """Post the deferred legs of all entries told, each once however often it is told."""
    return handle_batch(event, lambda messages: post([message.aggregate_id for message in messages]))
