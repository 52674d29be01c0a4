"""moto done the short way answers, keeps and rolls back what moto itself does."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends

from tests.chain.quick_moto import quick_moto

ACCOUNT, REGION, TABLE = "123456789012", "cn-north-1", "things"
NESTED: Any = {"M": {"list": {"L": [{"S": "一"}, {"N": "2"}, {"NULL": True}, {"M": {}}]}, "raw": {"B": b"\x00\xff"}}}
SETS: Any = {"SS": {"SS": ["a", "b"]}, "NS": {"NS": ["1", "2"]}, "empty": {"S": ""}, "no": {"BOOL": False}}


def key(name: str, *, has_range: bool) -> dict[str, Any]:
    return {"pk": {"S": name}, **({"sk": {"N": "7"}} if has_range else {})}


def change(name: str, value: str, *, has_range: bool, condition: str = "attribute_exists(pk)") -> dict[str, Any]:
    return {
        "Update": {
            "TableName": TABLE,
            "Key": key(name, has_range=has_range),
            "UpdateExpression": "SET v = :v",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {":v": {"S": value}},
        }
    }


def story(*, has_range: bool) -> list[Any]:
    """What an engine shows after writes that pass and writes that are rolled back, and its stream."""
    client = boto3.client("dynamodb", REGION)
    schema = [("pk", "HASH", "S"), *([("sk", "RANGE", "N")] if has_range else [])]
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": name, "KeyType": role} for name, role, _ in schema],  # type: ignore[typeddict-item]
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, _, kind in schema],  # type: ignore[typeddict-item]
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    shown: list[Any] = []
    added: list[tuple[str, Any]] = [("a", {"nested": NESTED}), ("b", SETS), ("c", {})]
    for name, more in added:
        client.put_item(TableName=TABLE, Item={**key(name, has_range=has_range), "v": {"S": "old"}, **more})
    gone = {"Delete": {"TableName": TABLE, "Key": key("c", has_range=has_range)}}
    new = {"Put": {"TableName": TABLE, "Item": key("d", has_range=has_range)}}
    replaced = {"Put": {"TableName": TABLE, "Item": {**key("b", has_range=has_range), "v": {"S": "put"}}}}
    refused = change("nobody", "x", has_range=has_range)
    for writes in (
        [change("a", "undone", has_range=has_range), replaced, gone, new, refused],
        [change("a", "undone", has_range=has_range), change("a", "twice", has_range=has_range)],
        [change("fresh", "x", has_range=has_range, condition="attribute_not_exists(pk)"), refused],
        [change("a", "done", has_range=has_range), gone, new],
    ):
        try:
            client.transact_write_items(TransactItems=writes)  # type: ignore[arg-type]
        except ClientError as error:
            shown.append(error.response["Error"])
        items = client.scan(TableName=TABLE)["Items"]
        shown.append(sorted(items, key=lambda item: item["pk"]["S"]))
        shown.append(client.get_item(TableName=TABLE, Key=key("a", has_range=has_range))["Item"])
    client.update_item(
        TableName=TABLE, Key=key("d", has_range=has_range), AttributeUpdates={"v": {"Value": {"S": "alone"}}}
    )
    shard = dynamodb_backends[ACCOUNT][REGION].tables[TABLE].stream_shard
    assert shard is not None
    told = [record.to_json() for record in shard.items]
    return [*shown, [(record["eventName"], record["dynamodb"].get("NewImage")) for record in told]]


@pytest.mark.parametrize("has_range", [False, True])
def test_the_short_way_ends_where_moto_does(has_range: bool) -> None:
    with mock_aws():
        expected = story(has_range=has_range)
    with mock_aws(), quick_moto():
        found = story(has_range=has_range)
    assert found == expected
    # and the story had refusals, so that there was something to roll back
    assert sum(isinstance(one, dict) and "Code" in one for one in expected) == 3
