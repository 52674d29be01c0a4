"""One fresh bank a test, and how much is tried: `--fuzz-seed`, `--fuzz-examples`."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.chain.bank import Bank, running_bank
from tests.fuzz.runs import Bounds, bounds_of


@pytest.fixture
def bank() -> Iterator[Bank]:
    with running_bank() as running:
        yield running


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
