"""The bank of these tests: packaged, deployed, seeded and walked through once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.platform import aws, dynamo
from infra.local.engine import free_port
from infra.local.seed import seed
from infra.local.stack import Bank, running_bank
from infra.local.walk import walk


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the bank of these tests keeps its state."""
    return tmp_path_factory.mktemp("bank")


@pytest.fixture(scope="package")
def deployed(home: Path) -> Iterator[tuple[Bank, dict[str, Any]]]:
    """The packaged bank, seeded and walked through once."""
    with running_bank(free_port(), home / "state") as bank, pointed_at(bank):
        demo = seed(bank)
        walk(bank, demo)
        yield bank, seed(bank)


class pointed_at:  # noqa: N801  # reads as a verb: with pointed_at(bank)
    """This process's application code works on `bank`, as an operator's command would."""

    def __init__(self, bank: Bank) -> None:
        self._patch = patch.dict("os.environ", bank.process_environment())

    def __enter__(self) -> None:
        self._patch.start()
        aws.forget_clients()
        dynamo.forget_tables()

    def __exit__(self, *_: object) -> None:
        self._patch.stop()
        aws.forget_clients()
        dynamo.forget_tables()
