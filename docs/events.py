"""The contract of events: an AsyncAPI document out of `events/`, and what of a schema was promised.

A message may lie in a queue while a release takes the place of another, so each release takes what the other sends:
what a schema admits never changes. Something else is another event, or another version of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.environment import RESOURCES_FILE, read_template

EVENTS = Path(__file__).resolve().parents[1] / "events"
SCHEMAS, CHANNELS, RELEASED = EVENTS / "schemas", EVENTS / "channels.json", EVENTS / "released.json"
_ROLE = {
    "type": "http",
    "scheme": "AWS4-HMAC-SHA256",
    "description": "The function's role: each may send to and take from those queues alone that its policy names.",
}
# What says something to people, and admits nothing.
_DIGITS = 32
_WORDS = frozenset({"$schema", "title", "description", "examples"})


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of each event, by its type."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(SCHEMAS.glob("*.json"))}


def channels() -> dict[str, list[str]]:
    """The types of the events that each queue carries, by the queue's logical name."""
    return dict(json.loads(CHANNELS.read_text(encoding="utf-8")))


def logical_id(queue: str) -> str:
    """The queue in `resources.yaml`: `bill_runs` is `BillRunsQueue`."""
    return "".join(word.capitalize() for word in queue.split("_")) + "Queue"


def document() -> str:
    """AsyncAPI 3.0: which queue carries what, and who takes it."""
    from app import app  # noqa: PLC0415  # only this page needs all workers

    takers = {
        source.queue_arn["Fn::GetAtt"][0]: source  # type: ignore[attr-defined]  # of queues, as Chalice keeps them
        for source in app.event_sources
        if getattr(source, "queue_arn", None)
    }
    resources = read_template(RESOURCES_FILE)["Resources"]
    known = schemas()
    described: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for queue, types in channels().items():
        properties = resources[logical_id(queue)]["Properties"]
        address = properties["QueueName"]["Fn::Sub"].replace("${AWS::StackName}-", "")
        described[queue] = {
            "address": address,
            "description": "SQS; before its name stand the stack's and a dash. At least once, in no order; dead "
            f"letters after {_deliveries(properties)} deliveries.",
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in types},
        }
        worker = takers[logical_id(queue)].name.removeprefix(f"{app.app_name}-")
        channel = {"$ref": f"#/channels/{queue}"}
        for action, summary in (("send", "What the bank tells itself."), ("receive", f"Taken by `{worker}`.")):
            operations[f"{queue}.{action}"] = {
                "action": action,
                "channel": channel,
                "summary": summary,
                "security": [{"$ref": "#/components/securitySchemes/role"}],
            }
    whole = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rural Bank: events",
            "version": "1.0.0",
            "description": "What workers tell each other by queues. Ids only, no personal data; whoever acts on one "
            "reads again what it is about, and acts once however often it comes.",
        },
        "defaultContentType": "application/json",
        "channels": described,
        "operations": operations,
        "components": {
            "messages": {name: _message(name, schema) for name, schema in known.items()},
            "securitySchemes": {"role": _ROLE},
        },
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _deliveries(queue: Mapping[str, Any]) -> int:
    return int(queue["RedrivePolicy"]["maxReceiveCount"])


def _message(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "title": schema["title"],
        "summary": schema["description"],
        "payload": {key: value for key, value in schema.items() if key not in ("$schema", "examples")},
        "examples": [{"payload": one} for one in schema["examples"]],
    }


def promise_of(schema: Mapping[str, Any]) -> str:
    """A digest of what a schema admits, whatever its words say."""
    bare = json.dumps(_bare(schema), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(bare.encode()).hexdigest()[:_DIGITS]


def _bare(node: Any, *, is_name: bool = False) -> Any:
    """Without words; below `properties` keys are names, and one may be called `title`."""
    if isinstance(node, list):
        return [_bare(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _bare(value, is_name=key == "properties" and not is_name)
        for key, value in node.items()
        if is_name or key not in _WORDS
    }


def promises() -> dict[str, str]:
    """What each schema admits now, by its `$id`, which has the event's version."""
    return {schema["$id"]: promise_of(schema) for schema in schemas().values()}


def broken(now: Mapping[str, str], released: Mapping[str, str]) -> list[str]:
    """Which released promises hold no more, in words."""
    return [
        f"{id_} {'admits something else' if id_ in now else 'is gone'}, and messages of the last release may wait"
        for id_, promise in sorted(released.items())
        if now.get(id_) != promise
    ]


if __name__ == "__main__":
    RELEASED.write_text(json.dumps(promises(), indent=1) + "\n", encoding="utf-8")
    print("events/released.json: what each event admits is promised from now on")
