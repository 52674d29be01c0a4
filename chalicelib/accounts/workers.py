"""The accounts' stream becomes statement lines, and each line a message to who tells the customer."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent

from chalicelib.accounts import store
from chalicelib.accounts.domain import FIRST_HASH, LineGap, Movement, lines_of
from chalicelib.ledger import service as ledger
from chalicelib.platform import queues
from chalicelib.platform.dynamo import Image
from chalicelib.platform.errors import Retryable
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes

blueprint = Blueprint(__name__)

_STREAM: Any = {"Fn::GetAtt": ["AccountsTable", "StreamArn"]}


@blueprint.on_dynamodb_record(stream_arn=_STREAM, name="write_movements", batch_size=25)
def write_movements(event: DynamoDBEvent) -> Answer:
    """Write the lines of each change, once, in order, chained."""
    return handle_changes(event, _write)


def _write(change: Change) -> None:
    if change.new is None:
        return
    movements = lines_of(change.old, change.new)
    if not movements:
        return
    account_id = change.new["account_id"]
    last = store.last(account_id)
    written = last.seq if last else 0
    if written < movements[0].seq - 1:
        # A lost line must not be papered over; the record fails until the lines before it are there.
        raise LineGap(f"line {movements[0].seq} after {written}")
    entry = ledger.read_entry(movements[0].entry_id)
    if entry is None:
        raise Retryable("the entry is not readable yet")
    chain = last.chain if last else FIRST_HASH
    for movement in movements:
        if movement.seq > written:
            chained = movement.chained_to(chain)
            store.append(chained, counterparty=_counterparty(entry, movement), purpose=entry["purpose"])
            chain = chained.chain
    # Told again when the record is repeated; who listens tells a customer once.
    queues.send("alerts", [_message(entry, movement) for movement in movements])


def _counterparty(entry: Image, movement: Movement) -> tuple[str, str] | None:
    """The other side's account and name, for the principal of an entry that has two named sides."""
    side = "payee" if movement.amount_fen < 0 else "payer"
    if movement.kind != "principal" or not entry.get(f"{side}_name"):
        return None
    return entry[f"{side}_account"], entry[f"{side}_name"]


def _message(entry: Image, movement: Movement) -> Message:
    """Names the line by its posting in the entry: an account number is personal data and stays out of queues."""
    posting = next(
        index
        for index, leg in enumerate(entry["postings"])
        if (leg["a"], leg["f"], leg["k"]) == (movement.account_id, movement.amount_fen, movement.kind)
    )
    return Message(
        event_id=f"{movement.entry_id}#movement#{posting}",
        event_type="movement.posted",
        aggregate_id=movement.entry_id,
        correlation_id=movement.correlation_id,
        data={"posting": str(posting), "business_date": movement.business_date, "seq": str(movement.seq)},
    )
