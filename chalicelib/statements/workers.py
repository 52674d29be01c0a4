"""The bills' schedule and workers."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Cron, SQSEvent

from chalicelib.platform import clock, log, metrics
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, handle_messages
from chalicelib.statements import service
from chalicelib.statements.domain import BillUnbalanced

blueprint = Blueprint(__name__)

_RUNS: Any = {"Fn::GetAtt": ["BillRunsQueue", "Arn"]}
_BILLS: Any = {"Fn::GetAtt": ["BillsQueue", "Arn"]}


# 18:00 UTC is 02:00 in Shanghai: that of the last day of a month is on the first of the next.
@blueprint.schedule(Cron(0, 18, "*", "*", "?", "*"), name="start_bill_run")
def start_bill_run(event: CloudWatchEvent) -> dict[str, str | None]:
    """Start the run of monthly bills in the first nights of a month; starting it twice issues nothing twice.

    The month comes from the event's own time, so that a late or repeated event bills the month it was for.
    """
    raw = event.to_dict()
    log.begin(str(raw["id"]))
    month = service.start_due_run(clock.from_text(raw["time"]), str(raw["id"]))
    if month is not None:
        log.logger.info("bill run started", extra={"month": month})
    return {"month": month}


@blueprint.on_sqs_message(queue_arn=_RUNS, name="page_bill_run", batch_size=1)
def page_bill_run(event: SQSEvent) -> Answer:
    """Visit one page of customers."""
    return handle_messages(event, _page)


@blueprint.on_sqs_message(queue_arn=_BILLS, name="issue_bills", batch_size=10)
def issue_bills(event: SQSEvent) -> Answer:
    """Issue each bill asked for, once."""
    return handle_messages(event, _issue)


def _page(message: Message) -> None:
    count = service.run_page(message.data["month"], message.data["after"], message.correlation_id)
    log.logger.info("bills asked for", extra={"count": count})


def _issue(message: Message) -> None:
    month, now = message.data["month"], clock.now()
    try:
        issued = service.issue_bills(message.aggregate_id, month, now)
    except BillUnbalanced:
        # The message comes again, and the sweeper may have put the lines right by then.
        metrics.count(metrics.BILLS_UNBALANCED)
        raise
    if issued and service.is_late(month, now):
        metrics.count(metrics.BILLS_LATE)
        log.logger.error("bills were missing", extra={"month": month, "count": issued})
