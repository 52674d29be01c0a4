"""The journal's stream: tell the queues what happened, and keep the customers' lists; and holds that are over."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib.clearing import service as clearing
from chalicelib.ledger import service as ledger
from chalicelib.maintenance import service as maintenance
from chalicelib.platform import clock, log, queues
from chalicelib.platform.dynamo import Image
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes
from chalicelib.transfers import service, store
from chalicelib.transfers.domain import SMS
from chalicelib.transfers.states import AWAITING, PENDING, POSTED, RETURNED

blueprint = Blueprint(__name__)

EXPIRE_EVERY_MIN = 5
EXECUTE_EVERY_MIN = 1

_STREAM: Any = {"Fn::GetAtt": ["JournalTable", "StreamArn"]}


@blueprint.on_dynamodb_record(stream_arn=_STREAM, name="relay_journal", batch_size=25)
def relay_journal(event: DynamoDBEvent) -> Answer:
    """Tell what a change means to the queues of those who act on it (the stream is the outbox)."""
    return handle_changes(event, _relay)


@blueprint.on_dynamodb_record(stream_arn=_STREAM, name="project_transfers", batch_size=25)
def project_transfers(event: DynamoDBEvent) -> Answer:
    """Keep the customers' lists of transfers, and what follows: payees, recalls, the bank's lists, those of seals."""
    return handle_changes(event, _project)


@blueprint.schedule(Rate(EXPIRE_EVERY_MIN, unit=Rate.MINUTES), name="expire_holds")
def expire_holds(event: CloudWatchEvent) -> dict[str, int]:
    """Free the holds whose time is over; two runs at a time free nothing twice."""
    from chalicelib.transfers.commands import expire_holds as expiry  # noqa: PLC0415  # each schedule has its own

    log.begin(str(event.to_dict()["id"]))
    freed = expiry.expire_holds(clock.now())
    log.logger.info("holds expired", extra={"count": freed})
    return {"freed": freed}


@blueprint.schedule(Rate(EXECUTE_EVERY_MIN, unit=Rate.MINUTES), name="execute_due_transfers")
def execute_due_transfers(event: CloudWatchEvent) -> dict[str, int]:
    """Execute the transfers whose time has come; two runs at a time, or a late one, execute none twice.

    While transfers are suspended they wait: the first run afterwards finds them.
    """
    from chalicelib.transfers.commands import execute_due  # noqa: PLC0415  # as above

    log.begin(str(event.to_dict()["id"]))
    now = clock.now()
    if maintenance.is_waiting(maintenance.TRANSFERS, now):
        log.logger.info("due transfers wait for the end of a suspension")
        return dict.fromkeys((execute_due.EXECUTED, execute_due.RETURNED, execute_due.DONE_BEFORE), 0)
    counts = execute_due.execute_due(now)
    log.logger.info("due transfers ended", extra={"counts": counts})
    return counts


def _relay(change: Change) -> None:
    new, old = change.new, change.old or {}
    if new is None:
        return
    entry_id = new["entry_id"]
    # Postings come with the posting and never change; an entry of any kind may have deferred legs.
    if "postings" in new and "postings" not in old and ledger.has_deferred_legs(new):
        queues.send("deferred_legs", [ledger.deferred_message(entry_id, new["correlation_id"])])
    is_transfer, is_posted = new["kind"] == "transfer", new["state"] == POSTED and old.get("state") != POSTED
    if is_transfer and _takes_from_the_day(new, old) and service.is_day_sum_high(new, clock.now()):
        queues.send("alerts", [service.day_sum_message(new)])
    if is_posted and (receipt := service.receipt_message(new)) is not None:
        queues.send("receipts", [receipt])
    if not is_transfer:
        return
    if is_posted and "payee_bank" in new:
        queues.send("clearing", [clearing.due_message(entry_id, new["correlation_id"])])
    if new["state"] == RETURNED and old.get("state") != RETURNED:
        queues.send("alerts", [service.returned_message(new)])
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


def _takes_from_the_day(new: Image, old: Image) -> bool:
    """Whether a change is the one by which a transfer to others took from the limits of its day."""
    taken = (PENDING, POSTED)
    return bool(new["outward"]) and new["state"] in taken and old.get("state") not in taken


def _project(change: Change) -> None:
    # What `relay_journal`, on which a payer waits, does without.
    from chalicelib.payees import service as payees  # noqa: PLC0415
    from chalicelib.recalls import service as recalls  # noqa: PLC0415
    from chalicelib.reports import service as reports  # noqa: PLC0415
    from chalicelib.seals.commands.list_entry import list_entries  # noqa: PLC0415

    new, old = change.new, change.old or {}
    if new is None:
        return
    if new["kind"] == "transfer" and old.get("state") != new["state"]:
        store.project(new)
        if new["state"] == POSTED and new["outward"]:
            payees.note_used(new)
            if "returns" in new:
                recalls.note_returned(new)
    if "postings" in new and "postings" not in old:
        # Before the lists of the day: whatever has its row there is listed for its seal, too.
        list_entries([new], clock.now())
    if (old.get("state"), "reversed_by" in old) != (new["state"], "reversed_by" in new):
        reports.note(new)
