"""Which channels tell of what: the choice by group, the amount, quiet hours of the Shanghai day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from chalicelib.notifications.channels import BILLS, GROUPS, MOVEMENTS, USUAL, Settings
from chalicelib.platform import clock

pytestmark = pytest.mark.requirement("YQ-4.2.2-alert")


def at(hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, 28, hour, minute, second, tzinfo=clock.SHANGHAI).astimezone(dt.UTC)


def settings(**more: Any) -> Settings:
    return Settings({**dict.fromkeys(GROUPS, USUAL), MOVEMENTS: ("push",), BILLS: ()}, **more)


@pytest.mark.parametrize(
    ("kind", "channels"),
    [("movement", ("push",)), ("bill", ()), ("transfer", USUAL), ("security", USUAL), ("unheard of", USUAL)],
)
def test_each_group_has_its_own(kind: str, channels: tuple[str, ...]) -> None:
    assert settings().channels_for(kind, at(12)) == channels


@pytest.mark.parametrize(("amount_fen", "is_told"), [(99_99, False), (100_00, True), (-99_99, False), (-100_00, True)])
def test_a_movement_is_told_from_an_amount_on_either_way(amount_fen: int, is_told: bool) -> None:
    assert bool(settings(least_fen=100_00).channels_for("movement", at(12), amount_fen)) is is_told


@pytest.mark.parametrize(
    ("quiet", "now", "is_quiet"),
    [
        (None, at(3), False),
        (("22:00", "07:00"), at(21, 59, 59), False),
        (("22:00", "07:00"), at(22), True),
        (("22:00", "07:00"), at(0), True),
        (("22:00", "07:00"), at(6, 59, 59), True),
        (("22:00", "07:00"), at(7), False),
        (("12:30", "14:00"), at(12, 29, 59), False),
        (("12:30", "14:00"), at(12, 30), True),
        (("12:30", "14:00"), at(14), False),
        (("00:00", "23:59"), at(23, 59), False),
    ],
)
def test_quiet_hours_may_lie_around_midnight_and_keep_back_all_but_security(
    quiet: tuple[str, str] | None, now: dt.datetime, is_quiet: bool
) -> None:
    chosen = settings(quiet=quiet)
    assert chosen.channels_for("movement", now, 1) == (() if is_quiet else ("push",))
    assert chosen.channels_for("security", now) == USUAL


def test_what_is_stored_is_read_back() -> None:
    for one in (Settings(), settings(least_fen=1, quiet=("22:00", "07:00"))):
        assert Settings.from_image(one.to_image()) == one
    assert Settings.from_image(None) == Settings()
