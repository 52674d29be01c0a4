"""What each function asks of AWS while the tests run, held against its policy, both ways.

`watched` notes every call that a function makes through botocore, and fails the test at once where its policy does not
allow the call. With `--calls-record FILE` all that was noted is written at the end of the run, for `make policies`
(`tests/grants.py`), which tells what a policy allows and nothing asked for.

What a transaction writes is judged item by item, as IAM does; a signed link counts as what it leads to.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import asdict, astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore import handlers
from chalice.app import Chalice, EventSourceHandler
from moto.kms.models import kms_backends

from compliance.record import digest
from infra import policies
from infra.environment import RESOURCES_FILE, read_template
from tests.iam import Statement, Template, by_key, decide

ROOT = Path(__file__).resolve().parents[1]
API = "api_handler"
# moto's, when nobody says another.
_ACCOUNT = "123456789012"
_WRITES = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
# Calls whose permission has another name.
_PERMISSIONS = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "s3:CopyObject": "s3:PutObject",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
}


@dataclass(frozen=True, order=True)
class Call:
    """One function's use of one permission; `resource` is an ARN as `Template` makes it, or `*`."""

    function: str
    action: str
    resource: str


class _OfTheTest(LookupError):
    """What is called is no resource of the template: a test made it for itself, and no policy can name it."""


@dataclass(frozen=True)
class _Watch:
    """A bank's resources, by what the calls name them."""

    logical_ids: Mapping[str, str]


_function: ContextVar[str | None] = ContextVar("function", default=None)
_watch: ContextVar[_Watch | None] = ContextVar("watch", default=None)
_seen: set[Call] = set()
_refused: list[Call] = []


@cache
def template() -> Template:
    """The resources that policies name."""
    return Template(read_template(RESOURCES_FILE)["Resources"])


@cache
def statements_of(function: str) -> tuple[Statement, ...]:
    """What a function's role has in every stage: its own policy, and the one that denies."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    file = config["lambda_functions"][function]["iam_policy_file"]
    own = json.loads((ROOT / ".chalice" / file).read_text(encoding="utf-8"))["Statement"]
    denied = policies.policy_for(dict(template().resources))[policies.POLICY]["Properties"]["PolicyDocument"]
    return (*(by_key(one) for one in own), *denied["Statement"])


@cache
def is_allowed(call: Call) -> bool:
    """Whether the function may."""
    return decide(template(), statements_of(call.function), call.action, call.resource) == "allowed"


# ---- what a call needs ------------------------------------------------------------------------------------------
def needs(service: str, operation: str, asked: Mapping[str, Any], watch: _Watch) -> Iterator[tuple[str, str]]:
    """The permissions that a call needs: (action, resource)."""
    if service == "dynamodb":
        yield from _of_tables(operation, asked, watch)
    elif service == "s3":
        yield from _of_buckets(operation, asked, watch)
    elif service == "sns":
        yield "sns:Publish", "*"  # to a telephone number, which is no resource
    else:
        (name,) = (asked[name] for name in ("QueueUrl", "KeyId", "SecretId") if name in asked)
        action = f"{service}:{operation}"
        yield _PERMISSIONS.get(action, action), _key(name, watch) if service == "kms" else _arn(name, watch)


def _of_tables(operation: str, asked: Mapping[str, Any], watch: _Watch) -> Iterator[tuple[str, str]]:
    if operation.startswith("Transact"):
        for item in asked["TransactItems"]:
            ((kind, inner),) = item.items()
            yield f"dynamodb:{_WRITES[kind]}", _arn(inner["TableName"], watch)
    elif operation.startswith("Batch"):
        for name in asked["RequestItems"]:
            yield f"dynamodb:{operation}", _arn(name, watch)
    else:
        index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
        yield f"dynamodb:{operation}", _arn(asked["TableName"], watch) + index


def _of_buckets(operation: str, asked: Mapping[str, Any], watch: _Watch) -> Iterator[tuple[str, str]]:
    bucket = _arn(asked["Bucket"], watch)
    yield _PERMISSIONS.get(f"s3:{operation}", f"s3:{operation}"), _object(bucket, asked) if "Key" in asked else bucket
    if operation == "HeadObject":
        yield "s3:ListBucket", bucket  # else what is not there is forbidden, too
    if "CopySource" in asked:
        yield "s3:GetObject", _object(_arn(asked["CopySource"]["Bucket"], watch), asked["CopySource"])
    if "ObjectLockRetainUntilDate" in asked:
        yield "s3:PutObjectRetention", _object(bucket, asked)


def _object(bucket: str, asked: Mapping[str, Any]) -> str:
    """Some object of the same folder, so that a record does not grow with their number."""
    return f"{bucket}/{asked['Key'].partition('/')[0]}/any"


def _arn(name: str, watch: _Watch) -> str:
    if name not in watch.logical_ids:
        raise _OfTheTest(name)
    return template().arn(watch.logical_ids[name])


def _key(key_id: str, watch: _Watch) -> str:
    """A key of a ring by its tag, whichever of them it is; any other by itself."""
    backend = kms_backends[_ACCOUNT][os.environ["AWS_DEFAULT_REGION"]]
    tags = [tag["TagKey"] for tag in backend.list_resource_tags(key_id)["Tags"]]
    return template().key(tags[0]) if tags else _arn(key_id, watch)


def _note(params: dict[str, Any], model: Any, **_: Any) -> None:
    """botocore's hook, before a request is made or a link signed."""
    function, watch = _function.get(), _watch.get()
    if function is None or watch is None:
        return
    try:
        needed = list(needs(model.service_model.signing_name, model.name, params, watch))
    except _OfTheTest:
        return
    for action, resource in needed:
        call = Call(function, action, resource)
        if call not in _seen and not is_allowed(call):
            _refused.append(call)
        else:
            _seen.add(call)


