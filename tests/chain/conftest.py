"""One fresh bank a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chain.bank import Bank, running_bank


@pytest.fixture
def bank() -> Iterator[Bank]:
    with running_bank() as running:
        yield running
