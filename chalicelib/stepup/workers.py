"""The challenges' stream: a code is asked for when a challenge is opened or another code is wanted."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.platform import queues
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes
from chalicelib.stepup.domain import AWAITING, PROVE_PHONE, SMS, USED

blueprint = Blueprint(__name__)

_STREAM: Any = {"Fn::GetAtt": ["ChallengesTable", "StreamArn"]}


@blueprint.on_dynamodb_record(stream_arn=_STREAM, name="relay_challenges", batch_size=25)
def relay_challenges(event: DynamoDBEvent) -> Answer:
    """Tell the queue of codes what a change means (the stream is the outbox)."""
    return handle_changes(event, _relay)


def _relay(change: Change) -> None:
    new, old = change.new, change.old or {}
    # Rows without an operation count challenges.
    if new is None or "operation" not in new:
        return
    challenge_id, attempt = new["challenge_id"], str(new["attempt"])
    if new["operation"] == PROVE_PHONE.code and new["state"] == USED and old.get("state") != USED:
        queues.send(
            "codes",
            [Message(f"{challenge_id}#changed", "phone.changed", challenge_id, new["correlation_id"], {})],
        )
    if new["state"] == AWAITING and SMS in new["factors"] and old.get("attempt") != new["attempt"]:
        queues.send(
            "codes",
            [
                Message(
                    f"{challenge_id}#code#{attempt}",
                    "step_up.code_requested",
                    challenge_id,
                    new["correlation_id"],
                    {"attempt": attempt},
                )
            ],
        )
