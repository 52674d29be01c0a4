"""The store: MiniStack's DynamoDB, in this process, with its real expressions; no HTTP, no wall clock.

Every call of the bank's one DynamoDB client comes through `Store.call`: pause, perhaps a fault, the engine,
then whoever watches is told what changed. `wire` sends the call all the way through botocore (serialiser,
signer, `before-send` hook, parser), as the cloud would see it; `direct` hands the same JSON to the same
engine without that, at a third of the cost. A test holds the two equal, event by event.
"""

from __future__ import annotations

import base64
import copy
import json
import marshal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

import boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from ministack.services import dynamodb as ministack_dynamodb
from pynamodb.exceptions import PynamoDBException

from infra.environment import RESOURCES_FILE, read_template, table_ids, table_suffix
from simulation.faults import Faults
from simulation.scheduler import Scheduler

Transport = Literal["direct", "wire"]
Image = dict[str, Any]
TABLE = "AWS::DynamoDB::Table"
INDEXES = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
# As chalicelib.platform.aws configures botocore: one repeat inside it, of what it takes for passing.
ATTEMPTS = 2
# Only what has this in it can have a binary value.
BINARY = b'"B"'
ENDPOINT = "http://dynamodb.simulation.invalid"
# What passes when it is tried again: silence (no code), and an engine that is busy.
PASSING = frozenset({None, "ThrottlingException"})
# Texts that each of the engine's answers is kept for.
MOST_KEPT = 10_000
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"})


@dataclass(frozen=True, slots=True)
class Changed:
    """One item before and after, raw, as the engine's own stream records it."""

    table: str
    old: Image | None
    new: Image | None


