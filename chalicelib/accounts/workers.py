"""The accounts' stream becomes statement lines; every few minutes a sweep looks that none was lost."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib.accounts.commands import sweep_lines as sweep
from chalicelib.accounts.commands.clean_buckets import clean_buckets
from chalicelib.accounts.commands.write_lines import write_lines
from chalicelib.accounts.domain import LineGap
from chalicelib.ledger import service as ledger
from chalicelib.platform import clock, log, metrics
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes, handle_messages

blueprint = Blueprint(__name__)

SWEEP_EVERY_MIN = 5

_STREAM: Any = {"Fn::GetAtt": ["AccountsTable", "StreamArn"]}
_SWEEPS: Any = {"Fn::GetAtt": ["SweepsQueue", "Arn"]}


@blueprint.on_dynamodb_record(stream_arn=_STREAM, name="write_movements", batch_size=25)
def write_movements(event: DynamoDBEvent) -> Answer:
    """Write the lines of each change, once, in order, chained."""
    return handle_changes(event, _write)


@blueprint.schedule(Rate(SWEEP_EVERY_MIN, unit=Rate.MINUTES), name="start_sweep")
def start_sweep(event: CloudWatchEvent) -> dict[str, str]:
    """Start a sweep over all accounts; two at a time rebuild nothing twice."""
    correlation_id = str(event.to_dict()["id"])
    log.begin(correlation_id)
    sweep.start_sweep(correlation_id)
    return {"sweep": correlation_id}


@blueprint.on_sqs_message(queue_arn=_SWEEPS, name="sweep_lines", batch_size=1)
def sweep_lines(event: SQSEvent) -> Answer:
    """Sweep one page of customers, and ask for the next."""
    return handle_messages(event, _sweep)


def _write(change: Change) -> None:
    if change.new is None or ledger.is_house(change.new["account_id"]):
        return  # a house account's lines are written with its balance
    try:
        write_lines(change.old, change.new)
    except LineGap as gap:
        # The record counts as done: trying it again would hold back every account of its shard, and the
        # sweeper rebuilds this one's lines from the journal. The alarm says that it happened at all.
        metrics.count(metrics.LINE_GAPS)
        log.logger.error("account set aside: lines are missing", extra={"gap": str(gap)})
    clean_buckets(change.old, change.new, clock.business_date(clock.now()))


def _sweep(message: Message) -> None:
    swept = sweep.sweep_page(message.data["after"], message.correlation_id, clock.now())
    log.logger.info("page swept", extra={"accounts": swept.accounts, "lines_rebuilt": swept.lines})
