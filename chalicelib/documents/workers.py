"""The table's stream is the outbox: it asks for the file of what was asked for, and of what was asked for again."""

from __future__ import annotations

from typing import Any

from chalice.app import Blueprint, DynamoDBEvent, SQSEvent

from chalicelib.documents import service, store
from chalicelib.documents.domain import WAITING
from chalicelib.platform import clock, log, queues
from chalicelib.platform.queues import Message
from chalicelib.platform.workers import Answer, Change, handle_changes, handle_messages

blueprint = Blueprint(__name__)

_QUEUE: Any = {"Fn::GetAtt": ["DocumentsQueue", "Arn"]}
_DOCUMENTS: Any = {"Fn::GetAtt": ["DocumentsTable", "StreamArn"]}


@blueprint.on_dynamodb_record(stream_arn=_DOCUMENTS, name="relay_documents", batch_size=25)
def relay_documents(event: DynamoDBEvent) -> Answer:
    """Ask for the files of documents that wait for them."""
    return handle_changes(event, _relay)


@blueprint.on_sqs_message(queue_arn=_QUEUE, name="make_documents", batch_size=1)
def make_documents(event: SQSEvent) -> Answer:
    """Make the file of a document, once however often it is asked for."""
    return handle_messages(event, _make)


def _relay(change: Change) -> None:
    new, old = change.new, change.old
    if new is None or new.get("state") != WAITING:
        return
    if old is None or (old["state"], old["asked_at"]) != (WAITING, new["asked_at"]):
        queues.send("documents", [service.asked_message(new[store.KEY], new["asked_at"], new["correlation_id"])])


def _make(message: Message) -> None:
    # The API registers every worker and calls none: it starts without what only they need.
    from chalicelib.documents.commands import make_document  # noqa: PLC0415

    state = make_document.make_document(message.aggregate_id, clock.now())
    log.logger.info("document made", extra={"state": state})
