"""Posted transfers get their receipts; every hour a sweep looks that none was forgotten."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, Rate, SQSEvent

from chalicelib.platform import clock, log
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, handle_messages
from chalicelib.receipts import service

blueprint = Blueprint(__name__)

SWEEP_EVERY_MIN = 60

_QUEUE: Any = {"Fn::GetAtt": ["ReceiptsQueue", "Arn"]}
_SWEEPS: Any = {"Fn::GetAtt": ["ReceiptSweepsQueue", "Arn"]}


@blueprint.on_sqs_message(queue_arn=_QUEUE, name="issue_receipts", batch_size=10)
def issue_receipts(event: SQSEvent) -> Answer:
    """Issue a receipt for each posted transfer told, once however often it is told."""
    return handle_messages(event, _issue)


@blueprint.schedule(Rate(SWEEP_EVERY_MIN, unit=Rate.MINUTES), name="start_receipt_sweep")
def start_receipt_sweep(event: CloudWatchEvent) -> dict[str, str]:
    """Start a sweep over all customers; two at a time issue nothing twice."""
    from chalicelib.receipts.commands import sweep_receipts as sweep  # noqa: PLC0415  # issuing does without it

    correlation_id = str(event.to_dict()["id"])
    log.begin(correlation_id)
    sweep.start_sweep(correlation_id)
    return {"sweep": correlation_id}


@blueprint.on_sqs_message(queue_arn=_SWEEPS, name="sweep_receipts", batch_size=1)
def sweep_receipts(event: SQSEvent) -> Answer:
    """Sweep one page of customers, and ask for the next."""
    return handle_messages(event, _sweep)


def _issue(message: Message) -> None:
    service.issue(message.aggregate_id, clock.now())


def _sweep(message: Message) -> None:
    from chalicelib.receipts.commands import sweep_receipts as sweep  # noqa: PLC0415  # as above

    swept = sweep.sweep_page(message.data["after"], message.correlation_id, clock.now())
    log.logger.info("page swept", extra={"transfers": swept.transfers, "told": swept.told, "listed": swept.listed})
