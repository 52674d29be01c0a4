"""One MiniStack for all races: the tables of `infra/resources.yaml` on a real engine, the code called directly.

moto must not judge concurrency: its transactions are not isolated. MiniStack's are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, dynamo
from chalicelib.staff import service as staff
from infra.environment import RESOURCES_FILE, environment_of, read_template
from infra.local.client import local_client
from infra.local.engine import ACCESS_KEY, REGION, SECRET_KEY, Engine, free_port

STACK = "rural-bank-races"
BRANCH, TELLER = "0001", "T0001"


def _quiet(_: str) -> None:
    """Progress is pytest's business."""


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The engine's address; the process ends with the tests."""
    home: Path = tmp_path_factory.mktemp("engine")
    process = Engine(free_port(), home / "state", home / "engine.log")
    process.start(_quiet)
    try:
        yield process.url
    finally:
        process.stop(_quiet)


@pytest.fixture(scope="session")
def ledger_engine(engine: str) -> Iterator[str]:
    """The bank's tables, queues and keys on that engine, and this process's code pointed at them."""
    cloudformation = local_client("cloudformation", engine)
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(read_template(RESOURCES_FILE)),
        Parameters=[{"ParameterKey": "Stage", "ParameterValue": "local"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    rows = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    references = {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}
    settings = environment_of(references) | {
        "AWS_ENDPOINT_URL": engine,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }
    with patch.dict("os.environ", settings):
        aws.forget_clients()
        dynamo.forget_tables()
        parameters.forget()
        staff.register_branch(staff.Branch(BRANCH, "示范村镇银行总行营业部", "示范县人民路1号", "0990-0000001"))
        staff.appoint_teller(TELLER, "柜员甲", BRANCH, "Correct-Horse-7")
        yield engine
    aws.forget_clients()
    dynamo.forget_tables()
