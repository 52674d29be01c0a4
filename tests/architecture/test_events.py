"""Every event that code sends has its JSON Schema in `events/`; the sample Lambda events are what workers take."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # publishes no types

from app import app
from chalicelib.audit import service as audit
from chalicelib.audit.workers import relay_security_events
from chalicelib.contract import service
from chalicelib.identity import tokens
from chalicelib.parameters import service as parameters
from chalicelib.parameters import store as parameters_store
from chalicelib.platform import queues
from chalicelib.platform.callers import Caller
from chalicelib.platform.clock import from_text
from chalicelib.platform.queues import Message
from chalicelib.receipts import service as receipts
from chalicelib.receipts.workers import issue_receipts
from chalicelib.statements.workers import start_bill_run
from chalicelib.transfers import routes as transfer_routes
from chalicelib.transfers import service as transfers
from chalicelib.transfers.commands.create_transfer import Created
from chalicelib.transfers.domain import Request
from chalicelib.transfers.workers import relay_journal
from tests.architecture.source import ROOT, called_name, sources
from tests.event_schemas import SCHEMAS, check, schema
from tests.unit.samples import instruction_image

SAMPLES = ROOT / "events" / "samples"
ENVELOPE = ["aggregate_id", "correlation_id", "data", "event_id", "event_type", "schema_version"]
# Words that would be personal data in a message.
PERSONAL = {"name", "phone", "account", "account_id", "amount", "amount_fen", "balance", "purpose", "code"}


class LambdaContext:
    """What Lambda passes beside the event."""

    function_name = "test"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    invoked_function_arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:test"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def event_types() -> set[str]:
    """The type of every Message that code makes."""
    found = set()
    for source in sources():
        for call in source.calls():
            if called_name(call) != "Message":
                continue
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            node = given.get("event_type") or call.args[1]
            assert isinstance(node, ast.Constant), source.path
            found.add(str(node.value))
    return found


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Message]]:
    """What code sends to queues."""
    found: list[tuple[str, Message]] = []

    def send(queue: str, messages: list[Message]) -> None:
        found.extend((queue, message) for message in messages)

    monkeypatch.setattr(queues, "send", send)
    return found


def test_every_event_has_a_schema_and_every_schema_an_event() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} == event_types()


@pytest.mark.parametrize("event_type", sorted(event_types()))
def test_a_schema_is_strict_and_names_no_personal_data(event_type: str) -> None:
    described = schema(event_type)
    Draft202012Validator.check_schema(described)
    assert described["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert described["$id"] == f"urn:rural-bank:event:{event_type}:1"
    assert described["properties"]["event_type"] == {"const": event_type}
    assert sorted(described["required"]) == sorted(described["properties"]) == ENVELOPE
    data = described["properties"]["data"]
    assert described["additionalProperties"] is data["additionalProperties"] is False
    assert sorted(data["required"]) == sorted(data["properties"])
    assert not PERSONAL & data["properties"].keys()


def test_the_sqs_sample_is_a_message_that_a_worker_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    # given the sample
    event = sample("sqs-transfer-posted")
    (record,) = event["Records"]
    message = check(record["body"])
    assert Message.from_json(record["body"]).to_json() == record["body"]
    assert record["md5OfBody"] == hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()
    # when the worker gets it, then it acts on that entry
    issued: list[str] = []
    monkeypatch.setattr(receipts, "issue", lambda entry_id, now: issued.append(entry_id))
    assert issue_receipts(event, LambdaContext()) == {"batchItemFailures": []}
    assert issued == [message["aggregate_id"]]


def test_the_stream_sample_makes_a_message(sent: list[tuple[str, Message]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "is_day_sum_high", lambda image, now: False)
    # given the sample: a transfer becomes posted
    event = sample("stream-journal-posted")
    image = event["Records"][0]["dynamodb"]["NewImage"]
    assert len(base64.b64decode(image["digest"]["B"])) == 32
    # and its instruction has just the attributes that code writes
    posted = {"posted_at", "business_date", "proof", "session_id", "postings"}
    stated = {name for name, value in instruction_image().items() if value is not None}
    assert image.keys() == stated | posted
    # when the relay gets it, then it tells the receipts' queue what the SQS sample says
    assert relay_journal(event, LambdaContext()) == {"batchItemFailures": []}
    ((queue, message),) = sent
    assert queue == "receipts"
    assert message.to_json() == sample("sqs-transfer-posted")["Records"][0]["body"]


def test_the_security_sample_is_told_once_it_is_new(
    sent: list[tuple[str, Message]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABLE_PREFIX", "unit-")
    monkeypatch.setattr(parameters, "value", lambda parameter, now: parameter.default)
    # given the sample: a customer's log-in was locked
    event = sample("stream-security-event")
    (record,) = event["Records"]
    image = record["dynamodb"]["NewImage"]
    # and it has just the attributes that code writes
    written = audit.event(image["customer_id"]["S"], audit.LOCKED, from_text(image["at"]["S"]))
    assert image.keys() == written.item.keys()
    # when the relay gets it, then it asks that the owner be told, by ids only
    assert relay_security_events(event, LambdaContext()) == {"batchItemFailures": []}
    ((queue, message),) = sent
    assert queue == "security_alerts"
    assert check(message.to_json())["data"] == {"event": image["event"]["S"]}
    # and a row that is removed at its term, or of a kind that does not tell, is nobody's business
    removed = {**record, "dynamodb": {"Keys": record["dynamodb"]["Keys"], "OldImage": image}}
    quiet = {**record, "dynamodb": {**record["dynamodb"], "NewImage": {**image, "kind": {"S": "logged_in"}}}}
    relay_security_events({"Records": [removed, quiet]}, LambdaContext())
    assert len(sent) == 1


def test_the_schedule_sample_starts_a_run(sent: list[tuple[str, Message]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameters, "value", lambda parameter, _: parameter.default)
    event = sample("schedule-bill-run")
    assert from_text(event["time"]).tzinfo is not None
    assert start_bill_run(event, LambdaContext()) == {"month": "2026-11"}
    ((queue, message),) = sent
    assert queue == "bill_runs"
    assert check(message.to_json())["data"] == {"month": "2026-11", "after": ""}


def test_the_api_sample_is_a_request_that_the_api_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    # given the sample, whose body the contract admits
    event = sample("api-create-transfer")
    document = json.loads(service.document())
    body_schema = {"$ref": "#/components/schemas/NewTransfer", "components": document["components"]}
    Draft202012Validator(body_schema).validate(json.loads(event["body"]))
    # and somebody logged in, while nothing is suspended
    monkeypatch.setattr(parameters_store, "rows", dict)
    parameters.forget()
    monkeypatch.setattr(tokens, "read", lambda token, now: Caller("c", "s", "professional"))
    seen: list[tuple[str, Request]] = []

    def create(caller: Caller, key: str, request: Request, correlation_id: str, now: Any) -> Created:
        seen.append((key, request))
        return Created(instruction_image(correlation_id=correlation_id), hit=False)

    monkeypatch.setattr(transfer_routes, "create_transfer", create)
    # when the API gets it
    answer = app(event, LambdaContext())
    # then it reads what the sample says
    assert answer["statusCode"] == 201, answer["body"]
    ((key, request),) = seen
    assert key == event["headers"]["idempotency-key"]
    assert (request.amount_fen, request.payee_name) == (123_456, "钱红")
    assert answer["headers"]["X-Correlation-Id"] == event["headers"]["x-correlation-id"]
