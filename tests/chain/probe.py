"""What a hostile tester needs beside the bank: the state of every table, set-ups by force, queues by hand."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto.dynamodb.models import dynamodb_backends

from chalicelib.ledger import service as ledger
from chalicelib.limits.service import AccountLimits
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, updates
from chalicelib.platform.dynamo import ItemPut, ItemUpdate, to_image
from tests.chain.bank import ACCOUNT, REGION, Bank, LambdaContext, Person, Reply, entered, handlers_by_source

State = dict[str, list[str]]
AMPLE = AccountLimits(
    single_fen=10**12, day_fen=10**12, day_count=1000, month_fen=10**12, year_fen=10**12
)  # never what stops a transfer


def table_items(bank: Bank, logical_id: str) -> list[dict[str, Any]]:
    """Every item of a table, plain."""
    pages = aws.dynamodb().get_paginator("scan").paginate(TableName=bank.references[logical_id])
    return [to_image(item) for page in pages for item in page["Items"]]


def state_of(bank: Bank, *, but: Sequence[str] = ()) -> State:
    """The whole bank as text, table by table, to compare before and after; without the count of payments that were not
    made, which is what a refusal leaves.
    """
    # Straight from the engine in this process: scans of all tables would take most of the tests' time.
    tables = dynamodb_backends[ACCOUNT][REGION].tables
    return {
        name: sorted(text for text in map(_text, tables[physical].all_items()) if '#unpaid"' not in text)
        for name, physical in bank.references.items()
        if name.endswith("Table") and name not in but
    }


def _text(item: Any) -> str:
    return json.dumps(item.to_json(), sort_keys=True, default=repr)


@contextmanager
def unchanged(bank: Bank, *, but: Sequence[str] = ()) -> Iterator[None]:
    """Whatever happens inside, no table (save `but`) may differ afterwards, streams and queues worked off.

    How many SMS there were differs where messages do, which are a table of their own here.
    """
    but = (*but, "SmsCountsTable")
    bank.settle()
    before = state_of(bank, but=but)
    yield
    bank.settle()
    assert state_of(bank, but=but) == before


def force(bank: Bank, logical_id: str, key: dict[str, str], **values: Any) -> None:
    """Set attributes past the application, as another part of the bank (or an intruder) would."""
    resource: Any = boto3.resource("dynamodb")
    resource.Table(bank.references[logical_id]).update_item(
        Key=key,
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ExpressionAttributeNames={f"#{name}": name for name in values},
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


def force_account(bank: Bank, account_id: str, **values: Any) -> None:
    """Set attributes of an account."""
    force(bank, "AccountsTable", {"account_id": account_id}, **values)


def force_customer(bank: Bank, person: Person, **values: Any) -> None:
    """Set attributes of a customer's record."""
    force(bank, "CustomersTable", {"customer_id": person.customer_id}, **values)


def forget_policy(bank: Bank) -> None:
    """Back to every parameter's default."""
    table: Any = boto3.resource("dynamodb").Table(bank.references["ParametersTable"])
    for item in table.scan()["Items"]:
        table.delete_item(Key={"name": item["name"]})
    parameters.forget()


def dies_after_the_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on every function dies right after its first transaction of several items."""
    real = updates.run_together

    def dies(writes: Sequence[ItemPut | ItemUpdate]) -> None:
        real(writes)
        raise MemoryError

    monkeypatch.setattr(updates, "run_together", dies)


def account_image(account_id: str) -> dict[str, Any]:
    """The stored account, buckets and all."""
    return ledger.read_accounts([account_id])[account_id].image


def delete_line(bank: Bank, account_id: str, seq: int) -> None:
    """Lose one statement line."""
    (line,) = [
        item["line"]
        for item in table_items(bank, "MovementsTable")
        if item["account_id"] == account_id and item["seq"] == seq
    ]
    aws.dynamodb().delete_item(
        TableName=bank.references["MovementsTable"], Key={"account_id": {"S": account_id}, "line": {"S": line}}
    )


def lines_of(bank: Bank, account_id: str) -> list[dict[str, Any]]:
    """An account's statement lines, oldest first."""
    items = [item for item in table_items(bank, "MovementsTable") if item["account_id"] == account_id]
    return sorted(items, key=lambda item: int(item["seq"]))


