"""Code and `infra/` name the same tables, queues and keys; each has its dead-letter queue, alarm and time-outs."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from typing import Any

import pytest

from app import app
from chalicelib.parameters import service as parameters
from infra.alarms import ITERATOR_AGE_MS, OF_TABLES, query_of_tables
from infra.build import VISIBILITY_TO_TIMEOUT, assemble
from infra.environment import RESOURCES_FILE, is_dead_letter_queue, read_template, table_ids, table_suffix, variables
from infra.workers import Worker, discover_workers
from tests.architecture.source import ROOT, called_name, sources

TABLE, QUEUE, ALARM = "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::CloudWatch::Alarm"
# Set for all functions alike, not for a resource.
PLAIN_VARIABLES = {
    "TABLE_PREFIX",
    "STAGE",
    "MESSAGE_PROVIDER",
    "IDENTITY_PROVIDER",
    "IDENTITY_PROVIDER_URL",
    "WEB_ORIGIN",
}
API = "APIHandler"
# A message that fails this often, or a stream that is this late, needs a person.
MAX_TRIES, MAX_ITERATOR_AGE_MS = 10, 15 * 60 * 1000
MAX_CONSUMERS_OF_A_STREAM = 2


@cache
def resources() -> dict[str, Any]:
    """The bank's own resources, by logical id."""
    return dict(read_template(RESOURCES_FILE)["Resources"])


@cache
def workers() -> tuple[Worker, ...]:
    return tuple(discover_workers(ROOT))


@cache
def template() -> dict[str, Any]:
    """What is merged into Chalice's template: resources, functions' settings, environment and alarms."""
    return dict(assemble("prod", list(workers())))


def of_type(kind: str) -> list[str]:
    return sorted(name for name, item in resources().items() if item["Type"] == kind)


def literal(node: ast.expr) -> str:
    assert isinstance(node, ast.Constant), f"line {node.lineno}: a name that tests cannot read"
    return str(node.value)


@cache
def tables_read() -> frozenset[str]:
    """Every table that chalicelib names, as tables of the template end."""
    named = [
        literal(call.args[0])
        for source in sources()
        if source.path not in ("platform/settings.py", "platform/dynamo.py")
        for call in source.calls()
        if ast.unparse(call.func) == "settings.table"
    ] + [
        literal(node.value)
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "logical_name"
    ]
    return frozenset(name.replace("_", "-") for name in named)


@cache
def variables_read() -> frozenset[str]:
    """Every environment variable that chalicelib reads, by the rules of platform.settings and platform.queues."""
    found = set()
    for source in sources():
        if source.path == "platform/settings.py":
            continue
        for call in source.calls():
            name = called_name(call)
            of_settings = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "settings"
            of_queues = isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "queues"
            if of_settings and name == "get":
                found.add(literal(call.args[0]))
            elif of_queues and name == "send":
                found.add(literal(call.args[0]).upper() + "_QUEUE_URL")
    return frozenset(found)


def test_every_variable_that_code_reads_is_set() -> None:
    assert variables_read() - PLAIN_VARIABLES <= variables().keys()
    environment = template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables_read() | PLAIN_VARIABLES <= environment.keys()


def test_every_table_queue_and_key_is_used_by_code() -> None:
    assert variables().keys() - variables_read() == set()
    assert tables_read() == {table_suffix(name) for name in table_ids()}


def test_no_environment_variable_is_read_past_settings() -> None:
    for source in sources():
        if source.path != "platform/settings.py":
            names = {node.attr for node in ast.walk(source.tree) if isinstance(node, ast.Attribute)}
            assert not names & {"environ", "getenv"}, source.path


def test_queues_that_code_sends_to_have_a_worker_and_the_other_way_round() -> None:
    sent = {name for name in variables_read() if name.endswith("_QUEUE_URL")}
    read = {name for name, logical_id in variables().items() if logical_id in {w.source for w in workers()}}
    assert sent == {name for name in read if name.endswith("_QUEUE_URL")}


@pytest.mark.parametrize("queue", [name for name in of_type(QUEUE) if not is_dead_letter_queue(name)])
def test_a_queue_gives_up_into_its_own_dead_letter_queue(queue: str) -> None:
    policy = resources()[queue]["Properties"]["RedrivePolicy"]
    dead = policy["deadLetterTargetArn"]["Fn::GetAtt"]
    dead = dead.split(".")[0] if isinstance(dead, str) else dead[0]
    assert dead == queue.removesuffix("Queue") + "DeadLetterQueue"
    assert resources()[dead]["Type"] == QUEUE
    assert 1 < int(policy["maxReceiveCount"]) <= MAX_TRIES
    # The dead letters outlive the queue, so that a person has time to look.
    kept = [resources()[name]["Properties"]["MessageRetentionPeriod"] for name in (dead, queue)]
    assert kept[0] > kept[1]


def test_a_code_expires_before_its_message_is_given_up() -> None:
    # so a provider that is out for the whole of a code's validity leaves no dead letter: the message is dropped
    codes = resources()["CodesQueue"]["Properties"]
    repeats = codes["RedrivePolicy"]["maxReceiveCount"] - 1
    assert repeats * codes["VisibilityTimeout"] >= parameters.SMS_CODE_VALID_S.high


def test_every_dead_letter_queue_belongs_to_a_queue() -> None:
    dead = {name for name in of_type(QUEUE) if is_dead_letter_queue(name)}
    assert dead == {name.removesuffix("Queue") + "DeadLetterQueue" for name in set(of_type(QUEUE)) - dead}


