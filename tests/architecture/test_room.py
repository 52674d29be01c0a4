"""CloudFormation takes at most 500 resources a stack; here one learns of it before a deployment does."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.architecture.packaged import packaged

# What CloudFormation takes, and how many of them have to be left for what nobody has thought of.
MOST, ROOM = 500, 30
# What the serverless transform makes of one event of a function, beside the function.
OF_EVENT = {"Schedule": ["AWS::Events::Rule", "AWS::Lambda::Permission"]}
SOURCE = ["AWS::Lambda::EventSourceMapping"]
API, API_PARTS = "AWS::Serverless::Api", [f"AWS::ApiGateway::{part}" for part in ("RestApi", "Deployment", "Stage")]


def expanded(template: dict[str, Any]) -> Counter[str]:
    """The resources by type, as they count: with what the serverless transform makes of functions and API."""
    found: Counter[str] = Counter()
    for resource in template["Resources"].values():
        found.update(API_PARTS if resource["Type"] == API else [resource["Type"]])
        for event in resource.get("Properties", {}).get("Events", {}).values():
            found.update(OF_EVENT.get(event["Type"], SOURCE))
    return found


def test_the_template_has_room() -> None:
    found = expanded(packaged())
    told = f"{found.total()} resources of at most {MOST}, {MOST - ROOM} without asking: {dict(found.most_common())}"
    print(told)
    assert found.total() <= MOST - ROOM, told


def test_the_transform_is_counted_as_it_works() -> None:
    # given a function of each kind of event and the API, and what became of them when they were transformed
    events = {kind: {"Type": kind} for kind in ("Schedule", "SQS", "DynamoDB")}
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Events": events}}
    assert expanded({"Resources": {"Work": function, "RestAPI": {"Type": API}}}) == {
        "AWS::Serverless::Function": 1,
        "AWS::Events::Rule": 1,
        "AWS::Lambda::Permission": 1,
        "AWS::Lambda::EventSourceMapping": 2,
        "AWS::ApiGateway::RestApi": 1,
        "AWS::ApiGateway::Deployment": 1,
        "AWS::ApiGateway::Stage": 1,
    }
