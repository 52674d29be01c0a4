"""Every expression of the bank, read by the parser of a real engine: MiniStack, and AWS's own in DynamoDB Local.

MiniStack takes arithmetic in a condition and judges it wrongly; DynamoDB refuses it, and names and values that are
not used. What the engines agree on here is what a table in the cloud will do.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.platform import aws
from tests.engine.all_stories import live_a_day
from tests.engine.conftest import DYNAMODB_LOCAL
from tests.engine.expressions import clauses, listening, model_calls
from tests.unit import rule_cases, test_rules

pytestmark = [pytest.mark.usefixtures("ledger_engine"), pytest.mark.both_engines]


@pytest.fixture
def rules_table() -> Any:
    """The one table that the rules' own test uses."""
    client = aws.dynamodb()
    client.create_table(
        TableName=rule_cases.TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    yield client
    client.delete_table(TableName=rule_cases.TABLE)


def test_the_engine_judges_every_rule_as_its_predicate_does(rules_table: Any) -> None:
    differ = []
    for name, rule, images in rule_cases.cases():
        update = rule_cases.update_of(rule)
        # the same images as on moto: around the edge, on both sides of it
        answers = [(test_rules.engine_admits(rules_table, update, image), image) for image in images]
        differ += [(name, image) for admits, image in answers if admits != test_rules.predicate_admits(rule, image)]
    assert differ == []


def test_only_the_second_engine_refuses_arithmetic_in_a_condition(rules_table: Any, ledger_engine: str) -> None:
    # The reason for a second engine: should MiniStack learn it, or the jar forget it, this says so.
    rules_table.put_item(TableName=rule_cases.TABLE, Item={"id": {"S": "it"}, "fen": {"N": "5"}})

    def write() -> None:
        rules_table.update_item(
            TableName=rule_cases.TABLE,
            Key={"id": {"S": "it"}},
            UpdateExpression="SET touched = :one",
            ConditionExpression="fen - :one >= :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    if ledger_engine == DYNAMODB_LOCAL:
        with pytest.raises(ClientError, match="ValidationException"):
            write()
    else:
        write()


def test_every_clause_and_model_of_the_code_passes_the_engine() -> None:
    # given a bank's day that touches each write and each query there is
    with listening() as sent:
        live_a_day()

    # then nothing that stands in the code was left out
    assert [clause for clause in clauses() if not sent.has_clause(clause)] == []
    missing = [f"{path.name}:{node.lineno}" for path, node in model_calls() if not sent.has_place(node, path)]
    assert missing == []
    assert min(len(clauses()), len(model_calls())) > 15
