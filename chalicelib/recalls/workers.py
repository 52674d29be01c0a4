"""The recalls' stream: whoever has to hear of a change is told by the notifications."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.platform import queues
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes

blueprint = Blueprint(__name__)

_STREAM: Any = {"Fn::GetAtt": ["RecallsTable", "StreamArn"]}


@blueprint.on_dynamodb_record(stream_arn=_STREAM, name="relay_recalls", batch_size=25)
def relay_recalls(event: DynamoDBEvent) -> Answer:
    """Ask that the other side be told of each new state (the stream is the outbox)."""
    return handle_changes(event, _relay)


def _relay(change: Change) -> None:
    new, old = change.new, change.old or {}
    if new is None or old.get("state") == new["state"]:
        return
    recall_id, state = new["recall_id"], new["state"]
    event_id = f"{recall_id}#recall#{state}"
    queues.send("alerts", [Message(event_id, "recall.changed", recall_id, new["correlation_id"], {"state": state})])
