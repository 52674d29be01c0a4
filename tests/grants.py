"""`make policies`: what a function's policy allows and nothing asked for while `make test` ran.

Lambda itself uses a function's role too, to fetch what wakes it, to set aside what failed and to write its log; that is
known from the application's event sources. Whatever else is allowed must have been asked for in a test, by the function
that is allowed it: a permission that is not needed goes, and one that is needed has its test.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance.record import digest
from infra.workers import Kind, Worker, discover_workers
from tests.calls import API, ROOT, Call, statements_of, template
from tests.iam import STACK, Statement, decide, variants

RECORD = ROOT / "build" / "calls.json"
# No local engine is a telephone or the outside world's mail: what is asked for in stages of the cloud alone, by Sid.
IN_CLOUD = frozenset({"SendSms"})

_OF_QUEUES = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_OF_STREAMS = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
_FAILURES = "StreamFailuresBucket"


@dataclass(frozen=True)
class Grant:
    """One action on one resource that a statement allows a function."""

    function: str
    sid: str
    action: str
    resource: str
    statement: Statement

    def is_used_by(self, call: Call) -> bool:
        """Whether the call rests on it."""
        if call.function != self.function:
            return False
        return decide(template(), [self.statement], call.action, call.resource) == "allowed"


def grants_of(function: str) -> Iterator[Grant]:
    """All that a function is allowed, one by one."""
    for written in statements_of(function):
        for statement in variants(written):
            if statement.get("Effect") != "Allow":
                continue
            resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
            for action in statement["Action"]:
                for resource in resources:
                    one = {**statement, "Action": action, "Resource": resource}
                    yield Grant(function, statement["Sid"], action, template().text(resource), one)


def of_lambda(worker: Worker | None) -> Iterator[Call]:
    """What Lambda asks for with the role of a worker, or of the API."""
    function, logical_id = (worker.name, worker.logical_id) if worker else (API, "APIHandler")
    place = f"arn:aws-cn:logs:cn-northwest-1:123456789012:log-group:/aws/lambda/{STACK}-{logical_id}-A1B2C3D4E5F6"
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        yield Call(function, action, f"{place}:log-stream:any")
    kinds: dict[Kind, tuple[str, ...]] = {"Queue": _OF_QUEUES, "Stream": _OF_STREAMS, "Schedule": ()}
    if worker is None or worker.source is None:
        return
    source = template().arn(worker.source)
    if worker.kind == "Stream":
        source = template().text({"Fn::GetAtt": [worker.source, "StreamArn"]})
        yield Call(function, "dynamodb:ListStreams", "*")
        yield Call(function, "s3:ListBucket", template().arn(_FAILURES))
        yield Call(function, "s3:PutObject", f"{template().arn(_FAILURES)}/aws/any")
    for action in kinds[worker.kind]:
        yield Call(function, action, source)


def unused(calls: set[Call], functions: list[str]) -> list[Grant]:
    """Grants on which no call rests."""
    return [
        grant
        for function in functions
        for grant in grants_of(function)
        if grant.sid not in IN_CLOUD and not any(grant.is_used_by(call) for call in calls)
    ]


def read(record: Path) -> set[Call]:
    """The calls of a record; exits when it was made of other code."""
    found: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    if found["code"] != digest():
        sys.exit(f"{record}: made of other code: run `make test` again")
    return {Call(*one) for one in found["calls"]}


def main(arguments: list[str] | None = None) -> int:
    """See the module; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.grants", description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="record", metavar="FILE", type=Path, default=RECORD)
    calls = read(parser.parse_args(arguments).record)
    workers = discover_workers(ROOT)
    for worker in (None, *workers):
        calls |= set(of_lambda(worker))
    functions = [API, *(worker.name for worker in workers)]
    left = unused(calls, functions)
    for grant in left:
        print(f"{grant.function}: nothing asked for {grant.action} on {grant.resource} ({grant.sid})", file=sys.stderr)
    print(f"{len(functions)} functions, {len(calls)} calls, {len(left)} permissions that nothing asked for")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
