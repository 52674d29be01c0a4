"""The logs' streams: what a customer has to hear of goes to the notifications, what staff did into its chain."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib.audit import domain
from chalicelib.audit.commands import link_actions as links
from chalicelib.platform import clock, ids, log, queues
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes

blueprint = Blueprint(__name__)

SWEEP_EVERY_MIN = 15

_STREAM: Any = {"Fn::GetAtt": ["SecurityEventsTable", "StreamArn"]}
_STAFF_STREAM: Any = {"Fn::GetAtt": ["StaffActionsTable", "StreamArn"]}


@blueprint.on_dynamodb_record(stream_arn=_STREAM, name="relay_security_events", batch_size=25)
def relay_security_events(event: DynamoDBEvent) -> Answer:
    """Ask that the owner be told of each new event whose kind tells (the stream is the outbox)."""
    return handle_changes(event, _relay)


@blueprint.on_dynamodb_record(stream_arn=_STAFF_STREAM, name="link_staff_actions", batch_size=25)
def link_staff_actions(event: DynamoDBEvent) -> Answer:
    """Give each new row of what staff did its link; a row that was changed or removed rings."""
    return handle_changes(event, _link)


@blueprint.schedule(Rate(SWEEP_EVERY_MIN, unit=Rate.MINUTES), name="sweep_staff_actions")
def sweep_staff_actions(event: CloudWatchEvent) -> dict[str, int]:
    """Link what the stream lost, and take the heads of earlier dates into today's chain."""
    log.begin(str(event.to_dict()["id"]))
    swept = links.sweep_actions(clock.now())
    log.logger.info("staff's log swept", extra={"rows": swept.rows, "heads": swept.heads})
    return {"rows": swept.rows, "heads": swept.heads}


def _link(change: Change) -> None:
    if change.old is not None:
        links.note_rewrite(change.old, change.new, clock.now())
    elif change.new is not None:
        links.link_row(change.new, clock.now())


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
