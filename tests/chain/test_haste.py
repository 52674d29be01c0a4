"""What is done in haste has moto's own outcome, and leaves nothing of one bank to the next."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from moto import backend_index, mock_aws
from moto.dynamodb.models import dynamodb_backends

from chalicelib.platform import aws
from chalicelib.platform.dynamo import n, s
from tests.chain.bank import ACCOUNT, REGION, running_bank
from tests.chain.haste import OWN_SERVICES, in_haste, patterns_in_haste

ITEM: dict[str, Any] = {
    "id": s("a"),
    "count": n(7),
    "flag": {"BOOL": False},
    "none": {"NULL": True},
    "bytes": {"B": b"\x00\xff"},
    "names": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2"]},
    "list": {"L": [s(""), {"M": {"S": s("x"), "m": {"M": {}}}}, {"L": []}]},
    "map": {"M": {"L": n(0), "deep": {"M": {"b": {"B": b"\x01"}}}}},
}
TABLE = "things"


def test_an_address_is_answered_by_the_same_service() -> None:
    for service in OWN_SERVICES:
        address = f"https://{service}.{REGION}.amazonaws.com.cn/"
        (own, *_) = [name for name, pattern in backend_index.backend_url_patterns if pattern.match(address)]
        (now, *_) = [name for name, pattern in patterns_in_haste() if pattern.match(address)]
        assert own == now == service


def _history(*, haste: bool) -> list[Any]:
    """Writes, a transaction that is cancelled at its last condition and one that is not: answers, table and stream."""
    with mock_aws():
        if not haste:
            aws.forget_clients()
        dynamodb = aws.dynamodb()
        dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "row")],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "row", "KeyType": "RANGE"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        for row in ("1", "2", "3"):
            dynamodb.put_item(TableName=TABLE, Item={**ITEM, "row": s(row)})
        raise_count: Any = {
            "TableName": TABLE,
            "Key": {"id": s("a"), "row": s("1")},
            "UpdateExpression": "SET #map.#deep = :one, #new = if_not_exists(#new, :one) ADD #count :one "
            "REMOVE #list[0]",
            "ExpressionAttributeNames": {f"#{name}": name for name in ("map", "deep", "new", "count", "list")},
            "ExpressionAttributeValues": {":one": n(1)},
        }
        writes: Any = [
            {"Update": raise_count},
            {"Put": {"TableName": TABLE, "Item": {"id": s("b"), "row": s("1")}}},
            {"Delete": {"TableName": TABLE, "Key": {"id": s("a"), "row": s("2")}}},
        ]
        never: Any = {
            "ConditionCheck": {
                "TableName": TABLE,
                "Key": {"id": s("a"), "row": s("3")},
                "ConditionExpression": "attribute_not_exists(id)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }
        answers: list[Any] = []
        for items in ([*writes, never], writes, [*writes[:1], never]):
            try:
                dynamodb.transact_write_items(TransactItems=items)
            except ClientError as error:
                answers.append(error.response["CancellationReasons"])
            answers.append(sorted(dynamodb.scan(TableName=TABLE)["Items"], key=str))
        answers.append(dynamodb.update_item(**raise_count, ReturnValues="ALL_OLD")["Attributes"])
        shard = dynamodb_backends[ACCOUNT][REGION].tables[TABLE].stream_shard
        assert shard is not None
        changes = [record.to_json() for record in shard.items]
        return [
            *answers,
            [(c["eventName"], c["dynamodb"].get("OldImage"), c["dynamodb"].get("NewImage")) for c in changes],
        ]


def test_transactions_and_their_way_back_are_motos() -> None:
    own = _history(haste=False)
    with in_haste():
        assert _history(haste=True) == own
    aws.forget_clients()


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
