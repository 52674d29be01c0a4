"""Names of tables and queues for code that only writes them down, and an engine for code that needs one."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from hypothesis import HealthCheck, settings
from moto import mock_aws
from types_boto3_dynamodb import DynamoDBClient

from chalicelib.platform import aws, clock, dynamo
from infra.environment import environment_of, table_ids, table_suffix, variables
from tests.unit.samples import NOW

# The same examples on every machine, however slow it is at the moment; nothing is kept between runs.
settings.register_profile(
    "bank", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("bank")

EXPRESSION_TABLES = {"unit-accounts": "account_id", "unit-journal": "entry_id", "unit-customers": "customer_id"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every queue, key and secret is named after its logical id; tables are `unit-accounts` and so on."""
    named = {logical_id: logical_id for logical_id in variables().values()}
    tables = {logical_id: f"unit-{table_suffix(logical_id)}" for logical_id in table_ids()}
    for name, value in environment_of(named | tables).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def fixed_clock() -> clock.FixedClock:
    """The process's clock stands at NOW and moves when somebody sleeps."""
    fixed = clock.FixedClock(NOW)
    clock.use(fixed)
    return fixed


@pytest.fixture
def engine(environment: None) -> Iterator[DynamoDBClient]:
    """An empty engine with the three tables that are written by expressions."""
    with mock_aws():
        aws.forget_clients()
        dynamo.forget_tables()
        client = boto3.client("dynamodb")
        for table, key in EXPRESSION_TABLES.items():
            client.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            )
        yield client
    aws.forget_clients()
    dynamo.forget_tables()
