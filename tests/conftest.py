"""Every test starts without the machine's own AWS settings, with a clock nobody else has moved, and with random ids
and numbers that are its own and the same at every run: none that by chance hold a PIN or end like another.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

# Before anything imports botocore: no test may ever reach a real account.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
NO_CLOUD = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "cn-north-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    # moto's streams client breaks on account-based endpoints.
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    "POWERTOOLS_METRICS_NAMESPACE": "rural-bank",
}
os.environ.update(NO_CLOUD)

from chalicelib.parameters import service as parameters  # noqa: E402  # after the environment is safe
from chalicelib.platform import clock, ids  # noqa: E402
from compliance.record import Recorder  # noqa: E402
from compliance.rows import read as read_requirements  # noqa: E402
from tests.calls import CallsRecorder  # noqa: E402


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--requirements-record", type=Path, help="write what became of the marked tests to this file")
    parser.addoption("--calls-record", type=Path, help="write what functions asked of AWS to this file")
    parser.addoption("--fuzz-seed", type=int, default=1, help="of tests/fuzz: what its requests are made from")
    parser.addoption("--fuzz-examples", type=int, default=3, help="of tests/fuzz: so many an operation and phase")


def pytest_configure(config: pytest.Config) -> None:
    # Of xdist's processes the first alone is told all reports.
    is_writer = not hasattr(config, "workerinput")
    target = config.getoption("--requirements-record")
    config.pluginmanager.register(Recorder(read_requirements().ids(), target, is_writer))
    config.pluginmanager.register(CallsRecorder(config.getoption("--calls-record")))


@pytest.fixture(autouse=True)
def _own_clock_and_parameters() -> Iterator[None]:
    before = clock.use(clock.SystemClock())
    parameters.forget()
    yield
    clock.use(before)


@pytest.fixture(autouse=True, scope="module")
def _own_ids_of_module(request: pytest.FixtureRequest) -> Iterator[None]:
    yield from _ids_of(request)


@pytest.fixture(autouse=True)
def _own_ids(request: pytest.FixtureRequest, _own_ids_of_module: None) -> Iterator[None]:
    yield from _ids_of(request)


def _ids_of(request: pytest.FixtureRequest) -> Iterator[None]:
    before = ids.use(random.Random(request.node.nodeid))  # noqa: S311  # numbers of a test, no secrets
    yield
    ids.use(before)
