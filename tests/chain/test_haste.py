"""What is done in haste has moto's own outcome, and leaves nothing of one bank to the next."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import backend_index, mock_aws
from moto.dynamodb.models import dynamodb_backends

from chalicelib.platform import aws
from chalicelib.platform.dynamo import n, s
from tests.chain.bank import ACCOUNT, REGION, running_bank
from tests.chain.haste import OWN_SERVICES, in_haste, patterns_in_haste

TABLE = "things"
# Between them each type that an attribute has, empty ones too, as deep as a map goes.
ITEMS: dict[str, dict[str, Any]] = {
    "a": {
        "count": n(7),
        "list": {"L": [s("一"), n(2), {"NULL": True}, {"M": {"S": s("x"), "m": {"M": {}}}}, {"L": []}]},
        "map": {"M": {"L": n(0), "deep": {"M": {"b": {"B": b"\x00\xff"}}}}},
    },
    "b": {"names": {"SS": ["a", "b"]}, "numbers": {"NS": ["1", "2"]}, "raw": {"B": b"\x01"}},
    "c": {"empty": s(""), "no": {"BOOL": False}, "none": {"NULL": True}},
}


def test_an_address_is_answered_by_the_same_service() -> None:
    for service in OWN_SERVICES:
        address = f"https://{service}.{REGION}.amazonaws.com.cn/"
        (own, *_) = [name for name, pattern in backend_index.backend_url_patterns if pattern.match(address)]
        (now, *_) = [name for name, pattern in patterns_in_haste() if pattern.match(address)]
        assert own == now == service


class Things:
    """Writes to one table, with a range key or without."""

    def __init__(self, *, has_range: bool) -> None:
        self.has_range = has_range
        schema = [("pk", "HASH", "S"), *([("sk", "RANGE", "N")] if has_range else [])]
        table: Any = {
            "KeySchema": [{"AttributeName": name, "KeyType": role} for name, role, _ in schema],
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, _, kind in schema],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        }
        aws.dynamodb().create_table(TableName=TABLE, BillingMode="PAY_PER_REQUEST", **table)

    def key(self, name: str) -> dict[str, Any]:
        return {"pk": s(name), **({"sk": n(7)} if self.has_range else {})}

    def put(self, name: str, **more: Any) -> Any:
        return {"Put": {"TableName": TABLE, "Item": {**self.key(name), **more}}}

    def delete(self, name: str) -> Any:
        return {"Delete": {"TableName": TABLE, "Key": self.key(name)}}

    def change(self, name: str, value: str, condition: str = "attribute_exists(pk)") -> Any:
        return {
            "Update": {
                "TableName": TABLE,
                "Key": self.key(name),
                "UpdateExpression": "SET v = :v",
                "ConditionExpression": condition,
                "ExpressionAttributeValues": {":v": s(value)},
            }
        }

    def deep_change(self) -> Any:
        """Of `a`: into a map, to a counter, out of a list."""
        return {
            "TableName": TABLE,
            "Key": self.key("a"),
            "UpdateExpression": "SET #map.#deep = :one, #new = if_not_exists(#new, :one) ADD #count :one "
            "REMOVE #list[0]",
            "ExpressionAttributeNames": {f"#{name}": name for name in ("map", "deep", "new", "count", "list")},
            "ExpressionAttributeValues": {":one": n(1)},
        }

    def never(self) -> Any:
        """A condition that does not hold, and shows why."""
        return {
            "ConditionCheck": {
                "TableName": TABLE,
                "Key": self.key("a"),
                "ConditionExpression": "attribute_not_exists(pk)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }


def story(*, has_range: bool) -> list[Any]:
    """What an engine shows after writes that pass and writes that are rolled back, and its stream."""
    dynamodb, things = aws.dynamodb(), Things(has_range=has_range)
    for name, more in ITEMS.items():
        dynamodb.put_item(TableName=TABLE, Item={**things.key(name), "v": s("old"), **more})
    gone, new, refused = things.delete("c"), things.put("d"), things.change("nobody", "x")
    deep = {"Update": things.deep_change()}
    shown: list[Any] = []
    for writes in (
        [things.change("a", "undone"), things.put("b", v=s("put")), gone, new, refused],
        [things.change("a", "undone"), things.change("a", "twice")],
        [things.change("fresh", "x", "attribute_not_exists(pk)"), refused],
        [deep, gone, new, things.put("e"), refused],
        [things.put("e"), things.never()],
        [deep, gone, new],
    ):
        try:
            dynamodb.transact_write_items(TransactItems=writes)
        except ClientError as error:
            shown += [error.response["Error"], error.response.get("CancellationReasons")]
        shown.append(sorted(dynamodb.scan(TableName=TABLE)["Items"], key=lambda item: item["pk"]["S"]))
        shown.append(dynamodb.get_item(TableName=TABLE, Key=things.key("a"))["Item"])
    shown.append(dynamodb.update_item(**things.deep_change(), ReturnValues="ALL_OLD")["Attributes"])
    dynamodb.update_item(TableName=TABLE, Key=things.key("d"), AttributeUpdates={"v": {"Value": s("alone")}})
    shard = dynamodb_backends[ACCOUNT][REGION].tables[TABLE].stream_shard
    assert shard is not None
    told = [record.to_json() for record in shard.items]
    return [*shown, [(c["eventName"], c["dynamodb"].get("OldImage"), c["dynamodb"].get("NewImage")) for c in told]]


@pytest.mark.parametrize("has_range", [False, True])
def test_the_short_way_ends_where_moto_does(has_range: bool) -> None:
    with mock_aws():
        aws.forget_clients()
        expected = story(has_range=has_range)
    with in_haste(), mock_aws():
        found = story(has_range=has_range)
    aws.forget_clients()
    assert found == expected
    # and the story had refusals, so that there was something to roll back
    assert sum(isinstance(one, dict) and "Code" in one for one in expected) == 5


def test_a_bank_knows_nothing_of_the_one_before() -> None:
    with running_bank() as first:
        person = first.sign_up("钱敏", deposit="100.00")
        token = first.log_in(person)
        kept = dict(first.references)
        assert first.request("GET", "/v1/accounts", token=token).status == 200
    with running_bank() as second:
        assert second.request("GET", "/v1/accounts", token=token).code == "not_logged_in"
        same = {name for name in kept if name.endswith("Key") and second.references[name] == kept[name]}
        assert same == set()
        for name, table in second.references.items():
            if name.endswith("Table") and name not in ("BranchesTable", "StaffTable"):
                count = aws.dynamodb().scan(TableName=table)["Count"]
                assert count == 0, name
