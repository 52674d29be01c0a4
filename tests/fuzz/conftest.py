"""One fresh bank a test, and how much is tried: `--fuzz-seed`, `--fuzz-examples`."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from chalicelib.platform import aws, dynamo
from tests.chain.bank import Bank, running_bank
from tests.conftest import NO_CLOUD
from tests.fuzz.runs import Bounds, bounds_of


@pytest.fixture
def bank() -> Iterator[Bank]:
    """On moto, whatever engine tests of the same run have left this process pointed at."""
    with patch.dict("os.environ"):
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(NO_CLOUD)
        aws.forget_clients()
        with running_bank() as running:
            yield running
    aws.forget_clients()
    dynamo.forget_tables()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Thousands of refusals are logged, and what is to be read is the report."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def bounds(pytestconfig: pytest.Config) -> Bounds:
    """All that is asked of a role in process."""
    return bounds_of(pytestconfig, ["examples", "coverage", "fuzzing"])
