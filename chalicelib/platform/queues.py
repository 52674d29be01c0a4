"""Messages between workers: event id, type, schema version, aggregate id, correlation id; no personal data.

The shapes are the JSON Schemas in `events/`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.platform import aws, settings
from chalicelib.platform.errors import Retryable

MAX_BATCH = 10
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Message:
    """One event. `event_id` is the same whenever the same thing is told again; `data` holds ids only."""

    event_id: str
    event_type: str
    aggregate_id: str
    correlation_id: str
    data: dict[str, str]
    schema_version: int = SCHEMA_VERSION

    def to_json(self) -> str:
        return json.dumps(
            {
                "event_id": self.event_id,
                "event_type": self.event_type,
                "schema_version": self.schema_version,
                "aggregate_id": self.aggregate_id,
                "correlation_id": self.correlation_id,
                "data": self.data,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Message:
        """Raises ValueError, KeyError or TypeError on what is not a message: poison, for the dead-letter queue."""
        raw: dict[str, Any] = json.loads(text)
        if raw["schema_version"] != SCHEMA_VERSION:
            # What a later version means is not guessed at.
            raise ValueError("a schema version this worker does not know")
        return cls(
            event_id=raw["event_id"],
            event_type=raw["event_type"],
            aggregate_id=raw["aggregate_id"],
            correlation_id=raw["correlation_id"],
            data=raw["data"],
            schema_version=raw["schema_version"],
        )


def send(queue: str, messages: Sequence[Message]) -> None:
    """Send to the queue with that logical name, ten a call; raises Retryable when the queue took not all."""
    url = settings.queue_url(queue)
    for chunk in _chunks(messages):
        answer = aws.sqs().send_message_batch(
            QueueUrl=url,
            Entries=[{"Id": str(i), "MessageBody": message.to_json()} for i, message in enumerate(chunk)],
        )
        if answer.get("Failed"):
            raise Retryable(f"{len(answer['Failed'])} of {len(chunk)} messages not taken by {queue}")


def _chunks(messages: Sequence[Message]) -> list[Sequence[Message]]:
    return [messages[start : start + MAX_BATCH] for start in range(0, len(messages), MAX_BATCH)]