class _EngineTime:
    """The engine's `time` module: tokens of transactions age by the simulation's clock."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def time(self) -> float:
        return self._scheduler.clock.monotonic()

    def __getattr__(self, name: str) -> Any:
        # The engine's own threads sleep by the wall; they find nothing to do here.
        return getattr(time, name)


class _EngineCopy:
    """The engine's `copy` module. Items are JSON, so a copy needs none of deepcopy's care for the rest."""

    @staticmethod
    def copy(value: Any) -> Any:
        return copy.copy(value)

    @staticmethod
    def deepcopy(value: Any) -> Any:
        try:
            return marshal.loads(marshal.dumps(value))  # noqa: S302  # what this very process has just written
        except ValueError:  # not plain
            return copy.deepcopy(value)


# Functions of the engine that depend on their argument alone, a text; it asks them the same over and over.
_OF_TEXT_ALONE = ("_condition_syntax_error", "_number_error", "_number_size_bytes", "_ddb_canonicalize_number")


@cache
def _quicken() -> None:
    """Spare the engine what it does over and over with the same few texts; its answers stay the same."""
    tokenize = lru_cache(MOST_KEPT)(ministack_dynamodb._tokenize)
    ministack_dynamodb._tokenize = lambda text: list(tokenize(text))
    for name in _OF_TEXT_ALONE:
        setattr(ministack_dynamodb, name, lru_cache(MOST_KEPT)(getattr(ministack_dynamodb, name)))
    own_size = ministack_dynamodb._item_size_bytes
    size = lru_cache(MOST_KEPT)(lambda packed: own_size(marshal.loads(packed)))  # noqa: S302  # see deepcopy
    ministack_dynamodb._item_size_bytes = lambda item: size(marshal.dumps(item))
    ministack_dynamodb.copy = _EngineCopy


@cache
def resources() -> dict[str, Any]:
    """The template's resources: the bank under test has the cloud's tables and queues."""
    found: dict[str, Any] = read_template(RESOURCES_FILE)["Resources"]
    return found


@cache
def physical_names() -> dict[str, str]:
    """What the bank under test calls its tables, by what the template and the simulation call them."""
    return {name: f"simulated-{table_suffix(name)}" for name in table_ids()}


@cache
def _logical_names() -> dict[str, str]:
    return {physical: name for name, physical in physical_names().items()}


@cache
def _create_requests() -> list[bytes]:
    """One CreateTable a table. Every table has a stream here: it tells the simulation what was written."""
    return [
        json.dumps(
            {
                "TableName": physical_names()[name],
                "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": item["Properties"]["KeySchema"],
                "AttributeDefinitions": item["Properties"]["AttributeDefinitions"],
                **{part: item["Properties"][part] for part in INDEXES if part in item["Properties"]},
                "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
            }
        ).encode()
        for name, item in resources().items()
        if item["Type"] == TABLE
    ]


def ask(operation: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
    """One request to the engine. Its coroutine never waits, so one push runs it to the end."""
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    coroutine = ministack_dynamodb.handle_request("POST", "/", headers, body, {})
    try:
        coroutine.send(None)
    except StopIteration as done:
        answer: tuple[int, Mapping[str, str], bytes] = done.value
        return answer
    raise RuntimeError("the engine waits for something: it is no longer deterministic")


def _to_json(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode()


_to_body = json.JSONEncoder(default=_to_json, ensure_ascii=False, separators=(",", ":")).encode


def _from_json(value: Any) -> Any:
    """Binary values as bytes, as botocore's parser gives them."""
    if isinstance(value, list):
        return [_from_json(one) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and isinstance(value.get("B"), str):
        return {"B": base64.b64decode(value["B"])}
    return {name: _from_json(one) for name, one in value.items()}


@cache
def _client() -> Any:
    """One real client for all runs: exceptions, and the whole of botocore for `wire`."""
    config = Config(signature_version=UNSIGNED, retries={"mode": "standard", "total_max_attempts": 1})
    client = boto3.client("dynamodb", endpoint_url=ENDPOINT, region_name="cn-north-1", config=config)
    client.meta.events.register("before-send.dynamodb", _answer_in_process)
    return client


@cache
def _through_botocore() -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """The client's own way, kept before a run puts itself in front of it."""
    own: Callable[[str, dict[str, Any]], dict[str, Any]] = type(_client())._make_api_call.__get__(_client())
    return own


def _answer_in_process(request: Any, **_: Any) -> Any:
    target = request.headers["X-Amz-Target"]
    operation = (target.decode() if isinstance(target, bytes) else target).partition(".")[2]
    body = request.body if isinstance(request.body, bytes) else request.body.encode()
    status, headers, content = ask(operation, body)
    # botocore's own dictionary; the stubs ask for the parent that it does not have.
    received: Any = HeadersDict(headers)
    response: Any = AWSResponse(request.url, status, received, None)
    response._content = content  # what `content` would read from a socket
    return response


class Store:
    """The engine as one run sees it."""

    def __init__(
        self,
        scheduler: Scheduler,
        faults: Faults,
        *,
        transport: Transport,
        tell: Callable[[str], None],
        watch: Callable[[list[Changed]], None],
        struck: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._scheduler, self._faults, self._transport = scheduler, faults, transport
        self._tell, self._watch, self._struck = tell, watch, struck
        _quicken()
        ministack_dynamodb.reset()
        ministack_dynamodb.time = _EngineTime(scheduler)
        for body in _create_requests():
            status, _, content = ask("CreateTable", body)
            if status != 200:
                raise RuntimeError(f"the engine refuses a table of the template: {content!r}")
        self.client = _client()
        _through_botocore()
        self.client._make_api_call = self.call

    def call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """What botocore's client does with a request, its own repeat included."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._attempt(operation, parameters)
            except ReadTimeoutError:
                if attempt == ATTEMPTS:
                    raise
            except ClientError as error:
                if attempt == ATTEMPTS or error.response["Error"]["Code"] != "ThrottlingException":
                    raise
        raise AssertionError("unreachable")

    def _attempt(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._scheduler.pause()
        tables = _tables(parameters)
        where = f"{operation} {'+'.join(tables)}"
        activity = self._scheduler.current
        exposed = activity is not None and not activity.immune
        if exposed:
            self._refuse(operation, parameters, where)
        try:
            answer = self._execute(operation, parameters)
        except ClientError as error:
            reasons = [reason["Code"] for reason in error.response.get("CancellationReasons", [])]
            self._tell(f"{where} -> {error.response['Error']['Code']} {','.join(reasons)}")
            raise
        self._tell(where)
        if operation in WRITES:
            self._watch([change for table in tables for change in _take_changes(table)])
            kind = "silence_after_transaction" if operation == "TransactWriteItems" else "silence_after"
            if exposed and self._faults.strikes(kind):
                self._tell("  fault: done, but no answer")
                self._struck(operation, parameters)
                raise ReadTimeoutError(endpoint_url=ENDPOINT)
        return answer

    def _refuse(self, operation: str, parameters: Mapping[str, Any], where: str) -> None:
        """The faults that hit before the engine has done anything."""
        if self._faults.strikes("throttle"):
            self._tell(f"  fault: throttled {where}")
            self._struck(operation, parameters)
            raise self._error("ThrottlingException", operation)
        if self._faults.strikes("silence_before"):
            self._tell(f"  fault: not done, and no answer {where}")
            self._struck(operation, parameters)
            raise ReadTimeoutError(endpoint_url=ENDPOINT)
        if operation == "TransactWriteItems" and self._faults.strikes("conflict"):
            self._tell(f"  fault: conflict {where}")
            reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in parameters["TransactItems"]]
            reasons[-1] = {"Code": "TransactionConflict"}
            raise self._error("TransactionCanceledException", operation, CancellationReasons=reasons)

    def _execute(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if self._transport == "wire":
            return _through_botocore()(operation, parameters)
        status, _, content = ask(operation, _to_body(parameters).encode())
        answer: dict[str, Any] = json.loads(content)
        if BINARY in content:
            answer = _from_json(answer)
        if status >= 400:
            code = answer.pop("__type").rpartition("#")[2]
            message = answer.pop("message", answer.pop("Message", ""))
            raise self._error(code, operation, message, **answer)
        return answer

    def _error(self, code: str, operation: str, message: str = "", **more: Any) -> ClientError:
        family: type[ClientError] = self.client.exceptions.from_code(code)
        # botocore's TypedDict does not know the members that single errors add.
        response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {}, **more}
        return family(response, operation)


def _tables(parameters: Mapping[str, Any]) -> list[str]:
    """The tables a request names, each once, in order, as the template calls them."""
    if "TransactItems" in parameters:
        named = [op["TableName"] for item in parameters["TransactItems"] for op in item.values()]
    elif "RequestItems" in parameters:
        named = list(parameters["RequestItems"])
    else:
        named = [parameters["TableName"]]
    return list(dict.fromkeys(_logical_names()[name] for name in named))


def _take_changes(table: str) -> list[Changed]:
    """The engine's own stream records since last time; taken away, so that a step costs the same at any age."""
    records = ministack_dynamodb._stream_records.pop(physical_names()[table], None) or []
    return [
        Changed(table, record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage")) for record in records
    ]


def code_of(error: Exception) -> str | None:
    """The engine's code in an error, through botocore's and PynamoDB's wrappings; None where it gave none."""
    cause = error.cause if isinstance(error, PynamoDBException) else error
    return str(cause.response["Error"]["Code"]) if isinstance(cause, ClientError) else None


def items_of(table: str) -> list[Image]:
    """All items of a table, raw, past the client: for judging what is left at the end."""
    status, _, content = ask("Scan", json.dumps({"TableName": physical_names()[table]}).encode())
    answer = json.loads(content)
    if status != 200 or "LastEvaluatedKey" in answer:
        raise RuntimeError(f"cannot read all of {table}")
    items: list[Image] = answer["Items"]
    return items
