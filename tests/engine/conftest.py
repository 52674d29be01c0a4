"""One MiniStack for all races: the tables of `infra/resources.yaml` on a real engine, the code called directly.

moto must not judge concurrency: its transactions are not isolated. MiniStack's are. Tests marked `both_engines`
run a second time with their tables on DynamoDB Local, whose parser and rules are AWS's own, where it can be had.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from chalicelib.blanks.commands.receive import receive
from chalicelib.factors import service as factors
from chalicelib.identity.keys import RING
from chalicelib.parameters import service as parameters
from chalicelib.platform import aws, clock, dynamo
from chalicelib.receipts import keys as receipt_keys
from chalicelib.seals import keys as seal_keys
from chalicelib.staff import service as staff
from infra.environment import environment_of
from infra.local.engine import ACCESS_KEY, REGION, SECRET_KEY, Engine, free_port
from infra.local.resources import create_resources
from tests.engine.dynamodb_local import CannotBeHad, DynamoDBLocal

STACK = "rural-bank-races"
BRANCH, TELLER = "0001", "T0001"
MINISTACK, DYNAMODB_LOCAL = "ministack", "dynamodb-local"
# How many times as long as the cloud's an engine's answer may take.
PATIENCE = 6
# Messages name a serial number by its end.
_serials = itertools.count(1)


def blank(kind: str = "token", branch_id: str = BRANCH) -> str:
    """A fresh token or USB key in the stock of a branch; its serial number."""
    serial = f"{kind[0].upper()}K{next(_serials):012d}"
    receive(kind, [serial], branch_id=branch_id, reference="DN-1", staff_id=TELLER, now=clock.now())
    return serial


class _Noon(clock.SystemClock):
    """The machine's clock, set to a noon ahead in the middle of a month: no race runs over a midnight, nor from one
    month to the next, whenever it is run. Its seconds are long, so that a slow machine is given the time it needs.
    """

    def __init__(self) -> None:
        now = dt.datetime.now(clock.SHANGHAI)
        first = now.replace(day=1, hour=12, minute=0, second=0, microsecond=0)
        # From the 14th on the next month's: 45 days after the first of a month are in the middle of the next.
        self._by = (first if now.day < 14 else first + dt.timedelta(days=45)).replace(day=15) - now

    def now(self) -> dt.datetime:
        return super().now() + self._by

    def monotonic(self) -> float:
        return super().monotonic() / PATIENCE


NOON = _Noon()


@pytest.fixture(autouse=True)
def _noon(_own_clock_and_parameters: None) -> Iterator[None]:
    before = clock.use(NOON)
    yield
    clock.use(before)


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
def stack(engine: str) -> dict[str, str]:
    """The bank's tables, queues and keys on that engine: logical id -> what `Ref` gives."""
    return create_resources(engine, STACK)


@pytest.fixture(scope="session")
def second_engine(tmp_path_factory: pytest.TempPathFactory, stack: dict[str, str]) -> Iterator[str]:
    """The address of a DynamoDB Local with the same tables, for what needs DynamoDB and nothing else."""
    wanted = os.environ.get("DYNAMODB_LOCAL", "")
    if wanted == "off":
        pytest.skip("DynamoDB Local: DYNAMODB_LOCAL=off")
    try:
        process = DynamoDBLocal(tmp_path_factory.mktemp("dynamodb-local") / "jar.log")
    except CannotBeHad as reason:
        if wanted == "required":
            raise
        pytest.skip(f"DynamoDB Local: {reason}")
    try:
        process.create_tables(stack)
        yield process.url
    finally:
        process.stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test runs on MiniStack, those marked `both_engines` on DynamoDB Local too."""
    if "ledger_engine" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("both_engines") is not None
        engines = [MINISTACK, DYNAMODB_LOCAL] if both else [MINISTACK]
        metafunc.parametrize("ledger_engine", engines, indirect=True, scope="session")


@pytest.fixture(scope="session")
def ledger_engine(request: pytest.FixtureRequest, engine: str, stack: dict[str, str]) -> Iterator[str]:
    """This process's code pointed at that bank; gives the name of the engine that has its tables."""
    settings = environment_of(stack) | {
        "AWS_ENDPOINT_URL": engine,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }
    if request.param == DYNAMODB_LOCAL:
        settings["AWS_ENDPOINT_URL_DYNAMODB"] = request.getfixturevalue("second_engine")
    with patch.dict("os.environ", settings):
        aws.forget_clients()
        dynamo.forget_tables()
        parameters.forget()
        RING.forget()
        receipt_keys.RING.forget()
        seal_keys.RING.forget()
        factors.forget_secret()
        before = clock.use(NOON)
        staff.register_branch(staff.Branch(BRANCH, "示范村镇银行总行营业部", "示范县人民路1号", "0990-0000001"))
        staff.appoint_teller(TELLER, "柜员甲", BRANCH, "Correct-Horse-7")
        # Races pay and log in more often than a person does; what bounds that has tests of its own.
        parameters.set_value("factor.codes_day", 100_000)
        parameters.set_value("login.captcha_after", 10)
        # Each test goes by it, and what comes after these tests does not.
        clock.use(before)
        yield request.param
    aws.forget_clients()
    dynamo.forget_tables()
    parameters.forget()