# Before anybody makes a client: each takes its handlers when it is made.
handlers.BUILTIN_HANDLERS.append(("provide-client-params", _note))


# ---- who calls --------------------------------------------------------------------------------------------------
@contextmanager
def within(function: str | None) -> Iterator[None]:
    """Whatever is called inside is called by this function; by none, where a test does it in a function's midst."""
    token = _function.set(function)
    try:
        yield
    finally:
        _function.reset(token)
    if _refused:
        refused = sorted(set(_refused))
        _refused.clear()
        raise AssertionError("not allowed by .chalice/policy-*.json: " + ", ".join(map(str, map(astuple, refused))))


@contextmanager
def watched(references: Mapping[str, str]) -> Iterator[None]:
    """Note the calls of functions that are entered as Lambda enters them; `references` as `Ref` gives them."""
    answers, works = Chalice.__call__, EventSourceHandler.__call__

    def answer(self: Chalice, event: Any, context: Any) -> Any:
        with within(API):
            return answers(self, event, context)

    def work(self: EventSourceHandler, event: Any, context: Any) -> Any:
        with within(self.func.__name__):
            return works(self, event, context)

    token = _watch.set(_Watch({physical: logical for logical, physical in references.items()}))
    with ExitStack() as stack:
        stack.enter_context(patch.object(Chalice, "__call__", answer))
        stack.enter_context(patch.object(EventSourceHandler, "__call__", work))
        yield
    _watch.reset(token)


# ---- the record -------------------------------------------------------------------------------------------------
class CallsRecorder:
    """A plugin of pytest: writes what was noted, also where pytest-xdist spreads the tests over processes."""

    def __init__(self, target: Path | None) -> None:
        self._target = target
        self._code = digest() if target else ""
        self._calls: set[Call] = set()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what one process of xdist noted."""
        self._calls |= {Call(**one) for one in getattr(node, "workeroutput", {}).get("calls", [])}

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand on what this process noted, or write down what all did."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["calls"] = [asdict(call) for call in sorted(_seen)]
        elif self._target:
            calls = [astuple(call) for call in sorted(self._calls | _seen)]
            self._target.parent.mkdir(parents=True, exist_ok=True)
            content = {"code": self._code, "calls": calls}
            self._target.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
