"""The bills' schedule and workers."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Cron, SQSEvent

from chalicelib.platform import clock, log
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, handle_messages
from chalicelib.statements import service

blueprint = Blueprint(__name__)

_RUNS: Any = {"Fn::GetAtt": ["BillRunsQueue", "Arn"]}
_BILLS: Any = {"Fn::GetAtt": ["BillsQueue", "Arn"]}


# 18:00 UTC on the last day of the month is 02:00 in Shanghai on the first of the next.
@blueprint.schedule(Cron(0, 18, "L", "*", "?", "*"), name="start_bill_run")
def start_bill_run(event: CloudWatchEvent) -> dict[str, str]:
    """Start the run of monthly bills; starting it twice issues nothing twice.

    The month comes from the event's own time, so that a late or repeated event bills the month it was for.
    """
    raw = event.to_dict()
    log.begin(str(raw["id"]))
    month = service.start_run(clock.from_text(raw["time"]), str(raw["id"]))
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
    service.issue_bills(message.aggregate_id, message.data["month"], clock.now())
