"""The contract of events: each is carried by one queue, its sample is a message, what was promised of it holds."""

from __future__ import annotations

import ast
import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # publishes no types

from chalicelib.platform.queues import Message
from docs import events
from infra.environment import RESOURCES_FILE, read_template
from tests.architecture.source import called_name, sources

SCHEMAS = events.schemas()


def test_each_event_is_carried_by_one_queue_and_each_queue_carries_some() -> None:
    carried = [name for types in events.channels().values() for name in types]
    assert sorted(carried) == sorted(SCHEMAS)
    queues = {
        name
        for name, resource in read_template(RESOURCES_FILE)["Resources"].items()
        if resource["Type"] == "AWS::SQS::Queue" and not name.endswith("DeadLetterQueue")
    }
    assert {events.logical_id(queue) for queue in events.channels()} == queues


def test_code_sends_to_no_other_queue() -> None:
    named = {
        str(call.args[0].value)
        for source in sources()
        for call in source.calls()
        if called_name(call) == "send" and call.args and isinstance(call.args[0], ast.Constant)
    }
    assert named == events.channels().keys()


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_sample_is_a_message_of_its_schema(name: str) -> None:
    samples = SCHEMAS[name]["examples"]
    assert samples
    for sample in samples:
        Draft202012Validator(SCHEMAS[name]).validate(sample)
        assert json.loads(Message.from_json(json.dumps(sample)).to_json()) == sample


def test_what_was_promised_holds() -> None:
    released = json.loads(events.RELEASED.read_text(encoding="utf-8"))
    assert events.broken(events.promises(), released) == []
    # and what is new is promised from its release on
    assert released.keys() == events.promises().keys(), "run `make release-contract`"


def changed(change: Any) -> list[str]:
    schema = copy.deepcopy(SCHEMAS["movement.posted"])
    before = {schema["$id"]: events.promise_of(schema)}
    change(schema)
    return events.broken({schema["$id"]: events.promise_of(schema)}, before)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda one: one["properties"]["data"]["properties"].pop("seq"), id="a field less"),
        pytest.param(lambda one: one["properties"]["data"]["required"].remove("seq"), id="a field that may be missing"),
        pytest.param(lambda one: one["properties"]["data"]["properties"].update(title={}), id="a field more"),
        pytest.param(lambda one: one["properties"]["aggregate_id"].update(pattern="^.*$"), id="another pattern"),
        pytest.param(lambda one: one.update(additionalProperties=True), id="anything else"),
        pytest.param(lambda one: one["properties"]["schema_version"].update(const=2), id="another version"),
        pytest.param(lambda one: one.update({"$id": "urn:rural-bank:event:movement.posted:2"}), id="gone"),
    ],
)
def test_another_promise_would_be_found(change: Any) -> None:
    assert len(changed(change)) == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda one: one.update(description="In other words."), id="of the whole"),
        pytest.param(
            lambda one: one["properties"]["aggregate_id"].update(description="In other words."), id="a field's"
        ),
        pytest.param(lambda one: one.update(examples=[]), id="its samples"),
    ],
)
def test_other_words_are_no_other_promise(change: Any) -> None:
    assert changed(change) == []
