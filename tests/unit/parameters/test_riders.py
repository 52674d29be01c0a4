"""What comes with the parameters and is none: read by the same read, changed only as it was seen."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.parameters import known, service, store
from chalicelib.parameters.commands.change_rider import Rider, read_rider
from chalicelib.parameters.domain import Row
from chalicelib.platform.dynamo import ItemPut, ItemUpdate

NOW = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)
NAME = "a.rider"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Row]]:
    """Stands for ParametersTable, whose one read answers a parameter and a rider; what was read."""
    found: list[dict[str, Row]] = []

    def rows() -> dict[str, Row]:
        found.append({NAME: Row(f"read {len(found)}", 1), known.SESSIONS_MAX.name: Row(2)})
        return found[-1]

    monkeypatch.setattr(store, "rows", rows)
    monkeypatch.setenv("TABLE_PREFIX", "rural-bank-")
    service.forget()
    return found


def test_a_rider_and_a_parameter_are_one_read_every_30_seconds(reads: list[dict[str, Row]]) -> None:
    for after_s, count in ((0, 1), (1, 1), (29, 1), (30, 2), (59, 2), (60, 3)):
        now = NOW + dt.timedelta(seconds=after_s)
        assert service.value(known.SESSIONS_MAX, now) == 2
        assert service.rider(NAME, now) == f"read {count - 1}"
        assert len(reads) == count
    assert service.rider("another", NOW + dt.timedelta(seconds=61)) == ""


def test_a_rider_is_written_as_it_was_seen(reads: list[dict[str, Row]]) -> None:
    # nobody may have put it meanwhile
    first = Rider(NAME, None)
    assert first.text == ""
    assert isinstance(first.write("one"), ItemPut)
    # nor changed it
    second = Rider(NAME, Row("one", 3))
    write = second.write("two")
    assert second.text == "one"
    assert isinstance(write, ItemUpdate)
    (rule,) = write.rules
    assert rule.holds({"revision": 3})
    assert not rule.holds({"revision": 4})
    assert write.values[":revision"] == {"N": "4"}


def test_a_parameter_is_no_rider() -> None:
    with pytest.raises(ValueError, match="by its own command"):
        read_rider(known.SESSIONS_MAX.name)