@dataclass
class Wiretap:
    """Notes every event that `Bank.settle` gives to a worker, so that it can be given again."""

    events: list[tuple[str, dict[str, Any]]]

    def of(self, worker: str) -> list[dict[str, Any]]:
        """All records one worker got, in order."""
        return [record for name, event in self.events if name.endswith(f".{worker}") for record in event["Records"]]


@contextmanager
def wiretap() -> Iterator[Wiretap]:
    """Listen to all workers of the bank."""
    from tests.chain import bank as module  # noqa: PLC0415  # patched here only

    tap, original = Wiretap([]), module.entered

    def listening(handler: str) -> Any:
        worker = original(handler)

        def call(event: dict[str, Any], context: LambdaContext) -> Any:
            tap.events.append((handler, event))
            return worker(event, context)

        return call

    module.entered = listening
    try:
        yield tap
    finally:
        module.entered = original


WORKERS = {handler.rpartition(".")[2]: handler for handlers in handlers_by_source().values() for handler, _ in handlers}


def give(worker: str, records: Sequence[dict[str, Any]]) -> list[str]:
    """Give records to a worker once; ids of those that failed."""
    answer = entered(WORKERS[worker])({"Records": list(records)}, LambdaContext())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def queued(body: str, message_id: str) -> dict[str, Any]:
    """An SQS record with any body."""
    return {
        "messageId": message_id,
        "receiptHandle": "handle",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:cn-north-1:123456789012:test",
        "awsRegion": "cn-north-1",
    }


def put_on(bank: Bank, queue: str, body: str) -> None:
    """Send a body to a queue past the application."""
    aws.sqs().send_message(QueueUrl=bank.references[queue], MessageBody=body)


def queued_bodies(bank: Bank, queue: str) -> list[str]:
    """The bodies of a queue's messages, each once; they are hidden for the queue's own time afterwards."""
    sqs, url, found = aws.sqs(), bank.references[queue], []
    while answer := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        found += [message["Body"] for message in answer]
    return found


def retry_at_once(bank: Bank, queue: str) -> None:
    """Let messages that failed be seen again without waiting for the visibility time-out."""
    sqs = aws.sqs()
    url = bank.references[queue]
    for _ in range(100):
        ((handler, batch_size),) = handlers_by_source()[queue]
        received = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=batch_size, VisibilityTimeout=0, AttributeNames=["All"]
        ).get("Messages", [])
        if not received:
            return
        records = [{**queued(m["Body"], m["MessageId"]), "attributes": m["Attributes"]} for m in received]
        failed = set(give(handler.rpartition(".")[2], records))
        for message in received:
            if message["MessageId"] not in failed:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    raise AssertionError(f"{queue} does not come to rest")


def scheduled(when: dt.datetime, event_id: str = "11111111-2222-3333-4444-555555555555") -> dict[str, Any]:
    """The schedule's event at a moment."""
    return {
        "id": event_id,
        "time": when.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
        "source": "aws.events",
        "account": "123456789012",
        "region": "cn-north-1",
        "detail": {},
        "detail-type": "Scheduled Event",
        "version": "0",
        "resources": [],
    }


def wrong_code(code: str) -> str:
    """Six digits that are not the code."""
    return f"{(int(code) + 1) % 10**6:06d}"


def same_refusal(one: Reply, other: Reply) -> bool:
    """Whether two refusals cannot be told apart, save by their correlation ids."""

    def face(reply: Reply) -> str:
        body = {name: value for name, value in reply.body.items() if name != "correlation_id"}
        headers = {name: value for name, value in reply.headers.items() if name != "X-Correlation-Id"}
        return json.dumps([reply.status, headers, body], sort_keys=True)

    return face(one) == face(other)
