"""The log's stream: what the owner has to hear of goes to the notifications."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.audit import domain
from chalicelib.platform import ids, queues
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes

blueprint = Blueprint(__name__)

_STREAM: Any = {"Fn::GetAtt": ["SecurityEventsTable", "StreamArn"]}


@blueprint.on_dynamodb_record(stream_arn=_STREAM, name="relay_security_events", batch_size=25)
def relay_security_events(event: DynamoDBEvent) -> Answer:
    """Ask that the owner be told of each new event whose kind tells (the stream is the outbox)."""
    return handle_changes(event, _relay)


def _relay(change: Change) -> None:
    new = change.new
    if new is None or change.old is not None:
        return  # removed at the end of its term, years later
    kind = domain.ALL.get(new["kind"])
    if kind is None or not kind.tells:
        return
    customer_id, key = new["customer_id"], new["event"]
    event_id = f"{ids.derived_id('security', customer_id, key)}#security"
    queues.send(
        "security_alerts",
        [Message(event_id, "security.event_recorded", customer_id, change.event_id, {"event": key})],
    )