@pytest.mark.parametrize("worker", [w for w in workers() if w.kind == "Queue"], ids=lambda worker: worker.name)
def test_a_message_stays_hidden_long_enough_for_its_worker(worker: Worker) -> None:
    hidden_s = resources()[str(worker.source)]["Properties"]["VisibilityTimeout"]
    timeout_s = template()["Resources"][worker.logical_id]["Properties"]["Timeout"]
    assert hidden_s >= 6 * timeout_s > 0
    assert VISIBILITY_TO_TIMEOUT >= 6


@pytest.mark.parametrize("worker", workers(), ids=lambda worker: worker.name)
def test_a_function_has_its_time_limit_and_its_own_policy(worker: Worker) -> None:
    assert template()["Resources"][worker.logical_id]["Properties"]["Timeout"] > 0
    config = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    policy = config["lambda_functions"][worker.name]["iam_policy_file"]
    assert (ROOT / ".chalice" / policy).is_file()


def test_every_event_source_of_the_application_is_a_worker() -> None:
    assert sorted(source.name for source in app.event_sources) == [worker.name for worker in workers()]


def test_a_stream_has_two_consumers_at_most() -> None:
    sources_ = [worker.source for worker in workers() if worker.kind == "Stream"]
    assert max(sources_.count(source) for source in sources_) <= MAX_CONSUMERS_OF_A_STREAM


def mentioned(node: Any) -> set[str]:
    """Logical ids that a part of a template refers to."""
    if isinstance(node, dict):
        own = {node["Ref"]} if "Ref" in node else set()
        if "Fn::GetAtt" in node:
            target = node["Fn::GetAtt"]
            own.add(target.split(".")[0] if isinstance(target, str) else target[0])
        return own.union(*(mentioned(inner) for inner in node.values()))
    if isinstance(node, list):
        return set().union(*(mentioned(inner) for inner in node))
    return set()


def alarms_on(logical_id: str) -> list[dict[str, Any]]:
    """Properties of the alarms whose metrics are a resource's."""
    found = [item for item in template()["Resources"].values() if item.get("Type") == ALARM]
    return [
        item["Properties"]
        for item in found
        if logical_id in mentioned([item["Properties"].get("Dimensions"), item["Properties"].get("Metrics")])
    ]


@pytest.mark.requirement("XJ-4.3")
@pytest.mark.parametrize("logical_id", [*of_type(QUEUE), API, *(w.logical_id for w in workers())])
def test_every_queue_and_function_has_an_alarm(logical_id: str) -> None:
    alarms = alarms_on(logical_id)
    assert alarms, f"nobody is told when {logical_id} fails"
    for alarm in alarms:
        assert {"Ref": "AlarmsTopic"} in alarm["AlarmActions"]
        assert len(alarm["AlarmDescription"]) > 10


@pytest.mark.requirement("XJ-4.3")
@pytest.mark.parametrize("metric", sorted(OF_TABLES))
def test_one_alarm_tells_each_table_that_is_concerned(metric: str) -> None:
    # given the query over all tables, which names each
    alarm = template()["Resources"][f"Tables{metric}Alarm"]["Properties"]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmsTopic"}]
    assert len(alarm["AlarmDescription"]) > 10
    (query,) = alarm["Metrics"]
    expression = query_of_tables(metric)
    assert (query["Expression"], query["ReturnData"], alarm["Threshold"]) == (expression, True, 0)
    # then none is left out, and an alarm takes it as it groups and sorts
    assert re.fullmatch(r"SELECT SUM\(\w+\) FROM SCHEMA\([^()]*\) GROUP BY TableName ORDER BY SUM\(\) DESC", expression)


@pytest.mark.parametrize("queue", [name for name in of_type(QUEUE) if is_dead_letter_queue(name)])
def test_one_dead_letter_is_enough_for_an_alarm(queue: str) -> None:
    assert [(alarm["MetricName"], alarm["Threshold"]) for alarm in alarms_on(queue)] == [
        ("ApproximateNumberOfMessagesVisible", 0)
    ]


@pytest.mark.parametrize("worker", [w for w in workers() if w.kind == "Stream"], ids=lambda worker: worker.name)
def test_a_late_stream_is_told_after_15_minutes(worker: Worker) -> None:
    (alarm,) = [alarm for alarm in alarms_on(worker.logical_id) if alarm.get("MetricName") == "IteratorAge"]
    assert alarm["Threshold"] == ITERATOR_AGE_MS <= MAX_ITERATOR_AGE_MS
    assert resources()[str(worker.source)]["Properties"]["StreamSpecification"] == {
        "StreamViewType": "NEW_AND_OLD_IMAGES"
    }


def test_what_the_gateway_throttles_by_itself_is_an_operation() -> None:
    # given the methods with a rate of their own (a path's slashes are written ~1)
    rest, *own = template()["Resources"]["RestAPI"]["Properties"]["MethodSettings"]
    assert (rest["ResourcePath"], rest["HttpMethod"]) == ("/*", "*")
    named = {f"{one['HttpMethod']} {one['ResourcePath'].removeprefix('/').replace('~1', '/')}": one for one in own}
    # then each is there, is asked less often than all together, and what anybody asks of receipts is among them
    served = {f"{method} {path}" for path, methods in app.routes.items() for method in methods}
    asked_by_all = {"POST /v1/receipt-verifications", "POST /verify", "GET /v1/receipt-proofs/{number}"}
    assert named.keys() == asked_by_all <= served
    assert all(one["ThrottlingRateLimit"] < rest["ThrottlingRateLimit"] for one in own)
