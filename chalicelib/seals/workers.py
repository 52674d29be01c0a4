"""Every quarter of an hour the oldest closed date without a seal is gone on with, a page of entries a message."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate, SQSEvent

from chalicelib.platform import clock, log
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, handle_messages
from chalicelib.seals.commands import seal_day

blueprint = Blueprint(__name__)

START_EVERY_MIN = 15

_QUEUE: Any = {"Fn::GetAtt": ["SealsQueue", "Arn"]}


@blueprint.schedule(Rate(START_EVERY_MIN, unit=Rate.MINUTES), name="start_seals")
def start_seals(event: CloudWatchEvent) -> dict[str, str | None]:
    """Ask for the next page of what is to be sealed next: a page that waited, or was lost, is gone on with."""
    log.begin(str(event.to_dict()["id"]))
    return {"date": seal_day.start_next(clock.now())}


@blueprint.on_sqs_message(queue_arn=_QUEUE, name="seal_days", batch_size=1)
def seal_days(event: SQSEvent) -> Answer:
    """Put one page of entries into a date's tree; after the last one sign it, and go on with the next date."""
    return handle_messages(event, _seal)


def _seal(message: Message) -> None:
    now = clock.now()
    outcome = seal_day.seal_page(message.aggregate_id, int(message.data["step"]), now)
    log.logger.info("page of a seal", extra={"outcome": outcome.value, "step": message.data["step"]})
    if outcome is seal_day.Outcome.SEALED:
        seal_day.start_next(now)
