"""The journal's stream: tell the queues what happened, and keep the customers' lists; and holds that are over."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib.clearing import service as clearing
from chalicelib.ledger import service as ledger
from chalicelib.payees import service as payees
from chalicelib.platform import clock, log, queues
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes
from chalicelib.recalls import service as recalls
from chalicelib.reports import service as reports
from chalicelib.transfers import service, store
from chalicelib.transfers.commands import expire_holds as expiry
from chalicelib.transfers.domain import AWAITING, POSTED, SMS

blueprint = Blueprint(__name__)

EXPIRE_EVERY_MIN = 5

_STREAM: Any = {"Fn::GetAtt": ["JournalTable", "StreamArn"]}


@blueprint.on_dynamodb_record(stream_arn=_STREAM, name="relay_journal", batch_size=25)
def relay_journal(event: DynamoDBEvent) -> Answer:
    """Tell what a change means to the queues of those who act on it (the stream is the outbox)."""
    return handle_changes(event, _relay)


@blueprint.on_dynamodb_record(stream_arn=_STREAM, name="project_transfers", batch_size=25)
def project_transfers(event: DynamoDBEvent) -> Answer:
    """Keep the customers' lists of transfers, and what follows of one: payees, recalls, the bank's lists of the day."""
    return handle_changes(event, _project)


@blueprint.schedule(Rate(EXPIRE_EVERY_MIN, unit=Rate.MINUTES), name="expire_holds")
def expire_holds(event: CloudWatchEvent) -> dict[str, int]:
    """Free the holds whose time is over; two runs at a time free nothing twice."""
    log.begin(str(event.to_dict()["id"]))
    freed = expiry.expire_holds(clock.now())
    log.logger.info("holds expired", extra={"count": freed})
    return {"freed": freed}


def _relay(change: Change) -> None:
    new, old = change.new, change.old or {}
    if new is None:
        return
    entry_id = new["entry_id"]
    # Postings come with the posting and never change; an entry of any kind may have deferred legs.
    if "postings" in new and "postings" not in old and ledger.has_deferred_legs(new):
        queues.send("deferred_legs", [ledger.deferred_message(entry_id, new["correlation_id"])])
    if new["kind"] != "transfer":
        return
    if new["state"] == POSTED and old.get("state") != POSTED:
        queues.send("receipts", [service.posted_message(new)])
        if "payee_bank" in new:
            queues.send("clearing", [clearing.due_message(entry_id, new["correlation_id"])])
    elif new["state"] == AWAITING and new["factor"] == SMS and old.get("attempt") != new["attempt"]:
        attempt = str(new["attempt"])
        queues.send(
            "codes",
            [
                Message(
                    f"{entry_id}#code#{attempt}",
                    "transfer.code_requested",
                    entry_id,
                    new["correlation_id"],
                    {"attempt": attempt},
                )
            ],
        )


def _project(change: Change) -> None:
    new, old = change.new, change.old or {}
    if new is None:
        return
    if new["kind"] == "transfer" and old.get("state") != new["state"]:
        store.project(new)
        if new["state"] == POSTED and new["outward"]:
            payees.note_used(new)
            if "returns" in new:
                recalls.note_returned(new)
    if (old.get("state"), "reversed_by" in old) != (new["state"], "reversed_by" in new):
        reports.note(new)
