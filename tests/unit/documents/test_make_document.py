"""How long a voucher is locked; and that what is made is never in memory whole."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.documents import file_store
from chalicelib.documents.commands import make_document
from chalicelib.documents.errors import DocumentTooLarge
from chalicelib.documents.file_store import Lock
from chalicelib.parameters import service as parameters
from tests.unit.documents.test_domain import RECEIPT, STATEMENT

MODES = {"documents.voucher.lock": "compliance", "documents.voucher.kept_years": 30}


def policy(**changed: Any) -> Any:
    """What is in force, without a table."""
    values = {**MODES, **changed}
    return patch.object(parameters, "value", lambda parameter, now: values[parameter.name])


@pytest.mark.requirement("NB-5.1.6-2")
@pytest.mark.parametrize(
    ("made", "until"),
    [
        (dt.datetime(2026, 11, 21, 2, tzinfo=dt.UTC), dt.datetime(2056, 11, 21, 2, tzinfo=dt.UTC)),
        (dt.datetime(2028, 2, 28, 2, tzinfo=dt.UTC), dt.datetime(2058, 2, 28, 2, tzinfo=dt.UTC)),
        (dt.datetime(2028, 2, 29, 2, tzinfo=dt.UTC), dt.datetime(2058, 3, 1, 2, tzinfo=dt.UTC)),
    ],
)
def test_a_voucher_is_locked_for_its_years_to_the_day(made: dt.datetime, until: dt.datetime) -> None:
    with policy():
        assert make_document._lock(RECEIPT, made) == Lock("COMPLIANCE", until)
        assert make_document._lock(STATEMENT, made) is None
    with policy(**{"documents.voucher.lock": "none"}):
        assert make_document._lock(RECEIPT, made) is None


def test_a_file_is_bounded_however_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "MAX_FILE_BYTES", 100_000)
    with file_store.scratch_file() as file:
        file.write(b"x" * 100_000)
        file.seek(0)
        assert file.read() == b"x" * 100_000
    # at once, in many small parts, and where its end is written over again and again
    with pytest.raises(DocumentTooLarge), file_store.scratch_file() as file:
        file.write(b"x" * 100_001)
        file.flush()
    with pytest.raises(DocumentTooLarge), file_store.scratch_file() as file:
        for _ in range(100_001):
            file.write(b"x")
        file.flush()
    with file_store.scratch_file() as file:
        for _ in range(1000):
            file.seek(0)
            file.write(b"x" * 1000)
        assert file.seek(0, 2) == 1000
