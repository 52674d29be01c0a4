"""By which channel: amount, speed, day and minute at each edge, on the Chinese working calendar."""

from __future__ import annotations

import datetime as dt

import pytest

from chalicelib.parameters import service as parameters
from chalicelib.platform import clock
from chalicelib.platform.errors import Refusal
from chalicelib.routing.domain import choose, is_working_day

TABLE = parameters.channels_of(parameters.ROUTING_CHANNELS.default)
MILLION = 1_000_000_00


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=clock.SHANGHAI)


@pytest.mark.requirement("XJ-5.3-smart")
@pytest.mark.parametrize(
    ("amount_fen", "when", "speed", "channel", "minutes"),
    [
        (1, "2026-11-21T03:00", "realtime", "ibps", 1),
        (MILLION, "2026-11-21T23:59:59.999", "realtime", "ibps", 1),
        (MILLION, "2026-10-01T10:00", "normal", "beps", 120),
        (MILLION, "2026-10-01T10:00", "next_day", "beps", 120),
        # beyond the small systems' bound, on a working day and in its hours
        (MILLION + 1, "2026-11-23T08:30", "realtime", "hvps", 5),
        (MILLION + 1, "2026-11-23T17:14:59.999", "normal", "hvps", 5),
        # a Saturday on which China works for the Spring Festival
        (MILLION + 1, "2026-02-14T10:00", "realtime", "hvps", 5),
        # where no working day is asked for, years to come are no matter
        (MILLION, "2035-10-01T10:00", "realtime", "ibps", 1),
    ],
)
def test_the_first_row_that_takes_it_has_it(amount_fen: int, when: str, speed: str, channel: str, minutes: int) -> None:
    found = choose(TABLE, amount_fen, at(when), speed)
    assert (found.channel, found.arrives_at) == (channel, at(when) + dt.timedelta(minutes=minutes))


@pytest.mark.requirement("XJ-5.3-smart")
@pytest.mark.parametrize(
    ("when", "opens"),
    [
        # before and after the hours of a Monday
        ("2026-11-23T08:29:59.999", "2026-11-23 08:30"),
        ("2026-11-23T17:15", "2026-11-24 08:30"),
        # a weekend
        ("2026-11-21T10:00", "2026-11-23 08:30"),
        # Spring Festival: nine days, from the 15th to the 23rd
        ("2026-02-14T17:15", "2026-02-24 08:30"),
        # National Day
        ("2026-10-01T00:00", "2026-10-08 08:30"),
    ],
)
def test_what_is_closed_says_when_it_opens(when: str, opens: str) -> None:
    with pytest.raises(Refusal) as refused:
        choose(TABLE, MILLION + 1, at(when), "realtime")
    assert refused.value.code == "no_channel_open"
    assert refused.value.facts["opens"].startswith(opens)


@pytest.mark.parametrize("when", ["2027-01-01T10:00", "2026-12-31T17:15", "2003-12-31T10:00"])
def test_beyond_the_known_years_nobody_guesses(when: str) -> None:
    with pytest.raises(Refusal) as refused:
        choose(TABLE, MILLION + 1, at(when), "realtime")
    assert refused.value.code == "calendar_unknown"
    assert refused.value.facts["day"][:4] in ("2003", "2027")


@pytest.mark.parametrize(("amount_fen", "speed"), [(10**13, "realtime"), (0, "normal"), (1, "someday")])
def test_what_no_row_takes_is_told_apart(amount_fen: int, speed: str) -> None:
    with pytest.raises(Refusal) as refused:
        choose(TABLE, amount_fen, at("2026-11-23T10:00"), speed)
    assert refused.value.code == "amount_unroutable"


def test_the_order_of_the_table_decides() -> None:
    rows = parameters.channels_of("hvps 1-100 realtime working 08:30-17:15 5; ibps 1-100 realtime every 00:00-24:00 1")
    assert choose(rows, 100, at("2026-11-23T10:00"), "realtime").channel == "hvps"
    assert choose(rows, 100, at("2026-11-22T10:00"), "realtime").channel == "ibps"


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-11-21", False),
        ("2026-11-23", True),
        ("2026-02-14", True),
        ("2026-02-16", False),
        ("2026-10-01", False),
        ("2028-02-29", None),
    ],
)
def test_working_days_are_those_of_the_decree(day: str, works: bool | None) -> None:
    if works is None:
        with pytest.raises(Refusal):
            is_working_day(dt.date.fromisoformat(day))
    else:
        assert is_working_day(dt.date.fromisoformat(day)) is works
