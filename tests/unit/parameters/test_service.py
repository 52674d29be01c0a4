"""Policy is data: inside its bounds, and never older than 30 seconds."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.parameters import domain, service, store
from tests.unit.samples import NOW


class Table:
    """Stands for ParametersTable and counts how often it is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows: dict[str, int] = {}
        self.reads = 0
        monkeypatch.setattr(store, "overrides", self.overrides)
        monkeypatch.setattr(store, "put", self.rows.__setitem__)

    def overrides(self) -> dict[str, int]:
        self.reads += 1
        return dict(self.rows)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    return Table(monkeypatch)


@pytest.mark.parametrize("parameter", domain.ALL.values(), ids=lambda parameter: parameter.name)
def test_defaults_keep_their_own_bounds_and_name_their_source(table: Table, parameter: domain.Parameter) -> None:
    assert parameter.low <= parameter.default <= parameter.high
    assert service.value(parameter, NOW) == parameter.default
    assert parameter.source
    assert parameter.name.islower()


def test_names_are_unique_and_every_parameter_is_listed() -> None:
    declared = [value for value in vars(domain).values() if isinstance(value, domain.Parameter)]
    assert sorted(p.name for p in declared) == sorted(domain.ALL)


@pytest.mark.parametrize("parameter", domain.ALL.values(), ids=lambda parameter: parameter.name)
def test_a_row_out_of_bounds_is_ignored(table: Table, parameter: domain.Parameter) -> None:
    for value, expected in (
        (parameter.low, parameter.low),
        (parameter.high, parameter.high),
        (parameter.low - 1, parameter.default),
        (parameter.high + 1, parameter.default),
    ):
        table.rows[parameter.name] = value
        service.forget()
        assert service.value(parameter, NOW) == expected


@pytest.mark.parametrize(
    ("after", "seen"),
    [(0, "old"), (29.999, "old"), (30, "new"), (3600, "new"), (-0.001, "new")],
    ids=["at once", "just under 30 s", "30 s", "an hour", "a clock set back"],
)
def test_a_change_is_seen_within_30_seconds(table: Table, after: float, seen: str) -> None:
    # given an instance that has read the policy
    parameter = service.SMS_CODE_TRIES
    assert service.value(parameter, NOW) == 5
    # when it changes
    table.rows[parameter.name] = 3
    # then the instance sees it in time
    assert service.value(parameter, NOW + dt.timedelta(seconds=after)) == (3 if seen == "new" else 5)


def test_policy_is_read_once_for_many_questions(table: Table) -> None:
    for parameter in domain.ALL.values():
        service.value(parameter, NOW)
    assert table.reads == 1


def test_who_changes_a_parameter_sees_it_at_once(table: Table) -> None:
    assert service.value(service.SMS_CODE_TRIES, NOW) == 5
    service.set_value("factor.sms.tries", 4)
    assert service.value(service.SMS_CODE_TRIES, NOW) == 4


@pytest.mark.parametrize(("name", "new"), [("no.such", 1), ("factor.sms.tries", 0), ("factor.sms.tries", 11)])
def test_unknown_names_and_values_out_of_bounds_are_not_written(table: Table, name: str, new: int) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        service.set_value(name, new)
    assert table.rows == {}
