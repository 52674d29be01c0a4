"""Policy is data: inside its bounds, and never older than 30 seconds."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.parameters import known, service, shapes, store, texts
from chalicelib.parameters.domain import Row, Version
from chalicelib.parameters.shapes import Value
from tests.unit.samples import NOW


class Table:
    """Stands for ParametersTable and counts how often it is read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.values: dict[str, Value] = {}
        self.scheduled: dict[str, tuple[Version, ...]] = {}
        self.reads = 0
        monkeypatch.setattr(store, "rows", self.rows)
        monkeypatch.setattr(store, "put", self.values.__setitem__)

    def rows(self) -> dict[str, Row]:
        self.reads += 1
        names = {*self.values, *self.scheduled}
        return {name: Row(self.values.get(name), 1, self.scheduled.get(name, ())) for name in names}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    return Table(monkeypatch)


@pytest.mark.parametrize("parameter", known.ALL.values(), ids=lambda parameter: parameter.name)
def test_defaults_keep_their_own_bounds_and_name_their_source(table: Table, parameter: shapes.AnyParameter) -> None:
    assert parameter.admits(parameter.default)
    assert service.value(parameter, NOW) == parameter.default
    assert parameter.source
    assert parameter.name.islower()


def test_names_are_unique_and_every_parameter_is_listed() -> None:
    declared = [value for value in (*vars(known).values(), *texts.MESSAGES) if isinstance(value, shapes.AnyParameter)]
    assert sorted(p.name for p in declared) == sorted(known.ALL)


NUMBERS = [parameter for parameter in known.ALL.values() if isinstance(parameter, shapes.Parameter)]


@pytest.mark.parametrize("parameter", NUMBERS, ids=lambda parameter: parameter.name)
def test_a_row_out_of_bounds_is_ignored(table: Table, parameter: shapes.Parameter) -> None:
    for value, expected in (
        (parameter.low, parameter.low),
        (parameter.high, parameter.high),
        (parameter.low - 1, parameter.default),
        (parameter.high + 1, parameter.default),
    ):
        table.values[parameter.name] = value
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
    table.values[parameter.name] = 3
    # then the instance sees it in time
    assert service.value(parameter, NOW + dt.timedelta(seconds=after)) == (3 if seen == "new" else 5)


def test_policy_is_read_once_for_many_questions(table: Table) -> None:
    for parameter in known.ALL.values():
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
    assert table.values == {}


BOTH = {"zh": "请到网点办理。", "en": "Please visit a branch."}


@pytest.mark.parametrize(
    ("parameter", "good", "bad"),
    [
        (service.SMS_CODE_TRIES, [1, 10], [0, 11, True, "5", None, {}]),
        (service.FACTOR_POLICY, ["standard", "strict"], ["", "Strict", 1, None]),
        (
            service.WORKING_HOURS,
            ["09:00-17:00", "22:00-06:00", "00:00-23:59"],
            ["09:00-09:00", "24:00-01:00", "9:00-17:00", "09:00-17:60", "09:00 17:00", "09:00-17:00 ", 900, None],
        ),
        (
            service.WAY_OUT,
            [BOTH, {"zh": "好" * 200, "en": "x"}],
            [
                {"zh": "好"},
                {**BOTH, "fr": "x"},
                {**BOTH, "en": ""},
                {**BOTH, "zh": "好" * 201},
                {**BOTH, "zh": "a\u202eb"},
                "x",
            ],
        ),
    ],
    ids=["number", "choice", "window", "text"],
)
def test_each_type_admits_its_own_values_only(
    table: Table, parameter: shapes.AnyParameter, good: list[Value], bad: list[object]
) -> None:
    for value in good:
        service.set_value(parameter.name, value)
        assert service.value(parameter, NOW) == value
    for wrong in bad:
        assert not parameter.admits(wrong)
        table.values[parameter.name] = wrong  # type: ignore[assignment]  # what somebody wrote past the code
        service.forget()
        if wrong is not None:
            assert service.value(parameter, NOW) == parameter.default


@pytest.mark.requirement("NB-5.2.2")
def test_a_scheduled_value_takes_force_at_its_moment_exactly_without_another_read(table: Table) -> None:
    # given an instance that has just read the policy, with a change that waits for ten seconds
    parameter, moment = service.SMS_CODE_TRIES, NOW + dt.timedelta(seconds=10)
    table.values[parameter.name] = 4
    table.scheduled[parameter.name] = (Version(3, moment), Version(2, moment + dt.timedelta(seconds=5)))
    assert service.value(parameter, NOW) == 4
    # then it switches at the moment, not when it reads the next time
    for offset_ms, expected in ((9_999, 4), (10_000, 3), (14_999, 3), (15_000, 2), (29_999, 2)):
        assert service.value(parameter, NOW + dt.timedelta(milliseconds=offset_ms)) == expected
    assert table.reads == 1


def test_a_scheduled_value_out_of_bounds_is_ignored_too(table: Table) -> None:
    table.scheduled["factor.sms.tries"] = (Version(99, NOW),)
    assert service.value(service.SMS_CODE_TRIES, NOW) == service.SMS_CODE_TRIES.default
